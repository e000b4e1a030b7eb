"""Stacks of frames between workers (``mememime_proxy.formats.frame_stack``): read as an animation, written as a PNG."""

from __future__ import annotations

from typing import Final

import pyvips

from mememime_proxy.formats.frame_stack import SIGNATURE, StackFacts, pack
from mememime_proxy.imaging.image_fields import PAGE_HEIGHT_FIELD, field, with_metadata

_HEADER_END: Final = len(SIGNATURE) + 25
"""Bytes of a PNG's signature and IHDR."""
_DEFAULT_DELAY: Final = 40


def frames_of(image: pyvips.Image, stack: StackFacts, page: int, pages: int) -> pyvips.Image:
    """Return ``pages`` frames from ``page`` on, of a stack that was loaded as one picture; a single one is a still."""
    height = image.height // stack.frames
    image = image.crop(0, page * height, image.width, height * pages)
    if pages == 1:
        return image
    facts = {
        PAGE_HEIGHT_FIELD: height,
        "delay": list(stack.delays[page : page + pages]),
        "loop": stack.loop,
        "n-pages": stack.frames,
    }
    # Frames are rendered one after the other: a decoder that goes from top to bottom may be past the next one's start.
    return with_metadata(image.copy_memory(), facts)


def write(image: pyvips.Image, *, keep: int) -> bytes:
    """Return frames one below the other as a stack, with their delays and loops. ``keep``: metadata, libvips' flags."""
    height = int(field(image, PAGE_HEIGHT_FIELD, image.height))
    count = image.height // height
    delays = tuple(field(image, "delay", [])[:count]) or (_DEFAULT_DELAY,) * count
    facts = StackFacts(image.width, height, delays, int(field(image, "loop", 0)))
    png: bytes = pyvips.Operation.call("pngsave_buffer", image, compression=0, filter="none", keep=keep)
    return b"".join((png[:_HEADER_END], pack(facts), memoryview(png)[_HEADER_END:]))
