"""The development environment."""

import socket

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.service.development import environment
from mememime_proxy.service.development.environment import prepare


def prepared(tmp_path, defaults=None, **environ):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in environ.items()}
    return prepare(tmp_path / "home", tmp_path / ".env", defaults, variables)


def test_environment_without_variables_connects_the_services(tmp_path):
    environment = prepared(tmp_path)
    settings = environment.settings
    assert environment.proxy_url == f"http://{settings.bind}"
    assert environment.resources_url == f"http://{settings.resources_bind}" == settings.resources_url
    assert settings.purge_urls == (environment.proxy_url,)
    assert settings.resources_api_key == settings.admin_api_key != ""
    assert settings.assets_storage == str(tmp_path / "home" / "assets")
    assert environment.proxy == environment.resources


def test_missing_keys_are_generated_once_in_a_private_file(tmp_path):
    first = prepared(tmp_path).settings
    file = tmp_path / ".env"
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    second = prepared(tmp_path).settings
    assert file.read_text() == text
    for name in ("key", "salt", "purge_key", "token_key", "admin_api_key"):
        assert getattr(first, name) == getattr(second, name) != ""


def test_existing_key_file_keeps_its_keys_and_gets_missing_ones(tmp_path):
    (tmp_path / ".env").write_text("MEMEMIME_KEY=6b6b\nMEMEMIME_SALT=7373")
    settings = prepared(tmp_path).settings
    assert (settings.key, settings.salt) == ((b"kk",), (b"ss",))
    lines = (tmp_path / ".env").read_text().splitlines()
    assert lines[:2] == ["MEMEMIME_KEY=6b6b", "MEMEMIME_SALT=7373"]
    assert len(lines) == 5


@pytest.mark.parametrize("prefix", ["MEMEMIME_", "IMGPROXY_"])
def test_variable_that_is_set_wins_over_its_default(tmp_path, prefix):
    environ = {f"{prefix}BIND": ":9999", f"{prefix}KEY": "6b6b", f"{prefix}SALT": "7373", f"{prefix}PATH_PREFIX": "/p"}
    environment = prepare(tmp_path / "home", tmp_path / ".env", {"LOG_LEVEL": "warning"}, environ)
    assert (environment.settings.bind, environment.settings.log_level) == (":9999", "warning")
    assert environment.settings.key == (b"kk",)
    assert "MEMEMIME_KEY=" not in (tmp_path / ".env").read_text()
    assert environment.proxy_url == "http://127.0.0.1:9999/p"
    assert prepared(tmp_path, {"LOG_LEVEL": "warning"}, log_level="debug").settings.log_level == "debug"


def test_port_in_use_is_replaced_by_a_free_one(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(environment, "_RESOURCES_PORT", port)
        assert not prepared(tmp_path).settings.resources_bind.endswith(f":{port}")


def test_metrics_of_the_resource_service_have_the_next_port(tmp_path):
    environment = prepared(tmp_path, prometheus_bind="127.0.0.1:9090")
    found = [variables["MEMEMIME_PROMETHEUS_BIND"] for variables in (environment.proxy, environment.resources)]
    assert found == ["127.0.0.1:9090", "127.0.0.1:9091"]


def test_proxy_at_a_unix_socket_has_no_url(tmp_path):
    environment = prepared(tmp_path, network="unix", bind=str(tmp_path / "socket"))
    assert environment.proxy_url == ""
    assert environment.settings.purge_urls == ()


def test_port_zero_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="MEMEMIME_RESOURCES_BIND"):
        prepared(tmp_path, resources_bind="127.0.0.1:0")
