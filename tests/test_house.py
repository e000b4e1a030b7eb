"""The layout of the package: no crowded folders, no circles, one meaning for each public class name, plain names."""

from __future__ import annotations

import ast
import collections
import re
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mememime_proxy"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MOST_MODULES = 15
MOST_TOP_MODULES = 8
MOST_LINES = 350
MOST_DEPTH = 3
BANNED = {
    "asked", "at_hand", "busted", "dress", "dressed", "grave", "graves", "keeping", "kept", "last_words", "said",
    "settle", "settled", "spoken", "still", "stillborn", "tellable", "told", "turn", "undressed", "wish", "wishes",
}  # fmt: skip


def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


def identifiers(tree):
    """Every name that a module gives: of classes, functions, parameters, variables, attributes, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def words(name):
    """``name`` in snake case, without leading and trailing underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def test_folders_are_not_crowded():
    counts = collections.Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    limits = {PACKAGE: MOST_TOP_MODULES}
    crowded = {str(folder): count for folder, count in counts.items() if count > limits.get(folder, MOST_MODULES)}
    assert not crowded


def test_folders_are_not_deep():
    deep = [name for name in MODULES if name.count(".") > MOST_DEPTH + 1 and ".migrations." not in name]
    assert not deep


def test_modules_are_not_long():
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES}


def test_public_class_names_are_unique():
    homes = collections.defaultdict(list)
    for name, path in MODULES.items():
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert not {name: modules for name, modules in homes.items() if len(modules) > 1}


def test_names_are_plain():
    banned = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in MODULES.values()
        for name, line in identifiers(tree_of(path))
        if words(name) in BANNED
    ]
    assert not banned


def test_imports_make_no_circle():
    """Counts imports inside functions and for type checkers, too. The contracts compare folders, this one modules."""
    graph = grimp.build_graph(PACKAGE.name)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # Whatever is left when modules without an import, or without an importer, are taken away again and again.
    while True:
        imported = set().union(*imports.values())
        inner = {module for module, targets in imports.items() if targets & set(imports) and module in imported}
        if inner == set(imports):
            break
        imports = {module: imports[module] & inner for module in inner}
    assert not imports
