"""Credentials of a client, and its start and close."""

import re
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from mememime_proxy.errors import ObjectNotFoundError, StorageDeniedError, StorageUnavailableError
from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.clock import Clock
from tests.support.fault_proxy import Fault
from tests.support.s3_fixtures import account

NOT_THERE = Fault(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
ROLE = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><AssumedRoleId>A:s</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>AKIAROLE00000000</AccessKeyId>
<SecretAccessKey>secret of the role</SecretAccessKey><SessionToken>token of the role</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without any AWS configuration."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.fixture
async def sts(monkeypatch):
    """A server that knows one role."""
    asked = []

    async def handle(request):
        asked.append(({name: value for name, (value,) in parse_qs(await request.text()).items()}, request.headers))
        return web.Response(text=ROLE, content_type="text/xml")

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:{}".format(*runner.addresses[0][1:2]))
    yield asked
    await runner.cleanup()


async def asked_with(client, fault_proxy):
    """The Authorization header's key and region, and the token, of one request."""
    fault_proxy.plan = lambda _: NOT_THERE
    with pytest.raises(ObjectNotFoundError):
        await S3Bucket(client, "bucket").open("k")
    headers = fault_proxy.requests[-1].headers
    found = re.match(r"AWS4-HMAC-SHA256 Credential=(\w+)/\d+/([\w-]+)/s3/", headers["authorization"])
    return (*found.groups(), headers.get("x-amz-security-token", ""))


async def test_role_is_assumed_once_for_many_requests(bare, sts, fault_proxy):
    settings = S3Account(
        endpoint=fault_proxy.endpoint,
        region="eu-1",
        role_arn="arn:aws:iam::123456789012:role/reader",
        external_id="outside",
        access_key_id="AKIASOURCE000000",
        secret_access_key="secret of the source",
    )
    client = S3Client(settings)
    await client.start()
    assert sts == []  # nothing is asked before it is needed
    for _ in range(3):
        assert await asked_with(client, fault_proxy) == ("AKIAROLE00000000", "eu-1", "token of the role")
    await client.close()
    ((form, headers),) = sts
    assert (form["Action"], form["RoleArn"], form["ExternalId"]) == ("AssumeRole", settings.role_arn, "outside")
    assert "Credential=AKIASOURCE000000/" in headers["Authorization"]


async def test_credentials_come_from_the_default_chain(bare, monkeypatch, fault_proxy):
    (bare / "credentials").write_text("[default]\naws_access_key_id=AKIAFILE\naws_secret_access_key=s\n")
    (bare / "config").write_text("[default]\nregion=eu-north-1\n")
    client = S3Client(S3Account(endpoint=fault_proxy.endpoint))
    await client.start()
    assert await asked_with(client, fault_proxy) == ("AKIAFILE", "eu-north-1", "")
    await client.close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")
    client = S3Client(S3Account(endpoint=fault_proxy.endpoint, region="eu-2"))
    await client.start()
    assert await asked_with(client, fault_proxy) == ("AKIAENV", "eu-2", "t")
    await client.close()


async def test_start_without_credentials_is_denied(bare, fault_proxy):
    client = S3Client(S3Account(endpoint=fault_proxy.endpoint))
    with pytest.raises(StorageDeniedError, match="default: no credentials found"):
        await client.start()


async def test_i12_credentials_that_are_missing_at_the_start_are_looked_for_with_the_objects(bare, fault_proxy):
    seconds = 0.0
    client = S3Client(S3Account(endpoint=fault_proxy.endpoint), clock=lambda: seconds)
    await client.start(may_wait=True)
    bucket = S3Bucket(client, "bucket")
    for _ in range(2):
        with pytest.raises(StorageDeniedError, match="default: no credentials found"):
            await bucket.open("k")
    (bare / "credentials").write_text("[default]\naws_access_key_id=AKIALATE\naws_secret_access_key=s\n")
    with pytest.raises(StorageDeniedError):
        await bucket.open("k")  # not looked for again so soon
    seconds = 60.0
    assert (await asked_with(client, fault_proxy))[0] == "AKIALATE"
    await client.close()
    with pytest.raises(StorageUnavailableError):
        await bucket.open("k")


async def test_start_with_an_unknown_profile_is_denied(bare, monkeypatch, fault_proxy):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StorageDeniedError, match="ProfileNotFound"):
        await S3Client(S3Account(endpoint=fault_proxy.endpoint)).start()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"endpoint": "http://s3.example"}, "http://s3.example/photos/"),
        ({"endpoint": "http://s3.example", "path_style": False}, "http://photos.s3.example/"),
        ({"region": "eu-west-3"}, "https://photos.s3.eu-west-3.amazonaws.com/"),
        ({}, "https://photos.s3.us-west-1.amazonaws.com/"),
    ],
)
async def test_request_url_depends_on_endpoint_region_and_style(bare, settings, expected):
    clock = Clock()
    client = S3Client(S3Account(access_key_id="a", secret_access_key="s", **settings), clock=clock, sleep=clock.sleep)
    await client.start()
    addresses = []

    def stop(request, **_):
        addresses.append(request.url)
        raise ConnectionRefusedError

    client.sdk.meta.events.register("before-send.s3", stop)
    with pytest.raises(StorageUnavailableError):
        await S3Bucket(client, "photos").open("k")
    assert set(addresses) == {f"{expected}k"}
    await client.close()


async def test_requests_before_start_and_after_close_raise(s3_server):
    client = S3Client(account(s3_server.endpoint))
    bucket = S3Bucket(client, s3_server.create_bucket(k=b"1"))
    with pytest.raises(StorageUnavailableError, match="not open"):
        await bucket.head("k")
    await bucket.start()
    await bucket.start()
    assert (await bucket.head("k")).size == 1
    await bucket.close()
    assert (await bucket.head("k")).size == 1
    await client.close()
    await client.close()
    with pytest.raises(StorageUnavailableError, match="not open"):
        await bucket.head("k")


def test_attempts_of_many_buckets_are_limited():
    client = S3Client(S3Account())
    first = client.attempts("bucket-0")
    assert client.attempts("bucket-0") is first
    for number in range(3000):
        client.attempts(f"bucket-{number}")
    assert len(client.stats.breakers) == 1000
    assert client.attempts("bucket-0") is not first
