"""The database goes away in the middle of an upload, and comes back: nothing acknowledged is lost, nothing is left."""

import signal
import sqlite3

import pytest

from tests.support.child_process import Running
from tests.support.crash_trials import MIB, Patch, sound
from tests.support.postgres_server import PostgresServer


def refused(answer):
    assert answer.status == 503, answer
    assert int(answer.headers["retry-after"]) > 0


class Sending(Patch):
    """An upload of which a mebibyte is acknowledged."""

    def prepare(self):
        super().prepare()
        assert self.patch(0, MIB).status == 204

    def goes_on(self):
        assert self.offset() == MIB
        self.complete()


def test_postgresql_crashes_and_comes_back(tmp_path):
    with PostgresServer(durable=True) as postgres, Running(tmp_path, database_url=postgres.create()) as service:
        trial = Sending(service)
        trial.prepare()
        postgres.stop(signal.SIGQUIT)
        refused(trial.patch(MIB, 2 * MIB))
        refused(trial.ask("GET", f"/aliases/{trial.alias}"))
        assert service.ask("GET", "/ready").status == 503
        assert service.ask("GET", "/health").status == 200
        postgres.start()
        trial.goes_on()
        assert service.ask("GET", "/ready").status == 200
        sound(service)


@pytest.mark.slow
def test_sqlite_is_locked_for_longer_than_anybody_waits(tmp_path):
    with Running(tmp_path) as service:
        trial = Sending(service)
        trial.prepare()
        somebody = sqlite3.connect(service.settings["DATABASE_URL"].removeprefix("sqlite:///"))
        somebody.execute("BEGIN IMMEDIATE")
        refused(trial.patch(MIB, 2 * MIB))
        somebody.rollback()
        somebody.close()
        trial.goes_on()
        sound(service)
