"""``mememime keys``: what is made can be used, what is shown is no secret, and a rotation refuses nothing valid."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from mememime_proxy.service.tokens import Tokens
from mememime_proxy.settings.settings import load
from mememime_proxy.settings.weaknesses import weaknesses
from mememime_proxy.urls import UrlBuilder, UrlConfig, UrlParser
from tests.support.resource_process import ResourceProcess
from tests.support.service_commands import json_of, run_command

KIND = ["url", "token", "purge", "admin", "encryption"]


def run(*words, **env):
    return CliRunner().invoke(main, ["keys", *words], env={f"MEMEMIME_{name}": value for name, value in env.items()})


def variables(text):
    return dict(line.removeprefix("MEMEMIME_").split("=", 1) for line in text.splitlines())


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("resources")) as service:
        yield service


def test_keys_new_are_valid_settings_and_never_the_same():
    first, second = variables(run("new", *KIND).stdout), variables(run("new", *KIND).stdout)
    assert set(first) == {"KEY", "SALT", "TOKEN_KEY", "PURGE_KEY", "ADMIN_API_KEY", "SOURCE_URL_ENCRYPTION_KEY"}
    assert not set(first.values()) & set(second.values())
    settings = load({f"MEMEMIME_{name}": value for name, value in first.items()})
    assert not list(weaknesses(settings, proxy=True, resources=True))


def test_keys_written_to_a_file_are_private_and_replace_nothing():
    Path("my.env").write_text("MEMEMIME_TTL=5")
    result = run("new", "--write", "my.env")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path("my.env").stat().st_mode & 0o777 == 0o600
    lines = Path("my.env").read_text().splitlines()
    assert [line.partition("=")[0] for line in lines] == ["MEMEMIME_TTL", "MEMEMIME_KEY", "MEMEMIME_SALT"]
    again = run("new", "--write", "my.env")
    assert again.exit_code == 1
    assert "has MEMEMIME_KEY, MEMEMIME_SALT already" in again.stderr
    assert Path("my.env").read_text().splitlines() == lines


def test_keys_shown_are_fingerprints():
    key, salt = "ab" * 32, "cd" * 8
    result = run("show", KEY=f"{key},{salt}", SALT=f"{salt},{key}")
    assert key not in result.output
    assert salt not in result.output
    facts = json.loads(run("show", "--json", KEY=f"{key},{salt}", SALT=f"{salt},{key}").stdout)
    assert [(fact["variable"], fact["number"], fact["bits"]) for fact in facts] == [
        ("MEMEMIME_KEY", 1, 256),
        ("MEMEMIME_KEY", 2, 64),
        ("MEMEMIME_SALT", 1, 64),
        ("MEMEMIME_SALT", 2, 256),
    ]
    assert facts[0]["fingerprint"] == facts[3]["fingerprint"] != facts[1]["fingerprint"]
    assert "keys new" in run("show").stderr


def parser_of(env):
    settings = load({f"MEMEMIME_{name}": value for name, value in env.items()})
    return UrlParser(UrlConfig(key_pairs=tuple(zip(settings.key, settings.salt, strict=True))))


def signed(env):
    key, salt = (env[name].split(",")[0] for name in ("KEY", "SALT"))
    return UrlBuilder("", key, salt).build("local:///x")


def test_keys_of_urls_are_rotated_without_refusing_a_valid_url():
    env = variables(run("new").stdout)
    old_url = signed(env)
    accepting = variables(run("rotate", "url", **env).stdout)
    assert signed(accepting) == old_url
    signing = variables(run("rotate", "url", "--step", "sign", **accepting).stdout)
    new_url = signed(signing)
    assert new_url != old_url
    for state in (accepting, signing):
        assert parser_of(state).parse(old_url) == parser_of(state).parse(new_url)
    retired = variables(run("rotate", "url", "--step", "retire", **signing).stdout)
    assert parser_of(retired).parse(new_url)
    assert len(retired["KEY"]) == 64
    assert "--step retire" in run("rotate", "url", "--step", "sign", **accepting).stderr


def test_keys_of_tokens_are_rotated_alike():
    env = variables(run("new", "token").stdout)
    accepting = variables(run("rotate", "token", **env).stdout)["TOKEN_KEY"].split(",")
    token = Tokens([bytes.fromhex(key) for key in accepting], "upload").issue({})
    assert Tokens(bytes.fromhex(env["TOKEN_KEY"]), "upload").verify(token) == {}


@pytest.mark.parametrize(
    ("words", "env", "text"),
    [
        (("rotate", "url"), {}, "found nothing to rotate"),
        (("rotate", "url", "--step", "sign"), {"KEY": "ab", "SALT": "cd"}, "begin with --step accept"),
        (("rotate", "url"), {"KEY": "ab,cd", "SALT": "cd"}, "different lengths"),
    ],
)
def test_keys_that_cannot_be_rotated_say_why(words, env, text):
    result = run(*words, **env)
    assert result.exit_code == 1
    assert text in result.stderr


def test_keys_of_the_api_are_created_replaced_and_revoked(service):
    created = run_command(service, "keys", "api", "create", "--role", "write", "--label", "shop", "--expires-in", "90d")
    key = created.stdout.strip()
    assert run_command(service, "alias", "list", key=key).exit_code == 0
    (row,) = [each for each in json_of(service, "keys", "api", "list") if each["label"] == "shop"]
    assert key not in run_command(service, "keys", "api", "list").output
    second = run_command(service, "keys", "api", "replace", row["id"])
    assert re.search(rf"keys api revoke {row['id']}", second.stderr)
    assert run_command(service, "keys", "api", "revoke", row["id"]).exit_code == 0
    assert run_command(service, "alias", "list", key=key).exit_code == 1
    assert run_command(service, "alias", "list", key=second.stdout.strip()).exit_code == 0
    assert run_command(service, "keys", "api", "revoke", row["id"]).exit_code == 1
    assert run_command(service, "keys", "api", "replace", "0" * 32).exit_code == 1


def test_keys_of_the_api_need_an_administrator(service):
    key = run_command(service, "keys", "api", "create", "--role", "write").stdout.strip()
    result = run_command(service, "keys", "api", "list", key=key)
    assert result.exit_code == 1
    assert "A key with another role" in result.stderr


@pytest.mark.parametrize("lifetime", ["", "0", "1w", "-5", "1.5h", "d"])
def test_lifetime_that_is_none_is_a_usage_error(lifetime):
    result = run_command("http://127.0.0.1:1", "keys", "api", "create", "--role", "read", "--expires-in", lifetime)
    assert (result.exit_code, "expected a number of seconds" in result.stderr) == (2, True)
