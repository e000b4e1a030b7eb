"""Application of options: which may be used, the presets that they name, and the plan that results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mememime_proxy.detection.options import ObjectOptions
from mememime_proxy.errors import OptionError, PresetError, SecurityOptionError, SettingsError, UrlError
from mememime_proxy.formats import BEST
from mememime_proxy.formats.effects_plan import Effects, Mark, Shape, Watermark
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.output_plan import Autoquality, Caching, CropAspectRatio, PageRange, Saving, UnsharpMask
from mememime_proxy.plan import Crop, Extend, Gravity, ImageLimits, Padding, Plan, Trim
from mememime_proxy.urls.draft import MAX_OPTIONS, PlanDraft
from mememime_proxy.urls.grammar import NEXT_PIPELINE, OptionText
from mememime_proxy.urls.options.arguments import read_arguments
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.presets import DEFAULT

_UNCHANGED = Plan()
_COMPOUNDS: dict[str, type[Any]] = {
    "autoquality": Autoquality,
    "caching": Caching,
    "crop": Crop,
    "crop_aspect_ratio": CropAspectRatio,
    "effects": Effects,
    "extend": Extend,
    "extend_aspect_ratio": Extend,
    "gravity": Gravity,
    "info": InfoFields,
    "limits": ImageLimits,
    "mark": Mark,
    "objects": ObjectOptions,
    "objects_position": Gravity,
    "media": MediaPlan,
    "padding": Padding,
    "saving": Saving,
    "unsharp": UnsharpMask,
    "pages": PageRange,
    "shape": Shape,
    "trim": Trim,
    "watermark": Watermark,
}


class OptionInterpreter:
    """Applies options to drafts, within the operator's permissions.

    ``allowed``: spellings that URLs may use, each alias for itself; empty means all. Presets may use any option, but
    limits can be changed only with ``allow_security``, in presets too.
    """

    def __init__(
        self,
        presets: Mapping[str, Sequence[OptionText]],
        *,
        allowed: frozenset[str] = frozenset(),
        allow_security: bool = False,
        max_pipelines: int = 0,
        permissions: frozenset[str] = frozenset(),
        table: Mapping[str, Option] = BY_NAME,
    ) -> None:
        """``max_pipelines``: that a URL may write, those of presets aside; 0 = no limit but ``MAX_PIPELINES``.

        ``permissions``: settings that options need, as far as they are on. ``table``: the options by their names and
        aliases.
        """
        self._table = table
        self._presets = presets
        self._allowed = allowed
        self._allow_security = allow_security
        self._max_pipelines = max_pipelines
        self._permissions = permissions

    def apply(
        self, initial: Plan, options: Iterable[OptionText], presets: Sequence[Sequence[str]], now: float
    ) -> PlanDraft:
        """Return ``initial`` with the preset ``default``, ``presets`` and ``options`` of a URL, in this order.

        Raises UrlError or SecurityOptionError.
        """
        draft = PlanDraft(initial, now, self.apply_presets)
        if DEFAULT in self._presets:
            self.apply_presets(draft, (DEFAULT,))
        for position, names in enumerate(presets):
            self._select(draft, position)
            self.apply_presets(draft, names)
        for index, option in enumerate(options):
            try:
                if option.name == NEXT_PIPELINE:
                    self._select(draft, draft.position + 1)
                    continue
                if self._allowed and option.name not in self._allowed:
                    raise OptionError(f"option {option.name[:80]!r} is not allowed")
                self._apply_option(draft, option)
            except (UrlError, SecurityOptionError) as error:
                error.segment = index
                raise
        return draft

    def continue_from(self, plan: Plan, preset: str, now: float) -> PlanDraft:
        """Return a plan to which options were applied already, with a preset on top. Raises PresetError."""
        draft = PlanDraft(plan, now, self.apply_presets)
        self.apply_presets(draft, (preset,))
        return draft

    def check_presets(self) -> None:
        """Apply each preset once. Raises SettingsError that names the preset and its error."""
        for name in self._presets:
            try:
                self.continue_from(Plan(), name, 0)
            except (UrlError, SecurityOptionError) as error:
                raise SettingsError(f"preset {name!r}: {error.detail}") from None

    def apply_presets(self, draft: PlanDraft, names: Sequence[str]) -> None:
        """Apply presets, by name, to ``draft``: to its present pipeline and, where they chain some, to those behind it.

        Raises UrlError or SecurityOptionError.
        """
        outer, position = draft.preset_chain, draft.position
        for name in names:
            if name not in self._presets:
                raise PresetError(f"unknown preset {name[:80]!r}")
            if name in outer:  # a preset that uses itself, directly or through others, is skipped, as in imgproxy
                continue
            _count_option(draft)
            draft.preset_chain = (*outer, name)
            for option in self._presets[name]:
                if option.name == NEXT_PIPELINE:
                    draft.select(draft.position + 1)
                else:
                    self._apply_option(draft, option)
            draft.preset_chain = outer
            draft.select(position)

    def _select(self, draft: PlanDraft, position: int) -> None:
        """Have options applied to the next pipeline that the URL writes. Raises OptionError for too many."""
        if 0 < self._max_pipelines <= position:
            raise OptionError(f"more than {self._max_pipelines} pipelines (MEMEMIME_MAX_CHAINED_PIPELINES)")
        draft.select(position)

    def _apply_option(self, draft: PlanDraft, text: OptionText) -> None:
        _count_option(draft)
        option = find_option(text.name, text.arguments, self._table)
        if option is None:
            raise OptionError(f"unknown option {text.name[:80]!r}")
        if option.security and not self._allow_security:
            raise SecurityOptionError(f"{option.name} needs MEMEMIME_ALLOW_SECURITY_OPTIONS")
        if option.permission and option.permission not in self._permissions:
            raise SecurityOptionError(f"{option.name} needs MEMEMIME_{option.permission}")
        _read_option(draft, option, text.arguments)


def _read_option(draft: PlanDraft, option: Option, texts: Sequence[str]) -> None:
    if option.limit is not None and len(texts) > option.limit:
        raise OptionError(f"{option.name}: found {len(texts)} arguments, expected at most {option.limit}")
    read_arguments(draft, option.name, option.arguments, texts)
    draft.store_request_fields()


def _count_option(draft: PlanDraft) -> None:
    draft.options_left -= 1
    if draft.options_left < 0:
        raise OptionError(f"more than {MAX_OPTIONS} options")


def build_plan(draft: PlanDraft, source: str) -> Plan:
    """Return the plan of a draft, for ``source``. A pipeline behind the first one that changes nothing is left out."""
    first, *others = draft.pipelines
    chain = [_build(draft.initial_of(position), changes) for position, changes in enumerate(others, 1)]
    chain += draft.initial.chain[len(chain) :]
    used = tuple(each for each in chain if each != _UNCHANGED)
    plan = _build(draft.initial, {**first, "source": source, "chain": used})
    if plan.format == BEST:
        return replace(plan, format="", best=True)
    return replace(plan, best=False) if plan.best and plan.format else plan


def _build(initial: Plan, changes: Mapping[str, Any]) -> Plan:
    flat: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        head, dot, tail = path.partition(".")
        if dot:
            nested.setdefault(head, {})[tail] = value
        else:
            flat[head] = value
    for head, parts in nested.items():
        flat[head] = _build_compound(_COMPOUNDS[head], getattr(initial, head), parts)
    return replace(initial, **flat)


def _build_compound(compound: type[Any], current: Any, changes: dict[str, Any]) -> Any:
    """Return a compound value with ``changes``; None for a trim without threshold and a watermark without opacity."""
    values: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        head, dot, tail = path.partition(".")
        if dot:
            parts.setdefault(head, {})[tail] = value
        else:
            values[head] = value
    for head, inner in parts.items():
        values[head] = _build_part(getattr(current, head), inner)
    if compound is Trim and values.get("threshold", current and current.threshold) is None:
        return None
    if compound is Watermark and not values.get("opacity", current and current.opacity):
        return None
    return compound(**values) if current is None else replace(current, **values)


def _build_part(current: Any, changes: dict[str, Any]) -> Any:
    """Return a part of a compound value with ``changes``; its default where it is one that changes nothing."""
    part = _build_compound(Gravity, current, changes) if current is None else replace(current, **changes)
    return part if part else type(part)()


def find_option(name: str, arguments: Sequence[str], table: Mapping[str, Option] = BY_NAME) -> Option | None:
    """Return the option of ``table`` that a name, or an alias, stands for with these arguments; None for none.

    imgproxy documents ``co`` for two options: with one argument it is ``contrast``, with more ``crop_objects``.
    """
    return table.get("crop_objects" if name == "co" and len(arguments) > 1 else name)


def check_option(name: str, arguments: Sequence[str], table: Mapping[str, Option] = BY_NAME) -> None:
    """Return if a service could accept this option, one of ``table``. Raises OptionError."""
    option = find_option(name, arguments, table)
    if option is None:
        raise OptionError(f"unknown option {name[:80]!r}")
    if not arguments:
        raise OptionError(f"{name}: found no arguments, expected {option.shape}")
    # Presets are defined by the service: any name could be one.
    _read_option(PlanDraft(Plan(), 0, lambda _draft, _names: None), option, arguments)
