"""URLs that are signed for the resource service: those that the parser accepts, and nothing for anybody else."""

import time
from types import SimpleNamespace

import msgspec
import pytest

from mememime_proxy.errors import ForbiddenError, PathError, RequestError
from mememime_proxy.proxy.http.internal.signing_routes import (
    SIGN_PATH,
    SignAnswer,
    SigningRoutes,
)
from mememime_proxy.service.sign_request import SignItem, SignRequest
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import load
from mememime_proxy.urls import UrlParser

KEY = "ab" * 32
PURGE = "cd" * 32


def routes(**more):
    variables = {"KEY": KEY, "SALT": KEY, "PURGE_KEY": PURGE} | more
    settings = load({f"MEMEMIME_{name}": value for name, value in variables.items()})
    parser = UrlParser(sections.url_config(settings))
    return SigningRoutes(settings, parser.parse), parser


def sign(signing, source, *options, extension=""):
    return signing.sign(SignRequest(source=source, items=[SignItem(options=list(options), format=extension)])).urls[0]


@pytest.mark.parametrize(
    "settings", [{}, {"PATH_PREFIX": "/img"}, {"ARGUMENTS_SEPARATOR": ","}, {"SIGNATURE_SIZE": "9"},
                 {"KEY": "", "SALT": "", "ALLOW_UNSIGNED": "true"}],
)  # fmt: skip
def test_signed_url_is_what_the_parser_accepts(settings):
    signing, parser = routes(**settings)
    separator = settings.get("ARGUMENTS_SEPARATOR", ":")
    url = sign(signing, "alias://Shop/cup", separator.join(["rs", "fill", "300", "200"]), extension="webp")
    plan = parser.parse(url.path)
    assert (plan.source, plan.width, plan.height, str(plan.format)) == ("alias://Shop/cup", 300, 200, "webp")
    assert 3600 <= plan.expires - time.time() <= 7200
    assert not parser.parse(sign(signing, f"asset://{'0' * 64}").path).expires


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("https://evil.example/a.png", ()),
        ("alias://a", ("rs:fill:x",)),
        ("alias://a", ("unknown:1",)),
        ("alias://a", ("w:1/../../x",)),
        ("alias://a", ("max_src_resolution:900",)),
    ],
)
def test_url_that_would_be_refused_is_not_signed(source, options):
    signing, _ = routes(ALLOWED_SOURCES="alias://")
    url = sign(signing, source, *options)
    assert not url.path
    assert url.code
    assert url.detail


async def post(signing, body, token):
    parts = [body]

    async def read(size):
        return parts.pop() if parts else b""

    request = SimpleNamespace(content=SimpleNamespace(read=read), headers={BODY_TOKEN_HEADER: token})
    return await signing.post(request)


async def test_request_needs_a_token_for_its_body():
    signing, parser = routes(PUBLIC_URL="https://images.example")
    body = msgspec.json.encode(SignRequest(source="alias://a", items=[SignItem(options=["w:9"])]))
    tokens = SignedBodies([bytes.fromhex(PURGE)])
    response = await post(signing, body, tokens.issue(SIGN_PATH, body))
    answer = msgspec.json.decode(response.body, type=SignAnswer)
    assert (parser.parse(answer.urls[0].path).width, answer.base) == (9, "https://images.example")
    assert response.headers["Cache-Control"] == "no-store"
    for token in ("", "x", tokens.issue(SIGN_PATH, body + b" "), tokens.issue("/purge", body)):
        with pytest.raises(ForbiddenError):
            await post(signing, body, token)
    for wrong in (b"{}", b"\xff", b"[" * 20_000):
        with pytest.raises(RequestError):
            await post(signing, wrong, tokens.issue(SIGN_PATH, wrong))
    with pytest.raises(ForbiddenError, match="larger"):
        await post(signing, b"x" * 200_000, tokens.issue(SIGN_PATH, b"x" * 200_000))


async def test_without_a_key_there_is_no_endpoint():
    signing, _ = routes(PURGE_KEY="")
    with pytest.raises(PathError):
        await post(signing, b"{}", "")
