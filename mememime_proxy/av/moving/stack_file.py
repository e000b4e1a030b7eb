"""Stacks of frames (``formats.frame_stack``) as numpy arrays: written for pictures, read to be encoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats.frame_stack import CHUNK, SIGNATURE, StackFacts, chunk, pack, unpack

Pixels = np.ndarray[Any, Any]

_STORED: Final = 0
_RGB: Final = 2
_BLOCK: Final = 1 << 20
_COLORS: Final = {0: (1, "gray"), 2: (3, "rgb24"), 4: (2, ""), 6: (4, "rgba")}
"""Samples a pixel and FFmpeg's format, by the colour type of a PNG."""


class StackWriter:
    """Takes frame after frame; only their bytes are kept."""

    def __init__(self, color: tuple[int, int] | None) -> None:
        """``color``: code points of primaries and transfer function; None = sRGB."""
        self._color = color
        self._packer = zlib.compressobj(_STORED)
        self._parts: list[bytes] = []
        self._shape: tuple[int, int] = (0, 0)
        self._deep = False
        self.frames = 0

    def add(self, pixels: Pixels) -> None:
        """Add rows of red, green and blue, of 8 or 16 bits; all frames have the same size and depth."""
        height, width = pixels.shape[:2]
        self._shape, self._deep = (width, height), pixels.dtype == np.uint16
        rows = np.zeros((height, 1 + width * (6 if self._deep else 3)), np.uint8)
        samples = np.ascontiguousarray(pixels.astype(">u2") if self._deep else pixels)
        rows[:, 1:] = samples.view(np.uint8).reshape(height, -1)
        self._parts.append(chunk(b"IDAT", self._packer.compress(rows.data)))
        self.frames += 1

    def finish(self, nominal: tuple[int, int], delays: tuple[int, ...], loop: int) -> bytes:
        """Return the file. ``nominal``: sides of a frame that plans count by. ``delays``: milliseconds a frame."""
        width, height = self._shape
        depth = 16 if self._deep else 8
        header = struct.pack(">IIBBBBB", width, height * self.frames, depth, _RGB, 0, 0, 0)
        start = [SIGNATURE, chunk(b"IHDR", header), pack(StackFacts(*nominal, delays, loop))]
        if self._color is not None:
            start.append(chunk(b"cICP", bytes((*self._color, 0, 1))))
        return b"".join((*start, *self._parts, chunk(b"IDAT", self._packer.flush()), chunk(b"IEND", b"")))


class StackReader:
    """The frames of a stack that a worker for pictures wrote. Raises BrokenImageError where it is none."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        chunks = list(self._chunks())
        if bytes(self._data[: len(SIGNATURE)]) != SIGNATURE or not chunks or chunks[0][0] != b"IHDR":
            raise BrokenImageError("a stack of frames without a header")
        width, height, depth, color = struct.unpack_from(">IIBB", chunks[0][1])
        stack = next((unpack(body, height) for kind, body in chunks if kind == CHUNK), None)
        samples, self._format = _COLORS.get(color, (0, ""))
        if stack is None or depth != 8 or not self._format:
            raise BrokenImageError("a stack of frames of another kind")
        self.facts: StackFacts = stack
        self.width, self.height = width, height // stack.frames
        self._samples = samples
        self._packed = [body for kind, body in chunks if kind == b"IDAT"]

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames."""
        line = 1 + self.width * self._samples
        size = line * self.height
        rows = bytearray()
        count = 0
        for piece in self._inflated():
            rows += piece
            while len(rows) >= size:
                yield self._frame(np.frombuffer(bytes(rows[:size]), np.uint8).reshape(self.height, line))
                del rows[:size]
                count += 1
        if count != self.facts.frames:
            raise BrokenImageError("a stack of frames that ends too soon")

    def _frame(self, rows: Pixels) -> VideoFrame:
        if rows[:, 0].any():
            raise BrokenImageError("a stack of frames with filtered rows")
        shape = (self.height, self.width) if self._samples == 1 else (self.height, self.width, self._samples)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rows[:, 1:]).reshape(shape), format=self._format)
        frame.time_base = Fraction(1, 1000)
        return frame

    def _inflated(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj()
        for body in self._packed:
            for at in range(0, len(body), _BLOCK):
                yield inflater.decompress(body[at : at + _BLOCK])
        yield inflater.flush()

    def _chunks(self) -> Iterator[tuple[bytes, memoryview]]:
        at = len(SIGNATURE)
        while at + 12 <= len(self._data):
            length, kind = struct.unpack_from(">I4s", self._data, at)
            yield kind, self._data[at + 8 : at + 8 + length]
            at += 12 + length
