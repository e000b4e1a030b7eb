"""Giving options their meaning: which may be used, and what presets they pull in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mememime_proxy.errors import OptionError, PresetError, SecurityOptionError, SettingsError, UrlError
from mememime_proxy.plan import Plan
from mememime_proxy.urls.grammar import OptionText
from mememime_proxy.urls.options.draft import Draft
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.presets import DEFAULT


class Interpreter:
    """Applies options to drafts, within what the operator allows.

    ``allowed``: spellings that URLs may use, each alias for itself; empty means all. Presets may use any option, but
    limits can be changed only with ``allow_security``, in presets too.
    """

    def __init__(
        self,
        presets: Mapping[str, Sequence[OptionText]],
        *,
        allowed: frozenset[str] = frozenset(),
        allow_security: bool = False,
    ) -> None:
        self._presets = presets
        self._allowed = allowed
        self._allow_security = allow_security

    def draft(self, initial: Plan, now: float) -> Draft:
        """A draft on top of ``initial``, with the preset ``default`` applied if there is one."""
        draft = Draft(initial, now, self._use_presets)
        if DEFAULT in self._presets:
            draft.use_presets((DEFAULT,))
        return draft

    def continued(self, plan: Plan, now: float) -> Draft:
        """A draft on top of a plan that options were applied to already."""
        return Draft(plan, now, self._use_presets)

    def apply(self, draft: Draft, options: Iterable[OptionText]) -> None:
        """Apply the options of a URL. Raises UrlError or SecurityOptionError."""
        for option in options:
            if self._allowed and option.name not in self._allowed:
                raise OptionError(f"option {option.name[:80]!r} is not allowed")
            self._apply_one(draft, option)

    def check_presets(self) -> None:
        """Apply each preset once. Raises SettingsError that names the preset and says what is wrong with it."""
        for name in self._presets:
            try:
                Draft(Plan(), 0, self._use_presets).use_presets((name,))
            except (UrlError, SecurityOptionError) as error:
                raise SettingsError(f"preset {name!r}: {error.detail}") from None

    def _apply_one(self, draft: Draft, written: OptionText) -> None:
        draft.count()
        option = BY_NAME.get(written.name)
        if option is None:
            raise OptionError(f"unknown option {written.name[:80]!r}")
        if option.security and not self._allow_security:
            raise SecurityOptionError(f"{option.name} needs MEMEMIME_ALLOW_SECURITY_OPTIONS")
        option.apply(draft, written.arguments)

    def _use_presets(self, draft: Draft, names: Sequence[str]) -> None:
        outer = draft.chain
        for name in names:
            if name not in self._presets:
                raise PresetError(f"unknown preset {name[:80]!r}")
            if name in outer:  # using itself, directly or through others: left out, as imgproxy does
                continue
            draft.count()
            draft.chain = (*outer, name)
            for option in self._presets[name]:
                self._apply_one(draft, option)
            draft.chain = outer


def check_option(name: str, arguments: Sequence[str]) -> None:
    """Return if a service could accept this option. Raises OptionError."""
    option = BY_NAME.get(name)
    if option is None:
        raise OptionError(f"unknown option {name[:80]!r}")
    if not arguments:
        raise OptionError(f"{name}: found no arguments, expected {option.shape}")
    option.apply(Draft(Plan(), 0, lambda _draft, _names: None), arguments)
