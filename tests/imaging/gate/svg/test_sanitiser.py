"""The content of a drawing that stays, and that nothing stays that runs, listens or loads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from mememime_proxy.errors import BrokenImageError, ImageError, LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support import malformed_images
from tests.support.drawings import ROOT, assert_harmless, data_uri, drawing, picture, pixel, sanitise

CONFIG = RenderConfig()
PNG, JPEG = data_uri(picture()), data_uri(picture("JPEG"), "image/jpeg")


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
    f'<image width="2" height="2" href="{PNG}"/>',
    f'<image width="2" height="2" xlink:href="{JPEG}"/>',
    '<rect data-name="Layer 1" aria-label="a \\(b" class="a\\b"/>',
    '<switch><foreignObject requiredExtensions="x" width="1" height="1"/><g/></switch>',
    "<metadata>a</metadata>",
    '<font id="f" horiz-adv-x="500"><font-face font-family="F"/><glyph unicode="a" d="M0 0"/></font>',
    '<text font-family="Arial (Body), \'Segoe UI\'" style="font: inherit; -inkscape-stroke: none">a</text>',
    '<rect transform="translate(1,2) rotate(45 1 1)" fill="rgba(0,0,0,.5)" clip="rect(0 0 1 1)"/>',
    '<rect begin="a.click+1s" dur="1s" mask="url(#a)" filter="url(\'#b\')" marker-end="url(#c)"/>',
    '<set attributeName="fill" to="url(#a)"/>',
    '<animate attributeName="fill" values="rgb(1,2,3);url(#a)"/>',
    '<rect fill="icc-color(a, 1)" cursor="pointer"/>',
]

FOREIGN = [
    '<i:pgf xmlns:i="http://ns.adobe.com/AdobeIllustrator/10.0/" id="p">eJzs</i:pgf>',
    '<g xmlns:i="http://ns.adobe.com/AdobeIllustrator/10.0/" i:extraneous="self" i:layer="yes"/>',
    '<s:namedview xmlns:s="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" pagecolor="#fff"><i:grid '
    'xmlns:i="http://www.inkscape.org/namespaces/inkscape" type="xygrid"/></s:namedview>',
    '<g xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:label="a(b\\c" i:groupmode="layer"/>',
    '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Work '
    'xmlns="http://creativecommons.org/ns#" r:about=""><type r:resource="http://purl.org/dc/dcmitype/StillImage"/></Work></r:RDF></metadata>',
    '<a href="https://example.org/a?b#c" target="_blank"><rect/></a>',
    '<a xlink:href="mailto:a@example.org" xlink:title="t"><rect/></a>',
    '<a href="../b.html"><rect/></a>',
    '<foreignObject width="9" height="9"><div xmlns="http://www.w3.org/1999/xhtml" style="display: table-cell; '
    'white-space: nowrap"><span class="nodeLabel"><p>A<br/>B</p></span></div></foreignObject>',
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"><font color="#f00" face="Arial">x</font> <b>y</b></p>'
    "</foreignObject>",
    '<foreignObject><math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mfrac><mi>a</mi><mn>2</mn>'
    "</mfrac></math></foreignObject>",
    f'<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="{PNG}" alt="x"/></foreignObject>',
    f"<style>@font-face{{font-family:a;src:url({data_uri(b'wOF2' + bytes(9), 'font/woff2')})}}</style>",
]


@pytest.mark.parametrize("inside", FOREIGN)
def test_i9_content_that_can_do_no_harm_in_an_img_is_passed_on(inside):
    found = sanitise(inside)
    assert found.replace('url("data', "url(data").replace('")', ")") == inside
    assert_harmless(drawing(found))


def test_i9_foreign_object_is_passed_on_and_not_drawn():
    div = '<div xmlns="http://www.w3.org/1999/xhtml" style="background:red;width:30px;height:20px">x</div>'
    data = drawing(f'<foreignObject width="30" height="20">{div}</foreignObject>')
    assert b"background:red" in inspect(data, ImageLimits(), CONFIG)[1]
    assert pixel(data) == [0, 0, 0, 0]


def test_i9_drawings_inside_of_a_drawing_are_passed_on():
    uri = data_uri(drawing("<path/>"), "image/svg+xml")
    assert sanitise(f'<image href="{uri}"/>') == f'<image href="{uri}"/>'


def test_i9_order_of_elements_is_kept_where_one_is_not_known():
    """Selectors and ``switch`` count it, and ``use`` finds what is inside of it."""
    data = drawing('<random><rect id="a" width="30" height="20" fill="red"/></random><use href="#a"/>')
    assert pixel(data) == [255, 0, 0, 255]
    assert pixel(drawing('<switch><random/><rect width="30" height="20"/></switch>'))[3] == 0
    assert sanitise(sanitise("<random/>")) == sanitise("<random/>")


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
    "<iframe/>",
    "<audio/><video/><canvas/><listener/><discard/>",
    '<foreignObject><script xmlns="http://www.w3.org/1999/xhtml">x()</script></foreignObject>',
    '<foreignObject><object xmlns="http://www.w3.org/1999/xhtml" data="x"/></foreignObject>',
    '<foreignObject><meta xmlns="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=//evil.test"/>'
    "</foreignObject>",
    '<foreignObject><link xmlns="http://www.w3.org/1999/xhtml" rel="stylesheet" href="//evil.test"/></foreignObject>',
    '<foreignObject><base xmlns="http://www.w3.org/1999/xhtml" href="//evil.test"/></foreignObject>',
    '<foreignObject><form xmlns="http://www.w3.org/1999/xhtml" action="//evil.test"/></foreignObject>',
    '<foreignObject><input xmlns="http://www.w3.org/1999/xhtml" autofocus="" onfocus="x()"/></foreignObject>',
    '<e:listener xmlns:e="http://www.w3.org/2001/xml-events" event="load" handler="#x"/>',
    '<b:bindings xmlns:b="http://www.mozilla.org/xbl"/>',
    '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"/>',
    '<animateColor attributeName="xlink:href" to="javascript:x()"/>',
    '<set attributeName="ev:onload" to="x()"/>',
    '<color-profile xlink:href="http://evil.test/x.icc"/><cursor href="http://evil.test/"/>',
    '<font-face-uri xlink:href="http://evil.test/x"/>',
    "<?xml-stylesheet href='http://evil.test/x.css'?>",
    "<!-- comment -->",
    "<style>@import url(http://evil.test/x.css);</style>",
    "<style>@font-face{font-family:a;src:url(http://evil.test/x.woff)}</style>",
    '<style>a{background:image-set("http://evil.test/x" 1x)}</style>',
    "<style>&lt;/style&gt;&lt;script&gt;</style>",
    "<style>@im<!-- -->port url(http://evil.test/x)</style>",
    "<style>@imp/**/ort 'http://evil.test/x'</style>",
]


_EMPTY_RULE = "<style>a{}</style>"


@pytest.mark.parametrize("inside", DROPPED)
def test_sanitiser_other_content_is_removed(inside):
    assert sanitise(inside) in ("", "<g/>", "<foreignObject/>", "<style/>", "<style></style>", _EMPTY_RULE)
    assert_harmless(drawing(sanitise(inside)))


ATTRIBUTES = [
    'onclick="x()"',
    'ONLOAD="x()"',
    'xlink:href="file:///etc/passwd"',
    'href="javascript:x()"',
    'href=" java&#10;script:x()"',
    'href="data:text/html,x"',
    'href="data:image/png;base64,AAAA"',
    'style="background:image(http://evil.test/x)"',
    'cursor="url(http://evil.test/x),auto"',
    'mask="image-set(&quot;//evil.test/x&quot; 1x)"',
    'filter="src(&quot;//evil.test/x&quot;)"',
    'to="url(//evil.test/x)"',
    'values="javascript:x()"',
    'xlink:actuate="onLoad"',
    'xml:base="http://evil.test/"',
    'href="vbscript:x()"',
    'href="java&#9;script:x()"',
    'href="data:text/html;base64,PHNjcmlwdD4="',
    'href="data:image/svg+xml,&lt;html/&gt;"',
    'href="blob:x"',
    'src="http://evil.test/"',
    'srcset="http://evil.test/ 1x"',
    'ping="http://evil.test/"',
    'xmlns:e="http://www.w3.org/2001/xml-events" e:event="load" e:handler="#x"',
    'xmlns:h="http://www.w3.org/1999/xhtml" h:onload="x()"',
    'xmlns:x="http://a.test/" x:href="http://evil.test/"',
    'style="background:u\\72l(http://evil.test/x)"',
    'background="http://evil.test/x"',
    'unknown="x"',
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("element", ["rect", "image", "use", "feImage", "a"])
def test_sanitiser_attributes_that_reach_out_are_left_out(element, attribute):
    found = re.sub(' xmlns:[a-z]="[^"]*"', "", sanitise(f'<{element} id="i" {attribute}/>'))
    assert found == f'<{element} id="i"/>'


@pytest.mark.parametrize("element", ["rect", "image", "use", "feImage", "linearGradient", "textPath", "mpath", "tref"])
def test_sanitiser_references_to_something_outside_go(element):
    for key in ("href", "xlink:href"):
        for uri in ("http://evil.test/x", "//evil.test/x", "x.svg#a", "", " ", "\\#a", "data:image/svg+xml,x#a"):
            assert sanitise(f'<{element} id="i" {key}="{uri}"/>') == f'<{element} id="i"/>'


def test_sanitiser_text_behind_what_is_removed_stays():
    assert sanitise("<text>a<script>x</script>b<tspan/>c<iframe/>d</text>") == "<text>ab<tspan/>cd</text>"


@pytest.mark.parametrize(
    "value",
    [
        "url(http://evil.test/#a)",
        "url( &quot;//evil.test/#a&quot; )",
        "URL(//evil.test/x)",
        "u\\72l(//evil.test/x)",
        "url(evil.svg#a)",
        "url(\\68ttp://evil.test)",
    ],
)
def test_sanitiser_property_that_refers_to_something_outside_is_none(value):
    for name in ("fill", "stroke", "filter", "mask", "clip-path", "marker-end"):
        assert sanitise(f'<rect {name}="{value}"/>') == f'<rect {name}="none"/>'
    assert sanitise(f'<rect cursor="{value}"/>') == "<rect/>"


BIG = data_uri(picture(side=3000))


def test_sanitiser_embedded_picture_that_would_not_pass_the_gate_goes():
    assert sanitise(f'<image href="{BIG}"/>') != "<image/>"
    limits = ImageLimits(max_src_resolution=1_000_000)
    data = f'{ROOT}<image href="{BIG}"/></svg>'.encode()
    assert b"base64" not in inspect(data, limits, CONFIG)[1]


def test_sanitiser_embedded_bombs_go():
    text = malformed_images.chunk(b"zTXt", b"a\0\0" + malformed_images.zeros(8 << 20))
    bomb = malformed_images.png(text)
    found = sanitise(f'<image width="1" href="{data_uri(bomb)}"/>')
    assert len(found) < 300, "the picture stays, the text goes"
    bomb = malformed_images.png(width=30_000, height=30_000, depth=1)
    assert sanitise(f'<image width="1" href="{data_uri(bomb)}"/>') == '<image width="1"/>'


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
        '<!ENTITY x "&#60;script/>">',
        '<!ENTITY x "&#x26;lt;">',
        '<!ENTITY x "&#37;a;">',
        "<!-- ] --><!ENTITY a 'b'><!ENTITY x '&a;'>",
    ],
)
def test_sanitiser_other_entities_are_refused(subset):
    data = f"<!DOCTYPE svg [{subset}]>{ROOT}<text>&x;</text></svg>".encode()
    with pytest.raises(BrokenImageError):
        inspect(data, ImageLimits(), CONFIG)


def test_sanitiser_many_references_to_a_long_entity_are_refused():
    data = f'<!DOCTYPE svg [<!ENTITY x "{"y" * 5000}">]>{ROOT}<text>{"&x;" * 5000}</text></svg>'.encode()
    with pytest.raises(LimitError):
        inspect(data, ImageLimits(), CONFIG)


def test_sanitiser_nothing_outside_is_drawn(tmp_path):
    """librsvg itself, without the sanitiser: a reference to a file leaves no trace."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (10, 10), (255, 0, 0)).save(secret)
    inside = f'<image width="10" height="10" xlink:href="file://{secret}"/>'
    data = f'{ROOT[:-1]} width="10" height="10">{inside}</svg>'.encode()
    for config in (CONFIG, RenderConfig(sanitize_svg=False)):
        image = open_original(data, ImageLimits(), config).load()
        assert image.extract_band(3).max() == 0


def test_sanitiser_same_is_drawn_as_before():
    inside = "".join(HARMLESS[:3]) + '<rect fill="url(#a)" width="20" height="9"/>' + HARMLESS[-2]
    data = f'{ROOT[:-1]} width="40" height="30">{inside}</svg>'.encode()
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
    assert_harmless(once)
    assert bytes(inspect(once, ImageLimits(), CONFIG)[1]) == once


def test_sanitiser_text_outside_of_latin_survives():
    text = "日本 ✓ é"
    assert sanitise(f"<text>{text}</text>") == f"<text>{text}</text>"
    for encoding in ("utf-16", "iso-8859-1"):
        body = f'<?xml version="1.0" encoding="{encoding}"?>{ROOT}<text>é</text></svg>'.encode(encoding)
        assert "<text>é</text>".encode() in inspect(body, ImageLimits(), CONFIG)[1]


@pytest.mark.parametrize("name", ["script", "SCRIPT", "img", "iframe"])
@pytest.mark.parametrize("namespace", ["", "urn:data"])
def test_sanitiser_element_that_html_would_run_is_removed_from_any_name_space(name, namespace):
    assert name not in sanitise(f'<{name} xmlns="{namespace}">x</{name}><g id="a"/>')


def test_sanitiser_metadata_with_such_a_name_stays_behind_a_prefix():
    inside = '<metadata><dc:source xmlns:dc="http://purl.org/dc/elements/1.1/">x</dc:source></metadata>'
    assert "dc:source" in sanitise(inside)
