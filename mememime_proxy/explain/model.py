"""Explanations as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlPart:
    """A part of the URL and its meaning. ``start``, ``end``: its characters in the URL; equal where it is not in it."""

    kind: str
    """``address``, ``signature``, ``preset``, ``option``, ``pipeline``, ``source``, ``format`` or ``member``."""
    text: str
    meaning: str
    start: int = 0
    end: int = 0
    sets: dict[str, str] = field(default_factory=dict)
    """The fields of the plan that it changes, by their names in the plan, with their values as texts.

    Behind those of pipelines that follow the first one stands their number: ``width (pipeline 2)``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The cause of a refusal: the mistake in the URL, or the setting of the service."""

    id: str
    """Stable name: ``signature.truncated``."""
    text: str
    remedy: str
    start: int = 0
    end: int = 0
    """The characters of the URL that are wrong; equal where it is none in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The response to a URL that is refused, and its cause."""

    status: int
    code: str
    public: str
    """The text that a client sees."""
    detail: str
    """The text in the log."""
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that the settings say about a URL."""

    url: str
    parts: tuple[UrlPart, ...]
    refusal: Refusal | None
    notes: tuple[str, ...] = ()
    source: str = ""
    """The source's URL after the operator's replacements and base URL."""
    format: str = ""
    """What is known of the result's format."""
    vary: str = ""
    """The request headers that the response depends on."""
