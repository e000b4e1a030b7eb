"""The file by which commands in another shell reach the services of a run."""

import pytest
from dotenv import dotenv_values

from mememime_proxy.service.development import run_file


@pytest.mark.parametrize(
    "value", ["plain", "two words", "it's", "back\\slash", 'quo"te', "$HOME", "a#b", "", "line\nend"]
)
def test_written_value_is_read_back_unchanged(tmp_path, value):
    path = run_file.write(tmp_path, {"MEMEMIME_SECRET": value})
    assert dotenv_values(path, interpolate=False) == {"MEMEMIME_SECRET": value}


def test_file_has_settings_alone_and_is_private(tmp_path):
    path = run_file.write(tmp_path, {"MEMEMIME_KEY": "00", "IMGPROXY_SALT": "11", "AWS_SECRET_ACCESS_KEY": "x"})
    assert sorted(dotenv_values(path)) == ["IMGPROXY_SALT", "MEMEMIME_KEY"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["env"]


def test_run_is_found_before_env_and_a_foreign_env_is_not(tmp_path):
    assert run_file.find(tmp_path) is None
    (tmp_path / ".env").write_text("DATABASE=postgres\n")
    assert run_file.find(tmp_path) is None
    (tmp_path / ".env").write_text("export MEMEMIME_KEY=00\n")
    assert run_file.find(tmp_path) == tmp_path / ".env"
    (tmp_path / ".mememime").mkdir()
    run_file.write(tmp_path / ".mememime", {"MEMEMIME_KEY": "00"})
    assert run_file.find(tmp_path) == tmp_path / ".mememime" / "env"


def test_found_file_neither_overrides_nor_splits_what_belongs_together():
    file = {"MEMEMIME_RESOURCES_URL": "http://evil", "MEMEMIME_KEY": "00", "MEMEMIME_SALT": "11", "LD_PRELOAD": "x"}
    environ = {"IMGPROXY_KEY": "22", "MEMEMIME_RESOURCES_API_KEY": "secret"}
    assert run_file.merge(file, environ) == environ
    assert run_file.merge({"MEMEMIME_PUBLIC_URL": "http://evil"}, {"MEMEMIME_SECRET": "x"}) == {"MEMEMIME_SECRET": "x"}
    assert run_file.merge(file, {"MEMEMIME_TTL": "5"}) == {
        "MEMEMIME_RESOURCES_URL": "http://evil", "MEMEMIME_KEY": "00", "MEMEMIME_SALT": "11", "MEMEMIME_TTL": "5"
    }  # fmt: skip
