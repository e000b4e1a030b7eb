import asyncio

import pytest
from aiohttp import web

from mememime_proxy.client.errors import AnswerError, ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.transfer.session import RequestBody, Session
from tests.support.fake_resource_service import KEY, hang_up, problem, times
from tests.support.raw_server import raw_server


def answering(status, **headers):
    async def fault(_request):
        return problem(status, "As asked", **headers)

    return fault


def body_of(data):
    async def chunks():
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    return RequestBody(len(data), chunks)


@pytest.fixture
async def session(url, retries):
    async with Session(url, KEY, retries=retries) as session:
        yield session


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_session_temporary_status_is_retried_with_growing_waits(session, fake, slept, status):
    fake.faults.append(times(3, answering(status)))
    assert (await session.request("GET", "/assets")).status == 200
    assert slept == [0.5, 1.0, 2.0]
    assert fake.requests["GET /assets"] == 4


async def test_session_retry_after_is_added_up_to_a_limit(session, fake, slept):
    fake.faults.append(times(1, answering(429, Retry_After="7")))
    fake.faults.append(times(1, answering(503, Retry_After="99999")))
    fake.faults.append(times(1, answering(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")))
    await session.request("GET", "/assets")
    assert slept == [7.5, 121.0, 2.0]


async def test_session_broken_connection_sends_the_body_again(session, fake):
    fake.faults.append(times(2, hang_up, "PUT"))
    data = b"x" * 5000
    digest = "xbNL5tLMSpFznSULL0UVmLJ+Ytlgu8YU7BUfCyzJ6YI="
    fake.faults.append(times(1, answering(503), "PUT"))
    answer = await session.request(
        "PUT", "/assets", body=body_of(data), headers={"Repr-Digest": f"sha-256=:{digest}:"}, expected=frozenset({422})
    )
    assert fake.requests["PUT /assets"] == 4
    assert fake.received == 5000
    assert answer.status == 422  # the digest is another one's: the whole body was read to know


async def test_session_last_attempt_raises_unreachable_error(session, fake, slept):
    fake.faults.append(answering(503))
    with pytest.raises(UnreachableError, match="503 As asked"):
        await session.request("GET", "/assets")
    assert fake.requests["GET /assets"] == 8
    assert len(slept) == 7


async def test_session_rate_limited_request_is_retried_more_often(session, fake, slept):
    fake.faults.append(times(30, answering(429, Retry_After="1")))
    assert (await session.request("GET", "/assets")).status == 200
    assert len(slept) == 30
    fake.faults.append(answering(429))
    with pytest.raises(AnswerError, match="429"):
        await session.request("GET", "/assets")
    assert len(slept) == 30 + 39


async def test_session_without_a_server_raises_unreachable_error(retries, closed_port):
    async with Session(f"http://127.0.0.1:{closed_port}", KEY, retries=retries) as session:
        with pytest.raises(UnreachableError, match="does not respond"):
            await session.request("GET", "/assets")


async def test_session_refused_request_is_not_retried(session, fake, slept):
    fake.faults.append(answering(413))
    with pytest.raises(AnswerError, match=r"413 As asked \(request\.invalid\)") as caught:
        await session.request("GET", "/assets")
    assert (caught.value.status, caught.value.code, slept) == (413, "request.invalid", [])


async def test_session_invalid_key_raises_refused_error(url, fake, retries):
    async with Session(url, "mk_wrong", retries=retries) as session:
        with pytest.raises(RefusedError):
            await session.request("GET", "/assets")
    assert fake.requests["GET /assets"] == 1


async def test_session_key_is_sent_to_the_service_alone(session, url, fake):
    seen = []

    async def look(request):
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=302, headers={"Location": f"{url}x/"})

    fake.faults.append(look)
    await session.request_once("GET", "/assets")
    await session.request_once("GET", url.replace("127.0.0.1", "localhost") + "/assets")
    assert seen == [f"Bearer {KEY}", None]  # and a redirect is not followed


async def test_session_unreadable_file_raises_file_error_without_retry(session, slept):
    async def chunks():
        yield b"x" * 10
        raise FileError("the file was changed while it was uploaded")

    with pytest.raises(FileError, match="changed"):
        await session.request(
            "PUT", "/assets", body=RequestBody(5000, chunks), headers={"Repr-Digest": "sha-256=:eA==:"}
        )
    assert slept == []


async def test_session_response_without_json_raises_client_error(session, fake):
    async def page(_request):
        return web.Response(text="<html>")

    fake.faults.append(page)
    with pytest.raises(ClientError, match="is no resource service"):
        (await session.request("GET", "/assets")).json()


async def test_session_what_is_not_http_raises_unreachable_error(retries):
    async def greet(_reader, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    async with raw_server(greet) as (port, _), Session(f"http://127.0.0.1:{port}", KEY, retries=retries) as session:
        with pytest.raises(UnreachableError, match=r"sends no response of HTTP: .*SSH") as caught:
            await session.request("GET", "/assets")
    assert "\n" not in str(caught.value)


async def test_session_throttles_bytes_and_requests(url, monkeypatch):
    async with Session(url, KEY, bandwidth=1000, requests=5) as session:
        taken = {"bytes": 0, "requests": 0}

        async def count_bytes(units=1):
            taken["bytes"] += units

        async def count_requests(units=1):
            taken["requests"] += units

        monkeypatch.setattr(session._bandwidth, "acquire", count_bytes)
        monkeypatch.setattr(session._requests, "acquire", count_requests)
        await session.request(
            "PUT",
            "/assets",
            body=body_of(b"x" * 2500),
            headers={"Repr-Digest": "sha-256=:eA==:"},
            expected=frozenset({422}),
        )
    assert taken == {"bytes": 2500, "requests": 1}


def test_session_url_without_scheme_raises_client_error():
    with pytest.raises(ClientError, match="https://"):
        Session("uploads.example.com", KEY)


async def test_session_redirect_is_an_error_that_names_its_target(session, fake):
    fake.faults.append(answering(301, Location="https://uploads.example/"))
    with pytest.raises(ClientError, match=r"answered 301, a redirect to https://uploads.example/; name that address"):
        await session.request("GET", "/assets")


async def test_session_page_of_another_server_is_described(session, fake):
    async def page(_request):
        return web.Response(status=200, text="<html>\n <h1>Welcome</h1>", content_type="text/html")

    fake.faults.append(page)
    with pytest.raises(ClientError, match=r"answered 200 with text/html.*<html> <h1>Welcome</h1>.*check --server"):
        (await session.request("GET", "/assets")).json()


async def test_session_error_without_a_problem_has_its_phrase_and_the_start_of_its_page(session, fake):
    async def page(_request):
        return web.Response(status=404, text="<html>nothing\nhere", content_type="text/html")

    fake.faults.append(page)
    with pytest.raises(AnswerError, match=r"404 Not Found: text/html.*'<html>nothing here'"):
        await session.request("GET", "/assets")


async def test_session_silence_is_told_once_until_the_service_answers(url, fake, retries):
    texts = []
    async with Session(url, KEY, retries=retries, on_silence=texts.append) as session:
        for failures in (3, 2):
            fake.faults = [times(failures, answering(503))]
            await session.request("GET", "/assets")
    assert len(texts) == 2
    assert all("503 As asked" in text and text.endswith("; trying again") for text in texts)


async def test_session_first_request_without_an_answer_is_told_while_it_waits(url, fake, monkeypatch):
    told = asyncio.Event()
    monkeypatch.setattr("mememime_proxy.client.transfer.session.FIRST_WORD", 0.01)

    async def hold(_request):
        await asyncio.wait_for(told.wait(), 30)

    fake.faults.append(hold)
    texts = []
    async with Session(url, KEY, on_silence=lambda text: (texts.append(text), told.set())) as session:
        await session.request("GET", "/assets")
        await session.request("GET", "/assets")
    assert texts == [f"{url} does not respond; waiting"]
