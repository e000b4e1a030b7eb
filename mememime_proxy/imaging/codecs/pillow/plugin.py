"""One plugin of Pillow for one original: its picture as an image of libvips."""

from __future__ import annotations

import io

import pyvips
from PIL.ImageFile import ImageFile

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.external_decoders import BANDS, FAILURES, check_size, from_memory
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

_CMYK = "CMYK"


def decode(plugin: type[ImageFile], data: Buffer, header: ImageHeader) -> pyvips.Image:
    """Return the picture in ``data`` by one plugin and no other, so that Pillow neither guesses nor imports anything.

    Raises BrokenImageError.
    """
    try:
        with plugin(io.BytesIO(data)) as image_file:
            check_size(*image_file.size, header)
            image_file.load()
            mode = image_file.mode
            if mode == _CMYK:
                return from_memory(image_file.tobytes(), *image_file.size, 4).copy(interpretation="cmyk")
            if mode not in BANDS:
                mode = "L" if mode == "1" else "RGBA" if mode == "PA" or "transparency" in image_file.info else "RGB"
            picture = image_file if image_file.mode == mode else image_file.convert(mode)
            return from_memory(picture.tobytes(), *picture.size, BANDS[mode])
    except FAILURES as error:
        raise BrokenImageError(f"{header.format}: {error}") from error
