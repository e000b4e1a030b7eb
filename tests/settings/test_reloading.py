"""What changes when settings are read again."""

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.plan import ImageLimits, RenderConfig
from mememime_proxy.settings.groups.detection import DetectionSettings
from mememime_proxy.settings.reference import is_reloadable
from mememime_proxy.settings.reloading import update
from mememime_proxy.settings.settings import Settings, load

KEYS = {"MEMEMIME_KEY": "aa", "MEMEMIME_SALT": "bb"}


def test_settings_that_can_change_do_and_others_are_named():
    present = load(KEYS | {"IMGPROXY_TTL": "5", "MEMEMIME_BIND": ":1", "MEMEMIME_QUALITY": "70"})
    new = load({"IMGPROXY_KEY": "cc", "IMGPROXY_SALT": "bb", "MEMEMIME_BIND": ":2", "MEMEMIME_QUALITY": "70"})
    result = update(present, new)
    assert result.changed == ("IMGPROXY_KEY", "IMGPROXY_TTL")
    assert result.restart_needed == ("MEMEMIME_BIND",)
    assert (result.settings.key, result.settings.ttl, result.settings.bind) == ((b"\xcc",), 31536000, ":1")
    assert result.settings.variable("key") == "IMGPROXY_KEY"
    assert result.settings.variable("bind") == "MEMEMIME_BIND"
    assert (present.key, present.ttl) == ((b"\xaa",), 5)


def test_equal_settings_are_no_change():
    result = update(load(KEYS), load(KEYS))
    assert (result.changed, result.restart_needed) == ((), ())


def test_contradiction_with_a_setting_that_stays_is_refused():
    present = load(KEYS | {"MEMEMIME_NGINX_CACHE_PATH": "/x"})
    new = load(KEYS | {"MEMEMIME_CACHE_TAGS_FORMAT": "none"})
    with pytest.raises(SettingsError, match="MEMEMIME_CACHE_TAGS_FORMAT: found `none`"):
        update(present, new)


@pytest.mark.parametrize(
    "name", ["bind", "network", "database_url", "assets_storage", "cache_use", "workers", "log_format"]
)
def test_setting_that_needs_a_restart_is_not_marked_as_reloadable(name):
    assert not is_reloadable(Settings.model_fields[name])


@pytest.mark.parametrize(
    "name", ["key", "salt", "presets", "presets_path", "allowed_sources", "watermark_path", "log_level", "token_key",
             "purge_key", "admin_api_key", "resources_api_key"],
)  # fmt: skip
def test_setting_that_operators_rotate_is_reloadable(name):
    assert is_reloadable(Settings.model_fields[name])


NETS = {"detection", "classification"}
"""What several settings come to."""


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in RenderConfig.__dataclass_fields__ if name not in NETS),
        *ImageLimits.__dataclass_fields__,
        *DetectionSettings.__annotations__,
    ],
)
def test_setting_of_renders_is_reloadable(name):
    """A new worker pool or plan is made of them anyway; one that stayed would be forgotten here only."""
    assert is_reloadable(Settings.model_fields[name])
