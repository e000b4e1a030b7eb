"""What addresses ask for, remembered: whoever asks for the same again does not pay for its verification."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.urls.path import split

_REMEMBERED = 4096
_LONGEST = 2048
"""Characters of an address, and of a header that it is negotiated by, up to which it is remembered."""


@dataclass(slots=True)
class Address:
    """What an address was found to ask for, and the head of its last answer."""

    plan: Plan
    key: bytes
    """The variant's."""
    serial: int = 0
    """The picture's that ``head`` was made for."""
    until: int = 0
    """Unix seconds; 0 = whenever."""
    head: bytes = b""


class Addresses:
    """Only what was verified is remembered, and only until its URL expires."""

    def __init__(self, settings: Settings, parser: UrlParser, negotiation: Negotiation, keys: VariantKeys) -> None:
        self._prefix = settings.path_prefix
        self._base_plan = config.base_plan(settings)
        self._parser = parser
        self._negotiation = negotiation
        self._keys = keys
        self._looked_at = tuple(name.strip() for name in negotiation.vary.split(",") if name.strip())
        self._known: LRUCache[tuple[str, ...], Address] = LRUCache(_REMEMBERED)

    def find(self, target: str, headers: Mapping[str, str]) -> Address:
        """What a raw request target asks for, from a client with these headers. Raises what the parser raises."""
        path = split(target, self._prefix)
        asked = (path, *[headers.get(name, "") for name in self._looked_at])
        found = self._known.get(asked)
        if found is not None and (not found.plan.expires or found.plan.expires >= int(time.time())):
            return found
        signed = self._parser.verify(path)
        plan = self._parser.plan(signed, self._negotiation.initial(self._base_plan, headers))
        plan = self._negotiation.settled(plan)
        address = Address(plan, self._keys.key(plan))
        if max(map(len, asked)) <= _LONGEST:
            self._known[asked] = address
        return address
