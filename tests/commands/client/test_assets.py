"""``mememime assets``, with a running service."""

import hashlib
from pathlib import Path

import pytest

from mememime_proxy.client.catalogue.assets import AssetCatalogue
from mememime_proxy.client.errors import FileError
from tests.support.service_commands import json_of, run_command


def digest_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_assets_list_and_show_have_the_facts(service):
    assets = json_of(service, "assets", "list", "--state", "ready")
    assert len(assets) >= 2
    shown = json_of(service, "assets", "show", "p/one")
    # A list leaves out the two facts that would be most of it.
    short = shown | {"facts": shown["facts"] | {"palette": [], "histogram": ""}}
    assert short != shown
    assert short in assets
    assert (shown["facts"]["width"], shown["facts"]["height"]) == (8, 4)
    text = run_command(service, "assets", "show", shown["sha256"]).output
    assert "width          8" in text


def test_assets_get_writes_verified_bytes_once(service):
    sha256 = json_of(service, "alias", "show", "p/one")["asset"]["stored_sha256"]
    first = run_command(service, "assets", "get", "p/one")
    assert (first.exit_code, first.stdout) == (0, "one.png\n")
    assert digest_of("one.png") == sha256
    assert "is there already" in run_command(service, "assets", "get", "alias://p/one").stdout
    Path("one.png").write_bytes(b"changed")
    run_command(service, "assets", "get", "p/one")
    assert digest_of("one.png") == sha256
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_assets_below_a_prefix_are_written_to_a_folder(service, new_asset):
    digest = new_asset("deep/er/cup")
    result = run_command(service, "assets", "get", "--prefix", "deep/", "--to", "back")
    assert (result.exit_code, result.stdout) == (0, "back/deep/er/cup.png\n")
    assert digest_of("back/deep/er/cup.png") == json_of(service, "assets", "show", digest)["stored_sha256"]
    again = run_command(service, "assets", "get", "--prefix", "deep/", "--to", "back")
    assert "1 files, 0 fetched, 1 were there already" in again.stderr
    assert run_command(service, "assets", "get", "--prefix", "nothing/").exit_code == 1


def test_assets_alike_are_listed_with_their_distances(service):
    two = json_of(service, "alias", "show", "p/two")["sha256"]
    found = json_of(service, "assets", "alike", "p/one", "--distance", "0")
    (other,) = [each for each in found if each["asset"]["sha256"] == two]
    assert (other["distance"], other["mirrored"], other["asset"]["media_type"]) == (0, False, "image/png")
    text = run_command(service, "assets", "alike", "p/one").stdout
    assert text.splitlines()[0].split() == ["sha256", "distance", "mirrored", "type", "bytes"]
    assert any(line.split()[:3] == [two, "0", "no"] for line in text.splitlines())


def test_assets_alike_beyond_the_limit_are_announced(service, new_asset):
    new_asset()
    result = run_command(service, "assets", "alike", "p/one", "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert "there are more than 1" in result.stderr


def test_assets_deleted_can_be_restored(service, new_asset):
    digest = new_asset()
    assert f"assets restore {digest}" in run_command(service, "assets", "delete", digest).stderr
    assert [each["sha256"] for each in json_of(service, "assets", "list", "--state", "deleted")] == [digest]
    assert "is deleted" in run_command(service, "assets", "get", digest).stderr
    assert run_command(service, "assets", "restore", digest).stdout == f"{digest} is ready\n"


def test_assets_with_an_alias_are_not_deleted_without_force(service, new_asset):
    digest = new_asset("held/cup")
    result = run_command(service, "assets", "delete", "held/cup")
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert run_command(service, "assets", "delete", digest, "--force").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("get",),
        ("get", "p/one", "--prefix", "p/"),
        ("restore", "p/one"),
        ("list", "--state", "x"),
        ("alike", "p/one", "--distance", "8"),
    ],
)
def test_assets_invalid_words_are_usage_errors(service, words):
    assert run_command(service, "assets", *words).exit_code == 2


def test_assets_file_that_cannot_be_written_is_an_error(service):
    result = run_command(service, "assets", "get", "p/one", "--output", "/dev/null/one.png")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil"])
async def test_assets_alias_that_leads_outside_of_the_folder_is_refused(name):
    alias = {"name": name, "asset": {"media_type": "image/png"}}
    with pytest.raises(FileError, match="outside"):
        await AssetCatalogue(None).download_alias(alias, Path("back"))
