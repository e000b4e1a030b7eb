"""P8, H6, C7: the work of a drawing is estimated before it is drawn, instead of its bytes."""

import base64

import pytest
from lxml import etree

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate.drawing_work import DrawingWork
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg_cost.estimate import estimate
from mememime_proxy.imaging.gate.svg_cost.scopes import MAX_DRAWN
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.drawings import data_uri, drawing, picture

RECT = '<rect x="1" y="1" width="10" height="10"/>'
FULL = '<rect width="100%" height="100%" {}/>'
LARGE = 'width="1000" height="1000"'
SMALL_CPU, SMALL_MEMORY = 0.08, 96 << 20


def work(inside: str, attributes: str = LARGE) -> DrawingWork:
    """The estimate for a drawing."""
    data = drawing(inside, attributes)
    return estimate(etree.fromstring(data), data, {}, Budget())


def seconds(inside: str, side: int = 1000) -> float:
    """Seconds that a drawing takes at a size."""
    found = work(inside)
    return found.open_cpu + found.render_cpu(side, side)


@pytest.mark.parametrize(
    "reference",
    [
        '<rect mask="url(#a)"/>',
        '<rect clip-path="url(#a)"/>',
        '<rect fill="url(#a)"/>',
        '<rect stroke="url( &quot;#a&quot; ) red"/>',
        "<rect style='opacity:1;fill:url( \"#a\" )'/>",
        "<rect style='fill/**/:/**/url(#a)'/>",
        '<g fill="url(#a)"><g><rect/></g></g>',
        "<style>rect{fill:url(#a)}</style><rect/>",
        "<style>rect{/*}*/fill/**/:url(#a)}</style><rect/>",
        '<style>.b rect,.c{mask:url(#a)}</style><g class="d c"/>',
        '<style>@media screen{g>#e.f:hover{fill:URL("#a")}}</style><rect id="e"/>',
        "<style>*{clip-path:url(#a)}</style><rect/>",
        '<style>[data-a]{mask:url(#a)}</style><rect data-a="b"/>',
        '<style>.g:not(.h){mask:url(#a)}</style><rect class="g"/>',
        '<filter id="f"><feImage href="#a"/></filter><g filter="url(#f)"/><use href="#f"/>',
        '<pattern id="p" href="#a"/><rect fill="url(#p)"/>',
    ],
)
def test_p8_cost_follows_every_kind_of_reference(reference):
    content = f'<pattern id="a">{RECT * 1000}</pattern>'
    assert work(content + reference).fixed > work(content + '<rect fill="red"/>').fixed + 1000 * 4000


def test_p8_elements_are_counted_as_often_as_they_are_drawn():
    used = f'<defs><g id="a">{RECT * 9}</g></defs>'
    once = work(used + '<use href="#a"/>').fixed
    assert work(used).fixed < once / 3
    assert work(used + '<use href="#a"/>' * 10).fixed > 9 * once
    assert work(f'<symbol id="a">{RECT}</symbol><g><use xlink:href="#a"/></g>').fixed > work(RECT).fixed


def nested(kind: str, levels: int, times: int) -> str:
    """Elements of a kind that refer to each other."""
    name = {"mask": "mask", "clipPath": "clip-path", "pattern": "fill"}[kind]
    inner = "".join(
        f'<{kind} id="n{n}">' + f'<rect width="5" height="5" {name}="url(#n{n - 1})"/>' * times + f"</{kind}>"
        for n in range(1, levels + 1)
    )
    return f'{inner}<rect width="9" height="9" {name}="url(#n{levels})"/>'


@pytest.mark.parametrize("kind", ["mask", "clipPath", "pattern"])
def test_h6_nested_references_are_bounded(kind):
    assert work(nested(kind, 3, 10))
    with pytest.raises(LimitError, match="draws"):
        work(nested(kind, 7, 10))
    with pytest.raises(LimitError, match="draws"):
        work(nested(kind, 200, 2))


def test_h6_circles_are_nothing():
    assert work('<g id="a"><use href="#a"/><use href="#b"/></g><g id="b"><use href="#a"/></g>')
    assert work('<mask id="a"><rect mask="url(#a)"/></mask><rect mask="url(#a)"/>')


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("morphology", '<filter id="f"><feMorphology radius="20"/></filter>' + FULL.format('filter="url(#f)"')),
        ("turbulence", '<filter id="f">' + '<feTurbulence numOctaves="9"/>' * 3 + '</filter><g filter="url(#f)"/>'),
        ("blurs", '<filter id="f">' + "<feGaussianBlur/>" * 300 + '</filter><g filter="url(#f)"/>'),
        ("blurred", '<filter id="f"><feGaussianBlur/></filter>' + '<g filter="url(#f)"/>' * 1000),
        ("functions", f'<g style="filter:{"blur(9px) " * 300}"/>'),
        ("rule of functions", f"<style>g{{filter:{'blur(9px) ' * 300}}}</style><g/>"),
        ("inherited", '<filter id="f"><feGaussianBlur/></filter><g filter="url(#f)">' + '<g filter="inherit"/>' * 90
         + "</g>"),
        ("displacement", '<filter id="f">' + "<feDisplacementMap/>" * 9 + '</filter><g filter="url(#f)"/>'),
        ("kernel", '<filter id="f"><feDiffuseLighting kernelUnitLength="0.05"/></filter><g filter="url(#f)"/>'),
        ("results", '<filter id="f">' + "".join(f'<feFlood result="r{n}"/>' for n in range(200))
         + '</filter><g filter="url(#f)"/>'),
        ("masks", '<mask id="m"/>' + '<path mask="url(#m)"/>' * 5000),
        ("groups", '<g opacity=".5"/>' * 5000),
        ("blending", '<rect style="mix-blend-mode:hue"/>' * 500),
        ("crossings", '<path d="M0 0' + "".join(f"L{n * 337 % 1000} {n * 611 % 997}" for n in range(6000)) + '"/>'),
        ("edges", '<path d="M0 0' + "L1 999L2 0" * 8000 + '"/>'),
        ("round joins", f'<path fill="none" stroke="red" stroke-width="99" d="M0 0{"l1 1l2-1" * 20_000}"/>'),
        ("dashes", '<path stroke="red" stroke-width="9" stroke-dasharray=".1" d="M0 0' + "L900 900L0 0" * 300 + '"/>'),
        ("stops", '<linearGradient id="a">' + "<stop/>" * 5000 + "</linearGradient>"
         + '<rect width="1" height="1" fill="url(#a)"/>' * 2000),
        ("inherited stops", '<linearGradient id="b">' + "<stop/>" * 5000 + '</linearGradient>'
         + '<linearGradient id="a" href="#b"/>'
         + '<rect width="1" height="1" fill="url(#a)"/>' * 2000),
        ("chain of gradients", "".join(f'<linearGradient id="a{n}" href="#a{n + 1}"/>' for n in range(9000))
         + '<rect fill="url(#a0)"/>' * 100),
        ("painted stops", '<linearGradient id="a">' + "<stop/>" * 1000 + "</linearGradient>"
         + '<rect width="1000" height="1000" fill="url(#a)"/>' * 90),
        ("pattern", '<pattern id="a" width="3.7" height="3.7" patternUnits="userSpaceOnUse"/>'
         + '<rect width="1000" height="1000" fill="url(#a)"/>' * 9),
        ("overdraw", '<rect width="1000" height="1000" fill-opacity=".5"/>' * 9000),
        ("text", f"<text>{'x' * 12_000}</text>"),
        ("texts", "<text>Hello</text>" * 40_000),
        ("foreign text", f"<text>{'字あ' * 1500}</text>"),
        ("fonts", "".join(f'<text font-size="{n}">a</text>' for n in range(9, 2000))),
        ("languages", "".join(f'<text xml:lang="aa-{n}">a</text>' for n in range(700))),
        ("families", f'<text font-family="{"f," * 30_000}">a</text>'),
        ("fallback fonts",
         "".join(f'<text font-size="{n}">กअሀ가字</text>' for n in range(9, 300))),
        ("wide strokes of text", f'<text stroke="red" stroke-width="500">{"@" * 700}</text>'),
        ("one letter", f"<text>{'@' * 5000}</text>"),
        ("tall text", '<text font-size="900">Hello</text>' * 4000),
        ("markers", f'<marker id="m">{RECT * 10}</marker><path marker-mid="url(#m)" d="{"L1 2" * 20_000}"/>'),
        ("selectors", "<style>" + "".join(f".a{n}{{}}" for n in range(9000)) + "</style>" + "<g/>" * 9000),
        ("descendants", "<style>" + ".a .b{}" * 9000 + "</style>" + "<g>" * 99 + '<g class="b"/>' * 900 + "</g>" * 99),
        ("siblings", "<style>" + ".a~.b{}" * 900 + "</style>" + '<g class="b"/>' * 2000),
        ("positions", "<style>:nth-child(2n){}</style>" + "<g/>" * 60_000),
        ("classes", "<style>" + ".a{}" * 900 + "</style>" + f'<g class="{"b " * 900}"/>' * 300),
        ("negations", f"<style>{':not(.a):not(.c)' * 500}{{}}</style>" + "<g/>" * 9000),
        ("declarations", f"<style>*{{{'fill:red;' * 9000}}}</style>" + "<g/>" * 9000),
        ("inherited dashes", f'<g stroke-dasharray="{"1 " * 90_000}">' + "<g/>" * 9000 + "</g>"),
        ("inherited fonts", f'<g font-family="{"a" * 90_000}">' + "<g/>" * 9000 + "</g>"),
        ("uses", '<g id="a"><circle r="500"/></g>' + '<use href="#a"/>' * 9000),
        ("scaled uses", '<defs><circle id="a" r="1"/></defs>' + '<use href="#a" transform="scale(900)"/>' * 9000),
        ("symbols", '<symbol id="a" viewBox="0 0 1 1"><circle r="1"/></symbol>' + '<use href="#a"/>' * 9000),
    ],
)  # fmt: skip
def test_h6_drawing_with_too_much_work_is_refused_at_that_size(name, inside):
    data = drawing(inside, LARGE)
    assert len(data) <= 1 << 20, name
    found = work(inside)
    with pytest.raises(LimitError, match="SVG of about"):
        found.check(1000, 1000, len(data))


def test_h6_refused_before_librsvg_opens_it_and_passed_on_as_it_is():
    data = drawing('<filter id="f"><feMorphology radius="20"/></filter><g filter="url(#f)"/>', LARGE)
    renderer = Renderer(RenderConfig())
    with pytest.raises(LimitError, match="SVG of about"):
        renderer.render(data, Plan(format="png"))
    assert renderer.render(data, Plan(width=20, format="png")).width == 20
    assert renderer.render(data, Plan()).format == "svg"


def test_h6_drawing_with_too_many_attributes_is_refused():
    """To remove them one by one would be quadratic."""
    attributes = " ".join(f'a{n}=""' for n in range(1001))
    with pytest.raises(LimitError, match="attributes"):
        open_original(drawing(f"<g {attributes}/>"), ImageLimits(), RenderConfig())


def test_h6_tiles_are_passes():
    found = work("<g/>" * 1000)
    assert found.render_cpu(4000, 4000) - found.render_cpu(2000, 2000) > 3 * 1000 * 4e-6


def test_h6_embedded_pictures_are_decoded_once_and_drawn_as_often_as_they_are_used():
    uri = data_uri(picture(side=2000))
    image = f'<defs><image id="i" width="1000" height="1000" href="{uri}"/></defs>'

    def cpu(uses: int) -> float:
        data = drawing(image + '<use href="#i"/>' * uses, LARGE)
        found = open_original(data, ImageLimits(), RenderConfig()).header.drawing
        assert found is not None
        return found.render_cpu(1000, 1000)

    once = 2000 * 2000 * 35e-9
    assert once < cpu(1) < 3 * once
    assert cpu(1000) > 2
    same = drawing(f'<image width="1" height="1" href="{uri}"/>' * 9, LARGE)
    found = open_original(same, ImageLimits(), RenderConfig()).header.drawing
    assert found is not None
    assert 2000 * 2000 * 10 < found.render_memory(10, 10) < 2 * (2000 * 2000 * 12)


def test_h6_drawings_inside_are_drawn_at_the_size_of_their_box():
    inner = drawing('<filter id="f"><feGaussianBlur/></filter><g filter="url(#f)"/>', LARGE)
    uri = f"data:image/svg+xml;base64,{base64.b64encode(inner).decode()}"

    def found(side: int) -> DrawingWork:
        data = drawing(f'<image width="{side}" height="{side}" href="{uri}"/>', LARGE)
        header = open_original(data, ImageLimits(), RenderConfig()).header
        assert header.drawing is not None
        return header.drawing

    assert found(100).render_cpu(10, 10) < 0.05
    assert found(1000).render_cpu(10, 10) > 0.5
    assert found(8000).render_memory(10, 10) > 8000 * 8000 * 4


def test_h6_kernel_that_would_end_librsvg_is_refused():
    numbers = "1 " * 400
    with pytest.raises(BrokenImageError, match="kernel"):
        work(f'<filter><feConvolveMatrix order="3" kernelMatrix="{numbers}"/></filter>')
    assert work(f'<filter><feConvolveMatrix order="20" kernelMatrix="{numbers}"/></filter>')


def test_p8_cost_of_filters_depends_on_their_areas():
    blur = '<filter id="f"><feGaussianBlur stdDeviation="2"/></filter>'
    whole = seconds(f'{blur}<text filter="url(#f)"/>')
    assert whole > 0.5
    assert seconds(f'{blur}<rect width="1000" height="1000" filter="url(#f)"/>') == pytest.approx(whole, rel=0.05)
    small = seconds(f'{blur}<rect width="100" height="100" filter="url(#f)"/>')
    assert small < 0.2 * whole
    scaled = seconds(f'{blur}<g transform="scale(5 2)"><rect width="100" height="100" filter="url(#f)"/></g>')
    assert small < scaled < whole
    rect = '<rect width="90" height="90" filter="url(#f)"/>'
    assert seconds(f'{blur}<g style="transform:scale(5)">{rect}</g>') > 0.9 * whole
    assert seconds(f"{blur}<symbol>{rect}</symbol>") < 0.05
    box = blur.replace("<filter", '<filter filterUnits="userSpaceOnUse" width="100" height="100"')
    assert seconds(f'{box}<g filter="url(#f)"/>') < 0.2 * whole
    assert seconds(f'{box}<g transform="matrix(9 0 0 9 0 0)" filter="url(#f)"/>') > 0.7 * whole
    viewed = work(f'{box}<g filter="url(#f)"/>', f'{LARGE} viewBox="0 0 100 100"')
    assert viewed.open_cpu + viewed.render_cpu(1000, 1000) == pytest.approx(whole, rel=0.05)
    ten = seconds(f'{blur}<g filter="url(#f)"/>' + '<g style="filter:url(#f)"/>' * 9)
    assert ten == pytest.approx(10 * whole, rel=0.05)


def test_h6_radius_of_morphology_grows_with_the_result():
    found = work('<filter id="f"><feMorphology radius=".5"/></filter><g filter="url(#f)"/>', 'width="99" height="99"')
    assert found.render_cpu(990, 990) > 1000 * found.render_cpu(99, 99) / 10


@pytest.mark.parametrize(
    ("little", "much"),
    [
        ('<feTurbulence numOctaves="1"/>', '<feTurbulence numOctaves="9"/>'),
        ('<feTurbulence/>', '<feTurbulence stitchTiles="stitch"/>'),
        ('<feConvolveMatrix kernelMatrix="1 1 1"/>', f'<feConvolveMatrix order="9" kernelMatrix="{"1 " * 81}"/>'),
        ('<feMorphology radius="1"/>', '<feMorphology radius="8"/>'),
        ("<feFlood/>", "<feGaussianBlur/>"),
        ("<feOffset/>", "<feOffset/><feOffset/>"),
    ],
)  # fmt: skip
def test_p8_cost_of_primitives(little, much):
    one, other = (seconds(f'<filter id="f">{body}</filter><g filter="url(#f)"/>') for body in (little, much))
    assert one < other


def test_p8_cost_of_masks_and_blend_modes():
    plain = seconds("<rect/>")
    assert seconds('<mask id="m"/><rect mask="url(#m)"/>') > plain + 0.02
    assert seconds('<rect style="mix-blend-mode:multiply"/>') > plain + 0.01
    assert seconds("<style>.a{mix-blend-mode:screen}</style><rect class='a'/>") > plain + 0.01
    assert seconds('<rect style="mix-blend-mode:normal"/>') == pytest.approx(plain, abs=0.001)


SHADOW = (
    '<filter id="f" x="0" y="0" width="40" height="40" filterUnits="userSpaceOnUse"><feFlood/><feColorMatrix '
    'values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0"/><feOffset dy="4"/><feGaussianBlur stdDeviation="2"/>'
    '<feBlend in="SourceGraphic"/></filter>'
)


def test_p8_drawing_with_usual_shadows_is_drawn():
    data = drawing(SHADOW + f'<g filter="url(#f)">{RECT}</g>' * 50, 'width="800" height="600"')
    assert Renderer(RenderConfig()).render(data, Plan(format="png")).width == 800


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("icon", '<path d="M12 2l3 7h7l-6 4 3 8-7-5-7 5 3-8-6-4h7z" fill="#333"/>'),
        ("logo", "<style>.st0{fill:#F00} .st1{fill:none;stroke:#000}</style>" + '<path class="st0" d="M1 1h9v9z"/>' * 40
         + '<path class="st1" d="M1 1c5 5 9 9 20 20s3 3 9 9"/>' * 40 + '<text x="1" y="9" font-size="9">Name</text>'),
        ("shadow", SHADOW + f'<g filter="url(#f)">{RECT}</g>'),
        ("gradient", '<linearGradient id="a"><stop/><stop offset="1"/></linearGradient>'
         + '<rect width="90" height="90" fill="url(#a)"/>' * 5),
        ("groups", f'<g opacity=".5">{RECT}</g>' * 9),
        ("sprites", '<symbol id="a" viewBox="0 0 24 24"><path d="M1 1h20v20z"/></symbol>'
         + '<use href="#a" width="24" height="24"/>' * 20),
    ],
)  # fmt: skip
def test_p8_usual_drawings_are_small(name, inside):
    found = work(inside, 'width="400" height="400"')
    assert found.open_cpu * 2 + found.render_cpu(400, 400) < SMALL_CPU, name
    assert found.open_memory + found.render_memory(400, 400) < SMALL_MEMORY


def test_p8_map_of_several_megabytes_is_accepted():
    roads = "".join(
        f'<path class="r{n % 9}" d="M{n % 997} {n * 7 % 991}l2 3 3-1c1 1 2 2 4 1l-1 4h3v2"/>' for n in range(60_000)
    )
    style = (
        "<style>" + "".join(f".r{n}{{fill:none;stroke:#{n}00;stroke-width:.{n + 1}}}" for n in range(9)) + "</style>"
    )
    data = drawing(style + roads, LARGE)
    assert len(data) > 3 << 20
    found = estimate(etree.fromstring(data), data, {}, Budget())
    found.check(1000, 1000, len(data))


@pytest.mark.parametrize(
    "text",
    ["<tspan>Hello</tspan>" * 5000, " \n" * 100_000, "Hello " * 1000, "<tspan>مرحبا</tspan>" * 1000,
     "<tspan>字あ</tspan>" * 1000],
    ids=["parts", "spaces", "line", "arabic", "japanese"],
)  # fmt: skip
def test_p8_text_of_a_page_is_accepted(text):
    data = drawing(f"<text>{text}</text>", LARGE)
    estimate(etree.fromstring(data), data, {}, Budget()).check(1000, 1000, len(data))


def test_p8_many_elements_are_within_bounds():
    assert work("<use href='#a'/>" * 100_000 + "<path id='a'/>").fixed < MAX_DRAWN * 40_000
