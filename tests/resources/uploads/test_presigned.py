"""Multipart uploads to a real S3 server, and the assets that they become."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.s3_server import S3Server

MIB = 1 << 20


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with S3Server(folder / "weed_files") as s3_server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
        bucket = s3_server.create_bucket()
        with ResourceProcess(
            folder / "service",
            assets_storage=f"s3://{bucket}/originals",
            s3_endpoint=s3_server.endpoint,
            s3_region=s3_server.region,
            s3_endpoint_use_path_style="1",
        ) as running:
            running.s3_server, running.bucket = s3_server, bucket
            yield running


def digest(body):
    return hashlib.sha256(body).hexdigest()


def keys(service):
    listed = service.s3_server.client().list_objects_v2(Bucket=service.bucket).get("Contents", [])
    return {each["Key"] for each in listed}


def put(url, body):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method="PUT"), timeout=60) as answer:
            return answer.headers["ETag"]
    except urllib.error.HTTPError as error:
        error.close()
        raise


def begin(service, body, **fields):
    answer = service.request("POST", "/multipart", {"size": len(body), "sha256": digest(body), **fields})
    assert answer.status == 201, answer
    return answer.json


def send(begun, body):
    size = begun["part_size"]
    return [
        {"number": part["number"], "etag": put(part["url"], body[size * (part["number"] - 1) :][:size])}
        for part in begun["parts"]
    ]


def test_multipart_upload_completed_becomes_an_asset(service):
    body = numbered_png(1, 11 * MIB)
    begun = begin(service, body, part_size=5 * MIB, alias="large/1")
    assert [part["number"] for part in begun["parts"]] == [1, 2, 3]
    sent = send(begun, body)
    assert service.request("GET", f"/assets/{digest(body)}").status == 404
    done = service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent})
    assert (done.status, done.json["sha256"], done.json["state"]) == (200, digest(body), "ready")
    again = service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent})
    assert (again.status, again.json["sha256"]) == (200, digest(body))
    assert service.request("GET", "/aliases/large/1").json["sha256"] == digest(body)
    assert digest(service.request("GET", f"/assets/{digest(body)}/content").body) == digest(body)
    assert not any("incoming" in key for key in keys(service))


@pytest.mark.promise("G9")
def test_complete_twenty_concurrent_requests_get_the_same_response(service):
    body = numbered_png(20, 6 * MIB)
    begun = begin(service, body)
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/multipart/{begun['id']}/complete",
        json.dumps({"parts": send(begun, body)}).encode(),
        {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"},
    )

    def complete(_):
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)["sha256"]

    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(complete, range(20))) == {(200, digest(body))}
    assert not any("incoming" in key for key in keys(service))


@pytest.mark.promise("G9")
def test_complete_repeated_after_a_lost_response_returns_it_again(service):
    """The parts were put together, and nobody heard of it."""
    body = numbered_png(2, 6 * MIB)
    begun = begin(service, body, part_size=5 * MIB)
    sent = send(begun, body)
    client = service.s3_server.client()
    (upload,) = [
        each for each in client.list_multipart_uploads(Bucket=service.bucket).get("Uploads", [])
        if begun["id"] in each["Key"]
    ]  # fmt: skip
    client.complete_multipart_upload(
        Bucket=service.bucket, Key=upload["Key"], UploadId=upload["UploadId"],
        MultipartUpload={"Parts": [{"PartNumber": each["number"], "ETag": each["etag"]} for each in sent]},
    )  # fmt: skip
    done = service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent})
    assert (done.status, done.json["sha256"]) == (200, digest(body))


@pytest.mark.promise("G9")
def test_complete_wrong_parts_are_refused(service):
    body = numbered_png(3, 6 * MIB)
    begun = begin(service, body, part_size=5 * MIB)
    sent = send(begun, body)
    wrong = [{**sent[0], "etag": '"00000000000000000000000000000000"'}, sent[1]]
    assert service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": wrong}).status == 409
    assert service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": [sent[0], sent[0]]}).status == 400
    assert service.request("GET", f"/assets/{digest(body)}").status == 404
    assert service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent}).status == 200


@pytest.mark.promise("G9")
@pytest.mark.parametrize(("number", "change"), [(4, "digest"), (5, "size"), (6, "picture")])
def test_complete_wrong_digest_or_size_creates_no_asset(service, number, change):
    body = numbered_png(number)
    if change == "picture":
        body = b"no picture" * 10
    announced = {"size": len(body) + (change == "size"), "sha256": "0" * 64 if change == "digest" else digest(body)}
    begun = service.request("POST", "/multipart", announced).json
    sent = send(begun, body)
    done = service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent})
    assert done.status == (409 if change == "size" else 422)
    if change != "size":
        again = service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent})
        assert again.status == 410
    found = service.request("GET", f"/assets/{digest(body)}")
    assert found.status == 404 or found.json["state"] == "quarantined"


def test_delete_upload_is_gone(service):
    body = numbered_png(7)
    begun = begin(service, body)
    sent = send(begun, body)
    assert service.request("DELETE", f"/multipart/{begun['id']}").status == 204
    assert service.request("DELETE", f"/multipart/{begun['id']}").status == 410
    assert service.request("POST", f"/multipart/{begun['id']}/complete", {"parts": sent}).status == 410
    with pytest.raises(urllib.error.HTTPError):
        put(begun["parts"][0]["url"], body)


def test_upload_of_another_tenant_is_not_found(service):
    begun = begin(service, numbered_png(8))
    service.request("PUT", "/tenants/other", {})
    key = service.request("POST", "/keys", {"tenant": "other", "role": "write"}).json["key"]
    assert service.request("POST", f"/multipart/{begun['id']}/parts", {"numbers": [1]}, key=key).status == 404
    assert service.request("DELETE", f"/multipart/{begun['id']}", key=key).status == 404
    assert service.request("POST", f"/multipart/{begun['id']}/parts", {"numbers": [2]}).status == 400
    token = service.request("POST", "/tokens", {"expires_in": 60, "count": 1}).json["token"]
    assert service.request("DELETE", f"/multipart/{begun['id']}", key=token).status == 404


def test_part_url_is_valid_for_its_part_only(service):
    body = numbered_png(9)
    begun = begin(service, body)
    url = begun["parts"][0]["url"]
    for other in (url.replace("partNumber=1", "partNumber=2"), url.replace("incoming", "assets")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            put(other, body)
        assert caught.value.code == 403
