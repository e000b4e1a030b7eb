import socket

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.service import dev_environment
from mememime_proxy.service.dev_environment import prepare


def made(tmp_path, defaults=None, **environ):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in environ.items()}
    return prepare(tmp_path / "home", tmp_path / ".env", defaults, variables)


def test_what_nobody_says_fits_together(tmp_path):
    it = made(tmp_path)
    settings = it.settings
    assert it.proxy_url == f"http://{settings.bind}"
    assert it.resources_url == f"http://{settings.resources_bind}" == settings.resources_url
    assert settings.purge_urls == (it.proxy_url,)
    assert settings.resources_api_key == settings.admin_api_key != ""
    assert settings.assets_storage == str(tmp_path / "home" / "assets")
    assert it.proxy == it.resources


def test_keys_are_made_once_for_their_owner_alone(tmp_path):
    first = made(tmp_path).settings
    file = tmp_path / ".env"
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    second = made(tmp_path).settings
    assert file.read_text() == text
    for name in ("key", "salt", "purge_key", "token_key", "admin_api_key"):
        assert getattr(first, name) == getattr(second, name) != ""


def test_a_file_of_before_gets_what_it_lacks_and_keeps_what_it_has(tmp_path):
    (tmp_path / ".env").write_text("MEMEMIME_KEY=6b6b\nMEMEMIME_SALT=7373")
    settings = made(tmp_path).settings
    assert (settings.key, settings.salt) == ((b"kk",), (b"ss",))
    lines = (tmp_path / ".env").read_text().splitlines()
    assert lines[:2] == ["MEMEMIME_KEY=6b6b", "MEMEMIME_SALT=7373"]
    assert len(lines) == 5


@pytest.mark.parametrize("prefix", ["MEMEMIME_", "IMGPROXY_"])
def test_whatever_somebody_says_holds(tmp_path, prefix):
    environ = {f"{prefix}BIND": ":9999", f"{prefix}KEY": "6b6b", f"{prefix}SALT": "7373", f"{prefix}PATH_PREFIX": "/p"}
    it = prepare(tmp_path / "home", tmp_path / ".env", {"LOG_LEVEL": "warning"}, environ)
    assert (it.settings.bind, it.settings.log_level) == (":9999", "warning")
    assert it.settings.key == (b"kk",)
    assert "MEMEMIME_KEY=" not in (tmp_path / ".env").read_text()
    assert it.proxy_url == "http://127.0.0.1:9999/p"
    assert made(tmp_path, {"LOG_LEVEL": "warning"}, log_level="debug").settings.log_level == "debug"


def test_a_port_that_is_taken_is_left_to_its_owner(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(dev_environment, "_RESOURCES_PORT", port)
        assert not made(tmp_path).settings.resources_bind.endswith(f":{port}")


def test_metrics_of_the_second_are_one_port_further(tmp_path):
    it = made(tmp_path, prometheus_bind="127.0.0.1:9090")
    found = [variables["MEMEMIME_PROMETHEUS_BIND"] for variables in (it.proxy, it.resources)]
    assert found == ["127.0.0.1:9090", "127.0.0.1:9091"]


def test_at_a_socket_the_proxy_has_no_address_for_others(tmp_path):
    it = made(tmp_path, network="unix", bind=str(tmp_path / "socket"))
    assert it.proxy_url == ""
    assert it.settings.purge_urls == ()


def test_a_port_that_nobody_can_know_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="MEMEMIME_RESOURCES_BIND"):
        made(tmp_path, resources_bind="127.0.0.1:0")
