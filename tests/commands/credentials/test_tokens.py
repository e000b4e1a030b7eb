"""``mememime tokens``: made, decoded and refused."""

import json

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.credentials.token_contents import inspect_token
from mememime_proxy.commands.group import main
from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.service.tokens import Tokens
from tests.support.resource_process import TOKEN_KEY, ResourceProcess
from tests.support.service_commands import json_of, run_command

KEY, OTHER = "ab" * 32, "cd" * 32


def run(*words, **env):
    return CliRunner().invoke(main, ["tokens", *words], env={f"MEMEMIME_{name}": value for name, value in env.items()})


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("resources")) as service:
        yield service


def test_tokens_for_uploads_have_the_claims_that_were_given(service):
    words = (
        "--expires-in",
        "30m",
        "--prefix",
        "u/",
        "--max-size",
        "5",
        "--type",
        "image/png",
        "--count",
        "2",
        "--subject",
        "anna",
    )
    token = json_of(service, "tokens", "upload", *words, "--subject", "anna")["token"]
    decoded = json.loads(run("decode", token, "--json", TOKEN_KEY=f"{OTHER},{TOKEN_KEY}").stdout)
    assert (decoded["scope"], decoded["key"], decoded["problem"]) == ("upload", "upload key 2 of 2", "")
    claims = decoded["claims"]
    assert claims["subject"] == "anna"
    assert (claims["prefix"], claims["max_size"], claims["types"], claims["count"]) == ("u/", 5, ["image/png"], 2)
    assert "valid until" in run_command(service, "tokens", "upload").stderr


def test_tokens_for_purges_name_their_source():
    token = run("purge", "local:///x", PURGE_KEY=KEY).stdout.strip()
    assert PurgeTokens(bytes.fromhex(KEY)).verify(token) == "local:///x"
    result = run("decode", token, PURGE_KEY=KEY)
    assert result.exit_code == 0
    assert "scope    purge" in result.stdout
    assert '{"source": "local:///x"}' in result.stdout


def test_tokens_of_an_unknown_key_are_decoded_and_not_valid():
    token = run("purge", "local:///x", PURGE_KEY=KEY).stdout.strip()
    result = run("decode", token, PURGE_KEY=OTHER)
    assert result.exit_code == 1
    assert '{"source": "local:///x"}' in result.stdout
    assert "no key of this environment made it" in result.stdout


@pytest.mark.parametrize("text", ["", "abc", "a.b", "a.b.c", "ü.b.c", "....", "e30.!!.x"])
def test_tokens_that_are_none_are_an_error(text):
    result = run("decode", "--", text, PURGE_KEY=KEY)
    assert result.exit_code == 1
    assert "this is no token" in result.stderr


def test_tokens_facts_say_why_one_is_not_valid():
    keys = {"upload": [bytes.fromhex(KEY)], "purge": [bytes.fromhex(KEY)]}
    purge = Tokens(bytes.fromhex(KEY), "purge").issue({"source": "x"})
    issued = inspect_token(purge, keys).issued.timestamp()
    assert inspect_token(purge, keys, issued + 299).problem == ""
    assert "expired" in inspect_token(purge, keys, issued + 301).problem
    assert "compare the clocks" in inspect_token(purge, keys, issued - 100).problem
    upload = Tokens(bytes.fromhex(KEY), "upload").issue({"expires": int(1000 * issued) + 5000})
    assert inspect_token(upload, keys, issued + 4).problem == ""
    assert "expired" in inspect_token(upload, keys, issued + 6).problem


def test_tokens_without_a_key_name_the_variable():
    result = run("purge", "local:///x")
    assert (result.exit_code, "MEMEMIME_PURGE_KEY" in result.stderr) == (2, True)
    assert run("purge", "local:///x", PURGE_KEY="xyz").exit_code == 1
    assert run("decode", "abc", TOKEN_KEY="xyz").exit_code == 1
