from __future__ import annotations

import subprocess
import sys

from mememime_proxy.urls.options.reference import DEFAULT_PATH, document
from mememime_proxy.urls.options.table import OPTIONS


def test_reference_committed_document_is_up_to_date():
    assert DEFAULT_PATH.read_text("utf-8") == document(), "run: python -m mememime_proxy.urls.options.reference"


def test_reference_has_every_option():
    text = document()
    for option in OPTIONS:
        assert f"### {option.name}\n" in text
        assert option.meaning in text
        for alias in option.aliases:
            assert f"`{alias}`" in text


def test_reference_is_written_to_the_given_file(tmp_path):
    wanted = tmp_path / "new" / "options.md"
    subprocess.run([sys.executable, "-m", "mememime_proxy.urls.options.reference", str(wanted)], check=True)
    assert wanted.read_text("utf-8") == document()
