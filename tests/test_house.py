"""The layout of the package: no crowded folders, no deep ones."""

from __future__ import annotations

import collections
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mememime_proxy"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MOST_MODULES = 15
MOST_TOP_MODULES = 8
MOST_DEPTH = 3


def test_folders_are_not_crowded():
    counts = collections.Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    limits = {PACKAGE: MOST_TOP_MODULES}
    crowded = {str(folder): count for folder, count in counts.items() if count > limits.get(folder, MOST_MODULES)}
    assert not crowded


def test_folders_are_not_deep():
    deep = [name for name in MODULES if name.count(".") > MOST_DEPTH + 1 and ".migrations." not in name]
    assert not deep
