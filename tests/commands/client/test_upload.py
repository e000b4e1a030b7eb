import asyncio
import csv
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from tests.support.fake_resource_service import KEY, problem


@pytest.fixture
def mememime(url, tmp_path, monkeypatch):
    """Runs the command in a thread, since the service runs in this one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("KEY", "SALT", "ENV_LOCAL_FILE_PATH"):
        monkeypatch.delenv(f"MEMEMIME_{name}", raising=False)

    async def run(*words, key=KEY, server=url, stdin=None):
        environ = {"MEMEMIME_RESOURCES_URL": server, "MEMEMIME_RESOURCES_API_KEY": key}
        return await asyncio.to_thread(CliRunner().invoke, main, list(words), input=stdin, env=environ)

    return run


@pytest.fixture
def folder(file, tmp_path):
    for name in ("a.jpg", "sub/b.png", "notes.txt"):
        file(name)
    return str(tmp_path / "files")


async def test_upload_then_verify_finds_all_files(mememime, fake, folder, tmp_path):
    done = await mememime("upload", folder, "--alias", "p/{path}")
    assert done.exit_code == 0, done.output
    assert "2 files" in done.output
    assert "2 uploaded" in done.output
    assert set(fake.aliases) == {"p/a", "p/sub/b"}
    assert (tmp_path / "state" / "mememime" / "uploads.db").exists()
    again = await mememime("upload", folder, "--alias", "p/{path}", "--json")
    *files, last = map(json.loads, again.stdout.splitlines())
    assert {each["path"]: each["state"] for each in files} == {
        "a.jpg": "present", "sub/b.png": "present", "notes.txt": "left_out",
    }  # fmt: skip
    assert (last["event"], last["sent"], last["clean"]) == ("summary", 0, True)
    assert last["left_out"] == {"no format of pictures that is taken (.txt)": 1}
    assert (await mememime("verify", folder, "--alias", "p/{path}")).exit_code == 0
    fake.assets.clear()
    missing = await mememime("verify", folder, "--alias", "p/{path}")
    assert missing.exit_code == 1
    assert "missing" in missing.output


async def test_upload_with_a_failed_file_exits_with_one(mememime, fake, folder):
    async def refuse(request):
        return problem(422, "Broken image") if request.method == "PUT" else None

    fake.faults.append(refuse)
    done = await mememime("upload", folder)
    assert done.exit_code == 1
    assert "a.jpg: failed: 422 Broken image" in done.output


async def test_upload_refused_key_or_missing_service_exits_with_three(mememime, folder, monkeypatch, closed_port):
    refused = await mememime("upload", folder, key="mk_wrong")
    assert (refused.exit_code, "refuses the API key" in refused.output) == (3, True)
    monkeypatch.setattr("mememime_proxy.client.transfer.retries._FIRST_WAIT", 0.0)
    for command in ("upload", "verify"):
        server = f"http://127.0.0.1:{closed_port}"
        gone = await mememime(command, folder, "--give-up-after", "0.2", server=server)
        assert (gone.exit_code, "does not respond" in gone.output) == (3, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["upload"], "name a folder"),
        (["upload", ".", "--alias", "{nothing}"], "expected one of"),
        (["upload", ".", "--bandwidth", "fast"], "expected a size"),
        (["upload", ".", "--large", "0"], "at least one byte"),
        (["upload", ".", "--rename", "s/a"], "expected a rule like s/pattern/replacement/"),
        (["upload", ".", "--alias", "{slug:ext}"], "{slug:folder}"),
        (["upload", ".", "--output", "x.csv", "--base-url", "http://x", "--url-option", "zz:1"], "zz"),
        (["verify"], "name a folder"),
    ],
)
async def test_upload_invalid_arguments_are_usage_errors(mememime, words, message):
    done = await mememime(*words)
    assert done.exit_code == 2
    assert message in done.output


async def test_upload_without_a_server_is_a_usage_error():
    done = CliRunner().invoke(
        main, ["upload", "."], env={"MEMEMIME_RESOURCES_URL": "", "MEMEMIME_RESOURCES_API_KEY": ""}
    )
    assert done.exit_code == 2
    assert "--server" in done.output


async def test_upload_reads_lists_and_writes_signed_urls(mememime, fake, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MEMEMIME_KEY", "6b" * 32)
    monkeypatch.setenv("MEMEMIME_SALT", "73" * 32)
    (tmp_path / "in.csv").write_text("file,alias,tags\nfiles/sub/b.png,shoes/1,red;new\n")
    out = tmp_path / "out.csv"
    words = f"- -0 --manifest {tmp_path}/in.csv --alias {{stem}}-{{sha256:4}} --output {out}"
    urls = "--base-url https://i.example --url-option rs:fit:640 -f webp"
    done = await mememime("upload", *words.split(), *urls.split(), stdin=f"{folder}/a.jpg\0".encode())
    assert done.exit_code == 0, done.output
    assert fake.aliases["shoes/1"]["tags"] == ["red", "new"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["alias"] for row in rows} == set(fake.aliases)
    for row in rows:
        assert row["url"].startswith("https://i.example/")
        assert f"alias://{row['alias']}" in row["url"]
        assert row["url"].endswith("@webp")


async def test_upload_dry_run_changes_nothing(mememime, fake, folder, tmp_path):
    done = await mememime("upload", folder, "--dry-run", "--no-journal")
    assert (done.exit_code, fake.assets) == (0, {})
    assert "2 planned" in done.output
    assert not (tmp_path / "state").exists()


async def test_upload_missing_origin_fails(mememime, tmp_path):
    done = await mememime("upload", str(tmp_path / "none"), "s3://bucket/prefix")
    assert done.exit_code == 1
    assert "no such file" in done.output
    assert "no storage is configured for it" in done.output


async def test_upload_unwritable_output_fails(mememime, folder):
    done = await mememime("upload", folder, "--output", "/dev/full")
    assert done.exit_code == 3
    assert "No space left" in done.output
    done = await mememime("upload", folder, "--output", "/proc/none/x.csv")
    assert done.exit_code == 3


async def test_f1_key_with_a_line_break_at_its_end_is_taken(mememime, folder):
    """F1: as ``cat key`` gives it; another character that no key has is named before a request is sent."""
    assert (await mememime("upload", folder, key=f"{KEY}\n")).exit_code == 0
    for key in (f"{KEY}\nx", "schl\u00fcssel", "two words"):
        done = await mememime("upload", folder, key=key)
        assert done.exit_code == 3
        assert "in the API key" in done.output


async def test_f1_f2_run_goes_on_past_each_kind_of_bad_entry_and_names_it(mememime, fake, folder, tmp_path):
    """F1, F2: in the text and in the JSON lines."""
    files = tmp_path / "files"
    (files / "loop.jpg").symlink_to("loop.jpg")
    (files / "caf\udce9.jpg").write_bytes(b"bytes")
    (files / "50% off.jpg").write_bytes(b"more bytes")
    os.mkfifo(files / "pipe.jpg")
    done = await mememime("upload", folder, "--alias", "p/{path}")
    assert done.exit_code == 1
    for text in (
        r"caf\xe9.jpg: failed",
        "50% off.jpg: failed",
        "loop.jpg: failed: Too many levels",
        "a FIFO",
        "notes.txt",
    ):
        assert text in done.output
    assert set(fake.aliases) == {"p/a", "p/sub/b"}
    done = await mememime("upload", folder, "--alias", "p/{slug}", "--rename", "s/^p/q/", "--json")
    *rows, last = map(json.loads, done.stdout.splitlines())
    assert {row["path"]: row["state"] for row in rows} == {
        "50% off.jpg": "uploaded", "a.jpg": "present", r"caf\xe9.jpg": "uploaded", "loop.jpg": "failed",
        "notes.txt": "left_out", "pipe.jpg": "left_out", "sub/b.png": "present",
    }  # fmt: skip
    assert {"q/50-off", "q/caf"} < set(fake.aliases)
    assert last["states"]["failed"] == 1


async def test_upload_silent_service_gets_a_first_word_and_an_end(mememime, fake, folder, monkeypatch):
    """It accepts connections and says nothing."""

    async def hang(_request):
        await asyncio.Event().wait()

    fake.faults.append(hang)
    monkeypatch.setattr("mememime_proxy.client.transfer.session.FIRST_WORD", 0.05)
    done = await mememime("upload", folder, "--give-up-after", "0.3")
    assert done.exit_code == 3
    first, last = done.output.splitlines()[0], done.output.splitlines()[-1]
    assert "does not respond; waiting" in first
    assert "no answer in" in last


@pytest.mark.parametrize("home", ["/dev/null/home", "/proc/home", None])
async def test_f11_upload_without_a_usable_home_goes_on_without_a_journal(mememime, fake, folder, monkeypatch, home):
    """As in a container whose root is read-only, or under an account that no file of accounts has."""
    monkeypatch.delenv("XDG_STATE_HOME")
    if home is None:
        monkeypatch.setattr(Path, "home", classmethod(missing_home))
    else:
        monkeypatch.setenv("HOME", home)
    done = await mememime("upload", folder)
    assert done.exit_code == 0, done.output
    assert "No journal is used" in done.stderr
    assert len(fake.assets) == 2


def missing_home(cls):
    raise RuntimeError("Could not determine home directory.")
