import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.journal import Journal, Named, Part


def test_digests_hold_for_one_state_of_a_file(journal):
    journal.keep_digest("/a", "1-2-3", "aa")
    assert journal.digest("/a", "1-2-3") == "aa"
    assert journal.digest("/a", "1-2-4") == ""
    journal.keep_digest("/a", "1-2-4", "bb")
    assert journal.digest("/a", "1-2-4") == "bb"
    journal.keep_digest("/caf\udce9", "s", "cc")
    assert journal.digest("/caf\udce9", "s") == "cc"


def test_acknowledgements_belong_to_one_service(tmp_path):
    with Journal(tmp_path / "j", "one") as one, Journal(tmp_path / "j", "two") as two:
        one.keep_named("A", "aa", "{}", Named("a", 3))
        one.keep_parts("aa", [Part(0, 0, 5, "/uploads/x")])
        assert one.named("A", "aa", "{}") == Named("a", 3)
        assert two.named("A", "aa", "{}") is None
        assert one.named("A", "bb", "{}") is None
        assert one.named("A", "aa", "{1}") is None
        assert two.parts("aa") == []


def test_parts_come_back_in_order_and_are_replaced_by_number(journal):
    journal.keep_parts("aa", [Part(1, 5, 9, "/u/1"), Part(0, 0, 5, "/u/0")])
    journal.keep_parts("aa", [Part(1, 5, 9, "/u/2", "etag")])
    assert journal.parts("aa") == [Part(0, 0, 5, "/u/0"), Part(1, 5, 9, "/u/2", "etag")]
    journal.drop_parts("aa")
    assert journal.parts("aa") == []


def test_an_alias_has_one_owner_in_a_run(tmp_path):
    with Journal(tmp_path / "j", "s") as journal:
        assert journal.claim("a", "/1") == "/1"
        assert journal.claim("a", "/2") == "/1"
        assert journal.claim("a", "/1") == "/1"
    with Journal(tmp_path / "j", "s") as journal:
        assert journal.claim("a", "/2") == "/2"


def test_what_was_written_survives_a_kill(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from mememime_proxy.client.journal import Journal\n"
        "with Journal(Path(sys.argv[1]), 's') as j:\n"
        "  for n in range(10**9):\n"
        "    j.keep_digest(f'/{n}', 'x', str(n)); print(n, flush=True)\n"
    )
    path = tmp_path / "deep" / "j"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if int(line) == 500:
                process.send_signal(signal.SIGKILL)
                break
        said = [500, *(int(line) for line in process.stdout.read().split(b"\n")[:-1])]
    with Journal(path, "s") as journal:
        assert all(journal.digest(f"/{n}", "x") == str(n) for n in range(said[-1] + 1))


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    (tmp_path / "j").write_bytes(os.urandom(4096))
    with sqlite3.connect(tmp_path / "newer") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    for name in ("j", "newer"):
        with pytest.raises(ClientError, match="cannot be used"), Journal(tmp_path / name, "s"):
            pass


def test_a_journal_that_cannot_be_written_is_the_clients_error(tmp_path):
    with Journal(tmp_path / "j", "s") as journal:
        journal._database.execute("PRAGMA query_only = ON")  # what a full disk is to it
        with pytest.raises(ClientError, match="cannot be used"):
            journal.keep_digest("/a", "1", "aa")
        assert journal.digest("/a", "1") == ""
