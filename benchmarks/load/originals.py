"""Photographs of any size for load: parts of the samples, each file with bytes of its own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


def write(folder: Path, count: int, side: int, seed: int = 1) -> list[str]:
    """Write ``count`` JPEG files, 3:2, ``side`` pixels wide; return their names. The same files for the same arguments.

    A part of a sample is enlarged, and noise is added as a sensor does: without it an enlarged picture costs a decoder
    less than a photograph.
    """
    import pyvips

    rng = random.Random(seed)
    samples = [pyvips.Image.new_from_file(str(path)).colourspace("srgb") for path in sorted(SAMPLES.glob("*.jpg"))]
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(count):
        sample = samples[number % len(samples)]
        part = _part(sample, rng)
        picture = part.resize(side / part.width)
        noise = pyvips.Image.gaussnoise(picture.width, picture.height, sigma=4, seed=rng.randrange(1 << 30))
        body = (picture + noise).cast("uchar").jpegsave_buffer(Q=85, keep=pyvips.ForeignKeep.NONE)
        name = f"{side}-{number:03}.jpg"
        (folder / name).write_bytes(body)
        names.append(name)
    return names


def _part(sample: Any, rng: random.Random) -> Any:
    width = int(sample.width * rng.uniform(0.6, 0.9))
    height = min(width * 2 // 3, sample.height)
    width = height * 3 // 2
    return sample.crop(rng.randrange(sample.width - width + 1), rng.randrange(sample.height - height + 1),
                       width, height)  # fmt: skip
