"""What the client can take: the Accept header and client hints, read into a plan's starting values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from mememime_proxy.formats import accept_pattern
from mememime_proxy.plan import FormatPreference, Plan
from mememime_proxy.settings.settings import Settings

_HINT_HEADERS = "Sec-CH-DPR, DPR, Sec-CH-Width, Width"
_MAX_HINT_DPR = 8.0
_MAX_HINT_WIDTH = 1 << 16
_NEGOTIATED = ("webp", "avif", "jxl")


_RULES = {name: re.compile(accept_pattern(name), re.ASCII | re.IGNORECASE) for name in _NEGOTIATED}


def accepts(accept: str, name: str) -> bool:
    """Whether an Accept header names a format and does not refuse it."""
    return _RULES[name].search(accept) is not None


class Negotiation:
    """The operator's AUTO_, ENFORCE_ and client hint settings, applied to requests."""

    def __init__(self, settings: Settings) -> None:
        self._enforced = {name: bool(getattr(settings, f"enforce_{name}")) for name in _NEGOTIATED}
        self._preferred = {
            name: self._enforced[name] or bool(getattr(settings, f"auto_{name}")) for name in _NEGOTIATED
        }
        self._by_accept = any(self._preferred.values())
        self._by_hints = settings.enable_client_hints
        varied = ["Accept"] * self._by_accept + [_HINT_HEADERS] * self._by_hints
        self.vary = ", ".join(varied)
        """The request headers that addresses are negotiated by; '' where there are none."""
        accepted = ["Accept"] * any(self._enforced.values()) + [_HINT_HEADERS] * self._by_hints
        self._vary_named = ", ".join(accepted)

    def settled(self, plan: Plan) -> Plan:
        """``plan`` without what does not count, so that it is one plan for all: who names a format gets no other."""
        if plan.format and not any(self._enforced.values()):
            return replace(plan, preference=FormatPreference())
        return plan

    def varies(self, plan: Plan) -> str:
        """Value of the Vary header of an answer to ``plan``; '' for none. A format that it names is for all."""
        return self._vary_named if plan.format else self.vary

    def initial(self, base: Plan, headers: Mapping[str, str]) -> Plan:
        """``base`` with what ``headers`` say of the client. Options of the URL are applied on top of it."""
        if self._by_accept:
            base = replace(base, preference=self.preference(headers.get("Accept", "")))
        if self._by_hints:
            base = _with_hints(base, headers)
        return base

    def preference(self, accept: str) -> FormatPreference:
        """Formats that this client may get without, or against, the URL's word."""
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


def _with_hints(base: Plan, headers: Mapping[str, str]) -> Plan:
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
