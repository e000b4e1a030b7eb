"""The options of films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.film_still import MomentKind, VideoMoment, VideoTile
from mememime_proxy.formats.media_plan import VideoAnimation
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import (
    LARGEST,
    Argument,
    ArgumentGroup,
    DecimalNumber,
    Flag,
    ValueType,
    WholeNumber,
    parse_float,
    read_value,
)
from mememime_proxy.urls.options.option import Option

_FILMS: Final = "Films"
_AUTO: Final = "auto"
_PERCENT: Final = "p"
_LONGEST: Final = 10_000
"""Most columns, rows and pixels of a side of a tile."""


class Moment(ValueType):
    """A moment of a film."""

    expected = "seconds, negative ones from the end, or `0p` to `100p` of the film, or `auto`"

    def parse(self, text: str) -> VideoMoment:
        """Return the moment. Raises ValueError."""
        if text == _AUTO:
            return VideoMoment(MomentKind.AUTO, 0.0)
        is_percent = text.endswith(_PERCENT)
        value = parse_float(text.removesuffix(_PERCENT))
        if not (0 <= value <= 100 if is_percent else abs(value) <= LARGEST):
            raise ValueError(text)
        return VideoMoment(MomentKind.PERCENT if is_percent else MomentKind.SECOND, value)


class FrameArguments(ArgumentGroup):
    """Step, four numbers of frames of a film, then switches and a focus point; a step of 0 switches it off."""

    name, limit = "frames", 10
    _flags = ("extend", "trim", "fill")
    _focus = ("focus_x", "focus_y")
    _step, _side, _flag, _share = DecimalNumber(), WholeNumber(1, _LONGEST), Flag(), DecimalNumber(0, 1)

    def __init__(
        self, field: str, make: Callable[..., VideoTile | VideoAnimation], numbers: tuple[str, ...], meaning: str
    ) -> None:
        """``make``: takes the arguments in their order. ``numbers``: the names of the four."""
        self.field, self.meaning, self._make, self._numbers = field, meaning, make, numbers
        unit = numbers[2].partition("_")[0]
        self._needed = ":".join(("step", *numbers))
        self.shape = "[:".join(("step", *numbers, f"extend_{unit}", *self._flags[1:], *self._focus))

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the frames. Raises OptionError where a step has no numbers."""
        step = read_value(option, "step", self._step, texts[0])
        if not step:
            draft.changes[self.field] = None
            return
        if len(texts) < 5:
            raise OptionError(f"{option}: found {len(texts)} arguments, expected {self._needed}")
        numbers = [
            read_value(option, name, self._side, text) for name, text in zip(self._numbers, texts[1:5], strict=True)
        ]
        flags = [
            read_value(option, name, self._flag, text) for name, text in zip(self._flags, texts[5:8], strict=False)
        ]
        focus = [
            read_value(option, name, self._share, text) if text else 0.5
            for name, text in zip(self._focus, texts[8:10], strict=False)
        ]
        flags += [False] * (3 - len(flags))
        draft.changes[self.field] = self._make(step, *numbers, *flags, *focus)


_TILES: Final = FrameArguments(
    "video_tile",
    VideoTile,
    ("columns", "rows", "tile_width", "tile_height"),
    "Seconds from one frame to the next, negative: the length of the film by the number of tiles, 0: off. Columns"
    " and rows, then width and height of a tile, into which each frame is fitted. `extend_tile` fills tiles up with"
    " black, `trim` leaves out rows and columns that the film does not fill, `fill` fills tiles with a part of the"
    " frame, around the focus point (shares of its sides, `0.5:0.5`).",
)
_FRAMES: Final = FrameArguments(
    "media.video_animation",
    VideoAnimation,
    ("delay", "frames", "frame_width", "frame_height"),
    "Seconds from one frame to the next, negative: the length of the film by the number of frames, 0: off."
    " Milliseconds for which each is shown, their number, then width and height of a frame, into which each one of the"
    " film is fitted. `extend_frame` fills frames up with black, `trim` leaves out those for which the film is too"
    " short, `fill` fills frames with a part of the film's, around the focus point (shares of its sides, `0.5:0.5`).",
)


FILM_OPTIONS = (
    Option(
        name="video_thumbnail_second",
        section=_FILMS,
        meaning="The moment of a film that the result shows: the frame that is on screen then. Past the end, it is the"
        " last frame. For an original that is no film it changes nothing.",
        arguments=(
            Argument(
                name="second",
                type=Moment(),
                field="video_moment",
                meaning="Seconds, with fractions; negative ones count from the end (`vts:-2`), `vts:50p` is a share of"
                " the film in per cent, and `vts:auto` the first of some key frames at its start that is neither dark"
                " nor of one colour.",
            ),
        ),
        example="vts:12.5",
        default="MEMEMIME_VIDEO_THUMBNAIL_SECOND",
        obeyed_by="the reader of films, before the picture is rendered",
        aliases=("vts",),
    ),
    Option(
        name="video_thumbnail_keyframes",
        section=_FILMS,
        meaning="Show the last key frame at the moment or before it, in place of the frame on screen: less is read and"
        " decoded.",
        arguments=(Argument(name="keyframes", type=Flag(), field="video_key_frames", meaning="On or off."),),
        example="vtk:1",
        default="MEMEMIME_VIDEO_THUMBNAIL_KEYFRAMES",
        obeyed_by="the reader of films, before the picture is rendered",
        aliases=("vtk",),
    ),
    Option(
        name="video_thumbnail_tile",
        section=_FILMS,
        meaning="A sprite of frames of a film, row by row, that begins with the one at the moment. For all other"
        " options it is a picture. Frames that are closer than those of the film repeat. With"
        " `video_thumbnail_keyframes` a sprite of a long film takes little time.",
        arguments=(_TILES,),
        example="vtt:-1:10:10:160:90:0:0:1",
        default="off",
        obeyed_by="the reader of films, before the picture is rendered",
        aliases=("vtt",),
    ),
    Option(
        name="video_thumbnail_animation",
        section=_FILMS,
        meaning="An animated picture of single frames of a film, that begins with the one at the moment; as WebP,"
        " unless the URL names `gif`, `webp` or `avif`. In other formats the result is the first frame.",
        arguments=(_FRAMES,),
        example="vta:-1:200:10:320:180",
        default="off",
        obeyed_by="the encoder of animations of films",
        aliases=("vta",),
    ),
)
"""In the order of the documentation."""
