"""Application of options: which may be used, the presets that they name, and the plan that results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mememime_proxy.errors import OptionError, PresetError, SecurityOptionError, SettingsError, UrlError
from mememime_proxy.formats.effects_plan import Effects, Watermark
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Crop, Extend, Gravity, ImageLimits, Padding, Plan, Trim
from mememime_proxy.urls.grammar import OptionText
from mememime_proxy.urls.options.arguments import MAX_OPTIONS, PlanDraft, read_arguments
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.presets import DEFAULT

_COMPOUNDS: dict[str, type[Any]] = {
    "crop": Crop,
    "effects": Effects,
    "extend": Extend,
    "extend_aspect_ratio": Extend,
    "gravity": Gravity,
    "info": InfoFields,
    "limits": ImageLimits,
    "media": MediaPlan,
    "padding": Padding,
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
        table: Mapping[str, Option] = BY_NAME,
    ) -> None:
        """``table``: the options by their names and aliases."""
        self._table = table
        self._presets = presets
        self._allowed = allowed
        self._allow_security = allow_security

    def apply(self, initial: Plan, options: Iterable[OptionText], presets: Sequence[str], now: float) -> PlanDraft:
        """Return ``initial`` with the preset ``default``, ``presets`` and ``options`` of a URL, in this order.

        Raises UrlError or SecurityOptionError.
        """
        draft = PlanDraft(initial, now, self.apply_presets)
        if DEFAULT in self._presets:
            self.apply_presets(draft, (DEFAULT,))
        if presets:
            self.apply_presets(draft, presets)
        for index, option in enumerate(options):
            try:
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
        """Apply presets, by name, to ``draft``. Raises UrlError or SecurityOptionError."""
        outer = draft.preset_chain
        for name in names:
            if name not in self._presets:
                raise PresetError(f"unknown preset {name[:80]!r}")
            if name in outer:  # a preset that uses itself, directly or through others, is skipped, as in imgproxy
                continue
            _count_option(draft)
            draft.preset_chain = (*outer, name)
            for option in self._presets[name]:
                self._apply_option(draft, option)
            draft.preset_chain = outer

    def _apply_option(self, draft: PlanDraft, text: OptionText) -> None:
        _count_option(draft)
        option = self._table.get(text.name)
        if option is None:
            raise OptionError(f"unknown option {text.name[:80]!r}")
        if option.security and not self._allow_security:
            raise SecurityOptionError(f"{option.name} needs MEMEMIME_ALLOW_SECURITY_OPTIONS")
        _read_option(draft, option, text.arguments)


def _read_option(draft: PlanDraft, option: Option, texts: Sequence[str]) -> None:
    if option.limit is not None and len(texts) > option.limit:
        raise OptionError(f"{option.name}: found {len(texts)} arguments, expected at most {option.limit}")
    read_arguments(draft, option.name, option.arguments, texts)


def _count_option(draft: PlanDraft) -> None:
    draft.options_left -= 1
    if draft.options_left < 0:
        raise OptionError(f"more than {MAX_OPTIONS} options")


def build_plan(draft: PlanDraft, source: str) -> Plan:
    """Return the plan of a draft, for ``source``."""
    flat: dict[str, Any] = {"source": source}
    nested: dict[str, dict[str, Any]] = {}
    for path, value in draft.changes.items():
        head, dot, tail = path.partition(".")
        if dot:
            nested.setdefault(head, {})[tail] = value
        else:
            flat[head] = value
    for head, changes in nested.items():
        flat[head] = _build_compound(_COMPOUNDS[head], getattr(draft.initial, head), changes)
    return replace(draft.initial, **flat)


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


def check_option(name: str, arguments: Sequence[str], table: Mapping[str, Option] = BY_NAME) -> None:
    """Return if a service could accept this option, one of ``table``. Raises OptionError."""
    option = table.get(name)
    if option is None:
        raise OptionError(f"unknown option {name[:80]!r}")
    if not arguments:
        raise OptionError(f"{name}: found no arguments, expected {option.shape}")
    # Presets are defined by the service: any name could be one.
    _read_option(PlanDraft(Plan(), 0, lambda _draft, _names: None), option, arguments)
