"""Resumable uploads as clients see them: one service on SQLite, over HTTP."""

import asyncio
import base64
import hashlib
import io
import itertools
import random
import socket
import time
from collections import Counter
from urllib.parse import urlsplit

import aiohttp
import pytest

from mememime_proxy.resources.uploads.tus_protocol import ALGORITHMS
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

TUS = {"Tus-Resumable": "1.0.0"}
OFFSETS = {**TUS, "Content-Type": "application/offset+octet-stream"}
PIECE = 1 << 20
ORIGIN = "https://pages.example"
_NUMBERS = itertools.count(70_000)


def digest(body):
    return hashlib.sha256(body).hexdigest()


def new(size=0):
    return numbered_png(next(_NUMBERS), size)


def metadata(**pairs):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("tus"), upload_origins=ORIGIN, upload_max_size="8") as instance:
        yield instance


class Upload:
    """One upload of ``body``; ``ask`` as its client."""

    def __init__(self, service, body, *, key=ADMIN_KEY, first=b"", **headers):
        self.service, self.body, self.key = service, body, key
        fields = {**TUS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if "Upload-Defer-Length" not in fields:
            fields.setdefault("Upload-Length", str(len(body)))
        if first:
            fields["Content-Type"] = OFFSETS["Content-Type"]
        self.created = service.request("POST", "/uploads", first, fields, key)
        self.path = urlsplit(self.created.headers.get("location", "")).path

    def request(self, method, body=b"", headers=TUS):
        return self.service.request(method, self.path, body, headers, self.key)

    def patch(self, start, end, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("PATCH", self.body[start:end], {**OFFSETS, "Upload-Offset": str(start), **fields})

    def offset(self):
        answer = self.request("HEAD")
        assert answer.status == 200
        return int(answer.headers["upload-offset"])

    def complete(self):
        """Goes on as a client does: from the offset that it is told, until all is there."""
        while (offset := self.offset()) < len(self.body):
            answer = self.patch(offset, len(self.body))
            assert answer.status in {204, 409}, answer
        return self.patch(len(self.body), len(self.body))


def begin(service, body, *, key=ADMIN_KEY, first=b"", **headers):
    upload = Upload(service, body, key=key, first=first, **headers)
    assert upload.created.status == 201, upload.created
    return upload


def is_asset(service, body):
    answer = service.request("GET", f"/assets/{digest(body)}/content")
    assert (answer.status, answer.body) == (200, body)


# --- the protocol


def test_options_announces_the_protocol(service):
    answer = service.request("OPTIONS", "/uploads", key="")
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(8 << 20)
    assert set(answer.headers["tus-extension"].split(",")) == {
        "checksum", "concatenation", "creation", "creation-defer-length", "creation-with-upload", "expiration",
        "termination",
    }  # fmt: skip
    assert answer.headers["tus-checksum-algorithm"] == ",".join(ALGORITHMS)


def test_upload_created_patched_and_finished(service):
    body = new(2 * PIECE)
    upload_metadata = metadata(filename="ä.png", sha256=digest(body), filetype="image/png", alias="tus/first")
    upload = begin(service, body, Upload_Metadata=upload_metadata)
    assert upload.created.headers["upload-offset"] == "0"
    assert "upload-expires" in upload.created.headers
    assert upload.created.body == b""
    answer = upload.patch(0, 700)
    assert (answer.status, answer.headers["upload-offset"]) == (204, "700")
    assert answer.headers["tus-resumable"] == "1.0.0"
    head = upload.request("HEAD")
    assert head.headers["cache-control"] == "no-store"
    assert head.headers["upload-length"] == str(len(body))
    assert head.headers["upload-metadata"] == upload_metadata
    assert upload.request("GET", headers={}).json["state"] == "receiving"
    answer = upload.patch(700, len(body))
    assert answer.headers["mememime-state"] == "ready"
    assert answer.headers["mememime-asset"] == digest(body)
    status = upload.request("GET").json
    assert (status["state"], status["asset"], status["alias"]) == ("done", digest(body), "tus/first")
    is_asset(service, body)
    assert service.request("GET", "/aliases/tus/first").json["sha256"] == digest(body)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_version_other_is_412(service, method):
    upload = begin(service, new())
    path = "/uploads" if method == "POST" else upload.path
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = service.request(method, path, b"", headers)
        assert answer.status == 412
        assert answer.headers["tus-version"] == "1.0.0"


def test_create_invalid_request_is_refused(service):
    for headers, status in (
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": str((8 << 20) + 1)}, 413),
        ({"Upload-Length": "10", "Upload-Metadata": "sha256 YQ=="}, 400),
        ({"Upload-Length": "10", "Upload-Metadata": metadata(alias="a/../b")}, 422),
        ({"Upload-Length": "10", "Upload-Concat": "something"}, 400),
        ({"Upload-Concat": "final;/uploads/" + "0" * 32}, 404),
    ):
        answer = service.request("POST", "/uploads", b"", {**TUS, **headers})
        assert (answer.status, headers) == (status, headers)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["tus-resumable"] == "1.0.0"
    answer = service.request("POST", "/uploads", b"abc", {**TUS, "Upload-Length": "10", "Content-Type": "text/plain"})
    assert answer.status == 415
    answer = service.request("POST", "/uploads", b"abcd", {**OFFSETS, "Upload-Length": "3"})
    assert answer.status == 413


def test_patch_invalid_request_is_refused(service):
    upload = begin(service, new(PIECE))
    for headers, status in (
        ({"Upload-Offset": "0", "Content-Type": "text/plain"}, 415),
        ({"Upload-Offset": "x", **OFFSETS}, 400),
        (OFFSETS, 400),
        ({"Upload-Offset": "1", **OFFSETS}, 409),
        ({"Upload-Offset": "0", "Upload-Checksum": "sha3 YQ==", **OFFSETS}, 400),
        ({"Upload-Offset": "0", "Content-Encoding": "gzip", **OFFSETS}, 415),
    ):
        assert upload.request("PATCH", b"abc", {**TUS, **headers}).status == status
    assert upload.request("PATCH", upload.body + b"x", {"Upload-Offset": "0", **OFFSETS}).status == 413
    assert upload.offset() == 0
    for method in ("HEAD", "GET", "PATCH", "DELETE"):
        answer = service.request(method, "/uploads/" + "0" * 32, b"", {**OFFSETS, "Upload-Offset": "0"})
        assert answer.status == 404
        assert service.request(method, upload.path, b"", {**OFFSETS, "Upload-Offset": "0"}, key="wrong").status == 401


async def test_patch_beyond_the_length_is_refused(service):
    """A body without a length of its own, that goes on and on."""
    upload = begin(service, new(PIECE + 5000))

    async def endless():
        for _ in range(100):
            yield b"x" * 65536

    headers = {**OFFSETS, "Upload-Offset": "0", "Authorization": f"Bearer {ADMIN_KEY}"}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.patch(f"http://127.0.0.1:{service.port}{upload.path}", data=endless(),
                                     headers=headers) as answer:  # fmt: skip
                assert answer.status == 413
        except aiohttp.ClientConnectionError:
            pass  # the service need not listen to the end
    assert upload.request("GET").json["state"] == "receiving"
    assert upload.offset() <= PIECE < len(upload.body)


def test_create_with_upload_stores_the_body(service):
    body = new(PIECE)
    upload = begin(service, body, first=body[:1000])
    assert upload.created.headers["upload-offset"] == "1000" == str(upload.offset())
    assert upload.complete().headers["mememime-asset"] == digest(body)
    whole = new()
    upload = begin(service, whole, first=whole)
    assert upload.created.headers["mememime-asset"] == digest(whole)


def test_create_failed_leaves_nothing(service):
    reserved = service.request("GET", "/tenants/default").json["reserved"]
    body = new()
    upload = Upload(service, body, first=body, Upload_Checksum="sha1 " + base64.b64encode(b"x" * 20).decode())
    assert upload.created.status == 460
    assert service.request("GET", "/tenants/default").json["reserved"] == reserved


def test_create_deferred_length_is_set_by_a_patch(service):
    body = new(PIECE)
    upload = begin(service, body, Upload_Defer_Length="1")
    assert upload.patch(0, 1000).status == 204
    head = upload.request("HEAD")
    assert (head.headers["upload-defer-length"], head.headers.get("upload-length")) == ("1", None)
    assert upload.patch(1000, 2000, Upload_Length="5").status == 400
    assert upload.patch(1000, 2000, Upload_Length=str(len(body))).status == 204
    assert upload.complete().headers["mememime-asset"] == digest(body)


def test_delete_upload_is_gone(service):
    upload = begin(service, new(PIECE))
    upload.patch(0, 1000)
    assert upload.request("DELETE").status == 204
    for method in ("HEAD", "GET", "DELETE"):
        assert upload.request(method).status == 410
    assert upload.patch(1000, 2000).status == 410


def test_concatenation_final_upload_has_all_parts(service):
    body = new(2 * PIECE)
    edges = [0, 1000, PIECE + 500, len(body)]
    parts = []
    for start, end in itertools.pairwise(edges):
        part = begin(service, body[start:end], Upload_Concat="partial")
        assert part.patch(0, end - start).status == 204
        assert part.request("HEAD").headers["upload-concat"] == "partial"
        parts.append(part)
    headers = {**TUS, "Upload-Concat": "final;" + " ".join(part.path for part in parts),
            "Upload-Metadata": metadata(sha256=digest(body))}  # fmt: skip
    answer = service.request("POST", "/uploads", b"", headers)
    assert (answer.status, answer.headers["mememime-asset"]) == (201, digest(body))
    whole = Upload.__new__(Upload)
    whole.service, whole.body, whole.key, whole.path = (
        service,
        body,
        ADMIN_KEY,
        urlsplit(answer.headers["location"]).path,
    )
    assert whole.offset() == len(body)
    assert whole.request("HEAD").headers["upload-concat"] == headers["Upload-Concat"]
    assert whole.patch(len(body), len(body)).status == 403
    assert parts[0].offset() == 1000
    assert service.request("POST", "/uploads", b"", headers).headers["location"] == answer.headers["location"]
    is_asset(service, body)


def test_method_override_is_obeyed(service):
    body = new()
    upload = begin(service, body)
    head = upload.request("POST", b"", {**TUS, "X-HTTP-Method-Override": "HEAD"})
    assert (head.status, head.headers["upload-offset"]) == (200, "0")
    headers = {**OFFSETS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert upload.request("POST", body, headers).headers["mememime-asset"] == digest(body)
    assert upload.request("POST", b"", {**TUS, "X-HTTP-Method-Override": "GET"}).status == 400


@pytest.mark.parametrize(
    ("headers", "base"),
    [({"Host": "up.example:8443", "X-Forwarded-Proto": "https"}, "https://up.example:8443"),
     ({"Host": "[::1]:80"}, "http://[::1]:80"), ({"Host": "evil/../x"}, ""),
     ({"Host": "x", "X-Forwarded-Proto": "javascript"}, "")],
)  # fmt: skip
def test_location_follows_the_request(service, headers, base):
    answer = service.request("POST", "/uploads", b"", {**TUS, "Upload-Length": "5", **headers})
    place, _, name = answer.headers["location"].rpartition("/")
    assert (place, len(name)) == (f"{base}/uploads", 32)


# --- what is sent is looked at (G7)


@pytest.mark.promise("G7")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_patch_wrong_checksum_is_460(service, algorithm):
    body = new(PIECE)
    upload = begin(service, body)
    wrong = base64.b64encode(b"x" * 20).decode()
    assert upload.patch(0, PIECE, Upload_Checksum=f"{algorithm} {wrong}").status == 460
    assert upload.offset() == 0
    if algorithm != "crc32":
        right = base64.b64encode(hashlib.new(algorithm, body).digest()).decode()
        assert upload.patch(0, len(body), Upload_Checksum=f"{algorithm} {right}").status == 204
        is_asset(service, body)


def test_patch_checksum_of_a_truncated_body_stores_nothing(service):
    upload = begin(service, new(PIECE))
    cut(service, upload, 0, 5000, "Upload-Checksum: sha1 " + base64.b64encode(b"x" * 20).decode())
    assert upload.offset() == 0


@pytest.mark.promise("G7")
def test_finish_wrong_digest_is_refused(service):
    body = new()
    upload = begin(service, body, Upload_Metadata=metadata(sha256="0" * 64, alias="tus/wrong"))
    for _ in range(2):
        answer = upload.patch(0, len(body)) if _ == 0 else upload.patch(len(body), len(body))
        assert answer.status == 422
        assert "sha256" not in answer.headers
    assert upload.request("HEAD").status == 422
    status = upload.request("GET").json
    assert (status["state"], status["problem"].partition(":")[0]) == ("failed", "upload.digest_mismatch")
    assert service.request("GET", f"/assets/{digest(body)}").status == 404
    assert service.request("GET", "/aliases/tus/wrong").status == 404


@pytest.mark.parametrize("body", [b"", b"no picture at all" * 100])
def test_finish_undecodable_upload_is_refused(service, body):
    upload = Upload(service, body)
    answer = upload.patch(0, len(body)) if body else upload.created
    assert answer.status == 422


def test_finish_alias_condition_is_obeyed(service):
    body, other = new(), new()
    upload_metadata = metadata(alias="tus/once", **{"if-none-match": "*"})
    assert begin(service, body, Upload_Metadata=upload_metadata).complete().status == 204
    upload = begin(service, other, Upload_Metadata=upload_metadata)
    assert upload.patch(0, len(other)).status == 412
    assert service.request("GET", "/aliases/tus/once").json["sha256"] == digest(body)


# --- clients that die (G1)


def cut(service, upload, start, sent, *headers):
    """Sends so many bytes of a request for all that is missing, and hangs up."""
    rest = upload.body[start:]
    lines = [f"PATCH {upload.path} HTTP/1.1", "Host: x", f"Authorization: Bearer {ADMIN_KEY}", *headers,
             *(f"{name}: {value}" for name, value in OFFSETS.items()), f"Upload-Offset: {start}",
             f"Content-Length: {len(rest)}", "", ""]  # fmt: skip
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall("\r\n".join(lines).encode() + rest[:sent])


@pytest.mark.promise("G1")
def test_patch_client_disconnect_at_any_offset_of_a_small_upload_is_resumed(service):
    body = new(65536)
    for sent in range(0, len(body), 4096):
        upload = begin(service, body, Upload_Metadata=metadata(sha256=digest(body)))
        cut(service, upload, 0, sent)
        assert 0 <= upload.offset() <= sent
        assert upload.complete().headers["mememime-asset"] == digest(body)
    is_asset(service, body)


@pytest.mark.promise("G1")
def test_patch_repeated_client_disconnects_in_a_large_upload_are_resumed(service):
    body, dice = new(3 * PIECE), random.Random(1)
    acknowledged = reached = 0
    upload = begin(service, body, Upload_Metadata=metadata(sha256=digest(body)))
    for _ in range(50):
        sent = dice.randrange(len(body) - acknowledged)
        cut(service, upload, acknowledged, sent)
        offset = upload.offset()
        reached = max(reached, acknowledged + sent)  # what one sent may arrive after the next has asked
        assert acknowledged <= offset <= reached
        acknowledged = offset
        if len(body) - acknowledged < 1000:
            break
    assert upload.complete().headers["mememime-asset"] == digest(body)
    is_asset(service, body)


def test_patch_interrupted_body_is_kept(service):
    upload = begin(service, new(3 * PIECE))
    cut(service, upload, 0, PIECE + 5000)
    end = time.monotonic() + 20
    while upload.offset() < PIECE + 5000:
        assert time.monotonic() < end
    assert upload.offset() == PIECE + 5000


# --- several at once (G5, G8)


@pytest.fixture
async def session(service):
    base, headers = f"http://127.0.0.1:{service.port}", {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=0), headers=headers) as instance:
        yield instance


async def send(session, path, start, body):
    body = io.BytesIO(body) if isinstance(body, bytes) else body
    headers = {**OFFSETS, "Upload-Offset": str(start)}
    async with session.patch(path, data=body, headers=headers) as answer:
        return answer.status, answer.headers.get("Mememime-Asset")


@pytest.mark.promise("G5")
async def test_patch_two_clients_at_one_offset_store_one_body(service, session):
    body = new(PIECE + 5000)
    upload = begin(service, body)
    for start, end in ((0, 5000), (5000, len(body) - 10)):
        answers = await asyncio.gather(*(send(session, upload.path, start, body[start:end]) for _ in range(5)))
        assert Counter(status for status, _ in answers) == {204: 1, 409: 4}
        for wrong in (start, end - 1, end + 1):
            assert await send(session, upload.path, wrong, body[wrong : wrong + 5]) == (409, None)
    assert upload.complete().headers["mememime-asset"] == digest(body)


@pytest.mark.promise("G5")
async def test_patch_half_open_connection_does_not_block_the_next(service, session):
    body = new(PIECE)
    upload = begin(service, body)
    held, go_on = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield body[:5000]
        held.set()
        await go_on.wait()
        yield body[5000:6000]

    zombie = asyncio.create_task(send(session, upload.path, 0, slowly()))
    await held.wait()
    # Whoever asks meanwhile is told of what the other one brought, and goes on from there.
    end = time.monotonic() + 20
    while (offset := await asyncio.to_thread(upload.offset)) < 5000:
        assert time.monotonic() < end
    assert offset == 5000
    assert (await send(session, upload.path, offset, body[offset:])) == (204, digest(body))
    go_on.set()
    assert (await zombie)[0] == 409
    is_asset(service, body)


@pytest.mark.promise("G8")
async def test_finish_hundred_concurrent_requests_get_one_asset(service, session):
    body = new(PIECE)
    upload = begin(service, body, Upload_Metadata=metadata(sha256=digest(body), alias="tus/hundred"))
    answers = await asyncio.gather(*(send(session, upload.path, 0, body) for _ in range(20)))
    assert Counter(answers) == {(204, digest(body)): 1, (409, None): 19}
    answers = await asyncio.gather(*(send(session, upload.path, len(body), b"") for _ in range(100)))
    assert set(answers) == {(204, digest(body))}
    assert service.request("GET", "/aliases/tus/hundred").json["version"] == 1


# --- tokens and pages


def test_create_by_token_is_allowed(service):
    body = new()
    wanted = {"count": 1, "expires_in": 600, "prefix": "shop/", "max_size": len(body), "types": ["image/png"]}
    token = service.request("POST", "/tokens", wanted).json["token"]
    for pairs, length, status in (
        ({"alias": "other/x"}, 10, 403),
        ({"filetype": "image/gif"}, 10, 415),
        ({}, len(body) + 1, 413),
    ):
        refused = Upload(service, body, key=token, Upload_Metadata=metadata(**pairs), Upload_Length=str(length))
        assert refused.created.status == status
    upload = begin(service, body, key=token, Upload_Metadata=metadata(alias="shop/x"))
    assert upload.complete().headers["mememime-asset"] == digest(body)
    assert Upload(service, body, key=token).created.status == 403
    other = service.request("POST", "/tokens", wanted).json["token"]
    assert service.request("HEAD", upload.path, b"", TUS, other).status == 404


def issue(service, **claims):
    response = service.request("POST", "/tokens", {"expires_in": 600, **claims})
    assert response.status == 201, response
    return response.json["token"]


def test_f9_upload_goes_on_with_another_token_of_the_same_subject(service):
    body = new(PIECE)
    upload = begin(service, body, key=issue(service, subject="user-7"), Upload_Metadata=metadata(alias="f9/subject"))
    assert upload.patch(0, 1000).status == 204
    for stranger in (issue(service, subject="user-8"), issue(service), issue(service, subject="")):
        upload.key = stranger
        assert upload.request("HEAD").status == 404
        assert upload.patch(1000, 2000).status == 404
        assert upload.request("DELETE").status == 404
    upload.key = issue(service, subject="user-7")
    assert upload.complete().headers["mememime-asset"] == digest(body)
    assert service.request("GET", "/aliases/f9/subject").json["asset"]["sha256"] == digest(body)


def test_f9_parts_of_tokens_of_one_subject_are_concatenated(service):
    body = new(PIECE)
    halves = [
        begin(service, body[cut], key=issue(service, subject="user-9"), Upload_Concat="partial")
        for cut in (slice(0, 5000), slice(5000, None))
    ]
    for half in halves:
        assert half.patch(0, len(half.body)).status == 204
    final = {"Upload_Concat": f"final;{' '.join(half.path for half in halves)}", "Upload_Defer_Length": "1"}
    assert Upload(service, b"", key=issue(service, subject="user-1"), **final).created.status == 404
    joined = Upload(service, b"", key=issue(service, subject="user-9"), **final).created
    assert (joined.status, joined.headers["mememime-asset"]) == (201, digest(body))


def test_f9_token_of_one_upload_continues_it_and_begins_none(service):
    body = new(PIECE)
    upload = begin(service, body)
    other = begin(service, new())
    token = issue(service, upload=upload.path.rpartition("/")[2])
    for attempt in ({}, {"Upload_Concat": "partial"}):
        assert Upload(service, new(), key=token, **attempt).created.status == 403
    assert service.request("PUT", "/assets", new(), {}, token).status == 403
    other.key = upload.key = token
    assert other.request("HEAD").status == 404
    assert upload.complete().headers["mememime-asset"] == digest(body)


def test_f9_token_for_an_unknown_upload_or_one_of_another_tenant_is_refused(service):
    upload = begin(service, new())
    assert service.request("PUT", "/tenants/f9", {}).status == 200
    key = service.request("POST", "/keys", {"tenant": "f9", "role": "write"}).json["key"]
    for credential, wanted, status in (
        (ADMIN_KEY, "0" * 32, 404),
        (ADMIN_KEY, "no id", 400),
        (key, upload.path.rpartition("/")[2], 404),
    ):
        claims = {"expires_in": 600, "upload": wanted}
        assert service.request("POST", "/tokens", claims, {}, credential).status == status
    stranger = service.request("POST", "/tokens", {"expires_in": 600, "subject": "user-7"}, {}, key).json["token"]
    upload = begin(service, new(), key=issue(service, subject="user-7"))
    upload.key = stranger
    assert upload.request("HEAD").status == 404


def test_finish_media_type_outside_the_token_is_refused(service):
    token = service.request("POST", "/tokens", {"expires_in": 600, "types": ["image/gif"]}).json["token"]
    upload = begin(service, new(), key=token)
    assert upload.patch(0, len(upload.body)).status == 415


def test_cors_other_origin_is_allowed(service):
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    for path in ("/uploads", "/uploads/" + "0" * 32, "/assets", "/nothing"):
        answer = service.request("OPTIONS", path, b"", asks, key="")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert {"Upload-Offset", "Tus-Resumable", "Authorization"} <= set(
            answer.headers["access-control-allow-headers"].split(", ")
        )
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers
    created = service.request("POST", "/uploads", b"", {**TUS, "Upload-Length": "5", "Origin": ORIGIN})
    seen = set(created.headers["access-control-expose-headers"].split(", "))
    assert {"Location", "Upload-Offset", "Mememime-Asset"} <= seen
    body = new()
    begin(service, body).complete()
    content = service.request("GET", f"/assets/{digest(body)}/content", b"", {"Origin": ORIGIN})
    assert (content.status, content.headers["access-control-allow-origin"]) == (200, ORIGIN)
    refused = service.request("POST", "/uploads", b"", {"Origin": ORIGIN})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (412, ORIGIN)
    for other in ("https://evil.example", "null", ORIGIN + ".evil.example"):
        answer = service.request("OPTIONS", "/uploads", b"", {**asks, "Origin": other}, key="")
        assert "access-control-allow-origin" not in answer.headers


def test_cors_preflight_of_an_unknown_path_is_404(service):
    assert service.request("OPTIONS", "/nothing", b"", {}, key="").status == 404
    assert service.request("OPTIONS", "/assets", b"", {}, key="").status == 204


async def test_stop_keeps_received_bytes(service, session):
    body = new(PIECE)
    upload = begin(service, body)
    held = asyncio.Event()

    async def slowly():
        yield body[:5000]
        held.set()
        await asyncio.Event().wait()

    sender = asyncio.create_task(send(session, upload.path, 0, slowly()))
    await held.wait()
    end = time.monotonic() + 20
    while (await asyncio.to_thread(upload.offset)) < 5000:
        assert time.monotonic() < end
    assert await asyncio.to_thread(service.stop) == 0
    sender.cancel()
    await asyncio.gather(sender, return_exceptions=True)
    await asyncio.to_thread(service.start)
    assert upload.offset() == 5000
    assert upload.complete().headers["mememime-asset"] == digest(body)
