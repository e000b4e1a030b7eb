from __future__ import annotations

from mememime_proxy.workers.quarantine import CRASHES, PERIOD, Quarantine
from tests.support.clock import Clock


def test_quarantine_original_is_refused_after_its_second_crash_and_for_a_while() -> None:
    clock = Clock()
    quarantine = Quarantine(clock)
    for _ in range(CRASHES):
        assert not quarantine.contains("poison")
        quarantine.record("poison")
    assert quarantine.contains("poison")
    assert not quarantine.contains("other")
    assert len(quarantine) == 1
    clock.now += PERIOD + 1
    assert not quarantine.contains("poison")
    assert len(quarantine) == 0


def test_quarantine_crashes_in_different_periods_are_not_added() -> None:
    clock = Clock()
    quarantine = Quarantine(clock)
    quarantine.record("unlucky")
    clock.now += PERIOD + 1
    quarantine.record("unlucky")
    assert not quarantine.contains("unlucky")


def test_quarantine_original_without_fingerprint_is_never_refused() -> None:
    quarantine = Quarantine()
    for _ in range(CRASHES):
        quarantine.record("")
    assert not quarantine.contains("")
