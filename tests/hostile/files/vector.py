"""Drawings that cost much within the limits of size and elements. Rows C7 and H6."""

from __future__ import annotations

import base64
import gzip
import io
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image

from tests.hostile.files.containers import png_with, zeros
from tests.hostile.records import Hostile
from tests.support.numbered_png import chunk

_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _svg(inside: str, side: int = 1000) -> bytes:
    return f'<svg {_NAMESPACES} width="{side}" height="{side}" viewBox="0 0 {side} {side}">{inside}</svg>'.encode()


def _filtered(primitives: str, region: str = "", shape: str = "") -> bytes:
    shape = shape or '<rect width="1000" height="1000" fill="red" filter="url(#f)"/>'
    return _svg(f'<filter id="f" {region}>{primitives}</filter>{shape}')


def morphology(radius: int) -> bytes:
    return _filtered(f'<feMorphology operator="dilate" radius="{radius}"/>')


def morphology_many(count: int) -> bytes:
    return _filtered('<feMorphology operator="erode" radius="20"/>' * count)


def turbulence(octaves: int) -> bytes:
    return _filtered(f'<feTurbulence baseFrequency="0.5" numOctaves="{octaves}"/>')


def turbulence_many(count: int) -> bytes:
    return _filtered('<feTurbulence baseFrequency="0.5" numOctaves="9"/>' * count)


def blurs(count: int) -> bytes:
    return _filtered('<feGaussianBlur stdDeviation="100"/>' * count)


def blurred_elements(count: int) -> bytes:
    """The filter is cheap, and used by many elements."""
    shapes = '<rect width="1000" height="1000" fill="red" filter="url(#f)"/>' * count
    return _filtered('<feGaussianBlur stdDeviation="30"/>', shape=shapes)


def blurred_groups(depth: int) -> bytes:
    """Filters on groups within groups."""
    inside = '<g filter="url(#f)">' * depth + '<rect width="1000" height="1000"/>' + "</g>" * depth
    return _filtered('<feGaussianBlur stdDeviation="30"/>', shape=inside)


def convolution(order: int) -> bytes:
    kernel = " ".join(["1"] * order * order)
    return _filtered(f'<feConvolveMatrix order="{order}" kernelMatrix="{kernel}"/>')


def lighting(count: int) -> bytes:
    source = '<fePointLight x="1" y="1" z="9"/>'
    light = f'<feSpecularLighting surfaceScale="5" specularExponent="128">{source}</feSpecularLighting>'
    return _filtered(light * count)


def displacement(count: int) -> bytes:
    return _filtered('<feDisplacementMap in="SourceGraphic" in2="SourceGraphic" scale="500"/>' * count)


def merges(count: int) -> bytes:
    return _filtered("<feMerge>" + '<feMergeNode in="SourceGraphic"/>' * count + "</feMerge>")


def component_transfer(count: int) -> bytes:
    transfer = '<feComponentTransfer><feFuncR type="table" tableValues="0 1"/></feComponentTransfer>'
    return _filtered(transfer * count)


def filter_region(size: int) -> bytes:
    """A region far beyond the drawing."""
    region = f'filterUnits="userSpaceOnUse" x="-{size}" y="-{size}" width="{2 * size}" height="{2 * size}"'
    return _filtered('<feFlood flood-color="red"/><feGaussianBlur stdDeviation="50"/>', region)


def filter_tiles(count: int) -> bytes:
    return _filtered('<feFlood x="0" y="0" width="1" height="1"/><feTile/>' * count)


def filter_images(count: int) -> bytes:
    return _svg(f'<filter id="f">{f"<feImage xlink:href={_uri(_noise(300))}/>" * count}</filter>'
                '<rect width="1000" height="1000" filter="url(#f)"/>')  # fmt: skip


@cache
def _noise(side: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((side, side), 80).save(file, "PNG")
    return file.getvalue()


@cache
def _solid(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def _uri(body: bytes, media_type: str = "image/png") -> str:
    return f'"data:{media_type};base64,{base64.b64encode(body).decode()}"'


def embedded_once_used_often(count: int) -> bytes:
    """One embedded picture, used many times."""
    image = f'<image id="i" width="1000" height="1000" xlink:href={_uri(_solid(4000))}/>'
    return _svg(f"<defs>{image}</defs>" + '<use xlink:href="#i"/>' * count)


def embedded_many(count: int) -> bytes:
    """Each picture within the limits."""
    image = f'<image width="1000" height="1000" xlink:href={_uri(_solid(3000))}/>'
    return _svg(image * count)


def embedded_large(side: int) -> bytes:
    return _svg(f'<image width="10" height="10" xlink:href={_uri(_solid(side))}/>')


def embedded_bomb(count: int) -> bytes:
    png = png_with(*[chunk(b"zTXt", b"k\0\0" + zeros(48 << 20))] * count)
    return _svg(f'<image width="10" height="10" xlink:href={_uri(png)}/>')


def embedded_drawings(depth: int) -> bytes:
    """A drawing in a drawing in a drawing."""
    body = _svg("<rect width='9' height='9'/>")
    for _ in range(depth):
        body = _svg(f'<image width="100" height="100" xlink:href={_uri(body, "image/svg+xml")}/>')
    return body


def markers(count: int) -> bytes:
    """A marker at each point of a path, with a hundred elements in each."""
    marker = '<marker id="m" markerWidth="50" markerHeight="50">' + '<circle r="20" opacity="0.5"/>' * 100 + "</marker>"
    points = " ".join(f"{n % 1000},{n * 7 % 1000}" for n in range(count))
    return _svg(f'{marker}<polyline points="{points}" marker-mid="url(#m)" fill="none"/>')


def markers_filtered(count: int) -> bytes:
    marker = ('<marker id="m" markerWidth="500" markerHeight="500"><rect width="500" height="500" filter="url(#f)"/>'
              "</marker>")  # fmt: skip
    points = " ".join(f"{n % 1000},{n * 7 % 1000}" for n in range(count))
    return _filtered('<feGaussianBlur stdDeviation="20"/>',
                     shape=f'{marker}<polyline points="{points}" marker-mid="url(#m)"/>')  # fmt: skip


def selectors(count: int) -> bytes:
    """Rules × elements."""
    rules = "".join(f".a .b{n} > g:not(.c) {{fill: red}}" for n in range(count))
    elements = '<g class="a b c d e f g h"/>' * count
    return _svg(f"<style>{rules}</style>{elements}")


def selectors_descendants(depth: int) -> bytes:
    """Selectors of many descendants on deep elements."""
    rule = " ".join(["g"] * 20) + " rect {fill: red}"
    elements = "<g>" * 200 + "<rect width='1' height='1'/>" * depth + "</g>" * 200
    return _svg(f"<style>{rule * 200}</style>{elements}")


def selectors_attributes(count: int) -> bytes:
    rules = "".join(f'[class*="x{n}"] {{fill: red}}' for n in range(count))
    return _svg(f"<style>{rules}</style>" + f'<g class="{"y" * 100}"/>' * count)


def dashes(count: int) -> bytes:
    """A line of a million dashes."""
    line = '<path d="M0 0L1000 1000" stroke="red" stroke-dasharray="0.0005" stroke-width="2"/>'
    return _svg(line * count)


def dashes_long(length: int) -> bytes:
    return _svg(f'<path d="M0 0H{length}" stroke="red" stroke-dasharray="1 1" stroke-width="2"/>')


def gradient_stops(count: int) -> bytes:
    stops = "".join(f'<stop offset="{n / count:.6f}" stop-color="#{n * 997 % 0xFFFFFF:06x}"/>' for n in range(count))
    shapes = '<rect width="1000" height="1000" fill="url(#g)"/>' * 200
    return _svg(f'<radialGradient id="g">{stops}</radialGradient>{shapes}')


def gradient_references(count: int) -> bytes:
    chain = "".join(f'<linearGradient id="g{n}" xlink:href="#g{n + 1}"/>' for n in range(count))
    return _svg(chain + '<rect width="1000" height="1000" fill="url(#g0)"/>' * 100)


def text(length: int) -> bytes:
    return _svg(f'<text x="0" y="500" font-size="30">{"Wég̈ " * (length // 6)}</text>')


def text_large(count: int) -> bytes:
    return _svg(f'<text y="900" font-size="900" stroke="red" stroke-dasharray="1">{"@" * count}</text>')


def text_spans(count: int) -> bytes:
    return _svg("<text>" + '<tspan x="1" y="9" font-family="serif" rotate="1 2 3">ab</tspan>' * count + "</text>")


def text_families(count: int) -> bytes:
    """A list of fonts, each of which is looked for beside all others."""
    return _svg(f'<text y="9" font-family="{",".join(f"f{n}" for n in range(count))}">a</text>')


def text_stroked(count: int) -> bytes:
    return _svg(f'<text y="500" stroke="red" stroke-width="500">{"@" * count}</text>')


def text_languages(count: int) -> bytes:
    """Fonts are looked for anew in each language, for each script."""
    texts = "".join(f'<text y="9" xml:lang="x{n}" font-size="{9 + n / 10}">अ字</text>' for n in range(count))
    return _svg(texts)


def masks(count: int) -> bytes:
    mask = '<mask id="m"><rect width="1000" height="1000" fill="white"/></mask>'
    return _svg(mask + '<rect width="1000" height="1000" mask="url(#m)"/>' * count)


def masks_nested(depth: int) -> bytes:
    parts = "".join(
        f'<mask id="m{n}"><rect width="1000" height="1000" fill="white" mask="url(#m{n + 1})"/></mask>'
        for n in range(depth)
    )
    return _svg(parts + '<rect width="1000" height="1000" mask="url(#m0)"/>')


def clip_paths(depth: int) -> bytes:
    parts = "".join(
        f'<clipPath id="c{n}" clip-path="url(#c{n + 1})"><circle r="900"/></clipPath>' for n in range(depth)
    )
    return _svg(parts + '<rect width="1000" height="1000" clip-path="url(#c0)"/>' * 100)


def patterns(depth: int) -> bytes:
    """Patterns filled with patterns."""
    parts = "".join(
        f'<pattern id="p{n}" width="3" height="3" patternUnits="userSpaceOnUse"><rect width="3" height="3"'
        f' fill="url(#p{n + 1})"/></pattern>'
        for n in range(depth)
    )
    return _svg(parts + '<rect width="1000" height="1000" fill="url(#p0)"/>')


def patterns_tiny(count: int) -> bytes:
    part = '<pattern id="p" width="0.001" height="0.001" patternUnits="userSpaceOnUse"><circle r="1"/></pattern>'
    return _svg(part + '<rect width="1000" height="1000" fill="url(#p)"/>' * count)


def uses(depth: int) -> bytes:
    """Ten uses of ten uses of …"""
    parts = '<g id="u0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="u{n + 1}">' + f'<use xlink:href="#u{n}"/>' * 10 + "</g>" for n in range(depth)
    )
    return _svg(f'<defs>{parts}</defs><use xlink:href="#u{depth}"/>')


def uses_flat(count: int) -> bytes:
    shape = '<path id="s" d="' + "M0 0Q500 900 999 1T1 999" * 100 + '" stroke="red" stroke-width="5"/>'
    return _svg(f"<defs>{shape}</defs>" + '<use xlink:href="#s" opacity="0.9"/>' * count)


def groups(count: int) -> bytes:
    return _svg("<g/>" * count)


def opacity_groups(depth: int) -> bytes:
    """A layer for each group."""
    return _svg('<g opacity="0.9">' * depth + "<rect width='1000' height='1000'/>" + "</g>" * depth)


def blend_layers(count: int) -> bytes:
    layer = '<rect width="1000" height="1000" style="mix-blend-mode:luminosity;isolation:isolate" opacity="0.5"/>'
    return _svg(layer * count)


def paths(count: int) -> bytes:
    data = "M0 0" + "".join(f"C{n % 999} {n * 7 % 999} {n * 3 % 999} {n * 11 % 999} {n * 5 % 999} {n * 13 % 999}"
                            for n in range(count))  # fmt: skip
    return _svg(f'<path d="{data}" fill-rule="evenodd" stroke="red" stroke-width="3"/>')


def zigzag(count: int) -> bytes:
    """Lines that all cross each other, filled."""
    points = " ".join(f"{1000 * (n & 1)},{n * 617 % 1000}" for n in range(count))
    return _svg(f'<polygon points="{points}" fill-rule="evenodd"/>')


def wide_strokes(count: int) -> bytes:
    data = "".join(f"L{n * 617 % 1000} {n * 311 % 1000}" for n in range(count))
    style = 'fill="none" stroke="red" stroke-width="500" stroke-linejoin="round" stroke-linecap="round"'
    return _svg(f'<path d="M0 0{data}" {style}/>')


def entities(depth: int) -> bytes:
    """A billion laughs."""
    lines = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(depth))
    head = f'<!DOCTYPE svg [<!ENTITY e0 "ha">{lines}]>'
    return head.encode() + _svg(f"<text>&e{depth};</text>")


def entities_flat(count: int) -> bytes:
    """One long entity, used many times."""
    head = f'<!DOCTYPE svg [<!ENTITY e "{"<g/>" * 5000}">]>'
    return head.encode() + _svg("&e;" * count)


def deep(depth: int) -> bytes:
    return _svg("<g>" * depth + "</g>" * depth)


def attributes(count: int) -> bytes:
    return _svg("<g " + " ".join(f'a{n}="1"' for n in range(count)) + "/>")


def namespaces(count: int) -> bytes:
    return _svg("<g " + " ".join(f'xmlns:n{n}="u{n}"' for n in range(count)) + ">" + "<g/>" * 1000 + "</g>")


def compressed(length: int) -> bytes:
    return gzip.compress(_svg(" " * length))


def compressed_groups(count: int) -> bytes:
    return gzip.compress(_svg("<g/>" * count))


def million_pixels(side: int) -> bytes:
    return _svg('<rect width="1000000" height="1000000" fill="red"/>', side)


def switches(count: int) -> bytes:
    return _svg("<switch>" + '<g systemLanguage="xx,yy,zz"/>' * count + "</switch>")


def style_attributes(count: int) -> bytes:
    return _svg(f'<g style="{"fill:red;" * 50}"/>' * count)


_FILES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "morphology": (morphology, 400), "morphology-many": (morphology_many, 200),
    "turbulence": (turbulence, 1000), "turbulence-many": (turbulence_many, 100),
    "blurs": (blurs, 300), "blurred-elements": (blurred_elements, 1000), "blurred-groups": (blurred_groups, 200),
    "convolution": (convolution, 100), "lighting": (lighting, 200), "displacement": (displacement, 300),
    "merges": (merges, 5000), "component-transfer": (component_transfer, 1000),
    "filter-region": (filter_region, 20_000), "filter-tiles": (filter_tiles, 500), "filter-images": (filter_images, 5),
    "embedded-once-used-often": (embedded_once_used_often, 1000), "embedded-many": (embedded_many, 300),
    "embedded-large": (embedded_large, 20_000), "embedded-bomb": (embedded_bomb, 14),
    "embedded-drawings": (embedded_drawings, 8),
    "markers": (markers, 20_000), "markers-filtered": (markers_filtered, 500),
    "selectors": (selectors, 8000), "selectors-descendants": (selectors_descendants, 8000),
    "selectors-attributes": (selectors_attributes, 5000),
    "dashes": (dashes, 50), "dashes-long": (dashes_long, 1_000_000_000),
    "gradient-stops": (gradient_stops, 18_000), "gradient-references": (gradient_references, 10_000),
    "text": (text, 800_000), "text-large": (text_large, 2000), "text-spans": (text_spans, 12_000),
    "text-families": (text_families, 100_000), "text-stroked": (text_stroked, 2000),
    "text-languages": (text_languages, 5000),
    "masks": (masks, 2000), "masks-nested": (masks_nested, 200),
    "clip-paths": (clip_paths, 500), "patterns": (patterns, 50), "patterns-tiny": (patterns_tiny, 100),
    "uses": (uses, 7), "uses-flat": (uses_flat, 10_000),
    "groups": (groups, 249_000), "opacity-groups": (opacity_groups, 200), "blend-layers": (blend_layers, 3000),
    "paths": (paths, 25_000), "zigzag": (zigzag, 90_000), "wide-strokes": (wide_strokes, 50_000),
    "entities": (entities, 9), "entities-flat": (entities_flat, 1000),
    "deep": (deep, 50_000), "attributes": (attributes, 80_000), "namespaces": (namespaces, 40_000),
    "compressed": (compressed, 100 << 20), "compressed-groups": (compressed_groups, 2_500_000),
    "million-pixels": (million_pixels, 1_000_000), "switches": (switches, 20_000),
    "style-attributes": (style_attributes, 1800),
}  # fmt: skip


def records() -> Iterator[Hostile]:
    for name, (build, size) in _FILES.items():
        row = "C7" if name in {"uses", "groups", "entities", "deep", "compressed", "million-pixels"} else "H6"
        yield Hostile(f"svg-{name}", row, "svg", build, size, options="rs:fit:600:600")
    for name in ("morphology", "blurs", "turbulence-many", "masks"):
        build, size = _FILES[name]
        yield Hostile(f"svg-{name}-large-result", "H6", "svg", build, size, options="rs:fit:3000:3000:1")
