"""The lock files agree: what tests run with is what an installation and the image have."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = {name: needs for name, needs in PROJECT["optional-dependencies"].items() if name != "dev"}


def pins(name):
    text = (ROOT / name).read_text("utf-8")
    found = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) \\$", text, re.MULTILINE))
    assert len(found) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), "a line that is not pinned"
    assert text.count("--hash=sha256:") >= len(found)
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-extras.lock"])
def test_a_lock_is_part_of_the_one_that_tests_run_with(name):
    assert pins(name).items() <= pins("requirements-dev.lock").items()


def test_the_image_s_lock_has_all_extras():
    have = pins("requirements-extras.lock")
    assert pins("requirements.lock").items() <= have.items()
    for needs in (PROJECT["dependencies"], *EXTRAS.values()):
        assert {re.match(r"[A-Za-z0-9._-]+", need)[0].lower() for need in needs} <= set(have)


def test_the_image_takes_extras_that_exist():
    (named,) = re.findall(r"^ARG EXTRAS=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(named.split(",")) <= set(EXTRAS) - {"build"}
