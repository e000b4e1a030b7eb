import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.journal import AcknowledgedAlias, Claim, Journal, Part


def test_journal_digest_is_returned_for_the_same_state_of_a_file(journal):
    journal.store_digest("/a", "1-2-3", "aa")
    assert journal.get_digest("/a", "1-2-3") == "aa"
    assert journal.get_digest("/a", "1-2-4") == ""
    journal.store_digest("/a", "1-2-4", "bb")
    assert journal.get_digest("/a", "1-2-4") == "bb"
    journal.store_digest("/caf\udce9", "s", "cc")
    assert journal.get_digest("/caf\udce9", "s") == "cc"


def test_journal_alias_of_another_service_is_not_returned(tmp_path):
    with Journal(tmp_path / "j", "one") as one, Journal(tmp_path / "j", "two") as two:
        one.store_alias("A", "aa", "{}", AcknowledgedAlias("a", 3))
        one.store_parts("aa", [Part(0, 0, 5, "/uploads/x")])
        assert one.get_alias("A", "aa", "{}") == AcknowledgedAlias("a", 3)
        assert two.get_alias("A", "aa", "{}") is None
        assert one.get_alias("A", "bb", "{}") is None
        assert one.get_alias("A", "aa", "{1}") is None
        assert two.get_parts("aa") == []


def test_journal_parts_are_ordered_and_replaced_by_number(journal):
    journal.store_parts("aa", [Part(1, 5, 9, "/u/1"), Part(0, 0, 5, "/u/0")])
    journal.store_parts("aa", [Part(1, 5, 9, "/u/2", "etag")])
    assert journal.get_parts("aa") == [Part(0, 0, 5, "/u/0"), Part(1, 5, 9, "/u/2", "etag")]
    journal.delete_parts("aa")
    assert journal.get_parts("aa") == []


def test_journal_alias_claimed_twice_in_a_run_belongs_to_the_first_file(tmp_path):
    with Journal(tmp_path / "j", "s") as journal:
        assert journal.claim_alias("a", "A", "/1") is None
        assert journal.claim_alias("a", "A", "/2") == Claim("A", "/1")
        assert journal.claim_alias("a", "a", "/2") == Claim("A", "/1")
        assert journal.claim_alias("a", "A", "/1") is None
    with Journal(tmp_path / "j", "s") as journal:
        assert journal.claim_alias("a", "a", "/2") is None


def test_journal_of_a_killed_process_has_every_record(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from mememime_proxy.client.journal import Journal\n"
        "with Journal(Path(sys.argv[1]), 's') as j:\n"
        "  for n in range(10**9):\n"
        "    j.store_digest(f'/{n}', 'x', str(n)); print(n, flush=True)\n"
    )
    path = tmp_path / "deep" / "j"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if int(line) == 500:
                process.send_signal(signal.SIGKILL)
                break
        printed = [500, *(int(line) for line in process.stdout.read().split(b"\n")[:-1])]
    with Journal(path, "s") as journal:
        assert all(journal.get_digest(f"/{n}", "x") == str(n) for n in range(printed[-1] + 1))


def test_journal_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "j").write_bytes(os.urandom(4096))
    with sqlite3.connect(tmp_path / "newer") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    for name in ("j", "newer"):
        with pytest.raises(ClientError, match="cannot be used"), Journal(tmp_path / name, "s"):
            pass


def test_journal_that_cannot_be_written_raises_client_error(tmp_path):
    with Journal(tmp_path / "j", "s") as journal:
        journal._database.execute("PRAGMA query_only = ON")  # what a full disk is to it
        with pytest.raises(ClientError, match="cannot be used"):
            journal.store_digest("/a", "1", "aa")
        assert journal.get_digest("/a", "1") == ""
