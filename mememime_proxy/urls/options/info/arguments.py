"""Arguments that only options of descriptions have."""

from __future__ import annotations

from collections.abc import Sequence

from mememime_proxy.formats.info_fields import HASHSUMS
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.argument_groups import GravityArguments
from mememime_proxy.urls.options.arguments import (
    Argument,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    WholeNumber,
    read_arguments,
    read_value,
)


class NumberOrNone(WholeNumber):
    """A whole number within a range, or 0 for none."""

    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(minimum, maximum)
        self.expected = f"0, or a whole number, {minimum} to {maximum}"

    def parse(self, text: str) -> int:
        """Return the number."""
        return 0 if text == "0" else super().parse(text)


class CropArguments(ArgumentGroup):
    """``width:height[:gravity[:x[:y]]]``, as those of ``crop`` of pictures. Without a side there is no area."""

    name, shape, limit = "area", "width:height[:gravity[:x[:y]|:class…]]", None
    meaning = "Sides of the area and where it lies, as in `crop` of a picture."
    _arguments = (
        Argument(name="width", type=DecimalNumber(0), field="crop.width", meaning=""),
        Argument(name="height", type=DecimalNumber(0), field="crop.height", meaning=""),
        GravityArguments("crop.gravity", "", smart=True),
    )

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the area."""
        read_arguments(draft, option, self._arguments, texts)
        draft.changes["info.crop"] = bool(draft.get("crop.width") or draft.get("crop.height"))


class HashsumArguments(ArgumentGroup):
    """Types of digests, any number of them; an empty one alone is none."""

    name, shape, limit = "types", "type[:type…]", len(HASHSUMS)
    meaning = "Of " + ", ".join(f"`{name}`" for name in HASHSUMS) + "."
    _type = Choice({name: name for name in HASHSUMS})

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the types, in the order of the documentation."""
        chosen = {read_value(option, "type", self._type, text) for text in texts if text}
        draft.changes["info.hashsums"] = tuple(name for name in HASHSUMS if name in chosen)
