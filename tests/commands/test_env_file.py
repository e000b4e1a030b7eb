"""``--env-file`` on every command, and the file of a run that needs no name."""

import os

import click
import pytest
from click.testing import CliRunner

from mememime_proxy.commands.env_file import EnvFile, add_option, current
from mememime_proxy.commands.group import COMMANDS, main


def leaves(command, path=()):
    """Every command that can be run, with its words."""
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*path, name))
    else:
        yield path, command


LEAVES = dict(leaves(main))


def probe(use):
    @click.command()
    @click.option("--key", envvar="MEMEMIME_KEY", default="")
    def command(key):
        click.echo(f"{key} {os.environ.get('MEMEMIME_TTL', '')} {current()}")

    return add_option(command, use)


def run(use, *arguments, **env):
    return CliRunner().invoke(probe(use), arguments, env=env)


@pytest.fixture
def found(tmp_path):
    """The file of a run in the working directory, which is a folder of the test."""
    (tmp_path / ".mememime").mkdir()
    path = tmp_path / ".mememime" / "env"
    path.write_text("MEMEMIME_KEY='aa'\nMEMEMIME_SALT='bb'\nMEMEMIME_TTL='7'\n")
    return path


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_command_has_the_option_and_names_its_variables(words):
    command = LEAVES[words]
    text = CliRunner().invoke(main, [*words, "--help"]).output
    assert "--env-file" in text
    for param in command.params:
        if isinstance(param, click.Option) and param.envvar:
            names = [param.envvar] if isinstance(param.envvar, str) else param.envvar
            assert all(name in "".join(text.split()) for name in names)


def test_named_file_is_below_the_environment_and_gone_afterwards(tmp_path):
    file = tmp_path / "my.env"
    file.write_text("MEMEMIME_KEY=aa\nMEMEMIME_TTL=7\n")
    assert run(EnvFile.NAMED, "--env-file", str(file), MEMEMIME_TTL="9").output == f"aa 9 {file}\n"
    assert "MEMEMIME_KEY" not in os.environ
    assert run(EnvFile.NAMED, MEMEMIME_ENV_LOCAL_FILE_PATH=str(file)).output == "aa 7 None\n"


def test_named_file_that_is_missing_is_an_error(tmp_path):
    result = run(EnvFile.NAMED, "--env-file", "missing.env")
    assert (result.exit_code, "'missing.env' does not exist" in result.output) == (2, True)
    result = run(EnvFile.NAMED, MEMEMIME_ENV_LOCAL_FILE_PATH="missing.env")
    assert (result.exit_code, "MEMEMIME_ENV_LOCAL_FILE_PATH: found 'missing.env'" in result.output) == (1, True)


def test_file_of_a_run_is_found_and_named_on_standard_error(found):
    result = run(EnvFile.FOUND)
    assert (result.stdout, result.stderr) == ("aa 7 None\n", "Settings from .mememime/env\n")


def test_file_of_a_run_is_left_alone_where_another_is_named_or_needed(found, tmp_path):
    other = tmp_path / "other.env"
    other.write_text("MEMEMIME_KEY=cc\n")
    assert run(EnvFile.FOUND, "--env-file", str(other)).output == f"cc  {other}\n"
    assert run(EnvFile.NAMED).output == "  None\n"
    assert run(EnvFile.PATH, "--env-file", str(other)).output == f"  {other}\n"


@pytest.mark.parametrize("name", ["migrate", "reconcile", "proxy", "resources"])
def test_command_that_changes_or_serves_takes_only_a_named_file(name):
    assert COMMANDS[name].env_file in {EnvFile.NAMED, EnvFile.PATH}
