"""GIF: the frames of a file to which the gate has added some for libnsgif."""

from __future__ import annotations

from typing import Any, Protocol

import pyvips

from mememime_proxy.imaging.gate.header import ImageHeader


class _Open(Protocol):
    """libvips' loader."""

    def __call__(self, **options: Any) -> pyvips.Image: ...


def load(header: ImageHeader, page: int, pages: int, open_: _Open) -> pyvips.Image:
    """Return ``pages`` frames from ``page`` on, one below the other, without those of the gate, with all delays.

    Raises pyvips.Error.
    """
    numbers = header.frame_pages[page : page + pages]
    if not numbers:
        return open_(page=page, n=pages)
    first, count = numbers[0], numbers[-1] - numbers[0] + 1
    image = open_(page=first, n=count)
    delays: Any = image.get("delay")
    if count > len(numbers):
        height = image.height // count
        frames: list[Any] = [image.crop(0, (number - first) * height, image.width, height) for number in numbers]
        image = pyvips.Image.arrayjoin(frames, across=1)
    image = image.copy()
    # libnsgif may find fewer frames than the gate in a damaged file.
    delays += [0] * (max(header.frame_pages) + 1 - len(delays))
    image.set_type(pyvips.GValue.array_int_type, "delay", [delays[number] for number in header.frame_pages])
    image.set_type(pyvips.GValue.gint_type, "n-pages", len(header.frame_pages))
    return image
