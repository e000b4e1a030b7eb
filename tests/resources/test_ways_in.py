"""Every kind of upload except tus, with a running service: accepted, refused, and the state afterwards."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import itertools
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.damage_samples import FILES, zeroed
from tests.support.numbered_png import numbered_png
from tests.support.pdf_writer import pdf
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
NUMBERS = itertools.count(50_000)
MIB = 1 << 20


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(
        tmp_path_factory.mktemp("service"),
        allow_loopback_source_addresses="1",
        upload_max_size="2",
        repack_assets="1",
    ) as running:
        yield running


@pytest.fixture
def new():
    """A picture that nobody has had."""
    return numbered_png(next(NUMBERS))


def digest(body):
    return hashlib.sha256(body).hexdigest()


def content_digest(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def stored(service):
    return sum(1 for path in (service.folder / "assets" / "assets").rglob("*") if path.is_file())


# --- a plain body


def test_put_asset_creates_an_asset_with_facts_and_an_alias(service):
    body = (SAMPLES / "chelsea.webp").read_bytes()
    answer = service.request("PUT", "/assets?alias=cats/chelsea", body, {"Content-Digest": content_digest(body)})
    assert answer.status == 201
    asset = answer.json
    assert (asset["sha256"], asset["state"], asset["media_type"]) == (digest(body), "ready", "image/webp")
    assert (asset["facts"]["width"], asset["facts"]["height"]) == (451, 300)
    assert answer.headers["location"] == f"/assets/{digest(body)}"
    again = service.request("PUT", "/assets", body)
    assert (again.status, again.json["created"]) == (200, asset["created"])
    assert (asset["alias"], asset["alias_version"]) == ("cats/chelsea", 1)
    alias = service.request("GET", "/aliases/cats/chelsea").json
    assert (alias["sha256"], alias["version"], alias["asset"]["width"]) == (digest(body), 1, 451)


def test_put_asset_takes_a_pdf_with_the_facts_of_its_first_page(service):
    body = pdf([(72, 36, (1, 0, 0)), (36, 72, (0, 0, 1))])
    answer = service.request("PUT", "/assets", body)
    assert (answer.status, answer.json["state"], answer.json["media_type"]) == (201, "ready", "application/pdf")
    facts = answer.json["facts"]
    assert (facts["width"], facts["height"], facts["frames"]) == (96, 48, 2)
    assert service.request("GET", f"/assets/{digest(body)}/content").body == body
    locked = service.request("PUT", "/assets", pdf([(72, 36, None)], encrypted=True))
    assert (locked.status, locked.json["type"].rpartition("/")[2]) == (422, "image.password")


def test_put_asset_stores_repacked_bytes_and_content_is_verified(service):
    body = (SAMPLES / "coffee.jpg").read_bytes()
    asset = service.request("PUT", "/assets", body).json
    assert asset["sha256"] == digest(body)
    assert asset["stored_size"] < asset["size"] == len(body)
    whole = service.request("GET", f"/assets/{digest(body)}/content")
    assert (whole.status, digest(whole.body), whole.headers["content-type"]) == (
        200, asset["stored_sha256"], "image/jpeg"
    )  # fmt: skip
    part = service.request("GET", f"/assets/{digest(body)}/content", headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{asset['stored_size']}"
    tail = service.request("GET", f"/assets/{digest(body)}/content", headers={"Range": "bytes=-5"})
    assert tail.body == whole.body[-5:]
    assert (
        service.request("GET", f"/assets/{digest(body)}/content", headers={"Range": "bytes=999999999-"}).status == 416
    )
    same = {"If-None-Match": whole.headers["etag"]}
    assert service.request("GET", f"/assets/{digest(body)}/content", headers=same).status == 304


@pytest.mark.promise("G10")
def test_content_corrupt_object_is_never_sent(service, new):
    asset = service.request("PUT", "/assets", new).json
    (path,) = (service.folder / "assets").rglob(asset["sha256"])
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    path.write_bytes(spoilt)
    assert service.request("GET", f"/assets/{asset['sha256']}/content").status == 502
    assert service.request("PUT", "/assets", new).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"x" * 100], ids=["empty", "text", "broken"]
)
def test_put_asset_undecodable_body_is_refused_and_not_stored(service, body):
    before = stored(service)
    answer = service.request("PUT", "/assets", body)
    assert answer.status == (422 if body else 400)
    assert answer.headers["content-type"] == "application/problem+json"
    assert stored(service) == before
    if body:
        asset = service.request("GET", f"/assets/{digest(body)}").json
        assert asset["state"] == "quarantined"
        assert asset["reason"]


@pytest.mark.promise("G10")
@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("jpeg", lambda data: data[:-2], "end marker"),
        ("jpeg", lambda data: zeroed(data, 0.67), "end marker"),
        ("progressive", lambda data: data[: data.rindex(b"\xff\xda")] + b"\xff\xd9", "scans"),
        ("png", lambda data: data[: len(data) // 2], "IDAT"),
        ("webp", lambda data: data[: len(data) // 2], "claims"),
        ("gif", lambda data: data[:-2], "trailer"),
        ("tiff", lambda data: data[: len(data) // 2], "strip"),
        ("avif", lambda data: zeroed(data, 0.6), "zeros"),
    ],
)
def test_f12_put_asset_damaged_original_never_becomes_ready(service, name, change, reason):
    body = change(FILES[name]())
    before = stored(service)
    assert service.request("PUT", "/assets", body).status == 422
    asset = service.request("GET", f"/assets/{digest(body)}").json
    assert (asset["state"], reason in asset["reason"]) == ("quarantined", True), asset
    assert stored(service) == before


@pytest.mark.promise("G7")
def test_put_asset_wrong_digest_is_refused(service, new):
    wrong = {"Content-Digest": content_digest(b"other")}
    assert service.request("PUT", "/assets", new, wrong).status == 422
    assert service.request("GET", f"/assets/{digest(new)}").status == 404
    assert service.request("PUT", "/assets", new, {"Repr-Digest": "sha-256=:AAAA:"}).status == 400
    assert service.request("PUT", "/assets", new, {"Content-Digest": "md5=:AAAA:"}).status == 201


def test_put_asset_failed_alias_condition_changes_nothing(service, new):
    name = f"conditions/{digest(new)[:8]}"
    assert service.request("PUT", f"/assets?alias={name}", new, {"If-Match": '"1"'}).status == 412
    assert service.request("PUT", f"/assets?alias={name}", new, {"If-None-Match": "*"}).status == 201
    other = numbered_png(next(NUMBERS))
    assert service.request("PUT", f"/assets?alias={name}", other, {"If-None-Match": "*"}).status == 412
    assert service.request("GET", f"/aliases/{name}").json["sha256"] == digest(new)
    assert service.request("GET", f"/assets/{digest(other)}").json["state"] != "ready"
    assert service.request("PUT", f"/assets?alias={name}", other, {"If-Match": '"1"'}).json["alias"] == name


def raw(service, head, body=b""):
    """The answer's first line, whatever was sent."""
    with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
        connection.sendall(head + b"Authorization: Bearer " + ADMIN_KEY.encode() + b"\r\n\r\n" + body)
        return connection.recv(1 << 16).split(b"\r\n")[0]


@pytest.mark.promise("G15")
def test_put_asset_large_content_length_is_refused_before_the_body(service):
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n"
    assert raw(service, head) == b"HTTP/1.1 413 Request Entity Too Large"
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
    assert raw(service, head) == b"HTTP/1.1 100 Continue"
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: something\r\n"
    assert raw(service, head) == b"HTTP/1.1 400 Bad Request"
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n"
    assert raw(service, head, b"12345").startswith(b"HTTP/1.1 4")


@pytest.mark.promise("G15")
def test_form_large_content_length_is_refused_before_the_body(service):
    head = f"POST /assets HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM['Content-Type']}\r\n".encode()
    asks = head + b"Expect: 100-continue\r\n"
    assert raw(service, asks + b"Content-Length: 5000000000\r\n").startswith(b"HTTP/1.1 413")
    assert raw(service, asks + b"Content-Length: 5\r\n") == b"HTTP/1.1 100 Continue"
    packed = head + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n"
    assert raw(service, packed, b"12345").startswith(b"HTTP/1.1 4")


@pytest.mark.promise("G15")
def test_put_asset_large_body_without_length_is_refused(service):
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    assert raw(service, head, chunk * 2 + b"1\r\nx\r\n").startswith(b"HTTP/1.1 413")


@pytest.mark.promise("G15")
def test_put_asset_truncated_body_leaves_nothing(service, new):
    head = b"PUT /assets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
        connection.sendall(head % (ADMIN_KEY.encode(), len(new)) + new[:-1])
    assert service.request("GET", f"/assets/{digest(new)}").status == 404


# --- who may


def test_upload_token_allows_only_its_claims(service, new):
    def token(**claims):
        return service.request("POST", "/tokens", {"expires_in": 60, **claims}).json["token"]

    assert service.request("PUT", "/assets", new, key=token(types=["image/jpeg"])).status == 415
    assert service.request("PUT", "/assets", new, key=token(max_size=10)).status == 413
    assert service.request("PUT", "/assets", new, key=token(count=1, sha256="0" * 64)).status == 422
    assert service.request("PUT", "/assets?alias=other/x", new, key=token(prefix="mine/")).status == 403
    once = token(count=1, prefix="mine/", types=["image/png"], sha256=digest(new))
    assert service.request("PUT", "/assets?alias=mine/x", new, key=once).status == 201
    assert service.request("PUT", "/assets", new, key=once).status == 403
    assert service.request("GET", f"/assets/{digest(new)}", key=once).status == 403
    assert service.request("POST", "/tokens", {"expires_in": 60}, key=once).status == 403


def test_upload_token_for_one_upload_allows_one_concurrent_upload(service):
    once = service.request("POST", "/tokens", {"expires_in": 60, "count": 1}).json["token"]

    def put(number):
        return service.request("PUT", "/assets", numbered_png(number), key=once).status

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(put, [next(NUMBERS) for _ in range(40)]))
    assert sorted(statuses) == [201] + [403] * 39


def test_tenant_does_not_see_assets_of_another(service, new):
    keys = []
    for name in ("red", "blue"):
        assert service.request("PUT", f"/tenants/{name}", {}).status == 200
        keys.append(service.request("POST", "/keys", {"tenant": name, "role": "write"}).json["key"])
    red, blue = keys
    assert service.request("PUT", "/assets?alias=red/1", new, key=red).status == 201
    assert service.request("GET", f"/assets/{digest(new)}", key=blue).status == 404
    assert service.request("POST", "/assets/exists", {"sha256": [digest(new)]}, key=blue).json["present"] == []
    assert service.request("PUT", "/aliases/blue/1", {"sha256": digest(new)}, key=blue).status == 404
    assert service.request("DELETE", f"/assets/{digest(new)}", key=blue).status == 404
    # The same bytes once more are one object, and each has them by itself.
    assert service.request("PUT", "/assets", new, key=blue).status == 200
    assert service.request("POST", "/assets/exists", {"sha256": [digest(new)]}, key=blue).json["present"] == [
        digest(new)
    ]
    assert service.request("PUT", "/aliases/red/1", {"sha256": digest(new)}, key=blue).status == 409
    assert service.request("DELETE", f"/assets/{digest(new)}", key=blue).status == 204
    assert service.request("GET", f"/assets/{digest(new)}", key=red).json["state"] == "ready"


def test_tenant_above_its_quota_is_refused(service, new):
    service.request("PUT", "/tenants/small", {"max_assets": 1})
    key = service.request("POST", "/keys", {"tenant": "small", "role": "write"}).json["key"]
    assert service.request("PUT", "/assets", new, key=key).status == 201
    assert service.request("PUT", "/assets", numbered_png(next(NUMBERS)), key=key).status == 403
    assert service.request("PUT", "/assets", new, key=key).status in {200, 403}
    usage = service.request("GET", "/tenants/small").json
    assert (usage["assets"], usage["bytes"], usage["reserved"]) == (1, len(new), 0)


def test_role_reader_cannot_write_and_anonymous_cannot_read(service, new):
    key = service.request("POST", "/keys", {"role": "read"}).json["key"]
    assert service.request("PUT", "/assets", new, key=key).status == 403
    assert service.request("GET", "/assets", key=key).status == 200
    answer = service.request("GET", f"/assets/{digest(new)}", key="x")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


# --- deletion


def test_delete_asset_can_be_restored(service, new):
    path = f"/assets/{digest(new)}"
    service.request("PUT", "/assets?alias=doomed", new)
    assert service.request("DELETE", path).status == 409
    assert service.request("DELETE", "/aliases/doomed").status == 204
    assert service.request("DELETE", path).status == 204
    assert service.request("DELETE", path).status == 404
    assert service.request("GET", path + "/content").status == 404
    assert service.request("PUT", "/aliases/doomed", {"sha256": digest(new)}).status == 409
    assert service.request("POST", path + "/restore").json["state"] == "ready"
    assert service.request("POST", path + "/restore").status == 409
    assert service.request("DELETE", path).status == 204
    assert service.request("PUT", "/assets", new).json["state"] == "ready"
    assert service.request("GET", path + "/content").status == 200


def test_list_assets_is_paged(service):
    for _ in range(3):
        service.request("PUT", "/assets", numbered_png(next(NUMBERS)))
    found, cursor = [], ""
    while True:
        page = service.request("GET", f"/assets?limit=2&cursor={cursor}&state=ready").json
        found += [asset["sha256"] for asset in page["assets"]]
        cursor = page.get("cursor")
        if not cursor:
            break
    assert found == sorted(set(found))
    assert len(found) == stored(service) or len(found) > 3


# --- forms


def form(*parts, end=b"--x--\r\n"):
    return b"".join(b"--x\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + end


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
NAMED = b'Content-Disposition: form-data; name="file"; filename="../../x.png"'
ALIAS = b'Content-Disposition: form-data; name="alias"'


def test_form_each_file_has_its_own_result(service):
    first, second = numbered_png(next(NUMBERS)), numbered_png(next(NUMBERS))
    body = form(
        (ALIAS, b"forms/1"), (NAMED, first), (b'Content-Disposition: form-data; name="note"', b"x"), (NAMED, b"text"),
        (ALIAS, b"a//b"), (NAMED, second), (NAMED, b""), (NAMED, second), (NAMED, second),
    )  # fmt: skip
    answer = service.request("POST", "/assets", body, FORM)
    assert answer.status == 200
    found = [each["asset"]["sha256"] if "asset" in each else each["error"]["status"] for each in answer.json["assets"]]
    assert found == [digest(first), 422, 422, 400, digest(second), digest(second)]
    assert service.request("GET", "/aliases/forms/1").json["sha256"] == digest(first)


@pytest.mark.promise("G14")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"x" * 1000),
        ("multipart/form-data; boundary=x", form((NAMED, b"x"), end=b"")),
        ("multipart/form-data; boundary=x", form(*[(ALIAS, b"")] * 2000)),
        ("multipart/form-data; boundary=x", form((b"A: " + b"b" * MIB, b"x"))),
        ("multipart/form-data; boundary=x", form((b"A: b\r\n" * 500 + b"C: d", b"x"))),
        ("multipart/form-data; boundary=x", form((b"Content-Type: multipart/mixed; boundary=y", b"--y\r\n\r\n--y--"))),
        ("multipart/form-data; boundary=x", form((ALIAS, b"x" * 5000), (NAMED, b"x"))),
        ("multipart/form-data; boundary=x", form((ALIAS, b"\xff"), (NAMED, b"x"))),
        ("multipart/form-data; boundary=x", form((NAMED + b"\r\nContent-Transfer-Encoding: base64", b"eA=="))),
        ("multipart/form-data; boundary=" + "y" * 200, form((NAMED, b"x"))),
        ("application/x-www-form-urlencoded", b"a=b"),
    ],
    ids=["no boundary", "nothing", "no parts", "no end", "many parts", "long header", "many headers", "nested",
         "long alias", "alias not UTF-8", "base64", "long boundary", "another kind"],
)  # fmt: skip
def test_form_malformed_body_is_refused(service, kind, body):
    before = stored(service)
    answer = service.request("POST", "/assets", body, {"Content-Type": kind})
    assert answer.status in {400, 415} or [each["error"]["status"] for each in answer.json["assets"]] == [422]
    assert stored(service) == before
    assert service.request("GET", "/health").status == 200


@pytest.mark.promise("G14")
def test_form_sent_byte_by_byte_is_accepted(service, new):
    body = form((NAMED, new))
    head = f"POST /assets HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM['Content-Type']}\r\nTransfer-Encoding: chunked\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert raw(service, head.encode(), chunks) == b"HTTP/1.1 200 OK"
    assert service.request("GET", f"/assets/{digest(new)}").json["state"] == "ready"


# --- imports


@pytest.fixture(scope="module")
def site():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SAMPLES)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_import_creates_an_asset_from_a_url(service, site):
    body = (SAMPLES / "rocket.jpg").read_bytes()
    answer = service.request(
        "POST", "/imports", {"url": f"{site}/rocket.jpg", "alias": "rocket", "sha256": digest(body)}
    )
    assert (answer.status, answer.json["sha256"], answer.json["alias"]) == (201, digest(body), "rocket")
    wrong = service.request("POST", "/imports", {"url": f"{site}/rocket.jpg", "sha256": "0" * 64})
    assert wrong.status == 422


@pytest.mark.parametrize(
    ("url", "status"),
    [("/nothing.jpg", 404), ("/README.md", 422), ("file:///etc/passwd", 400), ("local:///x", 400), ("alias://a", 400),
     ("http://169.254.169.254/latest", 404), ("http://10.0.0.1/", 404), ("http://[::ffff:169.254.169.254]/", 404),
     ("http://", 404), ("", 400), ("http://a b/", 404)],
)  # fmt: skip
def test_import_private_address_is_refused(service, site, url, status):
    answer = service.request("POST", "/imports", {"url": site + url if url.startswith("/") else url})
    assert answer.status == status
    assert "passwd" not in answer.json.get("detail", "") or status == 400
