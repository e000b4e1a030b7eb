"""Which variants are written to the store: to write one to a bucket costs more than to render it a few times."""

from __future__ import annotations

from typing import Literal

from mememime_proxy.proxy.cache.request_counts import RequestCounts
from mememime_proxy.proxy.model import VariantRequest

PolicyName = Literal["all", "presets", "second", "none"]


class WritePolicy:
    """The policy of one process, whose counts are its own: NGINX sends the variants of a source to one process."""

    def __init__(self, name: PolicyName, counts: RequestCounts | None = None) -> None:
        self.name = name
        self._counts = counts or (RequestCounts() if name == "second" else None)

    def admits(self, request: VariantRequest) -> bool:
        """Whether the variant of a request, which was just made, is written. Counts the request."""
        if self._counts is not None:
            return self._counts.add(request.key) > 1
        preset = request.original.preset if request.original is not None else ""
        return self._decide(request, stored_preset=bool(preset))

    def may_admit(self, request: VariantRequest) -> bool:
        """Whether the variant of a request may be written, if it is made."""
        if self._counts is not None:
            return self._counts.estimate(request.key) > 0
        return self._decide(request, stored_preset=True)

    def _decide(self, request: VariantRequest, *, stored_preset: bool) -> bool:
        """``stored_preset``: whether the source has a preset, which applies to a URL without options."""
        if self.name == "presets":
            return request.by_presets or (request.plan.takes_preset and stored_preset)
        return self.name == "all"
