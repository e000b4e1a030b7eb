"""Settings that need a package that is not installed."""

import importlib.util

import pytest

from mememime_proxy.doctor.findings import State
from mememime_proxy.doctor.worker_checks import check_extras, check_fonts
from mememime_proxy.settings.settings import Settings

EXTRAS = {"use_gcs": "cloud", "use_abs": "cloud", "open_telemetry_enable": "otel", "repack_assets": "repack",
          "auto_jxl": "jxl"}  # fmt: skip


@pytest.mark.parametrize(("name", "extra"), EXTRAS.items())
def test_f8_missing_extra_is_a_fault(monkeypatch, name, extra):
    settings = Settings(**{name: True})
    (finding,) = check_extras(settings)
    assert finding.state is State.OK
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (finding,) = check_extras(settings)
    assert finding.state is State.WRONG
    assert f"'.[{extra}]'" in finding.detail
    assert name.upper() in finding.subject


def test_missing_fonts_are_noted_with_what_to_do():
    assert check_fonts(has_fonts=True).state is State.OK
    finding = check_fonts(has_fonts=False)
    assert finding.state is State.NOTE
    assert "MEMEMIME_FONTS_DIR" in finding.detail


def test_what_is_off_needs_no_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not list(check_extras(Settings()))
