"""P7: pictures inside of drawings, in every spelling of a data URI."""

import base64
import gzip
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.svg import data_uri
from mememime_proxy.plan import ImageLimits
from tests.support.drawings import CLEAR, RED, assert_harmless, drawing, picture, pixel, sanitise
from tests.support.malformed_images import header_of

PNG, JPEG = picture(side=8), picture("JPEG", 8)
RECT = drawing("<rect width='30' height='20' fill='red'/>")


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


SPELLINGS = {
    "plain": f"data:image/png;base64,{base64_of(PNG)}",
    "charset": f"data:image/png;charset=utf-8;base64,{base64_of(PNG)}",
    "name": f"data:image/png;name=a.png;base64,{base64_of(PNG)}",
    "no type": f"data:;base64,{base64_of(PNG)}",
    "octet-stream": f"data:application/octet-stream;base64,{base64_of(PNG)}",
    "any": f"data:image/*;base64,{base64_of(PNG)}",
    "img": f"data:img/png;base64,{base64_of(PNG)}",
    "x-png": f"data:image/x-png;base64,{base64_of(PNG)}",
    "another type": f"data:image/gif;base64,{base64_of(PNG)}",
    "jpeg as png": f"data:image/png;base64,{base64_of(JPEG)}",
    "jpg": f"data:image/jpg;base64,{base64_of(JPEG)}",
    "pjpeg": f"data:image/pjpeg;base64,{base64_of(JPEG)}",
    "upper case": f"DATA:IMAGE/PNG;BASE64,{base64_of(PNG)}",
    "blank in front": f"  data:image/png;base64,{base64_of(PNG)}\n",
    "blank behind the parameter": f"data:image/png; base64,{base64_of(PNG)}",
    "percent": f"data:image/png,{quote(PNG)}",
    "percent in base64": f"data:image/png;base64,{quote(base64_of(PNG), safe='')}",
    "no padding": f"data:image/png;base64,{base64_of(PNG + b'xy').rstrip('=')}",
    "lines": "data:image/png;base64," + base64.encodebytes(PNG).decode(),
    "indented lines": "data:image/png;base64,\n    " + base64.encodebytes(PNG).decode().replace("\n", "\r\n\t  "),
    "svg": f"data:image/svg+xml;base64,{base64_of(RECT)}",
    "svg in text": "data:image/svg+xml," + quote(RECT),
    "svg in utf-8": "data:image/svg+xml;utf8," + quote(RECT, safe=" <>'=/:\""),
    "svg with charset": "data:image/svg+xml;charset=utf-8," + quote(RECT),
    "svg in gzip": f"data:image/svg+xml;base64,{base64_of(gzip.compress(RECT))}",
    "svg without a type": f"data:;base64,{base64_of(RECT)}",
    "fragment": f"data:image/png;base64,{base64_of(PNG)}#a",
}


@pytest.mark.parametrize("key", ["href", "xlink:href"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_p7_picture_in_any_spelling_is_drawn(name, key):
    data = drawing(f'<image width="30" height="20" preserveAspectRatio="none" {key}="{escape(SPELLINGS[name])}"/>')
    found = pixel(data, 15, 10)
    assert [abs(a - b) <= 6 for a, b in zip(found, RED, strict=True)] == [True] * 4
    once = sanitise(f'<image href="{escape(SPELLINGS[name])}"/>')
    assert sanitise(once) == once


def test_p7_plain_spelling_is_unchanged():
    for uri in (SPELLINGS["plain"], f"data:image/jpeg;base64,{base64_of(JPEG)}"):
        assert sanitise(f'<image href="{uri}"/>') == f'<image href="{uri}"/>'


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO"])
def test_p7_picture_of_another_format_stays_for_browsers(format_):
    body = picture(format_, 16)
    found = sanitise(f'<image href="data:;base64,{base64_of(body)}"/>')
    assert base64_of(body) in found


def test_p7_drawings_in_drawings_are_sanitised_and_bounded():
    inner = "<script>alert(1)</script><rect width='30' height='20' fill='red' onload='x()'/>"
    for depth in range(5):
        uri = data_uri.encode("image/svg+xml", drawing(inner))
        inner = f'<image width="30" height="20" href="{uri}"/>'
        if depth < 3:
            assert pixel(drawing(inner)) == RED
        found, drawings = sanitise(inner), 0
        while "base64," in found:
            body = base64.b64decode(found.partition("base64,")[2].partition('"')[0])
            assert_harmless(body)
            found = body.decode()
            drawings += 1
        assert drawings == min(depth + 1, 3)
    assert pixel(drawing(inner)) == CLEAR


@pytest.mark.parametrize(
    "uri",
    [
        "data:",
        "data:,",
        "data:image/png",
        "data:image/png;base64,",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,A",
        "data:image/png;base64,A=AA",
        "data:image/png;base64,%%%",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:text/xml,<a/>",
        "data:application/pdf;base64,JVBERi0xLjQ=",
        "data:image/svg+xml,<svg",
        "data:image/svg+xml,<html/>",
        "data:image/svg+xml,<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
    ],
)
def test_p7_other_data_is_left_out(uri):
    assert sanitise(f'<image width="1" href="{escape(uri)}"/>') == '<image width="1"/>'


def test_p7_pixels_of_all_pictures_are_bounded():
    uris = [f"data:image/png;base64,{base64_of(picture(side=side))}" for side in (600, 601, 602)]
    images = "".join(f'<image href="{uri}"/>' for uri in uris)
    assert header_of(drawing(images), ImageLimits(max_src_resolution=1_100_000))
    assert header_of(drawing(f'<image href="{uris[0]}"/>' * 5), ImageLimits(max_src_resolution=400_000))
    with pytest.raises(LimitError, match="pixels"):
        header_of(drawing(images), ImageLimits(max_src_resolution=1_000_000))


@given(st.binary(max_size=60))
def test_p7_data_uri_any_bytes_come_back(data):
    assert data_uri.decode(data_uri.encode("image/png", data)) == data
    assert data_uri.decode("data:," + quote(data)) == data
    assert data_uri.is_canonical(data_uri.encode("image/png", data), "image/png")
    assert data_uri.decode(data_uri.encode("x/y", data).rstrip("=") + " \t") == data


@given(st.text(max_size=60))
def test_p7_data_uri_any_text_is_read_or_not(text):
    assert data_uri.is_data_uri("data:" + text)
    data_uri.decode("data:" + text)
    data_uri.decode("data:;base64," + text)
