from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image, ImageDraw

from mememime_proxy.imaging.analysis.attention import SIDE, attention, scores

PHOTOGRAPHS = Path(__file__).parents[3] / "docs" / "pictures.jpg"


def by_libvips(picture: Image.Image) -> tuple[int, int]:
    image = pyvips.Image.new_from_memory(picture.tobytes(), picture.width, picture.height, 3, "uchar")
    outputs: Any = image.copy(interpretation="srgb").smartcrop(
        picture.width // 2, picture.height // 2, interesting="attention", attention_x=True, attention_y=True
    )
    return outputs[1]["attention_x"], outputs[1]["attention_y"]


def spots(seed: int) -> Image.Image:
    """A dim background with a loud spot somewhere."""
    chance = random.Random(seed)
    width, height = chance.randint(40, 128), chance.randint(40, 128)
    picture = Image.new("RGB", (width, height), (chance.randint(0, 90), chance.randint(0, 90), chance.randint(0, 90)))
    x, y, radius = chance.randint(0, width), chance.randint(0, height), chance.randint(3, 7)
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), (240, 120, 60))
    return picture


def part(seed: int) -> Image.Image:
    """A part of a photograph."""
    chance = random.Random(seed)
    with Image.open(io.BytesIO(PHOTOGRAPHS.read_bytes())) as photograph:
        width, height = chance.randint(100, 400), chance.randint(100, 300)
        x, y = chance.randint(0, photograph.width - width), chance.randint(0, photograph.height - height)
        picture = photograph.convert("RGB").crop((x, y, x + width, y + height))
    picture.thumbnail((128, 128))
    return picture


@pytest.mark.parametrize("picture", [*map(spots, range(10)), *map(part, range(30))])
def test_attention_is_where_libvips_finds_it(picture: Image.Image) -> None:
    """At the same of the 32 × 32 places, or at one that draws the eye as much, within the precision of a resize."""
    x, y = by_libvips(picture)
    column, row = (
        min(SIDE - 1, round(place * SIDE / side)) for place, side in ((x, picture.width), (y, picture.height))
    )
    values = scores(picture)
    assert values[row * SIDE + column] >= max(values) - 0.05 * (max(values) - min(values))


def test_attention_of_black_and_of_tiny_pictures_is_inside() -> None:
    for size in ((2, 2), (128, 2), (3, 128)):
        for color in ((0, 0, 0), (255, 255, 255)):
            x, y = attention(Image.new("RGB", size, color))
            assert 0 <= x < size[0]
            assert 0 <= y < size[1]
