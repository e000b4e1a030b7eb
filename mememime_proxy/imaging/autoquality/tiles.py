"""A sample of a picture: tiles at the same places of an original and its results. Metrics of it have one cost."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

SIDE: Final = 96
ACROSS: Final = 4
DOWN: Final = 3
"""Tiles are joined to 384×288 pixels; the smallest scale of SSIMULACRA2 needs 256. Fewer large tiles have less seams,
which hide losses, and more small ones are a better sample: scores of these are the nearest to those of whole pictures.
"""
_STEP: Final = (0.7548776662466927, 0.5698402909980532)
"""The R2 sequence: any number of its first points is spread evenly over the unit square."""
_GREY: Final = 128
_COLOURS: Final = 3

Tiles = NDArray[np.uint8]


def pixels_of(image: pyvips.Image) -> Tiles:
    """Return a picture of 8 bits a channel, grey or in colour, as rows × columns × 3; transparent parts on grey."""
    raw = np.frombuffer(image.write_to_memory(), np.uint8).reshape(image.height, image.width, image.bands)
    if image.hasalpha():
        alpha = raw[:, :, -1:].astype(np.uint16)
        blended = raw[:, :, :-1] * alpha + _GREY * (255 - alpha)
        raw = ((blended + 127) // 255).astype(np.uint8)
    return raw if raw.shape[2] == _COLOURS else np.repeat(raw, _COLOURS, axis=2)


def cut(image: pyvips.Image) -> Tiles:
    """Return tiles of a picture, joined to 288 rows × 384 columns; see ``pixels_of``.

    A picture smaller than a tile is mirrored at its edges.
    """
    width, height = max(SIDE, image.width), max(SIDE, image.height)
    if (width, height) != (image.width, image.height):
        image = image.embed(0, 0, width, height, extend="mirror")
    tiles = []
    for number in range(ACROSS * DOWN):
        x, y = ((0.5 + step * number) % 1 for step in _STEP)
        tiles.append(image.crop(int((width - SIDE + 1) * x), int((height - SIDE + 1) * y), SIDE, SIDE))
    return pixels_of(pyvips.Image.arrayjoin(tiles, across=ACROSS))


def separate(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the tiles of one channel of joined ones: tile × row × column."""
    return plane.reshape(DOWN, SIDE, ACROSS, SIDE).transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE)


def luma(pixels: Tiles) -> NDArray[np.float32]:
    """Return the luma (BT.601) of joined tiles, 0–255."""
    result: NDArray[np.float32] = pixels.astype(np.float32) @ np.array((0.299, 0.587, 0.114), np.float32)
    return result
