import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import (
    ChecksumError,
    ProtocolVersionError,
    RequestError,
    UploadTypeError,
)
from mememime_proxy.resources.aliases.model import AliasCondition
from mememime_proxy.resources.uploads import tus_protocol

UPLOAD = "0123456789abcdef" * 2


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def encoded(**pairs):
    return tus_protocol.metadata({"Upload-Metadata": ",".join(f"{name} {b64(value)}" for name, value in pairs.items())})


@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "1.0"}])
def test_version_other_is_refused(headers):
    with pytest.raises(ProtocolVersionError):
        tus_protocol.check_version(headers)


def test_version_and_content_type_supported_are_accepted():
    tus_protocol.check_version({"Tus-Resumable": "1.0.0"})
    tus_protocol.check_type("Application/Offset+Octet-Stream; x=y")
    with pytest.raises(UploadTypeError):
        tus_protocol.check_type("application/octet-stream")


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "", " ", "1e3", "0x10", "\u0661", "9" * 19, "1_0"])
def test_length_malformed_raises(text):
    with pytest.raises(RequestError):
        tus_protocol.number({"Upload-Offset": text}, "Upload-Offset")


def test_length_valid_returns_bytes():
    assert tus_protocol.number({}, "Upload-Offset") is None
    assert tus_protocol.number({"Upload-Offset": "00"}, "Upload-Offset") == 0
    assert tus_protocol.number({"Upload-Length": str(1 << 40)}, "Upload-Length") == 1 << 40


@pytest.mark.parametrize(
    "headers", [{}, {"Upload-Defer-Length": "0"}, {"Upload-Length": "1", "Upload-Defer-Length": "1"}]
)
def test_length_is_given_or_deferred(headers):
    assert tus_protocol.length({"Upload-Length": "7"}) == 7
    assert tus_protocol.length({"Upload-Defer-Length": "1"}) is None
    with pytest.raises(RequestError):
        tus_protocol.length(headers)


@given(st.dictionaries(st.from_regex(r"[!-+\--~]{1,64}", fullmatch=True), st.text(), max_size=5))
def test_metadata_round_trip(pairs):
    header = ",".join(f"{name} {b64(value)}".rstrip() for name, value in pairs.items())
    found = tus_protocol.metadata({"Upload-Metadata": header})
    assert found.header() == header
    assert {name: found.text(name) for name in pairs} == pairs


@pytest.mark.parametrize("text", ["a YQ==,a YQ==", "a *", " ,a YQ==", "ä YQ==", "a b c", "a" * 65, "a Y", ","])
def test_metadata_malformed_raises(text):
    with pytest.raises(RequestError):
        tus_protocol.metadata({"Upload-Metadata": text})


def test_metadata_fields_are_read():
    found = encoded(sha256="AB" * 32, filetype="Image/PNG; a=b", alias="products/cafe\u0301", **{"if-match": '"7"'})
    assert found.sha256 == "ab" * 32
    assert found.media_type == "image/png"
    assert found.text("alias") == "products/cafe\u0301"
    assert found.condition == AliasCondition(version=7)
    nothing = encoded()
    assert (nothing.sha256, nothing.media_type, nothing.text("alias"), nothing.condition) == (
        "",
        "",
        "",
        AliasCondition(),
    )


def test_metadata_invalid_field_raises():
    with pytest.raises(RequestError):
        _ = encoded(sha256="ab").sha256
    with pytest.raises(RequestError):
        encoded(x=b"\xff").text("x")
    with pytest.raises(RequestError):
        _ = encoded(**{"if-none-match": '"1"'}).condition


@pytest.mark.parametrize("algorithm", tus_protocol.ALGORITHMS)
def test_checksum_valid_is_read(algorithm):
    body = b"some bytes" * 100
    right = zlib.crc32(body).to_bytes(4) if algorithm == "crc32" else hashlib.new(algorithm, body).digest()
    for value, wrong in ((right, False), (bytes([right[0] ^ 1]) + right[1:], True), (right[:-1], True)):
        check = tus_protocol.checksum({"Upload-Checksum": f"{algorithm} {b64(value)}"})
        check.update(body[:7])
        check.update(body[7:])
        if wrong:
            with pytest.raises(ChecksumError):
                check.check()
        else:
            check.check()


@pytest.mark.parametrize("text", ["", "sha1", "sha3 YQ==", "sha1 *", "SHA1 YQ=="])
def test_checksum_unsupported_or_malformed_raises(text):
    assert tus_protocol.checksum({}) is None
    if text == "sha1":  # a checksum of no bytes at all is one, though never right
        with pytest.raises(ChecksumError):
            tus_protocol.checksum({"Upload-Checksum": text}).check()
        return
    with pytest.raises(RequestError):
        tus_protocol.checksum({"Upload-Checksum": text})


def test_concat_valid_header_is_read():
    assert tus_protocol.concat({}) is None
    assert tus_protocol.concat({"Upload-Concat": "partial"}) == tus_protocol.Concat(())
    other = UPLOAD[::-1]
    text = f"final;/uploads/{UPLOAD} https://host:8/way/uploads/{other}?x=y"
    assert tus_protocol.concat({"Upload-Concat": text}) == tus_protocol.Concat((UPLOAD, other))


@pytest.mark.parametrize(
    "text",
    ["", "final", "final;", "final; ", "part", "final;/uploads/1", f"final;/assets/{UPLOAD}", "final;http://[",
     f"final;/uploads/{UPLOAD} /uploads/{UPLOAD}", f"partial;/uploads/{UPLOAD}", f"final;/uploads/{UPLOAD}/x"],
)  # fmt: skip
def test_concat_malformed_header_raises(text):
    with pytest.raises(RequestError):
        tus_protocol.concat({"Upload-Concat": text})


def test_expires_is_an_http_date():
    assert tus_protocol.http_date(784_111_777_999) == "Sun, 06 Nov 1994 08:49:37 GMT"
