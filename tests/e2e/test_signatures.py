"""Signatures: 10,000 edits of one URL, forged forms, other clients."""

import asyncio
import io
import random
from urllib.parse import quote

import pytest
from PIL import Image
from yarl import URL

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess

EDITS = 10_000
ALPHABET = bytes(range(0x21, 0x7F))
CONNECTIONS = 4


def edits(path: bytes, count: int):
    """Random replacements, insertions and deletions of one byte; not those that leave what is signed as it was."""
    chance = random.Random(20_261_123)
    while count:
        at = chance.randrange(1, len(path))
        byte = bytes([chance.choice(ALPHABET)])
        match chance.randrange(3):
            case 0:
                edited = path[:at] + byte + path[at + 1 :]
            case 1:
                edited = path[:at] + byte + path[at:]
            case _:
                edited = path[:at] + path[at + 1 :]
        # What follows a question mark is not part of the address.
        if edited.partition(b"?")[0] != path:
            count -= 1
            yield edited


async def statuses(port, targets):
    """Ask for ``targets`` over one connection, byte for byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    results = []
    for target in targets:
        writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: test\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        results.append((int(head.split()[1]), target))
        if b"connection: close" in head.lower():
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return results


@pytest.fixture(scope="module")
def strict(pictures, tmp_path_factory):
    """A service of its own: what it starts is counted."""
    folder = tmp_path_factory.mktemp("strict")
    with ProxyProcess(folder, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        yield proxy


async def test_edited_signed_urls_are_refused_without_work(strict):
    path = (
        UrlBuilder(key=KEY, salt=SALT).resize("fill", 30, 20).gravity("sm").build("local:///coffee.jpg", "png").encode()
    )
    assert [status for status, _ in await statuses(strict.port, [path])] == [200]
    before = strict.renders()
    targets = list(edits(path, EDITS))
    parts = [targets[n::CONNECTIONS] for n in range(CONNECTIONS)]
    answers = [each for part in await asyncio.gather(*(statuses(strict.port, p) for p in parts)) for each in part]
    assert len(answers) == EDITS
    assert [answer for answer in answers if answer[0] != 403] == []
    assert strict.renders() == before
    assert strict.metric('request_span_duration_seconds_count{span="downloading"}') == before


@pytest.mark.parametrize(
    "spell",
    [
        lambda sig, rest: f"/{sig}={rest}",
        lambda sig, rest: f"/{sig}%3D{rest}",
        lambda sig, rest: f"/{sig[:-1]}{chr(ord(sig[-1]) + 1)}{rest}",
        lambda sig, rest: f"/{sig[:-1]}{chr(ord(sig[-1]) - 1)}{rest}",
        lambda sig, rest: f"/{sig}/{rest}",
        lambda sig, rest: f"//{sig}{rest}",
        lambda sig, rest: f"/./{sig}{rest}",
        lambda sig, rest: f"/{sig}{rest}#x",
        lambda sig, rest: f"/{sig}{rest};x",
        lambda sig, rest: f"/{sig}{quote(rest, safe='/')}".replace("%3A", "%3a"),
        lambda sig, rest: f"/unsafe{rest}",
        lambda sig, rest: f"/_{rest}",
        lambda sig, rest: f"/unsafe/{sig}{rest}",
        lambda sig, rest: f"/{sig}/rs:fit:10/{sig}{rest}",
        lambda _, rest: rest,
        lambda sig, rest: f"/{sig[:11]}{rest}",
    ],
)
async def test_picture_has_one_accepted_url(strict, spell):
    path = UrlBuilder(key=KEY, salt=SALT).resize("fit", 30).build("local:///coffee.jpg", "png")
    _, signature, rest = path.split("/", 2)
    ((status, _),) = await statuses(strict.port, [spell(signature, "/" + rest).encode()])
    assert status == 403


async def test_query_is_not_part_of_the_signed_url(strict):
    path = UrlBuilder(key=KEY, salt=SALT).resize("fit", 31).build("local:///coffee.jpg", "png")
    assert [s for s, _ in await statuses(strict.port, [path.encode() + b"?x=1", path.encode() + b"?"])] == [200, 200]


def by_pyimgproxy(base, source):
    import pyimgproxy

    return pyimgproxy.ImgProxy(base, KEY, SALT).image(source).resize("fill", 30, 20).url


def by_mkimgproxy(base, source):
    import mkimgproxy

    return mkimgproxy.ImgProxy(KEY, SALT, base).generate(source, {"rs": "fill:30:20"}, "png")


def by_imgproxy(base, source):
    import imgproxy

    factory = imgproxy.ImgProxy.factory(proxy_host=base, key=KEY, salt=SALT)
    return factory(source, resizing_type="fill", width=30, height=20, extension="png")()


@pytest.mark.parametrize("make", [by_pyimgproxy, by_mkimgproxy, by_imgproxy])
async def test_urls_of_other_clients_are_accepted(strict, client, make):
    async with client.get(URL(str(make(strict.base, "local:///coffee.jpg")), encoded=True)) as answer:
        body = await answer.read()
        assert answer.status == 200, body
        assert Image.open(io.BytesIO(body)).size == (30, 20)
