import os

import pytest

from tests.support.client_fixtures import fake, file, journal, retries, slept, uploader, url

__all__ = ["fake", "file", "journal", "retries", "slept", "uploader", "url"]


@pytest.fixture(autouse=True)
def _outside_of_a_run(tmp_path, monkeypatch):
    """Run each command in a folder without a file of settings, and without settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("MEMEMIME_", "IMGPROXY_")):
            monkeypatch.delenv(name)
