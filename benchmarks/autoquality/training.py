"""Measures what models are fitted to: photographs at three sizes, each format at eight qualities."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.autoquality.photographs import Photograph, load
from mememime_proxy.imaging.autoquality import dssim, features, ssimulacra2, tiles
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig

SIDES = (640, 320, 1280)
QUALITIES = {
    "jpeg": (20, 35, 50, 62, 72, 80, 88, 95),
    "webp": (20, 35, 50, 62, 72, 80, 88, 95),
    "avif": (15, 28, 40, 50, 58, 66, 76, 88),
    "jxl": (20, 35, 50, 62, 72, 80, 88, 95),
    "jpegli": (20, 35, 50, 62, 72, 80, 88, 95),
}
"""By format; ``jpegli`` is JPEG by that encoder."""
DATA = Path(__file__).parent / "measurements.jsonl"
"""A line for each photograph and size."""
_CONFIG = RenderConfig()
_JPEGLI = RenderConfig(jpeg_encoder="jpegli")


def encode(image: Any, name: str, quality: int) -> bytes:
    """Return the image as a file of a name in ``QUALITIES``, written as by default."""
    if name == "jpegli":
        return save(image, "jpeg", quality=quality, plan=Plan(), config=_JPEGLI)
    return save(image, name, quality=quality, plan=Plan(), config=_CONFIG)


def decode(encoded: bytes) -> Any:
    """Return the pixels of a result, in memory."""
    return open_original(encoded, ImageLimits(max_src_resolution=0), _CONFIG).load().copy_memory()


def _measure(image: Any, whole: ssimulacra2.ScoreReference, sample: Any, name: str) -> Iterator[dict[str, float]]:
    reference = ssimulacra2.ScoreReference(sample)
    for quality in QUALITIES[name]:
        encoded = encode(image, name, quality)
        result = decode(encoded)
        other = tiles.cut(result)
        yield {
            "quality": quality,
            "bytes": len(encoded),
            "dssim": round(dssim.dssim(sample, other), 6),
            "tiles": round(reference.score(other), 2),
            "whole": round(whole.score(tiles.pixels_of(result)), 2),
        }


def measure(photographs: list[Photograph]) -> None:
    """Write a line of measurements for each photograph and size that has none yet."""
    known = {(each["path"], each["side"]) for each in data()}
    for side in SIDES:
        for photograph in photographs:
            if not photograph.is_training or (photograph.path, side) in known:
                continue
            image = load(photograph, side)
            sample = tiles.cut(image)
            whole = ssimulacra2.ScoreReference(tiles.pixels_of(image))
            row = {
                "path": photograph.path,
                "side": side,
                "pixels": image.width * image.height,
                "features": [round(each, 4) for each in features.features(sample, image.width * image.height)],
                "formats": {name: list(_measure(image, whole, sample, name)) for name in QUALITIES},
            }
            with DATA.open("a") as file:
                file.write(json.dumps(row) + "\n")


def data() -> list[dict[str, Any]]:
    """Return what was measured."""
    return [json.loads(line) for line in DATA.read_text().splitlines()] if DATA.exists() else []
