"""Animations: each frame goes through the steps by itself, then the frames are stacked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyvips

from mememime_proxy.imaging.detection.areas import searchable, with_objects
from mememime_proxy.imaging.image_fields import PAGE_HEIGHT_FIELD, field, with_metadata
from mememime_proxy.imaging.picture import Picture, single_frame
from mememime_proxy.imaging.steps.cropping import crop_to_objects

DEFAULT_DELAY = 40
"""Milliseconds for frames without a delay."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each frame is shown (milliseconds) and how often all of them are (0 = for ever)."""

    delays: tuple[int, ...]
    loop: int

    @classmethod
    def of(cls, image: pyvips.Image, frames: int) -> Timing:
        """Return the timing of the first ``frames`` frames of a loaded animation."""
        delays = field(image, "delay", [])[:frames] or [DEFAULT_DELAY] * frames
        return cls(tuple(delays), field(image, "loop", 0))


def render_frames(stacked: Picture, steps: Sequence[Callable[[Picture], Picture]]) -> Picture:
    """Return all frames of ``stacked`` (one below the other) taken through ``steps``, stacked again.

    ``stacked`` has the geometry of one frame. Trimming is left out: frames would get different sizes. Frame delays and
    the number of loops are kept. A crop to objects is that of the first frame, for the same reason.
    """
    image, frames = stacked.image, stacked.frames
    timing = Timing.of(image, frames)
    width, height = image.width, image.height // frames
    start = stacked.with_changes(plan=replace(stacked.plan, trim=None), original=None, frames=1)
    results: list[pyvips.Image] = []
    for index in range(frames):
        frame = searchable(single_frame(image.crop(0, index * height, width, height)), start.plan, start.config)
        picture = with_objects(start.with_changes(decoded=frame), frame)
        if index == 0:
            picture = crop_to_objects(picture)
            start = start.with_changes(plan=picture.plan, geometry=picture.geometry)
        for step in steps:
            picture = step(picture)
        results.append(picture.image.copy_memory())
    joined = with_metadata(
        pyvips.Image.arrayjoin(results, across=1),
        {
            PAGE_HEIGHT_FIELD: results[0].height,
            "delay": list(timing.delays),
            "loop": timing.loop,
            "n-pages": frames,
        },
    )
    return picture.with_changes(decoded=joined, frames=frames)
