"""A very small picture as a data URI, to be shown until the real one is loaded (LQIP)."""

from __future__ import annotations

import base64
import io
from typing import Final

from PIL import Image

from mememime_proxy.imaging.analysis.placeholders import Pixels

MAX_URI: Final = 2048
"""Characters of a data URI."""
_QUALITIES: Final = (50, 30, 15, 5)
_FORMATS: Final = {"webp": "WEBP", "jpeg": "JPEG"}


def inline_picture(pixels: Pixels, side: int, name: str) -> str:
    """Return a picture of ``side`` pixels along the longer side, of at most ``MAX_URI`` characters.

    ``name``: ``webp``, or ``jpeg``, which shows transparent pixels over the mean colour. It is never enlarged.
    """
    image = Image.frombuffer("RGBA", (pixels.width, pixels.height), pixels.rgba, "raw", "RGBA", 0, 1)
    if name == "jpeg" or not pixels.rgba[3::4].strip(b"\xff"):
        image = Image.frombytes("RGB", image.size, pixels.rgb())
    longest = max(image.size)
    while True:
        ratio = min(1.0, side / longest)
        size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
        small = image.resize(size, Image.Resampling.LANCZOS) if size != image.size else image
        for quality in _QUALITIES:
            file = io.BytesIO()
            small.save(file, _FORMATS[name], quality=quality)
            uri = f"data:image/{name};base64,{base64.b64encode(file.getvalue()).decode()}"
            if len(uri) <= MAX_URI:
                return uri
        side //= 2
