"""``mememime alias``, with a running service."""

import pytest

from tests.support.ports import reserve_port
from tests.support.service_commands import json_of, run_command


def test_alias_list_is_filtered_and_in_order(service):
    names = [alias["name"] for alias in json_of(service, "alias", "list", "p/")]
    assert names == sorted(names)
    assert {"p/one", "p/two"} <= set(names)
    assert [alias["name"] for alias in json_of(service, "alias", "list", "alias://p/", "--contains", "tw")] == ["p/two"]
    output = run_command(service, "alias", "list").output
    assert output.startswith("name ")
    assert "8×4" in output


def test_alias_set_makes_one_with_attributes_and_keeps_those_not_given(service, new_asset):
    digest = new_asset()
    alias = json_of(service, "alias", "set", "shop/cup", digest, "--tag", "a", "--tag", "b", "--focal", "0.2", "0.3")
    assert (alias["sha256"], alias["tags"], alias["focal"]) == (digest, ["a", "b"], {"x": 0.2, "y": 0.3})
    alias = json_of(service, "alias", "set", "shop/cup", digest, "--preset", "card")
    assert (alias["preset"], alias["tags"], alias["version"]) == ("card", ["a", "b"], 2)
    assert [each["name"] for each in json_of(service, "alias", "list", "--tag", "b")] == ["shop/cup"]


def test_alias_moves_rolls_back_and_has_a_history(service, new_asset):
    first, second = new_asset("m/cup"), new_asset("m/other")
    assert json_of(service, "alias", "move", "m/cup", "alias://m/other")["sha256"] == second
    assert json_of(service, "alias", "rollback", "m/cup")["sha256"] == first
    history = json_of(service, "alias", "history", "m/cup")
    assert [(each["version"], each["sha256"]) for each in history] == [(3, first), (2, second), (1, first)]
    assert json_of(service, "alias", "rollback", "m/cup", "--to", "2")["version"] == 4
    assert "alias rollback m/cup --to 3" in run_command(service, "alias", "history", "m/cup").stderr


def test_alias_deleted_is_gone_until_it_is_rolled_back(service, new_asset):
    digest = new_asset("d/cup")
    assert "deleted d/cup" in run_command(service, "alias", "delete", "alias://d/cup").stdout
    assert run_command(service, "alias", "show", "d/cup").exit_code == 1
    assert json_of(service, "alias", "rollback", "d/cup")["sha256"] == digest
    assert json_of(service, "alias", "show", "d/cup")["version"] == 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("show", "nothing"), "there is no alias nothing"),
        (("move", "nothing", "p/one"), "there is no alias nothing"),
        (("set", "new", "nothing"), "there is no alias nothing"),
        (("set", "new", "0" * 64), "asset"),
        (("set", ".hidden", "p/one"), "alias.name_invalid"),
        (("rollback", "p/two"), "has no earlier version"),
        (("rollback", "p/two", "--to", "9"), "version"),
    ],
)
def test_alias_that_cannot_be_changed_says_why(service, words, text):
    result = run_command(service, "alias", *words)
    assert result.exit_code == 1
    assert text in result.stderr
    assert "Traceback" not in result.output


def test_alias_key_that_is_refused_is_an_error_with_an_advice(service):
    result = run_command(service, "alias", "list", key="mk_wrong")
    assert result.exit_code == 1
    assert "MEMEMIME_RESOURCES_API_KEY" in result.stderr


def test_alias_service_that_is_down_is_told_at_once_and_ends_with_an_advice(monkeypatch):
    monkeypatch.setattr("mememime_proxy.client.transfer.retries._FIRST_WAIT", 0.0)
    with reserve_port() as port:
        result = run_command(f"http://127.0.0.1:{port}", "alias", "list")
    assert result.exit_code == 3
    first, *_, last = result.stderr.splitlines()
    assert first.endswith("; trying again")
    assert "`mememime serve` starts one" in last


def test_alias_without_a_service_names_its_variables():
    result = run_command("", "alias", "list", key="")
    assert result.exit_code == 2
    assert "MEMEMIME_RESOURCES_URL" in result.stderr
