"""What decoding costs: one record for each way in which a format's samples are stored.

The figures are those of ``python -m benchmarks cost``: about two thirds of what the worst content takes, so that no
legal picture takes more than twice its estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mememime_proxy.imaging.gate.header import ImageHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """CPU time in nanoseconds, memory in bytes; all add up."""

    pixel: float = 0.0
    """Time for each pixel of the file."""
    sample: float = 0.0
    """Time for each byte that a pixel of the file has once it is decoded."""
    byte: float = 0.0
    """Time for each byte of the file."""
    plane: float = 0.0
    """Time for each pixel and each channel of a JPEG XL that is coded by its samples."""
    scan: float = 0.0
    """Time for each pixel and scan after the first."""
    output: float = 0.0
    """Time for each pixel handed over, which are fewer where the decoder can shrink."""
    held: float = 0.0
    """Memory for each pixel of the file: the decoder holds the whole picture."""
    held_sample: float = 0.0
    """The same for each byte that a pixel has once it is decoded."""
    held_plane: float = 0.0
    """The same for each channel of a JPEG XL that is coded by its samples."""
    held_output: float = 0.0
    """Memory for each pixel handed over."""
    copies: float = 0.0
    """Copies of the file in memory."""
    fixed: float = 0.0
    """Seconds for any picture."""
    held_fixed: float = 0.0
    """Memory for any picture."""


DECODERS: Final[dict[str, Decoder]] = {
    "jpeg": Decoder(sample=0.7, byte=8, output=7),
    "jpeg, progressive": Decoder(sample=4, byte=20, scan=0.4, output=7, held_sample=2),
    "jpeg, arithmetic": Decoder(sample=2, byte=60, scan=2, output=7, held_sample=2),
    "png": Decoder(sample=3, byte=0.5),
    "png, interlaced": Decoder(sample=6, byte=0.5, held_sample=1.2),
    "webp": Decoder(pixel=9, byte=40, output=10, held=0.4, held_output=10),
    "webp, alpha": Decoder(pixel=14, byte=40, output=10, held=6, held_output=10),
    "webp, lossless": Decoder(pixel=15, byte=6, output=8, held=4, held_output=9),
    "gif": Decoder(pixel=6, byte=6, held=7.5),
    "avif": Decoder(pixel=12, byte=60, held=8, copies=1),
    "avif, more than 8 bits": Decoder(pixel=24, byte=60, held=14, copies=1),
    "heic": Decoder(pixel=20, byte=80, held=16, copies=2),
    "jxl": Decoder(pixel=35, byte=25, plane=60, held=4, held_sample=1, held_plane=11, copies=1, fixed=0.008),
    "jxl, progressive": Decoder(
        pixel=35, byte=25, plane=60, held=17, held_sample=1, held_plane=11, copies=1, fixed=0.008
    ),
    "jxl, lossless": Decoder(pixel=5, byte=25, plane=60, held_sample=1, held_plane=11, copies=1, fixed=0.008),
    "tiff": Decoder(pixel=4, sample=4, byte=4, held_sample=0.2),
    "tiff, signed or float": Decoder(pixel=8, sample=4, byte=4, held_sample=1.15),
    "tiff, not packed": Decoder(sample=1, byte=0.5, held_sample=0.2),
    "bmp": Decoder(pixel=8, held=0.25),
    "bmp, alpha": Decoder(pixel=18, held=0.5),
    "bmp, bit fields": Decoder(pixel=48, held=1),
    "bmp, runs": Decoder(pixel=4, byte=120, held=1.5),
    "ico": Decoder(pixel=20, held=16, copies=2),
    "pdf": Decoder(pixel=15, output=12, byte=4, held_output=8, copies=2, held_fixed=128 << 20, fixed=0.15),
    "psd": Decoder(sample=2, byte=0.5, held=4, held_sample=1, copies=1),
    "svg": Decoder(output=12, byte=60, held_output=4, copies=4),
}
"""By format and kind."""


_SIGNED_OR_FLOAT: Final = frozenset({2, 3})
"""Formats of TIFF samples that are read twice, for the least and the greatest of them: the picture is held."""


_BMP_CODINGS: Final = {"rle": "runs", "masks": "bit fields"}


def _bmp(header: ImageHeader) -> str:
    return _BMP_CODINGS.get(header.coding, "") or ("" if header.alpha is False else "alpha")


def _tiff(header: ImageHeader) -> str:
    if header.samples is not None and header.samples.sample_format in _SIGNED_OR_FLOAT:
        return "signed or float"
    return "not packed" if header.coding == "1" else ""


_KINDS: Final[dict[str, Callable[[ImageHeader], str]]] = {
    "jpeg": lambda header: "arithmetic" if header.coding else "progressive" if header.progressive else "",
    "png": lambda header: "interlaced" if header.progressive else "",
    "webp": lambda header: header.coding or ("alpha" if header.alpha else ""),
    "avif": lambda header: "more than 8 bits" if header.bit_depth > 8 else "",
    "jxl": lambda header: header.coding or ("progressive" if header.progressive else ""),
    "bmp": _bmp,
    "tiff": _tiff,
}
"""What of a header decides between the records of its format."""


def decoder_name(header: ImageHeader) -> str:
    """Return the key in ``DECODERS`` for an original."""
    name = "png" if header.embedded == "png" else header.format
    kind = _KINDS[name](header) if name in _KINDS else ""
    return f"{name}, {kind}" if kind else name


def stored_bytes(header: ImageHeader) -> float:
    """Return the bytes of a pixel once it is decoded; what bit depths have below a byte is rounded up."""
    if header.subsampling:
        return header.subsampling
    return max(1.0, header.bands * ((header.bit_depth + 7) >> 3))


def output_bytes(header: ImageHeader) -> tuple[int, int]:
    """Return channels, and bytes of each, of a pixel as the steps after decoding see it."""
    bands = 3 + (header.alpha is not False) if header.palette else max(1, header.bands)
    return bands, 2 if header.bit_depth > 8 and header.format in _DEEP else 1


_DEEP: Final = frozenset({"png", "tiff"})
"""Formats of which 16 bits a channel are decoded as such, whatever is made of them later."""


_NOISY: Final = {"jpeg": 1.2, "webp": 0.6, "avif": 0.6, "heic": 0.6, "jxl": 1.0}
"""Bytes of a file for each of its pixels where all is noise."""


def noise(header: ImageHeader, size: int, frames: int) -> float:
    """Return how much of a picture is detail, from 0 to 1 (noise), as far as its ``size`` in bytes can tell.

    Encoders of palettes need ten times as long for noise as for photographs. Where pixels are stored as they are, half
    of the worst is taken.
    """
    pixels, name = max(1, header.width * header.height * frames), header.format
    if name in _NOISY:
        return min(1.0, size / pixels / _NOISY[name])
    if name == "png" or (name == "tiff" and header.coding != "1"):
        return min(1.0, size / (pixels * stored_bytes(header))) ** 4
    if name == "gif":
        return min(1.0, size / pixels) ** 2
    return 0.5
