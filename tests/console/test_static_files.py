"""The built files: complete, named by their content, within the budget, with all texts and licences."""

import gzip
import json
import re
from pathlib import Path

from mememime_proxy import service
from mememime_proxy.console import pages
from mememime_proxy.console.static_files import FOLDER, manifest, static_file

SOURCES = FOLDER.parent / "src"


def scripts():
    return {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


def imported(name, found=None):
    """The script and those that it needs before it runs."""
    found = {name} if found is None else found | {name}
    for other in re.findall(r'from"\./([\w.-]+\.js)"|import"\./([\w.-]+\.js)"', scripts()[name]):
        each = other[0] or other[1]
        if each not in found:
            found = imported(each, found)
    return found


def test_manifest_names_files_that_are_there():
    assert set(manifest()) == {"main.js", "main.css", "icon.svg"}
    for name in manifest().values():
        assert re.search(r"-[A-Za-z0-9]{8}\.", name)
        assert static_file(name).body == (FOLDER / name).read_bytes()
    for other in ("manifest.json", "../pages.py", "", "main.js", "x" * 9000, "..", "."):
        assert static_file(other) is None


def test_first_load_is_within_the_budget():
    names = imported(manifest()["main.js"])
    assert len(names) + 2 <= 12
    size = sum(len(gzip.compress(static_file(name).body)) for name in {*names, manifest()["main.css"]})
    assert size <= 60_000
    for name in scripts().keys() - names:
        assert len(gzip.compress(static_file(name).body)) <= 40_000


def test_player_of_streams_is_that_of_the_proxys_page():
    named = {name for text in scripts().values() for name in re.findall(r"/console/static/([\w.-]+)", text)}
    table = (Path(service.__file__).parent / "static" / "README.md").read_text("utf-8")
    (version,) = re.findall(r"hls\.js ([\d.]+), which", table)
    assert named == {f"hls-{version}.js"}
    assert static_file(f"hls-{version}.js").body == (FOLDER.parents[1] / "service/static/hls.light.min.js").read_bytes()


def test_nothing_is_loaded_from_elsewhere():
    for name, text in scripts().items():
        hosts = set(re.findall(r"https?://([^\s\"'`)/]+)", text))
        assert hosts <= {"www.w3.org"}, name  # names of XML
    assert "url(" not in static_file(manifest()["main.css"]).body.decode()
    assert "@import" not in static_file(manifest()["main.css"]).body.decode()


def test_page_loads_its_own_files_and_has_no_script_of_its_own():
    html = pages.page_html()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert sorted(loaded) == sorted(f"/console/static/{name}" for name in manifest().values())
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", html)


def test_policy_names_the_two_origins_alone():
    policy = pages.page_headers("https://images.example")["Content-Security-Policy"]
    directives = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["img-src"] == "'self' https://images.example data: blob:"
    assert "unsafe" not in policy
    assert "*" not in policy


def test_licences_of_all_packages_in_the_bundle_are_there():
    text = (FOLDER / "licences.txt").read_text("utf-8")
    for package in ("preact", "@preact/signals", "@preact/signals-core", "htm", "tus-js-client"):
        assert re.search(rf"^{re.escape(package)} \d+\.\d+", text, re.MULTILINE)
    assert not re.search(r"\bA?GPL\b", text)


def test_texts_have_the_same_keys_and_values_in_every_language():
    tables = {path.stem: json.loads(path.read_text("utf-8")) for path in (SOURCES / "texts").glob("*.json")}
    english = tables["en"]
    assert len(tables) > 1
    for language, table in tables.items():
        assert list(table) == sorted(english), language
        for key, text in table.items():
            assert text.strip(), key
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), (language, key)


def test_texts_of_the_sources_exist_and_none_is_unused():
    english = json.loads((SOURCES / "texts" / "en.json").read_text("utf-8"))
    code = "".join(path.read_text("utf-8") for path in Path(SOURCES).rglob("*.js"))
    used = set(re.findall(r"\bt\(\s*\"([\w.]+)\"", code))
    assert not used - set(english)
    words = set(re.findall(r"[\"`]([a-z_]+(?:\.[a-z_]+)*)[\"`]", code))
    prefixes = tuple(re.findall(r"`([a-z_]+\.)\$\{", code))
    assert not {key for key in english if key not in words and not key.startswith(prefixes)}
