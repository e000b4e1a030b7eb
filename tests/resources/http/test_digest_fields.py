"""Content-Digest and Repr-Digest."""

import base64
import hashlib

import pytest
from multidict import CIMultiDict

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.http.digest_fields import declared_sha256

DIGEST = hashlib.sha256(b"x")
TEXT = base64.b64encode(DIGEST.digest()).decode()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ""),
        ({"Content-Digest": "md5=:AAAA:"}, ""),
        ({"Content-Digest": f"sha-256=:{TEXT}:"}, DIGEST.hexdigest()),
        ({"Repr-Digest": f"md5=:AAAA:;a=1, sha-256=:{TEXT}:;b"}, DIGEST.hexdigest()),
        ({"Content-Digest": f"sha-256=:{TEXT}:", "Repr-Digest": f"sha-256=:{TEXT}:"}, DIGEST.hexdigest()),
    ],
)
def test_digest_declared_is_returned_in_hexadecimal(headers: dict[str, str], expected: str):
    assert declared_sha256(headers) == expected


def test_digest_on_several_lines_is_one_field():
    headers = CIMultiDict([("Content-Digest", "md5=:AAAA:"), ("Content-Digest", f"sha-256=:{TEXT}:")])
    assert declared_sha256(headers) == DIGEST.hexdigest()


@pytest.mark.parametrize(
    "text",
    ["=x", f"sha-256={TEXT}", "sha-256=:AAAA:", "sha-256", 'sha-256="a"', "sha-256=(:AAAA:)", "ü", "sha-256=:!:,"],
)
def test_digest_malformed_raises_request_error(text: str):
    with pytest.raises(RequestError, match="found Content-Digest"):
        declared_sha256({"Content-Digest": text})


def test_digests_that_differ_raise_request_error():
    other = base64.b64encode(bytes(32)).decode()
    with pytest.raises(RequestError, match="different digests"):
        declared_sha256({"Content-Digest": f"sha-256=:{TEXT}:", "Repr-Digest": f"sha-256=:{other}:"})
