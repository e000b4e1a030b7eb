"""A storyboard: a WebVTT file that says for each part of a film which tile of which sheet shows it.

Each cue names a part of a picture by a media fragment (W3C Media Fragments 4.2.2), as players expect it of a track of
thumbnails. The sheets are sprites, which are rendered apart.
"""

from __future__ import annotations

from math import ceil
from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.films import open_pictures
from mememime_proxy.av.frame_png import upright_size
from mememime_proxy.av.sprite import tile_size
from mememime_proxy.errors import LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

MAX_CUES: Final = 20_000
_ROUNDING: Final = 1e-6
"""Seconds by which durations are rounded at most."""


def make_storyboard(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the storyboard of the tiles of a plan (``Plan.video_tile``), with relative references to its sheets.

    The first frame is decoded: it tells the size of a tile. Raises UnsupportedFormatError where the film does not tell
    its duration, LimitError past ``MAX_CUES``, and as ``open_pictures``.
    """
    tile = plan.video_tile
    if tile is None:
        raise ValueError("a storyboard needs tiles")
    with open_pictures(source, config) as grabber:
        duration = float(grabber.duration)
        if duration <= 0:
            raise UnsupportedFormatError("a storyboard needs a film that tells its duration")
        frame = grabber.grab(VideoMoment(value=0), key_frames=True)
        side = tile_size(upright_size(frame, grabber.stream.sample_aspect_ratio), tile)
    return Variant("vtt", body=storyboard(tile, side, duration).encode())


def storyboard(tile: VideoTile, side: tuple[int, int], duration: float) -> str:
    """Return the WebVTT file of a film of ``duration`` seconds, whose tiles have the sides ``side`` in pixels.

    Raises LimitError past ``MAX_CUES``.
    """
    on_sheet = tile.columns * tile.rows
    count = max(1, ceil(duration / tile.step - _ROUNDING)) if tile.step > 0 else on_sheet
    if count > MAX_CUES:
        raise LimitError(f"a storyboard of {count} frames has more than {MAX_CUES}: make the step longer")
    step = tile.step if tile.step > 0 else duration / count
    cues = ["WEBVTT"]
    for number in range(count):
        sheet, place = divmod(number, on_sheet)
        row, column = divmod(place, tile.columns)
        begin, end = number * step, min((number + 1) * step, duration)
        area = f"{column * side[0]},{row * side[1]},{side[0]},{side[1]}"
        cues.append(f"{_clock(begin)} --> {_clock(end)}\nsb/{sheet}.jpg#xywh={area}")
    return "\n\n".join(cues) + "\n"


def _clock(seconds: float) -> str:
    """Return a time as WebVTT writes it: ``hh:mm:ss.ttt``."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
