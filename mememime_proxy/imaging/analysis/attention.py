"""The point of attention: libvips' strategy of the same name, without its operations.

On a picture of 32 × 32 pixels the work of libvips is to build forty operations, not to compute (7 ms of 8). The steps
and constants are those of ``vips_smartcrop`` (after smartcrop.js): edges of the luminance, colours near that of skin,
redness, summed and blurred. Crops are still made by libvips; this is only for the facts of an original.
"""

from __future__ import annotations

import math
from array import array
from typing import Any, Final

from PIL import Image, ImageMath

SIDE: Final = 32
_SKIN: Final = (0.78, 0.57, 0.44)
"""The direction of the colour of skin in XYZ."""
_DARK: Final = 5.0
"""Luminance (of 100) up to which colours do not count."""
_WHITE_X: Final = 95.047
_EPSILON: Final = 1e-6
_MIN_AMPLITUDE: Final = 0.2
"""Amplitude at which the Gaussian is cut off, as in ``vips_gaussblur``."""
_WEIGHT: Final = 20
LINEAR: Final = tuple(
    100 * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (value / 255 for value in range(256))
)
"""The light of each sRGB value, of 100."""


def attention(picture: Image.Image) -> tuple[int, int]:
    """Return the pixel of an RGB picture that draws the eye most, for a crop of half its sides."""
    values = scores(picture)
    y, x = divmod(values.index(max(values)), SIDE)
    return x * picture.width // SIDE, y * picture.height // SIDE


def scores(picture: Image.Image) -> array[float]:
    """Return how much each of 32 × 32 places draws the eye, row by row."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    red, green, blue = (channel.point(LINEAR, "F") for channel in small.split())
    colors = ImageMath.lambda_eval(_score, red=red, green=green, blue=blue)
    edges = _edges(ImageMath.lambda_eval(_luminance, red=red, green=green, blue=blue))
    total = ImageMath.lambda_eval(lambda images: images["colors"] + images["edges"], colors=colors, edges=edges)
    return array("f", _blurred(total).tobytes())


def _luminance(images: dict[str, Any]) -> Any:
    return images["red"] * 0.2126 + images["green"] * 0.7152 + images["blue"] * 0.0722


def _score(images: dict[str, Any]) -> Any:
    """Return how near each colour is to that of skin, and how red it is, where it is not dark."""
    red, green, blue = images["red"], images["green"], images["blue"]
    x = red * 0.4124 + green * 0.3576 + blue * 0.1805
    y = _luminance(images)
    z = red * 0.0193 + green * 0.1192 + blue * 0.9505
    length = (x * x + y * y + z * z + _EPSILON) ** 0.5
    dx, dy, dz = (part / length - direction for part, direction in zip((x, y, z), _SKIN, strict=True))
    skin = ((dx * dx + dy * dy + dz * dz) ** 0.5) * -100 + 100
    redness = ((x / _WHITE_X) ** (1 / 3) - (y / 100) ** (1 / 3)) * 500
    return (skin + redness) * (y > _DARK)


def _edges(image: Image.Image) -> Image.Image:
    padded = _padded(image, 1)
    around = {
        name: padded.crop((x, y, x + SIDE, y + SIDE))
        for name, x, y in (("left", 0, 1), ("right", 2, 1), ("above", 1, 0), ("below", 1, 2))
    }
    edges: Image.Image = ImageMath.lambda_eval(
        lambda images: abs(
            (images["centre"] * 4 - images["left"] - images["right"] - images["above"] - images["below"]) * 5
        ),
        centre=image,
        **around,
    )
    return edges


def _weights() -> list[float]:
    sigma = math.hypot(SIDE / 2, SIDE / 2) / 10
    half: list[int] = []
    while (value := math.exp(-(len(half) ** 2) / (2 * sigma**2))) >= _MIN_AMPLITUDE:
        half.append(round(_WEIGHT * value))
    weights = [*half[:0:-1], *half]
    return [weight / sum(weights) for weight in weights]


_WEIGHTS: Final = _weights()


def _blurred(image: Image.Image) -> Image.Image:
    reach = len(_WEIGHTS) // 2
    for horizontal in (True, False):
        padded = _padded(image, reach)
        shifted = {
            str(k): padded.crop(
                (k, reach, k + SIDE, reach + SIDE) if horizontal else (reach, k, reach + SIDE, k + SIDE)
            )
            for k in range(len(_WEIGHTS))
        }
        image = ImageMath.lambda_eval(_weighted, **shifted)
    return image


def _weighted(images: dict[str, Any]) -> Any:
    total = images["0"] * _WEIGHTS[0]
    for k, weight in enumerate(_WEIGHTS[1:], 1):
        total = total + images[str(k)] * weight
    return total


def _padded(image: Image.Image, reach: int) -> Image.Image:
    """Return the picture with its edges repeated."""
    side, end = SIDE + 2 * reach, reach + SIDE
    padded = Image.new("F", (side, side))
    padded.paste(image, (reach, reach))
    for edge, place in ((0, 0), (SIDE - 1, end)):
        row = image.crop((0, edge, SIDE, edge + 1))
        padded.paste(row.resize((SIDE, reach), Image.Resampling.NEAREST), (reach, place))
    for edge, place in ((reach, 0), (end - 1, end)):
        column = padded.crop((edge, 0, edge + 1, side))
        padded.paste(column.resize((reach, side), Image.Resampling.NEAREST), (place, 0))
    return padded
