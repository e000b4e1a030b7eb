"""Animations: every frame goes through the steps by itself, then they are one picture again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyvips

from mememime_proxy.imaging.picture import PAGE_HEIGHT_FIELD, Picture, field, still, with_metadata
from mememime_proxy.imaging.steps.stamping import stamp_frames

DEFAULT_DELAY = 40
"""Milliseconds for frames that tell no delay."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each frame is shown (milliseconds) and how often all of them are (0 = for ever)."""

    delays: tuple[int, ...]
    loop: int

    @classmethod
    def of(cls, image: pyvips.Image, frames: int) -> Timing:
        """The timing of the first ``frames`` frames of a loaded animation."""
        delays = field(image, "delay", [])[:frames] or [DEFAULT_DELAY] * frames
        return cls(tuple(delays), field(image, "loop", 0))


def render_frames(stacked: Picture, frames: int, steps: Sequence[Callable[[Picture], Picture]]) -> Picture:
    """All frames of ``stacked`` (one below the other) taken through ``steps``, stacked again.

    ``stacked`` has the geometry of one frame. Trimming is left out: frames would get different sizes. The watermark is
    laid over all frames at once. Frame delays and the number of loops are kept.
    """
    image = stacked.image
    timing = Timing.of(image, frames)
    width, height = image.width, image.height // frames
    plan = replace(stacked.plan, trim=None)
    done: list[pyvips.Image] = []
    last = stacked
    for index in range(frames):
        frame = still(image.crop(0, index * height, width, height))
        last = replace(stacked, decoded=frame, plan=plan, original=None, watermark=None)
        for step in steps:
            last = step(last)
        done.append(last.image.copy_memory())
    joined = pyvips.Image.arrayjoin(done, across=1)
    result = stamp_frames(replace(last, decoded=joined, watermark=stacked.watermark), frames)
    result_height = done[0].height
    return result.showing(
        with_metadata(
            result.image,
            {
                PAGE_HEIGHT_FIELD: result_height,
                "delay": list(timing.delays),
                "loop": timing.loop,
                "n-pages": frames,
            },
        )
    )
