"""The part of a plan that a request has once beside the common fields: pages of the original, as frozen values.

A default changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRange:
    """The pages of a document, or the frames of an animation, that a still picture shows."""

    first: int = 0
    """Counted from 0; behind the last one it is that."""
    count: int = 1
    """One below the other."""


FIRST_PAGE = PageRange()
