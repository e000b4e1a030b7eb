"""Content negotiation: the Accept header and client hints as starting values of a plan."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from mememime_proxy.formats import accept_pattern
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.plan import Plan
from mememime_proxy.settings.settings import Settings

_HINT_HEADERS = "Sec-CH-DPR, DPR, Sec-CH-Width, Width"
_MAX_HINT_DPR = 8.0
_MAX_HINT_WIDTH = 1 << 16
_NEGOTIATED = ("webp", "avif", "jxl")


_PATTERNS = {name: re.compile(accept_pattern(name), re.ASCII | re.IGNORECASE) for name in _NEGOTIATED}


def accepts(accept: str, name: str) -> bool:
    """Whether an Accept header names a format and does not refuse it with a quality of 0."""
    return _PATTERNS[name].search(accept) is not None


class Negotiation:
    """Applies the AUTO_, ENFORCE_ and client hint settings to requests."""

    def __init__(self, settings: Settings) -> None:
        formats = [name for name in _NEGOTIATED if name not in settings.disabled_result_formats]
        self._enforced = {name: name in formats and bool(getattr(settings, f"enforce_{name}")) for name in _NEGOTIATED}
        self._preferred = {
            name: self._enforced[name] or (name in formats and bool(getattr(settings, f"auto_{name}")))
            for name in _NEGOTIATED
        }
        self._by_accept = any(self._preferred.values())
        self._by_hints = settings.enable_client_hints
        hints = [_HINT_HEADERS] * self._by_hints
        self.vary = ", ".join(["Accept"] * self._by_accept + hints)
        """The request headers that take part in the negotiation; '' where there are none."""
        self._vary_of_named_format = ", ".join(["Accept"] * any(self._enforced.values()) + hints)

    def normalize(self, plan: Plan) -> Plan:
        """Return ``plan`` without a preference that has no effect, so that equal variants have equal plans."""
        if plan.format and not any(self._enforced.values()):
            return replace(plan, preference=FormatPreference())
        return plan

    def vary_of(self, plan: Plan) -> str:
        """Return the value of the Vary header of responses to ``plan``; '' for none."""
        return self._vary_of_named_format if plan.format else self.vary

    def apply(self, base: Plan, headers: Mapping[str, str]) -> Plan:
        """Return ``base`` with the preferences in ``headers``. Options of the URL are applied on top of it."""
        if self._by_accept:
            base = replace(base, preference=self.preference(headers.get("Accept", "")))
        if self._by_hints:
            base = _apply_hints(base, headers)
        return base

    def preference(self, accept: str) -> FormatPreference:
        """Return the formats that this client may get where the URL names none, or instead of the one it names."""
        takes = {name: accepts(accept, name) for name in _NEGOTIATED}
        return FormatPreference(
            **{f"prefer_{name}": self._preferred[name] and takes[name] for name in _NEGOTIATED},
            **{f"enforce_{name}": self._enforced[name] and takes[name] for name in _NEGOTIATED},
        )


def _hint(headers: Mapping[str, str], *names: str) -> float:
    for name in names:
        if name in headers:
            try:
                value = float(headers[name])
            except ValueError:
                continue
            if math.isfinite(value) and value > 0:
                return value
    return 0.0


def _apply_hints(base: Plan, headers: Mapping[str, str]) -> Plan:
    dpr = _hint(headers, "Sec-CH-DPR", "DPR")
    if not 0 < dpr <= _MAX_HINT_DPR:
        dpr = 0.0
    width = _hint(headers, "Sec-CH-Width", "Width")
    if dpr:
        base = replace(base, dpr=dpr)
    if 0 < width <= _MAX_HINT_WIDTH:
        # The hint counts device pixels, the option CSS pixels.
        base = replace(base, width=int(width / (dpr or 1.0)))
    return base
