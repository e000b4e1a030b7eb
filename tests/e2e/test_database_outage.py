"""Outages of the database during an upload: no acknowledged byte is lost, and nothing remains."""

import signal
import sqlite3

import pytest

from tests.support.crash_trials import MIB, Patch, sound
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import ResourceProcess


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


@pytest.mark.promise("G16")
def test_postgresql_crash_is_survived(tmp_path):
    with PostgresServer(durable=True) as postgres, ResourceProcess(tmp_path, database_url=postgres.create()) as service:
        trial = Sending(service)
        trial.prepare()
        postgres.stop(signal.SIGQUIT)
        refused(trial.patch(MIB, 2 * MIB))
        refused(trial.request("GET", f"/aliases/{trial.alias}"))
        assert service.request("GET", "/ready").status == 503
        assert service.request("GET", "/health").status == 200
        postgres.start()
        trial.goes_on()
        assert service.request("GET", "/ready").status == 200
        sound(service)


@pytest.mark.promise("G16")
@pytest.mark.slow
def test_sqlite_locked_beyond_the_timeout_is_503(tmp_path):
    with ResourceProcess(tmp_path) as service:
        trial = Sending(service)
        trial.prepare()
        somebody = sqlite3.connect(service.settings["MEMEMIME_DATABASE_URL"].removeprefix("sqlite:///"))
        somebody.execute("BEGIN IMMEDIATE")
        refused(trial.patch(MIB, 2 * MIB))
        somebody.rollback()
        somebody.close()
        trial.goes_on()
        sound(service)
