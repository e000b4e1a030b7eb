"""The chain of filters from a frame of a film to one of the result, as a graph of libavfilter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from av.filter import Graph
from av.video.frame import VideoFrame

from mememime_proxy.av.frame_png import square_size
from mememime_proxy.av.moving.color import FrameColor, ResultColor, color_of
from mememime_proxy.av.moving.layout import FrameLayout
from mememime_proxy.av.moving.tone_mapping import table_frame

_EXACT: Final = "accurate_rnd+full_chroma_int"
_ROTATIONS: Final = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
"""Filters by degrees, clockwise."""
_HALF: Final = 2
"""Times smaller from which more neighbours count in a scaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is done to each frame beside its layout."""

    color: ResultColor
    blur: float = 0.0
    """Sigma."""
    fade_in: float = 0.0
    """Seconds."""
    fade_out: float = 0.0
    duration: float = 0.0
    """Seconds of the result, for ``fade_out``."""
    mark: VideoFrame | None = None
    """The watermark, with its transparency."""
    mark_at: tuple[int, int] = (0, 0)

    @property
    def depends_on_time(self) -> bool:
        """Whether a frame looks different at another time."""
        return bool(self.fade_in or self.fade_out)

    @property
    def pixel_format(self) -> str:
        """Format of the result's frames."""
        return "yuv420p10le" if self.color.deep else "yuv420p"


class FrameFilter:
    """Makes frames of the result. A film whose frames change their size, format or colours gets another graph."""

    def __init__(self, layout: FrameLayout, look: Look, rate: Fraction, aspect: Fraction | None) -> None:
        """``aspect``: width of the film's pixels by their height."""
        self._layout = layout
        self._look = look
        self._base = 1 / rate
        self._aspect = aspect
        self._key: object = None
        self._graph: Any = None
        self._source: Any = None
        self._shown: tuple[VideoFrame, VideoFrame] | None = None

    def apply(self, number: int, frame: VideoFrame) -> VideoFrame:
        """Return the frame of the result with this number; its time is in units of a frame."""
        if self._shown is None or self._shown[0] is not frame or self._look.depends_on_time:
            self._shown = frame, self._filtered(number, frame)
        result = self._shown[1]
        result.pts, result.time_base, result.pict_type = number, self._base, 0
        return result

    def _filtered(self, number: int, frame: VideoFrame) -> VideoFrame:
        color = color_of(frame)
        key = frame.width, frame.height, frame.format.name, round(frame.rotation), color
        if key != self._key:
            self._build(frame, color)
            self._key = key
        frame.pts, frame.time_base = number, self._base
        self._source.push(frame)
        result: VideoFrame = self._graph.vpull()
        return result

    def _build(self, frame: VideoFrame, color: FrameColor) -> None:
        graph: Any = Graph()
        graph.threads = 1
        self._source = node = self._buffer(graph, frame)
        pictures = []
        for text in self._steps(frame, color):
            name, _, arguments = text.partition("=")
            following = graph.add(name, arguments or None)
            node.link_to(following)
            if name == "haldclut":
                picture = table_frame(color.primaries, color.transfer)
                source = self._buffer(graph, picture)
                source.link_to(following, 0, 1)
                pictures.append((source, picture))
            elif name == "overlay" and self._look.mark is not None:
                picture = self._look.mark
                source = self._buffer(graph, picture)
                scaled = graph.add("scale", f"out_color_matrix={self._look.color.matrix}:out_range=limited")
                transparent = graph.add("format", "pix_fmts=yuva420p")
                source.link_to(scaled)
                scaled.link_to(transparent)
                transparent.link_to(following, 0, 1)
                pictures.append((source, picture))
            node = following
        node.link_to(graph.add("buffersink"))
        graph.configure()
        # One picture each that stands for all frames.
        for source, picture in pictures:
            picture.pts, picture.time_base = 0, self._base
            source.push(picture)
            source.push(None)
        self._graph = graph

    def _buffer(self, graph: Any, frame: VideoFrame) -> Any:
        return graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=self._base)

    def _steps(self, frame: VideoFrame, color: FrameColor) -> Iterator[str]:
        """Yield the filters, each with its arguments."""
        layout, look = self._layout, self._look
        width, height = square_size(frame.width, frame.height, self._aspect)
        if width != frame.width:
            yield f"scale=w={width}:h={height}:flags=bicubic+{_EXACT}:{_unchanged(color)}"
        quarters = round(frame.rotation / 90) % 4
        yield from _ROTATIONS.get((360 - 90 * quarters) % 360, ())
        if quarters % 2:
            width, height = height, width
        if layout.crop is not None:
            left, top, width, height = layout.crop
            yield f"crop=w={width}:h={height}:x={left}:y={top}:exact=1"
        yield self._scale(width, height, color)
        if look.color.table:
            yield "format=pix_fmts=rgb48le"
            yield "haldclut"
            yield f"scale=flags={_EXACT}:out_color_matrix={look.color.matrix}:out_range=limited"
        yield f"format=pix_fmts={look.pixel_format}"
        yield from _ROTATIONS.get(layout.rotate, ())
        if layout.flip_horizontal:
            yield "hflip"
        if layout.flip_vertical:
            yield "vflip"
        if layout.result_crop is not None:
            left, top, width, height = layout.result_crop
            yield f"crop=w={width}:h={height}:x={left}:y={top}"
        if look.blur:
            yield f"gblur=sigma={look.blur}"
        if layout.canvas is not None:
            left, top, width, height = layout.canvas
            red, green, blue = layout.background
            yield f"pad=w={width}:h={height}:x={left}:y={top}:color=0x{red:02x}{green:02x}{blue:02x}"
        if look.mark is not None:
            format_ = "yuv420p10" if look.color.deep else "yuv420"
            yield f"overlay=x={look.mark_at[0]}:y={look.mark_at[1]}:format={format_}:eof_action=repeat"
        if look.fade_in:
            yield f"fade=t=in:st=0:d={look.fade_in}"
        if look.fade_out:
            yield f"fade=t=out:st={max(0.0, look.duration - look.fade_out)}:d={look.fade_out}"
        yield f"format=pix_fmts={look.pixel_format}"

    def _scale(self, width: int, height: int, color: FrameColor) -> str:
        to_width, to_height = self._layout.scaled
        kernel = "lanczos" if to_width * _HALF < width and to_height * _HALF < height else "bicubic"
        text = f"scale=w={to_width}:h={to_height}:flags={kernel}+{_EXACT}"
        if color.matrix:
            text += f":in_color_matrix={color.matrix}:in_range={'full' if color.full_range else 'limited'}"
        result = self._look.color
        return text if result.table else f"{text}:out_color_matrix={result.matrix}:out_range=limited"


def _unchanged(color: FrameColor) -> str:
    if not color.matrix:
        return "in_range=full:out_range=full"
    range_ = "full" if color.full_range else "limited"
    matrix = f"in_color_matrix={color.matrix}:out_color_matrix={color.matrix}"
    return f"{matrix}:in_range={range_}:out_range={range_}"
