"""A fault that is planted, for the test of the engine; it is no target of trials."""

from __future__ import annotations

from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = ()


def _planted(data: bytes) -> None:
    if data[:6] == b"\x89magic" and len(data) > 8:
        raise ValueError("planted")


UNLISTED = (Target(name="selftest.planted", run=_planted, seeds=lambda: (b"some seed",), allowed=()),)
