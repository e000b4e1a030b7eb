"""What a request asks for besides its plan, and what it can end in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from mememime_proxy.variant import Variant

_serials = itertools.count(1)


def new_serial() -> int:
    """A number that no picture of this process has had."""
    return next(_serials)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says besides its plan. ``deadline`` is on the event loop's clock."""

    deadline: float
    if_none_match: str = ""
    if_modified_since: str = ""
    source_headers: Mapping[str, str] = field(default_factory=dict)
    key: bytes = b""
    """The variant's key where it is known already."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One result, shared by all who wait for it. ``status`` differs from 200 for a fallback picture."""

    variant: Variant[bytes]
    etag: str = ""
    modified: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    source_size: int = 0
    status: int = 200
    fallback: bool = False
    stale: bool = False
    """The source cannot be asked whether it changed meanwhile."""
    spans: tuple[tuple[str, float], ...] = ()
    """Seconds that went into it for this request and those that waited with it, by part."""
    serial: int = field(default_factory=new_serial, compare=False)
    """Tells pictures apart within this process without holding on to them."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The client has the current bytes already."""

    etag: str = ""
    modified: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


Outcome = Picture | Unchanged
