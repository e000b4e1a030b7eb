"""PDF files by hand: pages of one colour, with what tests want to have in them."""

from __future__ import annotations

from collections.abc import Sequence

Page = tuple[float, float, tuple[float, float, float] | None]
"""Width and height in points, and the colour of a square of 10 points at the top left; None = nothing is printed."""
_ENCRYPTED = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >>" % (b"o" * 32, b"u" * 32)


def pdf(
    pages: Sequence[Page], *, objects: Sequence[bytes] = (), catalog: bytes = b"", encrypted: bool = False
) -> bytes:
    """Return a document. ``objects``: further ones; ``catalog``: entries of the catalogue."""
    first = 3
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(pages)))
    bodies = [b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog]
    bodies.append(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)))
    for index, (width, height, color) in enumerate(pages):
        content = b"" if color is None else b"%g %g %g rg 0 %g 10 10 re f" % (*color, height - 10)
        box = b"[0 0 %.10g %.10g]" % (width, height)
        bodies.append(b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents %d 0 R >>" % (box, first + 2 * index + 1))
        bodies.append(stream(b"", content))
    return document([*bodies, *objects], trailer=b"/Encrypt %s /ID [(a) (b)]" % _ENCRYPTED if encrypted else b"")


def stream(entries: bytes, content: bytes) -> bytes:
    """Return a stream object with these entries of its dictionary beside the length."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def document(bodies: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Return a file of objects, the first of which is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, trailer, start)
    return bytes(out)
