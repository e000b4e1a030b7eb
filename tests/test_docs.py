"""Statements of the documents: links, commands and settings exist, and the first snippets work."""

import ast
import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mememime_proxy.commands.group import main
from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls import UrlParser
from mememime_proxy.urls.config import UrlConfig
from tests.support import imgproxy_environment

ROOT = Path(__file__).parent.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("benchmarks/README.md", "config/samples/README.md", "nginx/README.md")),
]
KEY, SALT = "6b" * 32, "73" * 32


def names(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_page_links_have_targets(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_page_names_settings_and_commands_that_exist(page):
    text = page.read_text("utf-8")
    known = {f"MEMEMIME_{name.upper()}" for name in Settings.model_fields} | {
        "MEMEMIME_ENV_LOCAL_FILE_PATH",
        "MEMEMIME_",
    }
    assert set(re.findall(r"MEMEMIME_[A-Z0-9_]*", text)) <= known
    commands = set(re.findall(r"(?:`|^|\n)mememime ([a-z-]+)", text))
    assert commands <= set(main.list_commands(None))


def test_pages_name_make_targets_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert set(re.findall(r"(?:`|\n)make ([a-z-]+)", text)) <= targets


def snippet(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return found


def verified(url):
    parser = UrlParser(UrlConfig(key_pairs=((bytes.fromhex(KEY), bytes.fromhex(SALT)),)))
    return parser.parse(url.removeprefix("http://localhost:8080"))


def test_readme_python_snippet_signs():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(snippet("python"), {"KEY": KEY, "SALT": SALT})
    first, second = out.getvalue().splitlines()
    assert verified(first).width == 300
    assert [verified(part.split()[0]).width for part in second.split(", ")] == [320, 640]


@pytest.mark.skipif(not shutil.which("openssl"), reason="the snippet is for people who have openssl")
def test_readme_bash_snippet_signs():
    done = subprocess.run(
        ["bash", "-c", snippet("bash")], env={"KEY": KEY, "SALT": SALT, "PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert verified(done.stdout.strip()).width == 300


MAP = re.findall(
    r"^\| (.+?) \| `(mememime_proxy/[a-z0-9_/]+\.py)`: `([\w.]+)` \|$",
    (ROOT / "docs" / "architecture.md").read_text("utf-8"),
    re.MULTILINE,
)


def names_in(body):
    """Return the names that statements define: functions, classes with their methods, constants."""
    names = set()
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.ClassDef():
                names |= {node.name} | {f"{node.name}.{name}" for name in names_in(node.body)}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def test_map_has_twenty_rows():
    assert len(MAP) == 20


@pytest.mark.parametrize(("question", "path", "name"), MAP, ids=[row[0] for row in MAP])
def test_map_names_code_that_exists(question, path, name):
    assert name in names_in(ast.parse((ROOT / path).read_text("utf-8")).body), question


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_modules_that_are_named_exist(page):
    for name in re.findall(r"`((?:[a-z0-9_]+/)+[a-z0-9_]+\.py)`", page.read_text("utf-8")):
        assert (ROOT / name).exists() or (ROOT / "mememime_proxy" / name).exists(), name


def test_client_snippet_imports_what_exists():
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text("utf-8"), re.DOTALL)
    exec(compile(code, "docs/client.md", "exec"), {})


def test_f13_no_text_installs_this_program_from_an_index():
    """No package index has it: somebody else could take the name."""
    texts = [*PAGES, *(ROOT / "mememime_proxy").rglob("*.py"), ROOT / "Makefile", ROOT / "Dockerfile"]
    commands = [line for path in texts for line in path.read_text("utf-8").splitlines() if "pip install" in line]
    assert commands
    for line in commands:
        assert not re.search(r"pip install [^|;&`]*\bmememime(?![\w./-]*\.whl|-\{)", line), line


def test_f14_snippet_of_a_purge_token_makes_one_that_is_accepted(monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "caches.md").read_text("utf-8"), re.DOTALL)
    monkeypatch.setenv("MEMEMIME_PURGE_KEY", f"{KEY},{SALT}")
    values = {}
    exec(code, values)
    assert PurgeTokens(bytes.fromhex(KEY)).verify(values["token"]) == "local:///coffee.jpg"


def test_f14_compatibility_page_tells_what_is_supported():
    text = (ROOT / "docs" / "compatibility.md").read_text("utf-8")
    assert "Object storages (S3, Google, Azure) and traces of OpenTelemetry are supported" in text
    for name in imgproxy_environment.UNUSED:
        stem = next((stem for stem in re.findall(r"`([A-Z_]+_)…`", text) if name.startswith(stem)), "")
        assert f"`{name}`" in text or stem or re.search(rf"`…_{name.partition('TELEMETRY_')[2]}`", text), name
