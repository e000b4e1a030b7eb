"""Drawings for tests: written, sanitised, rendered."""

from __future__ import annotations

import base64
import io
import re

import pyvips
from lxml import etree
from PIL import Image

from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig

ROOT = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
RED = [255, 0, 0, 255]
CLEAR = [0, 0, 0, 0]


def drawing(inside: str = "<g/>", attributes: str = 'width="30" height="20"') -> bytes:
    """A drawing with ``inside`` in it."""
    return f"{ROOT[:-1]} {attributes}>{inside}</svg>".encode()


def sanitise(inside: str, config: RenderConfig | None = None) -> str:
    """What is inside of the drawing's root once it is sanitised."""
    body = inspect(f"{ROOT}{inside}</svg>".encode(), ImageLimits(), config or RenderConfig())[1].decode()
    if body == ROOT[:-1] + "/>":
        return ""
    assert body.startswith(ROOT)
    return body[len(ROOT) : -len("</svg>")]


def pixel(data: bytes, x: int = 5, y: int = 5, config: RenderConfig | None = None) -> list[float]:
    """A pixel of the drawing as it is rendered."""
    image = open_original(data, ImageLimits(), config or RenderConfig()).load()
    assert isinstance(image, pyvips.Image)
    return [float(band) for band in image.getpoint(x, y)]


def picture(format_: str = "PNG", side: int = 2, color: tuple[int, int, int] = (255, 0, 0)) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), color).save(file, format_, **({"quality": 100} if format_ == "JPEG" else {}))
    return file.getvalue()


def data_uri(body: bytes, media_type: str = "image/png") -> str:
    """The plainest data URI."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"


_LOADED = re.compile(
    r"(?<![\w#.-])(?:url|src|image|image-set|-webkit-image-set|element|cross-fade)\s*\(\s*+[\"']?+(?!#)([^\"')]*)", re.I
)
_RUN = re.compile(r"(?<![\w#-])expression\s*\(|-moz-binding|(?<![\w-])behavior\s*:", re.I)
_AT_KEYWORD = re.compile(r"(?<!\\)@((?:[\w-]|\\[0-9a-fA-F]{1,6}\s?|\\.)+)")
_STYLED = ("{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/1998/Math/MathML}")
_LINKS = ("{http://www.w3.org/2000/svg}a", "{http://www.w3.org/1999/xhtml}a")


def _unescape(css: str) -> str:
    """CSS with its escapes decoded, as a browser would read an identifier."""
    css = re.sub(r"\\([0-9a-fA-F]{1,6})[ \n\t]?", lambda m: chr(min(int(m[1], 16), 0x10FFFF) or 0xFFFD), css)
    return re.sub(r"\\(.)", r"\1", css)


def assert_harmless(body: bytes) -> None:
    """No part of a sanitised drawing runs anything, or loads what it does not carry itself.

    Reads it by other means than the sanitiser: by XPath and by expressions on the decoded text.
    """
    root = etree.fromstring(body)
    assert root.getroottree().docinfo.internalDTD is None
    for element in root.iter():
        assert isinstance(element.tag, str), "comments and instructions are removed"
        name = etree.QName(element).localname.lower()
        assert name not in {
            "script",
            "handler",
            "iframe",
            "object",
            "embed",
            "link",
            "meta",
            "include",
            "listener",
            "form",
        }
        for key, value in element.attrib.items():
            local = etree.QName(key).localname.lower()
            assert not local.startswith("on"), key
            assert local not in {"base", "srcset", "action", "formaction", "poster", "srcdoc"}, key
            flat = re.sub(r"[\x00-\x20]", "", value).lower()
            if local in {"href", "src"}:
                assert not flat.startswith(("javascript:", "vbscript:", "data:text")), value
                if element.tag not in _LINKS:
                    assert flat.startswith(("#", "data:image/")), value
            elif (
                element.tag.startswith(_STYLED)
                and local not in {"id", "class", "title", "label", "alt", "name"}
                and not key.startswith(("data-", "aria-", "{"))
            ):
                _assert_harmless_style(value)
        if name == "style":
            _assert_harmless_style("".join(element.itertext()), sheet=True)


def _assert_harmless_style(css: str, *, sheet: bool = False) -> None:
    css = re.sub(r"/\*.*?(?:\*/|$)", "", css, flags=re.DOTALL)
    strings = re.compile(r"(?<!url\()\"(?:[^\"\\]|\\.)*(?:\"|\Z)|(?<!url\()'(?:[^'\\]|\\.)*(?:'|\Z)", re.DOTALL)
    plain = strings.sub("''", css)
    rules = {_unescape(name).lower() for name in _AT_KEYWORD.findall(plain)} if sheet else set()
    assert not rules & {"import", "document", "-moz-document", "charset"}, css
    for text in (plain, strings.sub("''", _unescape(plain))):
        assert not _RUN.search(text), css
        for target in _LOADED.findall(text):
            assert target.startswith(("data:image/", "data:font/", "data:application/")), css
