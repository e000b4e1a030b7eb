"""Repair of damaged originals, so that decoders give the part that is there and a defined colour for the rest.

Decoders disagree about a file that ends too soon: libvips refuses an interlaced PNG, libwebp and libavif refuse any
file that is cut. So the file is made whole in its own format, and no decoder is asked to leave samples undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mememime_proxy.imaging.damage import bmp, gif, heif, ico, jpeg, png, tiff, webp
from mememime_proxy.imaging.damage.model import Damage, Repaired
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

_REPAIRS: Final[dict[str, Callable[[memoryview, ImageHeader], Repaired]]] = {
    "jpeg": jpeg.repair,
    "png": png.repair,
    "webp": webp.repair,
    "gif": gif.repair,
    "tiff": tiff.repair,
    "avif": heif.repair,
    "heic": heif.repair,
    "bmp": bmp.repair,
    "ico": ico.repair,
}


def repair(data: Buffer, header: ImageHeader) -> Repaired:
    """Return the bytes to decode in place of a damaged original that passed the gate with ``header``.

    Time and memory are bounded by the pixels of the header. May raise struct.error or IndexError.
    """
    function = _REPAIRS.get(header.format)
    return Repaired(data, Damage.CORRUPT) if function is None else function(memoryview(data), header)
