"""A variant: one result, an original rendered by a plan. Workers make it, the caches hold it, responses send it."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from mememime_proxy.memfd import Buffer

Body = TypeVar("Body", bound=Buffer)
"""In a worker any buffer, a map of the original among them; outside of it ``bytes``."""


class Variant(msgspec.Struct, Generic[Body], frozen=True, array_like=True, weakref=True):
    """One result. Sides in pixels.

    The wire and the store carry the facts in this order and the body apart, so that ``body`` is empty there: fields may
    be added at the end, with a default.
    """

    format: str = ""
    width: int = 0
    height: int = 0
    source_format: str = ""
    source_width: int = 0
    """Of the original turned upright."""
    source_height: int = 0
    pages: int = 1
    """Frames."""
    rendered: bool = True
    """False: the body is the original, untouched but for the sanitising of an SVG."""
    body: Body = b""  # type: ignore[assignment]  # every buffer may be empty
    damage: str = ""
    """``truncated`` or ``corrupt`` where the original is damaged, and the variant shows what could be decoded."""
    unsigned_digest: bytes = b""
    """Of the body before it got a C2PA manifest, which differs each time; empty where it got none."""
