"""P8: the work of a drawing is estimated before it is drawn, instead of its bytes."""

import pytest
from lxml import etree

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate.svg import areas
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.cost import MAX_DRAWN, Cost, estimate
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.drawings import data_uri, drawing

RECT = '<rect x="1" y="1" width="10" height="10"/>'


def cost(inside: str, attributes: str = 'width="100" height="100"') -> Cost:
    """The estimate for a drawing."""
    data = drawing(inside, attributes)
    return estimate(etree.fromstring(data), data, {}, Budget())


def test_p8_cost_elements_are_counted_as_often_as_they_are_drawn():
    assert cost(RECT * 3).elements == 1 + 3
    assert cost(f'<defs><g id="a">{RECT * 9}</g></defs><mask/>').elements == 2  # the document and its root
    assert cost(f'<defs><g id="a">{RECT * 9}</g></defs><use href="#a"/><use href="#a"/>').elements == 2 + 2 + 2 * 10
    assert cost(f'<symbol id="a">{RECT}</symbol><g><use xlink:href="#a"/></g>').elements == 2 + 2 + 2


@pytest.mark.parametrize(
    "reference",
    [
        '<rect fill="url(#a)"/>',
        '<rect stroke="url( &quot;#a&quot; ) red"/>',
        '<rect mask="url(#a)"/>',
        '<rect clip-path="url(#a)"/>',
        "<rect style='opacity:1;fill:url( \"#a\" )'/>",
        '<g fill="url(#a)"><g><rect/></g></g>',
        "<style>rect{fill:url(#a)}</style><rect/>",
        '<style>.b rect,.c{mask:url(#a)}</style><g class="d c"/>',
        '<style>@media screen{g>#e.f:hover{fill:URL("#a")}}</style><rect id="e"/>',
        "<style>*{clip-path:url(#a)}</style><rect/>",
        '<style>[data-a]{mask:url(#a)}</style><rect data-a="b"/>',
        '<style>.g:not(.h){mask:url(#a)}</style><rect class="g"/>',
        '<image href="#b"/><filter id="f"><feImage href="#a"/></filter><g filter="url(#f)"/><use href="#f"/>',
        '<pattern id="p" href="#a"/><rect fill="url(#p)"/>',
    ],
)
def test_p8_cost_follows_every_kind_of_reference(reference):
    content = f'<pattern id="a">{RECT * 1000}</pattern>'
    assert cost(content + reference).elements > 1000
    assert cost(content + '<rect fill="red"/>').elements < 10


def test_p8_cost_of_markers_grows_with_the_vertices():
    marker = f'<marker id="m">{RECT * 10}</marker>'
    for path in ('<path marker-mid="url(#m)" d="{}"/>', '<g marker="url(#m)"><polyline points="{}"/></g>',
                 "<style>path{{marker-end:url(#m)}}</style><path d='{}'/>"):  # fmt: skip
        assert cost(marker + path.format("L1 2" * 1000)).elements > 1000 * 10
    with pytest.raises(LimitError, match="draws"):
        cost(marker + '<path marker-mid="url(#m)" d="' + "L1 2" * 100_000 + '"/>')


def test_p8_cost_of_gradients_is_nothing():
    gradient = '<mask/><linearGradient id="a">' + "<stop/>" * 50 + "</linearGradient>"
    assert cost(gradient + '<path fill="url(#a)"/>' * 20_000).elements < 20_100


def nested(kind: str, levels: int, times: int) -> str:
    """Elements of a kind that refer to each other."""
    name = {"mask": "mask", "clipPath": "clip-path", "pattern": "fill"}[kind]
    inner = "".join(
        f'<{kind} id="n{n}">' + f'<rect width="5" height="5" {name}="url(#n{n - 1})"/>' * times + f"</{kind}>"
        for n in range(1, levels + 1)
    )
    return f'{inner}<rect width="9" height="9" {name}="url(#n{levels})"/>'


@pytest.mark.parametrize("kind", ["mask", "clipPath", "pattern"])
def test_p8_cost_of_nested_references_is_bounded(kind):
    assert cost(nested(kind, 3, 10))
    with pytest.raises(LimitError, match="draws"):
        cost(nested(kind, 7, 10))
    with pytest.raises(LimitError, match="draws"):
        cost(nested(kind, 200, 2))


def test_p8_cost_of_circles_is_nothing():
    assert cost('<g id="a"><use href="#a"/><use href="#b"/></g><g id="b"><use href="#a"/></g>')
    assert cost('<mask id="a"><rect mask="url(#a)"/></mask><rect mask="url(#a)"/>')


def test_p8_cost_of_drawings_inside_is_added():
    inner = drawing('<filter id="f"><feTurbulence/></filter><rect filter="url(#f)"/>' + RECT * 50)
    original = open_original(
        drawing(f'<image id="i" href="{data_uri(inner, "image/svg+xml")}"/><use href="#i"/>'),
        ImageLimits(),
        RenderConfig(),
    )
    assert original.header.cost_per_pixel > 2 * 200
    bomb = drawing("".join(f'<g id="n{n}">' + f'<use href="#n{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)))
    uri = data_uri(bomb, "image/svg+xml")
    assert b"svg+xml" not in open_original(drawing(f'<image href="{uri}"/>'), ImageLimits(), RenderConfig()).data


def test_p8_cost_of_filters_depends_on_their_areas():
    blur = '<filter id="f"><feGaussianBlur stdDeviation="2"/></filter>'
    whole = cost(f'{blur}<path d="M0 0h9" filter="url(#f)"/>').per_pixel
    assert whole > 140
    assert cost(f'{blur}<rect width="100" height="100" filter="url(#f)"/>').per_pixel == whole
    small = cost(f'{blur}<rect width="10" height="10" filter="url(#f)"/>').per_pixel
    assert small < 0.2 * whole
    scaled = cost(f'{blur}<g transform="scale(5 2)"><rect width="10" height="10" filter="url(#f)"/></g>').per_pixel
    assert small < scaled < whole
    rect = '<rect width="9" height="9" filter="url(#f)"/>'
    assert cost(f'{blur}<g style="transform:scale(5)">{rect}</g>').per_pixel == whole
    assert cost(f"{blur}<symbol>{rect}</symbol>").per_pixel == 0
    box = blur.replace("<filter", '<filter filterUnits="userSpaceOnUse" width="10" height="10"')
    assert cost(f'{box}<g filter="url(#f)"/>').per_pixel < 0.2 * whole
    assert cost(f'{box}<g transform="matrix(9 0 0 9 0 0)" filter="url(#f)"/>').per_pixel > 0.8 * whole
    assert cost(f'{box}<g filter="url(#f)"/>', 'width="100" height="100" viewBox="0 0 10 10"').per_pixel == whole
    assert cost(f'{blur}<g filter="url(#f)"/>' + '<g style="filter:url(#f)"/>' * 9).per_pixel == pytest.approx(
        10 * whole
    )


@pytest.mark.parametrize(
    ("little", "much"),
    [
        ('<feTurbulence numOctaves="1"/>', '<feTurbulence numOctaves="9"/>'),
        ('<feConvolveMatrix kernelMatrix="1 1 1"/>', f'<feConvolveMatrix kernelMatrix="{"1 " * 81}"/>'),
        ('<feMorphology radius="1"/>', '<feMorphology radius="8"/>'),
        ("<feFlood/>", "<feGaussianBlur/>"),
        ("<feOffset/>", "<feOffset/><feOffset/>"),
    ],
)
def test_p8_cost_of_primitives(little, much):
    one, other = (cost(f'<filter id="f">{body}</filter><g filter="url(#f)"/>').per_pixel for body in (little, much))
    assert one < other


def test_p8_cost_of_masks_and_blend_modes():
    assert cost('<mask id="m"/><rect mask="url(#m)"/>').per_pixel == areas.MASK
    assert cost('<rect style="mix-blend-mode:multiply"/>').per_pixel == areas.BLEND
    assert cost("<style>.a{mix-blend-mode:screen}</style><rect class='a'/>").per_pixel == areas.BLEND
    assert cost('<rect style="mix-blend-mode:normal"/>').per_pixel == 0


@pytest.mark.parametrize(
    "inside",
    [
        '<filter id="f">' + "<feGaussianBlur/>" * 1000 + '</filter><path filter="url(#f)"/>',
        '<filter id="f">' + '<feTurbulence numOctaves="10"/>' * 100 + '</filter><path filter="url(#f)"/>',
        '<filter id="f"><feGaussianBlur/></filter>' + '<path filter="url(#f)"/>' * 1000,
        '<style>path{mask:url(#m)}</style><mask id="m"/>' + "<path/>" * 5000,
        nested("mask", 12, 2),
    ],
)
def test_p8_drawing_with_too_much_work_is_refused_at_that_size(inside):
    data = drawing(inside, 'width="1000" height="1000"')
    renderer = Renderer(RenderConfig())
    with pytest.raises(LimitError, match="seconds"):
        renderer.render(data, Plan(format="png"))
    assert renderer.render(data, Plan(width=20, format="png")).width == 20
    assert renderer.render(data, Plan()).format == "svg"


def test_p8_drawing_with_usual_shadows_is_drawn():
    shadow = (
        '<filter id="f" x="0" y="0" width="40" height="40" filterUnits="userSpaceOnUse"><feFlood/><feColorMatrix '
        'values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0"/><feOffset dy="4"/><feGaussianBlur stdDeviation="2"/>'
        '<feBlend in="SourceGraphic"/></filter>'
    )
    data = drawing(shadow + f'<g filter="url(#f)">{RECT}</g>' * 50, 'width="800" height="600"')
    assert Renderer(RenderConfig()).render(data, Plan(format="png")).width == 800


def test_p8_text_that_takes_too_long_is_refused():
    assert cost("<text>" + "Hello " * 1000 + "</text>")
    assert cost("<text>" + "<tspan>Hello</tspan>" * 5000 + "</text>")
    assert cost("<text>" + " \n" * 100_000 + "</text>")
    with pytest.raises(LimitError, match="text"):
        cost("<text>" + "Hello " * 10_000 + "</text>")
    with pytest.raises(LimitError, match="text"):
        cost(("<text>" + "Hello " * 1000 + "</text>") * 50)


def test_p8_many_elements_are_within_bounds():
    assert cost("<use href='#a'/>" * 100_000 + "<path id='a'/>").elements < MAX_DRAWN
