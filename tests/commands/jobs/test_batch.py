"""``mememime batch``: usage, and what is refused before anything begins."""

import json

import pytest

from tests.support.commands import invoke


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_bytes(b"x")
    return str(tmp_path)


def render(*words, **variables):
    return invoke("batch", "render", *words, **{f"MEMEMIME_{name.upper()}": value for name, value in variables.items()})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--to store: found no store of variants"),
        (("--template", "{key}"), "--template"),
        (("--preset", "none", "--to", "out"), "none"),
        (("--options", "rs:nothing", "--to", "out"), "'nothing'"),
        (("--format", "gib", "--to", "out"), "--format"),
        (("--shard", "4/4", "--to", "out"), "--shard"),
        (("--max-errors", "few", "--to", "out"), "--max-errors"),
        (("--rate", "0", "--to", "out"), "a number of units a second"),
        (("--template", "all.jpg", "--to", "out"), "--template"),
        (("--to", "s3://bucket/x"), "no storage is configured"),
    ],
)
def test_wrong_usage_is_refused(folder, words, message):
    result = render("--from", folder, *words)
    assert (result.exit_code, message in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("recode", "--format", "gib", "--to", "out"), "--format"),
        (("recode", "--format", "repack", "--quality", "5", "--to", "out"), "--quality"),
        (("recode", "--format", "webp", "--to", "out", "--template", "all.webp"), "--template"),
        (("facts", "--only", "smell"), "--only: found 'smell'"),
        (("facts",), "MEMEMIME_DATABASE_URL: found nothing"),
        (("verify",), "MEMEMIME_DATABASE_URL: found nothing"),
        (("import", "--alias", "{none}"), "--alias, --rename"),
        (("import", "--alias", "{path}"), "MEMEMIME_DATABASE_URL: found nothing"),
    ],
)
def test_wrong_usage_of_other_commands_is_refused(folder, words, message):
    result = invoke("batch", words[0], "--from", folder, *words[1:])
    assert (result.exit_code, message in result.output) == (2, True), result.output


def test_dry_run_counts_originals_and_variants(folder):
    words = ("--from", folder, "--preset", "card", "--format", "avif", "--format", "jpg", "--to", "out", "--dry-run")
    result = render(*words, presets="card=w:9")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["originals"], document["variants"]) == (2, 4)
    same = render(*words, "--rate", "5/s", presets="card=w:9")
    other = render(*words, presets="card=w:8")
    assert json.loads(same.stdout)["job"] == document["job"] != json.loads(other.stdout)["job"]


def test_wrong_row_of_a_manifest_ends_a_dry_run(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text('source\n""\n', "utf-8")
    result = render("--from", str(path), "--to", "out", "--dry-run")
    assert (result.exit_code, "row 2" in result.output) == (1, True), result.output
