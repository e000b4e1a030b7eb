"""SVG: the sanitiser, style sheets, data URIs, the document and its prolog."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from urllib.parse import quote

import tinycss2

from mememime_proxy.errors import ImageError
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging import gate
from mememime_proxy.imaging.gate.svg import data_uri, document
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.fuzz.target import Target
from tests.support.drawings import assert_harmless

_LIMITS, _CONFIG = ImageLimits(), RenderConfig()
_ROOT = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
)
_WORDS = (
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
    b"</svg>",
    b"<script>",
    b"<style>",
    b"</style>",
    b"<use href='#a'/>",
    b"<image href='data:image/png;base64,",
    b"<foreignObject>",
    b"<a xlink:href='",
    b"<set attributeName='",
    b"<g ",
    b" onload='",
    b"javascript:",
    b"<!DOCTYPE svg [",
    b"<!ENTITY a '",
    b"]>",
    b"&a;",
    b"<![CDATA[",
    b"<?xml ",
    b"xmlns:x='",
    b" style='",
    b"url(#a)",
    b"@import ",
    b"<filter id='a'>",
    b"<feImage ",
    b"<pattern ",
    b"<mask ",
    b"<marker ",
    b"<text>",
    b" stroke-dasharray='1,1'",
    b"<linearGradient id='a'>",
    b"<path d='M0 0L1 1'/>",
    b"\xef\xbb\xbf",
)
_CSS_WORDS = (
    b"url(",
    b"@import ",
    b"@media ",
    b"@font-face{",
    b"src:",
    b"expression(",
    b"\\",
    b"/*",
    b"*/",
    b"<!--",
    b"!important",
    b"fill:",
    b"image-set(",
    b"var(--a)",
    b"data:image/png;base64,",
    b"behavior:",
    b"\\75rl(",
    b"#a",
    b"{",
    b"}",
    b":is(",
)


def _drawing(data: bytes) -> None:
    if sniff(data) != "svg":
        return
    header, body = gate.inspect(data, _LIMITS, _CONFIG)
    assert header.width >= 0
    assert header.height >= 0
    assert_harmless(body)
    again, same = gate.inspect(body, _LIMITS, _CONFIG)
    assert (again.width, again.height) == (header.width, header.height)
    assert bytes(same) == bytes(body), "what is sanitised is changed a second time"


def _drawing_seeds() -> Iterable[bytes]:
    picture = data_uri.encode("image/png", _PIXEL)
    for inside in (
        "<rect width='10' height='10' fill='red'/>",
        f"<image href='{picture}' width='4' height='4'/><use xlink:href='#a'/>",
        "<style>@media print{.a{fill:url(#b)}}@font-face{font-family:x;src:local(x)}rect{mask:url(#m)}</style><rect/>",
        "<filter id='f'><feTurbulence/><feGaussianBlur stdDeviation='3'/><feMorphology radius='2'/></filter>"
        "<g filter='url(#f)'><path d='M0 0L9 9' stroke-dasharray='1 2' marker-end='url(#m)'/></g>",
        "<script>alert(1)</script><g onload='x()'><a href='javascript:x()'><text>t</text></a></g>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><p style='color:red'>t</p></body></foreignObject>",
        "<animate attributeName='href' values='#a'/><set attributeName='fill' to='red'/><switch><g/></switch>",
        "<defs><pattern id='p'><g id='a'/></pattern><linearGradient id='l'><stop offset='0'/></linearGradient></defs>",
    ):
        yield f"{_ROOT[:-1]} width='30' height='20'>{inside}</svg>".encode()
    document_type = '<!DOCTYPE svg [<!ENTITY a "10">]>'
    yield f"<?xml version='1.0'?>{document_type}{_ROOT}<rect width='&a;'/></svg>".encode()
    yield f"{_ROOT}<g/></svg>".encode("utf-16")
    yield gzip.compress(f"{_ROOT}<g/></svg>".encode(), mtime=0)


def _css(data: bytes) -> None:
    """A style sheet, a style attribute and values of CSS: what is left is stable, and refers to nothing outside."""
    css = data.decode("utf-8", "replace")
    escaped = "".join(f"&#{ord(letter)};" if letter in "<&'\"\r\n\t" else letter for letter in css if _is_xml(letter))
    drawing = f"{_ROOT}<style>{escaped}</style><g style='{escaped}' fill='{escaped}' mask='{escaped}'/></svg>".encode()
    _, body = gate.inspect(drawing, _LIMITS, _CONFIG)
    _, again = gate.inspect(body, _LIMITS, _CONFIG)
    assert bytes(again) == bytes(body), "what is sanitised is changed a second time"
    root, _ = document.read(body, len(body) + 1)
    for element in root:
        for text in (element.text, element.get("style"), element.get("fill"), element.get("mask")):
            _assert_inside(tinycss2.parse_component_value_list(text or ""))
    names = {rule.lower_at_keyword for rule in _at_rules(tinycss2.parse_stylesheet(root[0].text or ""))}
    assert not names & {"import", "document", "charset"}, names


def _assert_inside(tokens: Iterable[tinycss2.ast.Node]) -> None:
    """All addresses among tokens are fragments or data URIs."""
    for token in tokens:
        if token.type == "url":
            assert token.value.startswith(("#", "data:")), token.value
        elif token.type == "function" and token.lower_name == "url":
            texts = [argument.value for argument in token.arguments if argument.type == "string"]
            assert all(text.startswith(("#", "data:")) for text in texts), texts
        _assert_inside(getattr(token, "arguments", None) or getattr(token, "content", None) or ())


def _at_rules(rules: Iterable[tinycss2.ast.Node]) -> Iterator[tinycss2.ast.AtRule]:
    for rule in rules:
        if rule.type == "at-rule":
            yield rule
        if getattr(rule, "content", None) is not None:
            yield from _at_rules(tinycss2.parse_blocks_contents(rule.content))


def _is_xml(letter: str) -> bool:
    return letter in "\t\n\r" or "\x20" <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter > "\uffff"


def _css_seeds() -> Iterable[bytes]:
    yield b".a > b:is(c,d){fill:url(#x) red;stroke:rgb(1 2 3 / 50%)}"
    yield b"@media (min-width:1px){@import 'x';a{b:c}}"
    yield b"@font-face{font-family:x;src:url(data:font/woff2;base64,d09GMg==)}"
    yield b"fill:\\75 rl(http://x);mask-image:url(\"http://x\");background:image-set('a' 1x)"
    yield b"@namespace svg url(http://www.w3.org/2000/svg);svg|a{--b:url(#c);d:var(--b)}"
    yield b"a{b:{c:d}e{f:g}}/* c */<!-- -->@keyframes x{from{a:b}50%{c:d}}"


def _uri(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if data_uri.is_data_uri(text):
        body = data_uri.decode(text)
        if body is not None:
            canonical = data_uri.encode("image/png", body)
            assert data_uri.decode(canonical) == body
            assert data_uri.is_canonical(canonical, "image/png")
    encoded = data_uri.encode("image/png", data)
    assert data_uri.decode(encoded) == data
    assert data_uri.decode("data:," + quote(data)) == data


def _uri_seeds() -> Iterable[bytes]:
    yield data_uri.encode("image/png", _PIXEL).encode()
    yield b"data:image/svg+xml;charset=utf-8,%3Csvg/%3E#x"
    yield b" DATA:image/png;name=a ;BASE64 , aGk%3D%0A"


TARGETS = (
    Target(
        name="drawings.svg",
        run=_drawing,
        seeds=_drawing_seeds,
        allowed=(ImageError,),
        words=_WORDS,
        max_length=8192,
        steps_per_byte=400,
    ),
    Target(
        name="drawings.css",
        run=_css,
        seeds=_css_seeds,
        allowed=(ImageError,),
        words=_CSS_WORDS,
        max_length=4096,
        steps_per_byte=2000,
    ),
    Target(
        name="drawings.data_uri", run=_uri, seeds=_uri_seeds, allowed=(), words=(b"data:", b";base64", b",", b"%3D")
    ),
)
