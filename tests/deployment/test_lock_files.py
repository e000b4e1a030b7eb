"""The lock files agree with pyproject.toml and with each other."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
IMAGE_EXTRAS = sorted(set(EXTRAS) - {"av", "dev"})
"""An image with `av` would be under the GPL as a whole."""


def pins(name):
    text = (LOCKS / name).read_text("utf-8")
    versions = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) \\$", text, re.MULTILINE))
    assert len(versions) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), "a line that is not pinned"
    assert text.count("--hash=sha256:") >= len(versions)
    return versions


def requirements(*extras):
    """The names that the project and some of its extras ask for, extras of extras included."""
    names = set()
    for requirement in (
        *(() if extras else PROJECT["dependencies"]),
        *(need for extra in extras for need in EXTRAS[extra]),
    ):
        name, nested = re.match(r"([A-Za-z0-9._-]+)(?:\[([a-z,]+)\])?", requirement).groups()
        if name == PROJECT["name"]:
            names |= requirements(*nested.split(","))
        else:
            names.add(name.lower())
    return names


@pytest.mark.parametrize("name", ["server.lock", "run.lock", "image.lock"])
def test_lock_pins_the_versions_that_tests_run_with(name):
    assert pins(name).items() <= pins("dev.lock").items()


def test_image_lock_contains_the_server_lock():
    assert pins("server.lock").items() <= pins("image.lock").items()


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("server.lock", ["server", "build"]),
        ("run.lock", ["server", "build", "av"]),
        ("image.lock", IMAGE_EXTRAS),
        ("dev.lock", sorted(EXTRAS)),
    ],
)
def test_lock_covers_the_project_and_its_extras(name, extras):
    assert requirements() | requirements(*extras) <= set(pins(name))


def test_engine_of_films_is_in_no_lock_of_a_deployment():
    assert not {"av"} & {*pins("server.lock"), *pins("image.lock")}


def test_core_and_server_share_no_requirement():
    assert not requirements() & requirements("server")


@pytest.mark.parametrize("path", sorted(LOCKS.iterdir()), ids=lambda path: path.name)
def test_lock_names_no_package_index(path):
    assert not re.findall(r"^-|://|@ ", path.read_text("utf-8"), re.MULTILINE)


def test_image_takes_extras_that_exist():
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(extras.split(",")) <= set(IMAGE_EXTRAS) - {"build"}
