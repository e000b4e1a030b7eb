"""PDF whose few bytes are much work. Row C20."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache

from tests.hostile.records import Hostile
from tests.support.pdf_writer import document, pdf, stream


def _page(content: bytes, *further: bytes, resources: bytes = b"", entries: bytes = b"", side: int = 600) -> bytes:
    """One page; the numbers of the further objects begin at 5."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources << %s >> >>"
    return document([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page % (side, side, resources), stream(entries, content), *further,
    ])  # fmt: skip


def huge_page(points: int) -> bytes:
    return pdf([(points, points, (1, 0, 0))])


def objects(count: int) -> bytes:
    return pdf([(600, 600, (1, 0, 0))], objects=[b"<< /A %d 0 R >>" % (index + 1) for index in range(count)])


def pages(count: int) -> bytes:
    return pdf([(600, 600, (1, 0, 0))] * count)


def nesting(depth: int) -> bytes:
    return pdf([(600, 600, (1, 0, 0))], catalog=b"/A " + b"[" * depth + b"]" * depth)


def page_tree(depth: int) -> bytes:
    """Each node of the tree has one kid, the last one a page."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (index + 3) for index in range(depth)]
    page = b"<< /Type /Page /MediaBox [0 0 600 600] >>"
    return document([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, page])


def script(count: int) -> bytes:
    action = b"<< /S /JavaScript /JS (while(true){}) >>"
    return pdf([(600, 600, (1, 0, 0))] * count, catalog=b"/OpenAction " + action)


def filled(mebibytes: int) -> bytes:
    """A content that is deflated a thousandfold."""
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(b"0 0 9 9 re f\n" * 80_660) for _ in range(mebibytes)) + packer.flush()
    return _page(content, entries=b"/Filter /FlateDecode")


def forms(depth: int) -> bytes:
    """Each form shows the next one ten times."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 600 600] /Resources << /XObject << /A %d 0 R >> >>"
    inner = [stream(form % (index + 6), b"/A Do " * 10) for index in range(depth)]
    last = stream(b"/Type /XObject /Subtype /Form /BBox [0 0 600 600]", b"0 0 600 600 re f")
    return _page(b"/A Do", *inner, last, resources=b"/XObject << /A 5 0 R >>")


def cycle(times: int) -> bytes:
    """A form that shows itself several times: unlimited, it takes all memory of a machine."""
    resources = b"/XObject << /A 5 0 R >>"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 600 600] /Resources << %s >>" % resources
    return _page(b"/A Do", stream(form, b"/A Do " * times), resources=resources)


def pictures(count: int) -> bytes:
    """A picture of 40 megapixels, shown several times in different sizes."""
    packed = zlib.compress(bytes(8000 * 5000), 9)
    entries = b"/Type /XObject /Subtype /Image /Width 8000 /Height 5000 /ColorSpace /DeviceGray"
    shown = b"".join(b"q %d 0 0 %d 0 0 cm /A Do Q\n" % (600 - index, 600 - index) for index in range(count))
    image = stream(entries + b" /BitsPerComponent 8 /Filter /FlateDecode", packed)
    return _page(shown, image, resources=b"/XObject << /A 5 0 R >>")


def transparencies(depth: int) -> bytes:
    """Groups within groups, each with a bitmap of its own."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 600 600] /Group << /S /Transparency /I true >>"
    form += b" /Resources << /XObject << /A %d 0 R >> /ExtGState << /G << /ca 0.5 /BM /Luminosity >> >> >>"
    inner = [stream(form % (index + 6), b"/G gs /A Do /A Do") for index in range(depth)]
    last = stream(b"/Type /XObject /Subtype /Form /BBox [0 0 600 600]", b"0 0 600 600 re f")
    return _page(b"/A Do", *inner, last, resources=b"/XObject << /A 5 0 R >>")


def tiles(size: int) -> bytes:
    """A pattern whose tile is a thousandth of a point."""
    pattern = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.001 /YStep 0.001"
    cell = stream(pattern + b" /Resources << >>", b"0 0 1 1 re f")
    content = b"/Pattern cs /P scn 0 0 %d %d re f" % (size, size)
    return _page(content, cell, resources=b"/Pattern << /P 5 0 R >>")


def curves(count: int) -> bytes:
    lines = (b"%d 600 0 %d 600 %d c" % (index % 600, index % 599, index % 7) for index in range(count))
    return _page(b"5 w [0.01 0.01] 0 d 0 0 m " + b" ".join(lines) + b" S")


@cache
def records() -> tuple[Hostile, ...]:
    return tuple(_records())


def _records() -> Iterator[Hostile]:
    makers = {
        huge_page: 1_000_000, objects: 100_000, pages: 20_000, nesting: 1_000_000, page_tree: 50_000, script: 1,
        filled: 256, forms: 9, cycle: 2, pictures: 30, transparencies: 20, tiles: 600, curves: 100_000,
    }  # fmt: skip
    for build, size in makers.items():
        yield Hostile(f"pdf-{build.__name__.replace('_', '-')}", "C20", "pdf", build, size)
