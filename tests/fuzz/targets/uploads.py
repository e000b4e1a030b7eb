"""What clients of the resource service send: headers of tus, batches, tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any, cast

from mememime_proxy.errors import ForbiddenError, RequestError, UnauthenticatedError, UploadTooLargeError
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.auth.upload_tokens import UploadTokens
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.routes import uploads_batch
from mememime_proxy.resources.uploads import tus_protocol as tus
from mememime_proxy.service.tokens import UPLOAD_SCOPE, Tokens
from tests.fuzz.target import Target, attempt, drive

_SHA256 = "0" * 64


def _tus(data: bytes) -> None:
    """Headers of tus, one a line in this order: numbers, metadata, checksum, parts."""
    text = data.decode("utf-8", "surrogateescape")
    values = (text.split("\n") + [""] * 5)[:5]
    names = ("Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Checksum", "Upload-Concat")
    headers = {name: value for name, value in zip(names, values, strict=True) if value}
    for parse in (tus.length, tus.metadata, tus.checksum, tus.concat, tus.check_version):
        parsed: object = attempt(parse, headers)
        if isinstance(parsed, int):
            assert 0 <= parsed <= tus.MAX_NUMBER
        elif isinstance(parsed, tus.Metadata):
            _read(parsed)
        elif isinstance(parsed, tus.Concat):
            assert all(len(part) == 32 for part in parsed.parts)
    attempt(tus.check_type, values[0])


def _read(metadata: tus.Metadata) -> None:
    header = ",".join(f"{name} {value}" for name, value in metadata.values.items())
    assert tus.metadata({"Upload-Metadata": header}) == metadata
    for name in ("sha256", "media_type", "condition"):
        try:
            getattr(metadata, name)
        except RequestError:
            continue


def _tus_seeds() -> Iterable[bytes]:
    text = base64.b64encode(b"image/png").decode()
    digest = base64.b64encode(_SHA256.encode()).decode()
    sha1 = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="
    yield f"5000\n\nfiletype {text},sha256 {digest},is_confidential\n{sha1}\npartial".encode()
    yield f"\n1\nfilename {text}\ncrc32 AAAAAA==\nfinal;/files/uploads/{'a' * 32} uploads/{'b' * 32}".encode()


def _batch(data: bytes) -> None:
    """A batch in blocks of any size: the first byte chooses it. What is accepted are the very bytes."""
    step = (data[0] if data else 0) * 7 + 1
    body = data[1:]

    async def chunks(_limit: int) -> AsyncIterator[bytes]:
        for at in range(0, len(body), step):
            yield body[at : at + step]

    call = cast(Call, _FakeCall(chunks))
    files = drive(uploads_batch._receive(call))
    line, _, rest = body.partition(b"\n")
    assert b"".join(file.body for file in files) == rest
    assert [file.sha256 for file in files] == [row["sha256"] for row in json.loads(line)["files"]]


class _FakeCall:
    """As much of a request as a batch is received by."""

    services = SimpleNamespace(settings=SimpleNamespace(upload_max_size=1 << 20))

    def __init__(self, chunks: Any) -> None:
        self.chunks = chunks

    @staticmethod
    def require_principal() -> Principal:
        return Principal(tenant="t", role=Role.WRITE, credential="key:1")


def _batch_seeds() -> Iterable[bytes]:
    rows: list[dict[str, object]] = [{"sha256": _SHA256, "size": 3}, {"sha256": "f" * 64, "size": 4, "alias": "a/b"}]
    yield b"\x02" + json.dumps({"files": rows}).encode() + b"\nabcdefg"
    yield b"\xff" + json.dumps({"files": rows[:1]}).encode() + b"\nabc"


_KEY = b"k" * 32
_NOW = 1_700_000_000
_TOKENS = Tokens(_KEY, UPLOAD_SCOPE, clock=lambda: _NOW)
_UPLOAD_TOKENS = UploadTokens((_KEY,), lambda: 1000 * _NOW)


def _token(data: bytes) -> None:
    """A token that is accepted is one that was issued; and claims of any form, well signed, are refused or read."""
    text = data.decode("utf-8", "surrogateescape")
    _TOKENS.read_unverified(text)
    for verify in (_TOKENS.verify, _UPLOAD_TOKENS.authenticate):
        try:
            verify(text)
        except (ForbiddenError, UnauthenticatedError):
            continue
        assert text in _ISSUED, "a token that nobody issued is accepted"
    try:
        claims = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        principal = _UPLOAD_TOKENS.authenticate(_TOKENS.issue(claims))
    except UnauthenticatedError:
        return
    assert principal.claims is not None
    assert principal.claims.expires > 1000 * _NOW


_CLAIMS = {"id": "a" * 32, "tenant": "t", "expires": 1000 * (_NOW + 9), "max_size": 5, "types": ["image/png"]}
_ISSUED = (_TOKENS.issue(_CLAIMS), _TOKENS.issue({"long": "a" * 900}))


def _token_seeds() -> Iterable[bytes]:
    yield json.dumps(_CLAIMS).encode()
    yield from (token.encode() for token in _ISSUED)
    yield Tokens(b"x" * 32, UPLOAD_SCOPE, clock=lambda: _NOW).issue(_CLAIMS).encode()


TARGETS = (
    Target(
        name="uploads.tus",
        run=_tus,
        seeds=_tus_seeds,
        allowed=(),
        steps_per_byte=200,
        words=(
            b"filetype ",
            b"sha256 ",
            b"if-match ",
            b"final;",
            b"partial",
            b"uploads/",
            b"sha1 ",
            b"crc32 ",
            b"%2e",
            b"//[",
        ),
    ),
    Target(
        name="uploads.batch",
        run=_batch,
        seeds=_batch_seeds,
        allowed=(RequestError, UploadTooLargeError),
        words=(b'{"files":[', b'"sha256":"', b'"size":', b'"alias":"', b"]}\n", _SHA256.encode()),
        steps_per_byte=200,
    ),
    Target(
        name="uploads.token",
        run=_token,
        seeds=_token_seeds,
        allowed=(),
        steps_per_byte=200,
        words=(b'"id":"', b'"expires":', b'"count":', b'"types":[', b'"tenant":', b".", b"null", b"1e999"),
    ),
)
