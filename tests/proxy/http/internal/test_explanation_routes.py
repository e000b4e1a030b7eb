"""Explanations for the resource service: those of `mememime explain`, and nothing for anybody else."""

import asyncio
from types import SimpleNamespace

import msgspec
import pytest

from mememime_proxy.errors import ForbiddenError, PathError
from mememime_proxy.explain.explanation import explain
from mememime_proxy.proxy.http.internal.explanation_routes import EXPLAIN_PATH, ExplanationRoutes
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies
from mememime_proxy.settings.settings import load
from tests.support.wrong_urls import KEY, SALT, signed

PURGE = "cd" * 32
CUT = signed("rs:fill:300:200/plain/local:///coffee.jpg@webp").replace("/rs", "x/rs", 1)


async def nowhere(_target, _headers):
    return {}


async def post(token=None, explainer=explain, locate=nowhere, **fields):
    body = msgspec.json.encode(fields)
    parts = [body]

    async def read(_size):
        return parts.pop() if parts else b""

    settings = load({"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "MEMEMIME_PURGE_KEY": PURGE})
    right = SignedBodies([bytes.fromhex(PURGE)]).issue(EXPLAIN_PATH, body)
    headers = {BODY_TOKEN_HEADER: right if token is None else token}
    request = SimpleNamespace(content=SimpleNamespace(read=read), headers=headers)
    response = await ExplanationRoutes(settings, explainer, locate).post(request)
    return msgspec.json.decode(response.body)


async def test_explanation_is_that_of_the_command():
    found = await post(url=CUT, is_trusted=True)
    assert found["refusal"]["status"] == 403
    expected = await asyncio.to_thread(explain, CUT, load({"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT}))
    assert found == msgspec.json.decode(msgspec.json.encode(expected)) | {"cached": {}}


async def test_result_is_looked_for_by_the_path_of_the_url():
    asked = []

    async def locate(target, headers):
        asked.append((target, headers))
        return {"memory": 1.5}

    found = await post(url=f"HTTPS://images.example{CUT}?x", headers={"Accept": "image/webp"}, locate=locate)
    assert found["cached"] == {"memory": 1.5}
    assert asked == [(f"{CUT}?x", {"Accept": "image/webp"})]

    async def refuse(_target, _headers):
        raise PathError

    assert (await post(url=CUT, locate=refuse))["cached"] == {}


async def test_who_is_not_trusted_learns_what_to_sign_and_no_more():
    found = await post(url=CUT)
    assert found["refusal"]["cause"]["id"] == "signature.not_verified"
    assert "/rs:fill:300:200/plain/local:///coffee.jpg@webp" in found["refusal"]["cause"]["text"]
    assert not any("refused, too" in note for note in found["notes"])


async def test_request_needs_a_token_and_something_that_explains():
    with pytest.raises(ForbiddenError):
        await post(token="x", url=CUT)
    with pytest.raises(PathError):
        await post(explainer=None, url=CUT)
