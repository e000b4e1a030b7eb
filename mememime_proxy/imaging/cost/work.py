"""The sum of what the parts of a job take."""

from __future__ import annotations

import math
from typing import Final

from mememime_proxy.imaging.cost.decoders import DECODERS, decoder_name, stored_bytes
from mememime_proxy.imaging.cost.operations import OPERATIONS
from mememime_proxy.imaging.gate.drawing_work import OPENED
from mememime_proxy.imaging.gate.header import ImageHeader

BASE_SECONDS: Final = 0.004
"""CPU time of the smallest job: operations are built, libraries are touched for the first time."""
BASE_BYTES: Final = 12 << 20
"""Memory of the smallest job."""
_METADATA: Final = 10.0
"""Nanoseconds for each byte of metadata."""
_EXIF_ENTRY: Final = 5000.0
"""Nanoseconds for each entry of EXIF directories: libvips makes a text of each, twice a render."""
_LAYER: Final = 10.0
"""Nanoseconds of each pixel of a picture for each layer, however small that is."""
_MAX_SURFACES: Final = 5
"""Layers that a JPEG XL may refer to, four, and the one that is decoded."""
_SURFACE_SAMPLE: Final = 4
"""Bytes of a channel of theirs."""
_NANOSECOND: Final = 1e-9
_FACES: Final = 0.04
"""Seconds in which faces are found in a picture of 640 pixels."""
_NET: Final = 0.1
"""Seconds of a small net for objects."""
_NET_BYTES: Final = 64 << 20
"""Memory that it works in."""


class Work:
    """CPU time and memory, added up part by part."""

    __slots__ = ("memory", "seconds_fixed", "time")

    def __init__(self) -> None:
        self.time = 0.0
        """Nanoseconds that depend on pixels and bytes."""
        self.seconds_fixed = BASE_SECONDS
        self.memory = 0.0
        """Bytes beyond ``BASE_BYTES``."""

    @property
    def seconds(self) -> float:
        """All CPU time."""
        return self.seconds_fixed + self.time * _NANOSECOND

    @property
    def bytes(self) -> int:
        """All memory."""
        return BASE_BYTES + int(self.memory)

    def add(self, name: str, samples: float, times: float = 1.0, *, held: float = 0.0) -> None:
        """Add an operation of ``OPERATIONS`` on so many samples, done ``times``; ``held``: copies in memory."""
        self.time += OPERATIONS[name] * samples * times
        self.memory += held * samples

    def search(self, *, has_net: bool, times: int = 1) -> None:
        """Add looking for objects, by the operator's net or for faces."""
        self.seconds_fixed += times * (_NET if has_net else _FACES)
        self.memory += _NET_BYTES * has_net

    def decode(self, header: ImageHeader, size: int, pixels: float, output: float, frames: int = 1) -> None:
        """Add the decoder of an original of ``size`` bytes: of ``pixels`` in a frame, ``output`` are handed over.

        Frames are decoded one after the other.
        """
        if header.drawing is not None:
            scale = math.sqrt(output / max(1.0, header.width * header.height))
            width, height = header.width * scale, header.height * scale
            self.seconds_fixed += OPENED * header.drawing.open_cpu + header.drawing.render_cpu(width, height)
            self.memory += OPENED * (header.drawing.open_memory + size) + header.drawing.render_memory(width, height)
            return
        decoder, sample = DECODERS[decoder_name(header)], stored_bytes(header)
        per_pixel = decoder.pixel + decoder.sample * sample + decoder.scan * (header.scans - 1)
        per_pixel += decoder.plane * header.planes
        coded = max(0, size - header.metadata_bytes)
        self.time += (per_pixel * pixels + decoder.output * output) * frames + decoder.byte * coded
        self.time += _METADATA * min(size, header.metadata_bytes) + _EXIF_ENTRY * header.exif_entries
        self.seconds_fixed += decoder.fixed
        self.memory += decoder.held_fixed
        self.memory += (decoder.held + decoder.held_sample * sample) * pixels + decoder.held_output * output
        self.memory += (
            decoder.copies * size + header.strip_pixels * sample + decoder.held_plane * header.planes * pixels
        )
        self.time += per_pixel * header.layer_pixels + _LAYER * header.layers * pixels
        if header.layers:
            surfaces = min(header.layers + 1, _MAX_SURFACES)
            self.memory += surfaces * _SURFACE_SAMPLE * max(header.bands, header.planes) * pixels
