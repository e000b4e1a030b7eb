"""Arguments of the options of films and sound: their types of values, and groups that depend on each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.media_plan import Storyboard, Waveform
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import (
    TRUE_WORDS,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    ValueType,
    WholeNumber,
    parse_integer,
    read_value,
)

LOUDNESS: Final = (-16.0, -1.0)
"""Integrated loudness (LUFS) and true peak (dBTP) of ``loudness:1``: what platforms for music and speech play."""
_TRACK: Final = re.compile(r"[0-9]{1,3}|[A-Za-z]{2,8}", re.ASCII)
_LINES: Final = (64, 4320)
_WORDS: Final = ("copy", "av1")
_MOST_RENDITIONS: Final = 8


class ExactFlag(ValueType):
    """The word ``exact``, or a word for true."""

    expected = "`exact`, `1` or `0`"

    def parse(self, text: str) -> bool:
        """Return whether it is one of them."""
        return text == "exact" or text in TRUE_WORDS


class TrackName(ValueType):
    """The number of a sound track, from 0 on, or its language."""

    expected = "a number from 0 on, or a language as `en` or `eng`"

    def parse(self, text: str) -> str:
        """Return it, a language in lower case; empty = the default track. Raises ValueError."""
        if text and not _TRACK.fullmatch(text):
            raise ValueError(text)
        return str(int(text)) if text.isdigit() else text.lower()


class LoudnessArguments(ArgumentGroup):
    """``integrated[:true_peak]``; ``1`` stands for the usual values, ``0`` and nothing for none."""

    name, shape, limit = "loudness", "integrated[:true_peak]", 2
    meaning = (
        "Integrated loudness in LUFS, −70 to −5, and the most true peak in dBTP, −9 to 0 (−1 where it is left out)."
        " `ln:1` is `ln:-16:-1`; `ln:0` switches it off."
    )
    _integrated, _peak = DecimalNumber(-70, -5), DecimalNumber(-9, 0)

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set both values, or None."""
        if texts[0] in {"", "0", "1"}:
            if len(texts) > 1:
                raise OptionError(f"{option}: found a second argument, and {texts[0]!r} takes none")
            draft.changes["media.loudness"] = LOUDNESS if texts[0] == "1" else None
            return
        peak = read_value(option, "true_peak", self._peak, texts[1]) if texts[1:] and texts[1] else LOUDNESS[1]
        draft.changes["media.loudness"] = read_value(option, "integrated", self._integrated, texts[0]), peak


class StoryboardArguments(ArgumentGroup):
    """``step[:width[:height[:columns[:rows]]]]``; what is empty or left out is the default."""

    name, shape, limit = "storyboard", "step[:width[:height[:columns[:rows", 5
    meaning = (
        "Seconds from one frame to the next (−1), negative: the length of the film by the tiles of one sheet. Width and"
        " height of a tile in pixels (160; 0 = by the film's aspect ratio), columns and rows of a sheet (10, 10)."
    )
    _step, _side, _count = DecimalNumber(-86_400, 86_400), WholeNumber(0, 1000), WholeNumber(1, 100)

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the storyboard. Raises OptionError for a step of 0 and tiles without a size."""
        step, width, height, columns, rows = (*texts, *[""] * (5 - len(texts)))
        default = Storyboard()
        storyboard = Storyboard(
            read_value(option, "step", self._step, step) if step else default.step,
            read_value(option, "width", self._side, width) if width else default.width,
            read_value(option, "height", self._side, height) if height else default.height,
            read_value(option, "columns", self._count, columns) if columns else default.columns,
            read_value(option, "rows", self._count, rows) if rows else default.rows,
        )
        if not storyboard.step or not (storyboard.width or storyboard.height):
            raise OptionError(f"{option}: found a step or a size of 0, expected a number")
        draft.changes["media.storyboard"] = storyboard


class WaveformArguments(ArgumentGroup):
    """``samples_per_pixel[:bits[:channels]]``; what is empty or left out is the default."""

    name, shape, limit = "waveform", "samples_per_pixel[:bits[:channels", 3
    meaning = (
        "Samples for each pair of a minimum and a maximum; 0 = so that 2000 pairs cover the sound. Bits of a value, 8"
        " or 16. Channels: 1 = all together, 2 = left and right apart."
    )
    _samples = WholeNumber(0, 1 << 24)
    _bits = Choice({"8": 8, "16": 16})
    _channels = Choice({"1": 1, "2": 2})

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the waveform. Raises OptionError."""
        samples, bits, channels = (*texts, *[""] * (3 - len(texts)))
        default = Waveform()
        draft.changes["media.waveform"] = Waveform(
            read_value(option, "samples_per_pixel", self._samples, samples) if samples else default.samples_per_pixel,
            read_value(option, "bits", self._bits, bits) if bits else default.bits,
            read_value(option, "channels", self._channels, channels) if channels else default.channels,
        )


class LadderArguments(ArgumentGroup):
    """Lines of renditions, ``copy`` and ``av1``, in any order; nothing stands for the operator's ladder."""

    name, shape, limit = "renditions", "lines[:lines…]", None
    meaning = (
        "Lines of the shorter side of each rendition, 64 to 4320. `copy` adds the original's own pictures, `av1` an AV1"
        " rendition of each height. What is larger than the film is left out. Empty: MEMEMIME_AV_LADDER."
    )

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the ladder. Raises OptionError."""
        draft.changes["media.ladder"] = () if list(texts) == [""] else parse_ladder(texts, option)


def parse_ladder(texts: Sequence[str], option: str = "ladder") -> tuple[str, ...]:
    """Return the renditions, the highest first, then ``copy`` and ``av1``. Raises OptionError."""
    expected = f"lines of {_LINES[0]} to {_LINES[1]}, `copy` or `av1`"
    lines: set[int] = set()
    words: set[str] = set()
    for text in texts:
        if text in _WORDS:
            words.add(text)
            continue
        try:
            number = parse_integer(text)
        except ValueError:
            raise OptionError(f"{option}: found {text[:80]!r}, expected {expected}") from None
        if not _LINES[0] <= number <= _LINES[1]:
            raise OptionError(f"{option}: found {text[:80]!r}, expected {expected}")
        lines.add(number)
    if len(lines) > _MOST_RENDITIONS:
        raise OptionError(f"{option}: found {len(lines)} renditions, expected at most {_MOST_RENDITIONS}")
    if not lines and "copy" not in words:
        raise OptionError(f"{option}: found no rendition, expected {expected}")
    return (*(str(number) for number in sorted(lines, reverse=True)), *(word for word in _WORDS if word in words))
