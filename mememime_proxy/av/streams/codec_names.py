"""The codec of pictures as media types name it (RFC 6381), from the configuration in a file's header."""

from __future__ import annotations

from mememime_proxy.errors import UnsupportedFormatError


def codec_name(codec: str, header: bytes) -> str:
    """Return the name. ``header``: the configuration record of MP4 and Matroska: ``avcC``, ``hvcC``, ``av1C``.

    Raises UnsupportedFormatError for other codecs, and for a header of another form.
    """
    if codec == "h264" and len(header) >= 4 and header[0] == 1:
        return f"avc1.{header[1:4].hex()}"
    if codec == "hevc" and len(header) >= 13 and header[0] == 1:
        return _hevc(header)
    if codec == "av1" and len(header) >= 4 and header[0] & 0x7F == 1:
        tier = "H" if header[2] & 0x80 else "M"
        bits = 8 if not header[2] & 0x40 else 12 if header[2] & 0x20 else 10
        return f"av01.{header[1] >> 5}.{header[1] & 0x1F:02d}{tier}.{bits:02d}"
    raise UnsupportedFormatError(f"pictures in {codec or 'an unknown codec'} cannot be copied into a stream")


def _hevc(header: bytes) -> str:
    """ISO/IEC 14496-15, annex E: profile, compatibility in reverse order of bits, tier and level, constraints."""
    space = ("", "A", "B", "C")[header[1] >> 6]
    compatibility = int(f"{int.from_bytes(header[2:6], 'big'):032b}"[::-1], 2)
    tier = "H" if header[1] & 0x20 else "L"
    constraints = header[6:12].rstrip(b"\0")
    parts = [f"{space}{header[1] & 0x1F}", f"{compatibility:X}", f"{tier}{header[12]}"]
    return ".".join(["hvc1", *parts, *(f"{each:X}" for each in constraints)])
