"""PSD files by hand: a merged picture, with what tests want to have around it."""

from __future__ import annotations

import struct

from PIL import Image

MODES = {"L": (1, 1), "P": (2, 1), "RGB": (3, 3), "RGBA": (3, 4), "CMYK": (4, 4)}
"""Color mode and number of channels by Pillow's mode."""


def resource(number: int, body: bytes, name: bytes = b"") -> bytes:
    padded = bytes([len(name)]) + name + bytes(~len(name) & 1)
    return b"8BIM" + struct.pack(">H", number) + padded + struct.pack(">I", len(body)) + body + bytes(len(body) & 1)


def section(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def head(width: int, height: int, channels: int = 3, *, mode: int = 3, depth: int = 8, version: int = 1) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, height, width, depth, mode)


def _packed(row: bytes) -> bytes:
    """Runs and literals by turns; the specification of PackBits is in TIFF 6.0, section 9."""
    parts = (row[at : at + 128] for at in range(0, len(row), 128))
    return b"".join(
        bytes([257 - len(part), part[0]]) if len(part) > 1 and len(set(part)) == 1 else bytes([len(part) - 1]) + part
        for part in parts
    )


def psd(image: Image.Image, *, resources: bytes = b"", layers: bytes = b"", runs: bool = True, extra: int = 0) -> bytes:
    """A file of 8 bits; ``extra``: further channels behind those of the picture, all of them black."""
    mode, channels = MODES[image.mode]
    width, height = image.size
    planes = [plane.tobytes() for plane in image.split()]
    if image.mode == "CMYK":
        planes = [bytes(255 - sample for sample in plane) for plane in planes]
    planes += [bytes(width * height)] * extra
    palette = image.getpalette() if image.mode == "P" else None
    colors = b"" if palette is None else b"".join(bytes(palette[at::3]).ljust(256, b"\0") for at in range(3))
    if runs:
        rows = [_packed(plane[at : at + width]) for plane in planes for at in range(0, width * height, width)]
        pixels = b"\0\1" + b"".join(struct.pack(">H", len(row)) for row in rows) + b"".join(rows)
    else:
        pixels = b"\0\0" + b"".join(planes)
    return (
        head(width, height, channels + extra, mode=mode)
        + section(colors) + section(resources) + section(layers) + pixels
    )  # fmt: skip
