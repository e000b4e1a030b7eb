"""The tests that the promises name are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_each_test_that_is_named_exists():
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", (ROOT / "docs" / "promises.md").read_text())
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named
               if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text()]  # fmt: skip
    assert not missing
