"""Log events are named ``noun.verb``, and docs/logs.md lists each of them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
LOGGER = re.compile(r"(^|\.)_?log(ger\(\))?$")


def logged_events():
    """File and line → the first argument of each call of a logger's method, after a level."""
    for path in sorted((ROOT / "mememime_proxy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in METHODS
                and LOGGER.search(ast.unparse(node.func.value))
            ):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[node.func.attr == "log"]


EVENTS = dict(logged_events())
TEXT = (ROOT / "docs" / "logs.md").read_text("utf-8")
DOCUMENTED = re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_log_event_is_a_literal_noun_and_verb(event):
    assert isinstance(event, ast.Constant), "the name of an event is a literal"
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", event.value)


def test_documented_log_events_are_the_logged_ones():
    assert sorted(DOCUMENTED) == sorted({event.value for event in EVENTS.values()})


def test_loggers_have_the_name_by_which_their_calls_are_found():
    """A call through an alias of a method would be missed above."""
    for path in sorted((ROOT / "mememime_proxy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in METHODS and LOGGER.search(ast.unparse(node.value)):
                assert f"{path.relative_to(ROOT)}:{node.lineno}" in EVENTS
