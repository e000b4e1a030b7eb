"""The content of a drawing that the sanitiser writes, and that nothing else is written."""

import base64
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from mememime_proxy.errors import BrokenImageError, ImageError, LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.sanitiser import safe_style
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support import malformed_images

CONFIG = RenderConfig()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


def sanitise(inside):
    """What is inside of the drawing's root once it is sanitise."""
    body = inspect(f"{SVG}{inside}</svg>".encode(), ImageLimits(), CONFIG)[1].decode()
    if body == SVG[:-1] + "/>":
        return ""
    assert body.startswith(SVG)
    return body[len(SVG) : -len("</svg>")]


def picture(format_="PNG", side=2):
    file = io.BytesIO()
    Image.new("RGB", (side, side), (200, 10, 10)).save(file, format_)
    return f"data:image/{format_.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


HARMLESS = [
    '<rect x="1" y="2" width="3" height="4" fill="#f00" stroke-width="2"/>',
    '<g transform="rotate(5)"><path d="M0 0L1 1z"/></g>',
    '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>',
    '<use href="#a"/>',
    '<use xlink:href="#a"/>',
    '<rect fill="url(#a)" clip-path="url(#b)"/>',
    '<text xml:space="preserve">a &amp; b &lt; c</text>',
    "<style>rect{fill:red}.a&gt;b{stroke:url(#c)}</style>",
    '<rect style="fill:red;stroke:url(#c)"/>',
    '<filter id="f"><feGaussianBlur stdDeviation="2"/></filter>',
    '<set attributeName="fill" to="red"/>',
    "<title>T</title><desc>D</desc>",
    f'<image width="2" height="2" href="{picture()}"/>',
    f'<image width="2" height="2" xlink:href="{picture("JPEG")}"/>',
]


@pytest.mark.parametrize("inside", HARMLESS)
def test_sanitiser_allowed_content_is_unchanged(inside):
    assert sanitise(inside) == inside


DROPPED = [
    "<script>alert(1)</script>",
    "<g><script>alert(1)</script></g>",
    '<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="x"/></foreignObject>',
    '<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>',
    '<s:script xmlns:s="http://www.w3.org/2000/svg">x</s:script>',
    '<handler type="text/javascript">x</handler>',
    '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>',
    '<set attributeName="href" to="javascript:x"/>',
    '<animate attributeName=" xlink:HREF " values="javascript:x"/>',
    '<set attributeName="onclick" to="x"/>',
    "<metadata><x/></metadata>",
    "<?xml-stylesheet href='http://evil.test/x.css'?>",
    "<!-- comment -->",
    "<style>@import url(http://evil.test/x.css);</style>",
    "<style>@font-face{font-family:a;src:url(http://evil.test/x.woff)}</style>",
    '<style>a{background:image-set("http://evil.test/x" 1x)}</style>',
    "<style>&lt;/style&gt;&lt;script&gt;</style>",
    "<style>@im<!-- -->port url(http://evil.test/x)</style>",
    "<style>@imp/**/ort 'http://evil.test/x'</style>",
]


@pytest.mark.parametrize("inside", DROPPED)
def test_sanitiser_other_content_is_removed(inside):
    assert re.sub("</?g/?>|</?style/?>", "", sanitise(inside)) in ("", "@imp ort 'http://evil.test/x'")


ATTRIBUTES = [
    'onclick="x()"',
    'ONLOAD="x()"',
    'href="http://evil.test/x"',
    'xlink:href="//evil.test/x"',
    'xlink:href="file:///etc/passwd"',
    'href="javascript:x()"',
    'href=" java&#10;script:x()"',
    'href="data:text/html,x"',
    'href="data:image/svg+xml;base64,PHN2Zy8+"',
    'href="data:image/png;base64,AAAA"',
    'fill="url(http://evil.test/#a)"',
    'filter="url( &quot;//evil.test/#a&quot; )"',
    'style="fill:u\\72l(http://evil.test/x)"',
    'style="background:image(http://evil.test/x)"',
    'cursor="url(http://evil.test/x),auto"',
    'fill="URL(//evil.test/x)"',
    'fill="u\\72l(//evil.test/x)"',
    'mask="image-set(&quot;//evil.test/x&quot; 1x)"',
    'filter="src(&quot;//evil.test/x&quot;)"',
    'to="url(//evil.test/x)"',
    'values="javascript:x()"',
    'xlink:actuate="onLoad"',
    'xml:base="http://evil.test/"',
    'data-x="y"',
    'xmlns:i="http://evil.test/ns" i:extraneous="self"',
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("element", ["rect", "image", "use", "feImage", "a"])
def test_sanitiser_attributes_that_reach_out_are_left_out(element, attribute):
    assert sanitise(f'<{element} id="i" {attribute}/>') == f'<{element} id="i"/>'


def test_sanitiser_reference_in_a_style_becomes_none():
    assert sanitise('<rect style="fill:url(http://evil.test/x);stroke:red"/>') == '<rect style="fill:none;stroke:red"/>'
    assert sanitise("<style>a{fill:url('//evil.test/#a')}</style>") == "<style>a{fill:none}</style>"


def test_sanitiser_long_style_sheets_are_not_torn():
    """The parser hands text over in pieces, which end anywhere."""
    css = "".join(f".class{i}{{fill:#{i:06x};stroke-width:{i}}}" for i in range(5000))
    assert sanitise(f"<style>{css}</style>") == f"<style>{css}</style>"
    assert sanitise("<style>a{fill:url(&#35;b)}</style>") == "<style>a{fill:url(#b)}</style>"


def test_sanitiser_embedded_picture_that_would_not_pass_the_gate_goes():
    assert sanitise(f'<image href="{picture(side=3000)}"/>') != "<image/>"
    limits = ImageLimits(max_src_resolution=1_000_000)
    data = f'{SVG}<image href="{picture(side=3000)}"/></svg>'.encode()
    assert b"base64" not in inspect(data, limits, CONFIG)[1]


def test_sanitiser_embedded_bombs_go():
    text = malformed_images.chunk(b"zTXt", b"a\0\0" + malformed_images.zeros(8 << 20))
    for bomb in (malformed_images.png(text), malformed_images.png(width=30_000, height=30_000, depth=1)):
        uri = f"data:image/png;base64,{base64.b64encode(bomb).decode()}"
        assert sanitise(f'<image width="1" href="{uri}"/>') == '<image width="1"/>'


def test_sanitiser_entities_of_drawing_programs_are_replaced():
    data = b"""<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://evil.test/svg.dtd" [
        <!ENTITY ns "http://www.w3.org/2000/svg"> <!ENTITY color 'red'>
    ]><svg xmlns="&ns;" width="10" height="10"><rect width="10" height="10" fill="&color;"/></svg>"""
    image = open_original(data, ImageLimits(), CONFIG).load()
    assert image.getpoint(5, 5) == [255, 0, 0, 255]


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY % x "y">',
        '<!ENTITY a "b"><!ENTITY x "&a;&a;">',
        '<!ENTITY x "<script/>">',
    ],
)
def test_sanitiser_other_entities_are_refused(subset):
    data = f"<!DOCTYPE svg [{subset}]>{SVG}<text>&x;</text></svg>".encode()
    with pytest.raises(BrokenImageError):
        inspect(data, ImageLimits(), CONFIG)


def test_sanitiser_many_references_to_a_long_entity_are_refused():
    data = f'<!DOCTYPE svg [<!ENTITY x "{"y" * 5000}">]>{SVG}<text>{"&x;" * 5000}</text></svg>'.encode()
    with pytest.raises(LimitError):
        inspect(data, ImageLimits(), CONFIG)


def test_sanitiser_nothing_outside_is_drawn(tmp_path):
    """librsvg itself, without the sanitiser: a reference to a file leaves no trace."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (10, 10), (255, 0, 0)).save(secret)
    inside = f'<image width="10" height="10" xlink:href="file://{secret}"/>'
    data = f'{SVG[:-1]} width="10" height="10">{inside}</svg>'.encode()
    for config in (CONFIG, RenderConfig(sanitize_svg=False)):
        image = open_original(data, ImageLimits(), config).load()
        assert image.extract_band(3).max() == 0


def test_sanitiser_same_is_drawn_as_before():
    inside = "".join(HARMLESS[:3]) + '<rect fill="url(#a)" width="20" height="9"/>' + HARMLESS[-2]
    data = f'{SVG[:-1]} width="40" height="30">{inside}</svg>'.encode()
    images = [
        open_original(data, ImageLimits(), config).load() for config in (CONFIG, RenderConfig(sanitize_svg=False))
    ]
    assert (images[0] - images[1]).abs().max() == 0
    assert images[0].avg() > 0


NAMES = st.sampled_from(
    ["svg", "g", "rect", "a", "image", "use", "script", "style", "set", "text", "x:y", "foreignObject"]
)
KEYS = st.sampled_from(
    ["href", "xlink:href", "style", "fill", "onload", "id", "attributeName", "to", "xml:base", "x:y"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["javascript:x", "http://evil.test", "url(http://evil.test)", "#a", "data:text/html,x", "@import 'x'"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12),
)


@st.composite
def elements(draw, depth=3):
    name = draw(NAMES)
    node = etree.Element(name.replace("x:", "{urn:x}") if ":" in name else f"{{http://www.w3.org/2000/svg}}{name}")
    for key in draw(st.lists(KEYS, max_size=4, unique=True)):
        full = {
            "xlink:href": "{http://www.w3.org/1999/xlink}href",
            "xml:base": "{http://www.w3.org/XML/1998/namespace}base",
            "x:y": "{urn:x}y",
        }.get(key, key)
        node.set(full, draw(VALUES))
    node.text = draw(VALUES)
    if depth:
        node.extend(draw(st.lists(elements(depth=depth - 1), max_size=3)))
    return node


@given(elements())
def test_sanitiser_any_drawing_gives_a_harmless_and_stable_one(node):
    root = etree.Element("{http://www.w3.org/2000/svg}svg")
    root.append(node)
    try:
        once = bytes(inspect(etree.tostring(root), ImageLimits(), CONFIG)[1])
    except ImageError:
        return
    for element in etree.fromstring(once).iter():
        name = etree.QName(element)
        assert name.namespace == "http://www.w3.org/2000/svg"
        assert name.localname not in ("script", "foreignObject")
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on")
            if key != "id":  # any text
                assert not re.search(r"javascript:|url\(\s*['\"]?(?!#)[^'\"#\s]", value)
            if key.endswith("href"):
                assert value.startswith("#")
        if name.localname == "style":
            assert "@import" not in (element.text or "")
    assert bytes(inspect(once, ImageLimits(), CONFIG)[1]) == once


@given(st.text(max_size=60))
def test_sanitiser_safe_style_is_safe_once_and_for_all(css):
    once = safe_style(css)
    assert safe_style(once) == once
    assert "@import" not in once.lower()


def test_sanitiser_text_outside_of_latin_survives():
    text = "日本 ✓ é"
    assert sanitise(f"<text>{text}</text>") == f"<text>{text}</text>"
    for encoding in ("utf-16", "iso-8859-1"):
        body = f'<?xml version="1.0" encoding="{encoding}"?>{SVG}<text>é</text></svg>'.encode(encoding)
        assert "<text>é</text>".encode() in inspect(body, ImageLimits(), CONFIG)[1]
