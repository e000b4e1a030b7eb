"""Photographs of the demonstration, at a size that tests choose."""

from pathlib import Path

import pyvips

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


def photograph(side, name="astronaut.jpg"):
    """Return a square of that side, in memory."""
    data = (SAMPLES / name).read_bytes()
    image = pyvips.Image.jpegload_buffer(data)
    image = image.smartcrop(min(image.width, image.height), min(image.width, image.height), interesting="centre")
    return image.resize(side / image.width).copy_memory()
