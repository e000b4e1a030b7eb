import pytest
from aiohttp import web

from mememime_proxy.client.errors import AnswerError, ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.transfer.session import Body, Session, Waits
from tests.support.fake_resource_service import KEY, hang_up, problem, times


def answering(status, **headers):
    async def fault(_request):
        return problem(status, "As asked", **headers)

    return fault


def body_of(data):
    async def chunks():
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    return Body(len(data), chunks)


@pytest.fixture
async def session(url, waits):
    async with Session(url, KEY, waits=waits) as session:
        yield session


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_later_is_tried_again_with_growing_waits(session, fake, slept, status):
    fake.faults.append(times(3, answering(status)))
    assert (await session.ask("GET", "/assets")).status == 200
    assert slept == [0.5, 1.0, 2.0]
    assert fake.requests["GET /assets"] == 4


async def test_retry_after_comes_on_top_and_has_a_limit(session, fake, slept):
    fake.faults.append(times(1, answering(429, Retry_After="7")))
    fake.faults.append(times(1, answering(503, Retry_After="99999")))
    fake.faults.append(times(1, answering(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")))
    await session.ask("GET", "/assets")
    assert slept == [7.5, 121.0, 2.0]


async def test_a_connection_that_breaks_is_made_again_and_the_body_sent_anew(session, fake):
    fake.faults.append(times(2, hang_up, "PUT"))
    data = b"x" * 5000
    digest = "xbNL5tLMSpFznSULL0UVmLJ+Ytlgu8YU7BUfCyzJ6YI="
    fake.faults.append(times(1, answering(503), "PUT"))
    answer = await session.ask(
        "PUT", "/assets", body=body_of(data), headers={"Repr-Digest": f"sha-256=:{digest}:"}, fine=frozenset({422})
    )
    assert fake.requests["PUT /assets"] == 4
    assert fake.received == 5000
    assert answer.status == 422  # the digest is another one's: the whole body was read to know


async def test_there_is_a_last_try(session, fake, slept):
    fake.faults.append(answering(503))
    with pytest.raises(UnreachableError, match="503 As asked"):
        await session.ask("GET", "/assets")
    assert fake.requests["GET /assets"] == 8
    assert len(slept) == 7


async def test_a_crowd_of_the_same_key_has_more_patience(session, fake, slept):
    fake.faults.append(times(30, answering(429, Retry_After="1")))
    assert (await session.ask("GET", "/assets")).status == 200
    assert len(slept) == 30
    fake.faults.append(answering(429))
    with pytest.raises(AnswerError, match="429"):
        await session.ask("GET", "/assets")
    assert len(slept) == 30 + 39


async def test_nobody_there(waits, unused_tcp_port):
    async with Session(f"http://127.0.0.1:{unused_tcp_port}", KEY, waits=waits) as session:
        with pytest.raises(UnreachableError, match="does not answer"):
            await session.ask("GET", "/assets")


async def test_a_refusal_is_told_and_not_tried_again(session, fake, slept):
    fake.faults.append(answering(413))
    with pytest.raises(AnswerError, match="413 As asked") as caught:
        await session.ask("GET", "/assets")
    assert (caught.value.status, slept) == (413, [])


async def test_a_wrong_key_is_another_error(url, fake, waits):
    async with Session(url, "mk_wrong", waits=waits) as session:
        with pytest.raises(RefusedError):
            await session.ask("GET", "/assets")
    assert fake.requests["GET /assets"] == 1


async def test_the_key_goes_to_the_service_alone(session, url, fake):
    seen = []

    async def look(request):
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=302, headers={"Location": f"{url}x/"})

    fake.faults.append(look)
    await session.once("GET", "/assets")
    await session.once("GET", url.replace("127.0.0.1", "localhost") + "/assets")
    assert seen == [f"Bearer {KEY}", None]  # and a redirect is not followed


async def test_a_file_that_fails_on_its_way_is_not_the_connections_fault(session, slept):
    async def chunks():
        yield b"x" * 10
        raise FileError("the file changed meanwhile")

    with pytest.raises(FileError, match="changed"):
        await session.ask("PUT", "/assets", body=Body(5000, chunks), headers={"Repr-Digest": "sha-256=:eA==:"})
    assert slept == []


async def test_an_answer_of_somebody_else(session, fake):
    async def page(_request):
        return web.Response(text="<html>")

    fake.faults.append(page)
    with pytest.raises(ClientError, match="expected a resource service"):
        (await session.ask("GET", "/assets")).json()


async def test_caps_hold_for_bodies_and_requests(url, monkeypatch):
    async with Session(url, KEY, bandwidth=1000, requests=5) as session:
        taken = {"bytes": 0, "requests": 0}

        async def bytes_(units=1):
            taken["bytes"] += units

        async def requests(units=1):
            taken["requests"] += units

        monkeypatch.setattr(session._bandwidth, "take", bytes_)
        monkeypatch.setattr(session._requests, "take", requests)
        await session.ask(
            "PUT",
            "/assets",
            body=body_of(b"x" * 2500),
            headers={"Repr-Digest": "sha-256=:eA==:"},
            fine=frozenset({422}),
        )
    assert taken == {"bytes": 2500, "requests": 1}


def test_an_address_needs_a_scheme():
    with pytest.raises(ClientError, match="https://"):
        Session("uploads.example.com", KEY)


async def test_waits_are_spread_by_chance_and_begin_anew_after_progress(slept):
    async def sleep(seconds):
        slept.append(seconds)

    waits = Waits(3, sleep, chance=iter([0.5, 0.0, 1.0]).__next__)
    reason = UnreachableError("x")
    await waits.again(reason)
    await waits.again(reason)
    waits.progress()
    await waits.again(reason)
    assert slept == [0.25, 0.0, 0.5]
    await_two = Waits(1, sleep)
    with pytest.raises(UnreachableError):
        await await_two.again(reason)
