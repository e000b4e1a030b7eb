"""A PDF of one page that is filled by a JPEG, as it is: ISO 32000-2, 7.5 (the file) and 8.9 (images)."""

from __future__ import annotations

from typing import Final

_POINTS_PER_INCH: Final = 72.0
_SPACES: Final = {1: b"/DeviceGray", 3: b"/DeviceRGB", 4: b"/DeviceCMYK"}
_INVERTED: Final = b" /Decode [1 0 1 0 1 0 1 0]"
"""Of CMYK in a JPEG, whose samples are inverted by the custom of Adobe."""


def page_of_jpeg(jpeg: bytes, width: int, height: int, *, channels: int, dpi: float, icc: bytes | None = None) -> bytes:
    """Return the document.

    ``width``, ``height``: pixels of the JPEG, of which ``dpi`` are an inch of the page. ``channels``: 1 grey, 3 RGB, 4
    CMYK, inverted. ``icc``: the profile of the colours; None = those of the device.
    """
    wide, high = (_POINTS_PER_INCH * side / dpi for side in (width, height))
    space = b"[/ICCBased 6 0 R]" if icc else _SPACES[channels]
    picture = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %b" % (width, height, space)
    picture += b" /BitsPerComponent 8 /Filter /DCTDecode" + (_INVERTED if channels == 4 else b"")
    resources = b"<< /XObject << /P 4 0 R >> >>"
    objects = [
        (b"<< /Type /Catalog /Pages 2 0 R >>",),
        (b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",),
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.4f %.4f] " % (wide, high),
            b"/Resources %b /Contents 5 0 R >>" % resources,
        ),
        _stream(picture, jpeg),
        _stream(b"", b"%.4f 0 0 %.4f 0 0 cm /P Do" % (wide, high)),
    ]
    if icc:
        objects.append(_stream(b"/N %d" % channels, icc))
    # The comment of four high bytes tells programs that the file is not text.
    parts, offsets, at = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], list[int](), 15
    for number, body in enumerate(objects, 1):
        offsets.append(at)
        parts += (b"%d 0 obj\n" % number, *body, b"\nendobj\n")
        at += sum(len(part) for part in parts[-len(body) - 2 :])
    count = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    parts += (b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, at))
    return b"".join(parts)


def _stream(entries: bytes, content: bytes) -> tuple[bytes, ...]:
    return b"<< %b /Length %d >>\nstream\n" % (entries, len(content)), content, b"\nendstream"
