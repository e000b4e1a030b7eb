"""Direct GETs and PUTs give the same results as the SDK."""

import pytest

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.protocol import UnchangedObject
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.fault_proxy import Fault, on
from tests.support.s3_fixtures import account
from tests.support.s3_server import READER

ODD = "ä b/+%20/€~!*'();:@&=$,?#[]\"<>|^`{}/z.jpg"


async def everything(bucket, key, **how):
    """All that an open brings, comparable."""
    try:
        conditional = {"if_none_match", "if_modified_since"} & how.keys()
        found = await (bucket.open_if if conditional else bucket.open)(key, **how)
    except StorageError as error:
        return type(error), str(error)
    if isinstance(found, UnchangedObject):
        return found
    async with found as body:
        return body.info, body.start, body.end, b"".join([chunk async for chunk in body])


def sent_by_sdk(request):
    return "amz-sdk-invocation-id" in request.headers


@pytest.fixture
async def both(s3_server, s3, fault_proxy):
    """One bucket by the SDK and on the short way, and what was put into it."""
    name = s3_server.create_bucket(versioned=True)
    direct = S3Bucket(s3, name)
    fresh = S3Client(account(fault_proxy.endpoint))
    await fresh.start()
    fresh.direct.session = None
    fresh._use_session = lambda _: None  # it never learns of a pool that it could use
    by_sdk = S3Bucket(fresh, name)
    puts = [await direct.put(ODD, b"0123456789", content_type="image/png"), await direct.put(ODD, b"9876543210")]
    await everything(direct, ODD)
    fault_proxy.requests.clear()
    yield by_sdk, direct, puts
    await fresh.close()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"byte_range": ByteRange(2, 4)},
        {"byte_range": ByteRange(None, 3)},
        {"byte_range": ByteRange(99, None)},
        {"version": "first"},
        {"version": "first", "byte_range": ByteRange(0, 0)},
        {"version": "0123456789abcdef0123456789abcdef"},
        {"if_none_match": "second"},
        {"if_none_match": '"other"'},
        {"if_modified_since": "Thu, 01 Jan 2015 00:00:00 GMT"},
        {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ],
    ids=str,
)
async def test_direct_get_returns_what_the_sdk_returns(both, fault_proxy, how):
    by_sdk, direct, (first, second) = both
    names = {"first": first.version, "second": second.etag}
    how = {key: names.get(value, value) if isinstance(value, str) else value for key, value in how.items()}
    wanted = await everything(by_sdk, ODD, **how)
    assert all(sent_by_sdk(request) for request in fault_proxy.requests)
    number = len(fault_proxy.requests)
    assert await everything(direct, ODD, **how) == wanted
    assert not any(sent_by_sdk(request) for request in fault_proxy.requests[number:])


async def test_direct_get_of_a_missing_object_raises_like_the_sdk(both, s3, fault_proxy):
    by_sdk, direct, _ = both
    found = await everything(by_sdk, "none")
    assert found[0] is ObjectNotFoundError
    assert await everything(direct, "none") == found
    assert not sent_by_sdk(fault_proxy.requests[-1])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=403, body=b"<Error><Code>AccessDenied</Code></Error>"), StorageDeniedError),
        (Fault(status=403, body=b""), StorageDeniedError),
        (Fault(status=416, body=b"<Error><Code>InvalidRange</Code></Error>"), RangeNotSatisfiableError),
        (Fault(status=418, body=b"x" * 1_000_000), StorageError),
        (Fault(status=400, body=b"<Error><Code>Odd"), StorageError),
        (Fault(status=200, headers=(("Content-Range", "bytes 7-3/2"),)), StorageError),
    ],
)
async def test_direct_get_of_an_error_response_raises_like_the_sdk(both, fault_proxy, fault, expected):
    by_sdk, direct, _ = both
    fault_proxy.plan = on("GET", "/", fault, times=2)
    wanted = await everything(by_sdk, ODD)
    assert wanted[0] is expected
    assert await everything(direct, ODD) == wanted
    assert (await everything(direct, ODD))[3] == b"9876543210"


async def test_direct_get_with_a_wrong_secret_is_denied(s3_server, fault_proxy):
    name = s3_server.create_bucket(k=b"1")
    client = S3Client(account(fault_proxy.endpoint, READER))
    await client.start()
    bucket = S3Bucket(client, name)
    assert (await everything(bucket, "k"))[3] == b"1"
    client.direct._credentials.secret_key = "another"
    found = await everything(bucket, "k")
    assert found == (StorageDeniedError, f"get {name}: SignatureDoesNotMatch, status 403")
    await client.close()


async def test_direct_get_in_another_region_is_redirected_once(both, fault_proxy):
    _, direct, _ = both
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"

    def plan(request):
        if "/us-east-1/s3" in request.headers["authorization"]:
            return Fault(status=400, body=body, headers=(("x-amz-bucket-region", "eu-west-3"),))
        return None

    fault_proxy.plan = plan
    assert (await everything(direct, ODD))[3] == b"9876543210"
    number = len(fault_proxy.requests)
    assert (await everything(direct, ODD))[3] == b"9876543210"
    (last,) = fault_proxy.requests[number:]
    assert not sent_by_sdk(last)
    assert "/eu-west-3/s3" in last.headers["authorization"]


async def stored(bucket, key, body, **how):
    """All that a put brings, comparable."""
    try:
        info = await bucket.put(key, body, **how)
    except StorageError as error:
        return type(error), str(error)
    found, _, _, content = await everything(bucket, key)
    return info.size, info.etag, info.content_type, bool(info.version), found.content_type, content


def put_headers(request):
    """The headers of a PUT, without those that name the client, the moment or the connection."""
    own = {"amz-sdk-invocation-id", "amz-sdk-request", "authorization", "user-agent", "x-amz-date", "accept"}
    return {name.lower(): value for name, value in request.headers.items() if name.lower() not in own}


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (b"0123", {"content_type": "image/webp"}),
        (b"", {}),
        (bytes(300_000), {}),
        (b"new", {"if_absent": True}),
        (b"new", {"if_match": '"0123456789abcdef0123456789abcdef"'}),
        (b"new", {"if_match": "second"}),
    ],
    ids=["type", "empty", "large", "absent", "other-state", "state"],
)
async def test_direct_put_stores_and_sends_what_the_sdk_does(both, fault_proxy, body, how):
    by_sdk, direct, (_, second) = both
    how |= {"if_match": second.etag} if how.get("if_match") == "second" else {}
    await direct.put(ODD + "2", b"")
    number = len(fault_proxy.requests)
    found = await stored(direct, ODD, body, **how)
    (request,) = (each for each in fault_proxy.requests[number:] if each.method == "PUT")
    assert not sent_by_sdk(request)
    await direct.put(ODD, b"9876543210")
    number = len(fault_proxy.requests)
    assert await stored(by_sdk, ODD, body, **how) == found
    (reference,) = (each for each in fault_proxy.requests[number:] if each.method == "PUT")
    assert sent_by_sdk(reference)
    assert put_headers(request) == put_headers(reference)
    assert (
        reference.headers["authorization"]
        .partition("SignedHeaders=")[2]
        .partition(",")[0]
        .replace("amz-sdk-invocation-id;amz-sdk-request;", "")
        == request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=403, body=b"<Error><Code>AccessDenied</Code></Error>"), StorageDeniedError),
        (Fault(status=403, body=b""), StorageDeniedError),
        (Fault(status=400, body=b"<Error><Code>BadDigest</Code></Error>"), StorageError),
        (Fault(status=409, body=b"<Error><Code>ConditionalRequestConflict</Code></Error>"), PreconditionFailedError),
        (Fault(status=412, body=b"<Error><Code>PreconditionFailed</Code></Error>"), PreconditionFailedError),
        (Fault(status=418, body=b"x" * 1_000_000), StorageError),
        (Fault(status=507, body=b"<Error><Code>XMinioStorageFull</Code></Error>"), StorageFullError),
    ],
    ids=str,
)
async def test_direct_put_of_an_error_response_raises_like_the_sdk(both, fault_proxy, fault, expected):
    by_sdk, direct, _ = both
    fault_proxy.plan = on("PUT", "/", fault, times=2)
    wanted = await stored(by_sdk, ODD, b"new")
    assert wanted[0] is expected
    assert await stored(direct, ODD, b"new") == wanted
    assert not sent_by_sdk(fault_proxy.requests[-1])
    assert (await everything(direct, ODD))[3] == b"9876543210"


@pytest.mark.parametrize("by", ["sdk", "direct"])
@pytest.mark.parametrize(
    "body", [b"<Error><Code>InternalError</Code></Error>", b"<Error><Co"], ids=["error", "incomplete"]
)
async def test_put_with_an_error_under_status_200_is_retried(both, fault_proxy, body, by):
    by_sdk, direct, _ = both
    bucket = by_sdk if by == "sdk" else direct
    fault_proxy.plan = on("PUT", "/", Fault(status=200, body=body), times=1)
    number = len(fault_proxy.requests)
    assert (await bucket.put(ODD, b"new")).size == 3
    assert [sent_by_sdk(each) for each in fault_proxy.requests[number:]] == [by == "sdk"] * 2
    assert (await everything(direct, ODD))[3] == b"new"


async def test_direct_put_in_another_region_is_redirected_once(both, fault_proxy):
    _, direct, _ = both
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"

    def plan(request):
        if "/us-east-1/s3" in request.headers["authorization"]:
            return Fault(status=400, body=body, headers=(("x-amz-bucket-region", "eu-west-3"),))
        return None

    fault_proxy.plan = plan
    await direct.put(ODD, b"first")
    number = len(fault_proxy.requests)
    await direct.put(ODD, b"second")
    (last,) = fault_proxy.requests[number:]
    assert not sent_by_sdk(last)
    assert "/eu-west-3/s3" in last.headers["authorization"]


async def test_direct_put_with_a_wrong_secret_is_denied(s3_server, s3):
    name = s3_server.create_bucket()
    bucket = S3Bucket(s3, name)
    await bucket.put("k", b"1")
    s3.direct._credentials.secret_key = "another"
    assert await stored(bucket, "k", b"2") == (
        StorageDeniedError,
        f"put {name}: SignatureDoesNotMatch, status 403",
    )


async def test_put_of_a_body_above_one_mib_is_sent_by_the_sdk(both, fault_proxy):
    _, direct, _ = both
    await direct.put(ODD, b"")
    number = len(fault_proxy.requests)
    await direct.put(ODD, bytes(1 << 20))
    await direct.put(ODD, bytes((1 << 20) + 1))
    assert [sent_by_sdk(request) for request in fault_proxy.requests[number:]] == [False, True]


@pytest.mark.parametrize("size", [1, 2 << 20])
async def test_put_before_open_and_after_close_raises_unavailable(s3_server, s3, size):
    client = S3Client(s3.account)
    bucket = S3Bucket(client, s3_server.create_bucket())
    assert (await stored(bucket, "k", bytes(size)))[0] is StorageUnavailableError
    await client.start()
    await bucket.put("k", b"")
    await client.close()
    assert (await stored(bucket, "k", bytes(size)))[0] is StorageUnavailableError
