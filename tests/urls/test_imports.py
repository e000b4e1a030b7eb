"""The modules that a site loads which only signs URLs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mememime_proxy.urls

HEAVY = {
    "aiohttp",
    "asyncio",
    "cryptography",
    "lxml",
    "msgspec",
    "PIL",
    "pydantic",
    "pyvips",
    "structlog",
    "uvloop",
    "yarl",
}


def loaded(statement: str) -> set[str]:
    """Return the modules that ``statement`` imports in a new interpreter, from its own report."""
    command = [sys.executable, "-X", "importtime", "-c", statement]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return {line.rpartition("|")[2].strip() for line in report.splitlines()}


@pytest.mark.parametrize(
    "statement",
    [
        "import mememime_proxy.urls",
        "from mememime_proxy.urls import UrlBuilder; UrlBuilder('', '00', '00').width(5).build('local:///x')",
        "from mememime_proxy.urls import UrlParser as P, UrlConfig as C; P(C(allow_unsigned=True)).parse('/_/w:1/eA')",
    ],
)
def test_urls_import_loads_no_heavy_module(statement):
    names = loaded(statement)
    assert "mememime_proxy.urls" in names
    assert not {name.split(".")[0] for name in names} & HEAVY
    assert not names & {"mememime_proxy.settings", "mememime_proxy.settings.environment"}


def test_urls_exported_names_can_be_imported():
    for name in mememime_proxy.urls.__all__:
        assert getattr(mememime_proxy.urls, name).__name__ == name
    with pytest.raises(AttributeError):
        mememime_proxy.urls.nothing  # noqa: B018 - asking is the test
