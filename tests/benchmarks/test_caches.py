import urllib.request

from benchmarks.caches import _REPEATS, MODES, origin
from mememime_proxy.settings.settings import Settings


def test_every_mode_is_made_of_settings_that_exist():
    assert set(_REPEATS) == set(MODES)
    for settings in MODES.values():
        assert set(settings) <= set(Settings.model_fields)


def test_originals_come_with_a_validator(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"original")
    with origin(tmp_path) as base, urllib.request.urlopen(f"{base}/a.txt", timeout=10) as answer:
        assert answer.read() == b"original"
        assert answer.headers["Last-Modified"]
