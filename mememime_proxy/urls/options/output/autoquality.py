"""The option ``autoquality``."""

from __future__ import annotations

from collections.abc import Sequence

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.output_plan import QUALITY_METHODS, QUALITY_TARGETS
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import (
    LARGEST,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    ValueType,
    WholeNumber,
    read_value,
)
from mememime_proxy.urls.options.option import Option


class AutoqualityArguments(ArgumentGroup):
    """``method[:target[:min[:max[:allowed_error]]]]``; an empty one keeps the earlier value, 0 is the operator's."""

    name, shape, limit = "method", "method[:target[:min[:max[:allowed_error]]]]", 5
    _types: tuple[tuple[str, ValueType], ...] = (
        ("method", Choice({each: each for each in QUALITY_METHODS})),
        ("target", DecimalNumber(0, LARGEST)),
        ("min", WholeNumber(0, 100)),
        ("max", WholeNumber(0, 100)),
        ("allowed_error", DecimalNumber(0, 100)),
    )

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set what is given. Another method begins with its own target and allowed error.

        Raises OptionError for a target that the method cannot have.
        """
        earlier = draft.get(f"{self.field}.method")
        for (name, kind), text in zip(self._types, texts, strict=False):
            if text:
                draft.changes[f"{self.field}.{name}"] = read_value(option, name, kind, text)
            if name == "method" and draft.get(f"{self.field}.method") != earlier:
                draft.changes |= {f"{self.field}.target": 0.0, f"{self.field}.allowed_error": 0.0}
        method, target = draft.get(f"{self.field}.method"), draft.get(f"{self.field}.target")
        low, high = QUALITY_TARGETS.get(method, (0, target))
        if target and not low <= target <= high:
            raise OptionError(f"{option}: target: found {target:g}, expected {low:g} to {high:g} for {method}")


AUTOQUALITY_OPTIONS = (
    Option(
        name="autoquality",
        section="Format and quality",
        meaning="Search for the quality that this picture needs ([autoquality](autoquality.md), extra `autoquality`)."
        " `ssim2`: a score of SSIMULACRA2, 70 is good, 80 very good. `size`: the largest quality of a file that has"
        " no more bytes than the target. `dssim`: a structural dissimilarity of 0 to 1; `ml`: the same, the quality is"
        " predicted, and with an allowed error of 1 or more not checked; a target above 1 is a score. `none` is off."
        " Only for still JPEG, WebP, AVIF and JPEG XL with loss, and not where the URL has `quality` or"
        " `format_quality` for the format. What is left out, or 0, is as the operator has set it.",
        arguments=(
            AutoqualityArguments(
                "autoquality",
                "Method, target, lowest and highest quality, and the error of the target that is allowed.",
            ),
        ),
        example="aq:ssim2:70",
        default="MEMEMIME_AUTOQUALITY_METHOD and others",
        steps=("encode",),
        aliases=("aq",),
    ),
)
"""In the order of the documentation."""
