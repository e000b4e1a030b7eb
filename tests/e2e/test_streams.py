"""Originals in buckets, and streamed originals: constant memory, and reads at the pace of the client."""

import asyncio
import base64
import contextlib
import hashlib
from pathlib import Path

import psutil
import pytest
import pyvips

from tests.support.proxy_process import ProxyProcess
from tests.support.raw_server import stop_listening
from tests.support.s3_server import READER
from tests.support.waiting import wait_until

GIANT = 640 << 20
LARGE = 96 << 20
MIB = 1 << 20
ALLOWANCE = 64 * MIB
"""Growth of resident memory that a stream of any length may cost."""


class Line:
    """A line to a server that counts what the server sent over it."""

    def __init__(self, port):
        self.port, self.carried = port, 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.endpoint = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        await stop_listening(self._server)

    async def _carry(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.suppress(OSError):
            await asyncio.gather(self._copy(reader, back, counts=False), self._copy(there, writer, counts=True))
        back.close()

    async def _copy(self, reader, writer, *, counts):
        try:
            while chunk := await reader.read(1 << 16):
                self.carried += len(chunk) if counts else 0
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()


@pytest.fixture(scope="module")
def body():
    return b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() * 256 for number in range(LARGE // 8192))


@pytest.fixture(scope="module")
def bucket(s3_server, pictures, body):
    return s3_server.create_bucket(**{
        "a b/coffee.jpg": (pictures / "coffee.jpg").read_bytes(),
        "large.bin": body,
        "watermark.svg": (pictures / "watermark.svg").read_bytes(),
    })  # fmt: skip


@pytest.fixture
def giant(tmp_path):
    path = tmp_path / "giant.mp4"
    with path.open("wb") as file:
        file.truncate(GIANT)
        file.seek(GIANT - 5)
        file.write(b"tail!")
    return path


@pytest.fixture
async def line(s3_server):
    async with Line(s3_server.port) as instance:
        yield instance


@pytest.fixture
def service(s3_server, bucket, line, giant, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READER.secret_key)
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        f'[accounts.second]\nendpoint = "{s3_server.endpoint}"\nregion = "{s3_server.region}"\n'
        'access_key_id_env = "AWS_ACCESS_KEY_ID"\nsecret_access_key_env = "AWS_SECRET_ACCESS_KEY"\n'
        f'[accounts.stranger]\nendpoint = "{s3_server.endpoint}"\nregion = "{s3_server.region}"\n'
        'access_key_id = "AKIANOBODY000000"\nsecret_access_key = "canary-of-nobody"\n'
    )
    with ProxyProcess(
        tmp_path,
        allow_unsigned="1",
        local_filesystem_root=str(giant.parent),
        use_s3="1",
        s3_endpoint=line.endpoint,
        s3_region=s3_server.region,
        s3_accounts=str(accounts),
        s3_denied_buckets="secret-*",
        watermark_url=f"s3://second@{bucket}/watermark.svg",
        max_src_file_size=str(80 * MIB),
    ) as proxy:
        yield proxy


def encoded(source):
    """In base64: an @ means something in plain sources."""
    return base64.urlsafe_b64encode(source.encode()).decode().rstrip("=")


def raw(service, source):
    return f"{service.base}/unsafe/raw:1/{encoded(source)}"


async def ask(client, address, **headers):
    async with client.get(address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_original_in_bucket_is_rendered(client, service, bucket):
    for source in (f"s3://{bucket}/a b/coffee.jpg", f"s3://second@{bucket}/a b/coffee.jpg"):
        status, headers, body = await ask(client, f"{service.base}/unsafe/rs:fit:90/{encoded(source)}.png")
        assert (status, headers["Content-Type"]) == (200, "image/png")
        assert pyvips.Image.new_from_buffer(body, "").width == 90
    etag = headers["ETag"]
    status, _, _ = await ask(
        client, f"{service.base}/unsafe/rs:fit:90/{encoded(source)}.png", **{"If-None-Match": etag}
    )
    assert status == 304


async def test_watermark_in_bucket_is_loaded(client, service, bucket):
    source = encoded(f"s3://{bucket}/a b/coffee.jpg")
    plain = await ask(client, f"{service.base}/unsafe/rs:fit:90/{source}.png")
    marked = await ask(client, f"{service.base}/unsafe/rs:fit:90/wm:1:ce/{source}.png")
    assert (plain[0], marked[0]) == (200, 200)
    assert plain[2] != marked[2]


async def test_unavailable_object_has_its_status(client, service, bucket):
    for source, status in (
        (f"s3://{bucket}/none.jpg", 404),
        ("s3://no-such-bucket/none.jpg", 404),
        ("s3://secret-bucket/a.jpg", 404),
        (f"s3://nobody@{bucket}/a.jpg", 404),
        (f"s3://stranger@{bucket}/a b/coffee.jpg", 403),
        (f"s3://{bucket}/large.bin", 422),
        (f"gs://{bucket}/a.jpg", 404),
    ):
        found = await ask(client, f"{service.base}/unsafe/{encoded(source)}")
        assert found[0] == status, source
        assert "canary" not in found[2].decode()
    await wait_until(lambda: any(line.get("source") == f"gs://{bucket}/a.jpg" for line in service.lines()))
    assert "canary" not in service.log_path.read_text()


async def test_raw_object_passes_complete_and_in_ranges(client, service, bucket, body):
    address = raw(service, f"s3://{bucket}/large.bin")
    status, headers, found = await ask(client, address)
    assert (status, hashlib.sha256(found).digest()) == (200, hashlib.sha256(body).digest())
    assert (headers["Content-Length"], headers["Accept-Ranges"]) == (str(LARGE), "bytes")
    etag = headers["ETag"]
    for range_header, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=-7", LARGE - 7, LARGE - 1),
        (f"bytes={LARGE - 3}-", LARGE - 3, LARGE - 1),
    ):
        status, headers, found = await ask(client, address, Range=range_header)
        assert (status, found) == (206, body[first : last + 1])
        assert headers["Content-Range"] == f"bytes {first}-{last}/{LARGE}"
    status, headers, _ = await ask(client, address, Range=f"bytes={LARGE}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{LARGE}")
    assert (await ask(client, address, **{"If-None-Match": etag}))[0] == 304
    assert (await ask(client, address, **{"Range": "bytes=0-0", "If-Range": etag}))[0] == 206
    assert (await ask(client, address, **{"Range": "bytes=0-0", "If-Range": '"old"'}))[2] == body


async def test_client_that_disconnects_stops_the_read(client, service, bucket, line):
    before = line.carried
    async with client.get(raw(service, f"s3://{bucket}/large.bin")) as answer:
        await answer.content.readexactly(100_000)
        answer.close()
    await wait_until(lambda: service.metric('status_codes_total{status="499"}') == 1)
    assert 100_000 <= line.carried - before < 32 * MIB
    connections = [c for c in psutil.Process(service.process.pid).net_connections("tcp") if c.status == "ESTABLISHED"]
    port = int(line.endpoint.rpartition(":")[2])
    assert not [c for c in connections if c.raddr.port == port]


async def test_client_that_does_not_read_pauses_the_read(client, service, bucket, line):
    before = line.carried
    async with client.get(raw(service, f"s3://{bucket}/large.bin")) as answer:
        await answer.content.readexactly(1)
        quiet = 0
        while quiet < 10:
            carried = line.carried
            await asyncio.sleep(0.05)
            quiet = quiet + 1 if line.carried == carried else 0
        assert line.carried - before < 48 * MIB
        rest = await answer.content.read()
    assert len(rest) + 1 == LARGE
    assert line.carried - before >= LARGE


async def test_large_object_passes_in_constant_memory(client, service):
    front = psutil.Process(service.process.pid)
    await ask(client, raw(service, "local:///giant.mp4"), Range="bytes=0-9")
    before = peak = front.memory_info().rss
    size, tail = 0, b""
    async with client.get(raw(service, "local:///giant.mp4")) as answer:
        assert answer.headers["Content-Length"] == str(GIANT)
        seen = 0
        async for chunk in answer.content.iter_any():
            size, tail = size + len(chunk), chunk[-5:] if len(chunk) >= 5 else (tail + chunk)[-5:]
            if size - seen > 64 * MIB:
                seen, peak = size, max(peak, front.memory_info().rss)
    assert (size, tail) == (GIANT, b"tail!")
    assert peak - before < ALLOWANCE


def carried(service):
    """Bytes that the service has read so far, of whatever kind (proc(5): rchar)."""
    return int(Path(f"/proc/{service.process.pid}/io").read_text().split("rchar: ")[1].split()[0])


async def test_large_object_without_client_is_not_read(client, service):
    before = carried(service)
    async with client.get(raw(service, "local:///giant.mp4")) as answer:
        await answer.content.readexactly(100_000)
        answer.close()
    await wait_until(lambda: service.metric('status_codes_total{status="499"}') == 1)
    assert carried(service) - before < 64 * MIB
    files = [file.path for file in psutil.Process(service.process.pid).open_files()]
    assert not [path for path in files if path.endswith("giant.mp4")]
