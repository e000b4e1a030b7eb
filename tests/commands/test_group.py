import importlib.util
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mememime_proxy import __version__
from mememime_proxy.commands.group import COMMANDS, SECTIONS, main
from mememime_proxy.settings.settings import Settings
from tests.support import commands_page

ALL = main.list_commands(None)


@pytest.fixture
def without(monkeypatch):
    """Hide packages, as in an installation without an extra."""
    find = importlib.util.find_spec

    def hide(*names):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else find(name))

    return hide


def test_commands_page_is_the_one_that_make_docs_writes():
    assert commands_page.PATH.read_text("utf-8") == commands_page.page(), "run: make docs"


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command_is_shown(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: mememime {name}") or f" {name} " in result.output.splitlines()[0]


@pytest.mark.parametrize("name", ALL)
def test_command_has_a_module_of_its_name(name):
    module = main.get_command(None, name).callback.__module__
    assert module.rpartition(".")[2] == name.replace("-", "_")


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [
        ("sqlalchemy", "resources", "resources"),
        ("alembic", "migrate", "resources"),
        ("rich", "upload", "client"),
        ("rich", "demo", "server"),
    ],
)
def test_command_without_its_extra_says_how_to_install_it(without, package, name, extra):
    without(package)
    result = CliRunner().invoke(main, [name, "--any", "option"])
    assert result.exit_code == 1
    assert f"needs the extra '{extra}'" in result.output
    assert f"pip install '.[{extra}]'" in result.output
    assert f"pip install 'mememime-{__version__}-py3-none-any.whl[{extra}]'" in result.output


def test_list_without_an_extra_has_all_commands(without):
    without("rich")
    output = CliRunner().invoke(main, ["--help"]).output
    assert "(extra client)" in output
    assert all(f"\n  {name} " in output for name in ALL)


def test_list_is_grouped_and_short_and_imports_no_command():
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(f"\n{title}:\n" in output for title in SECTIONS)
    assert len(output.splitlines()) <= 50
    assert max(map(len, output.splitlines())) <= 80


def test_group_imports_neither_a_web_server_nor_a_decoder_nor_settings():
    code = (
        "import sys, mememime_proxy.commands.group as group\n"
        "group.main(['--help'], standalone_mode=False)\n"
        "assert not {'aiohttp', 'pyvips', 'pydantic', 'sqlalchemy', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", ALL)
def test_variables_in_a_help_are_settings(name):
    words = re.findall(r"MEMEMIME_[A-Z0-9_]+", COMMANDS[name].variables)
    assert {word.removeprefix("MEMEMIME_").lower() for word in words} <= set(Settings.model_fields)


def test_unknown_command_is_a_usage_error():
    assert CliRunner().invoke(main, ["paint"]).exit_code == 2
