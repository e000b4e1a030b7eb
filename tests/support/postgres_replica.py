"""A real read replica of a PostgreSQL of the tests, which streams the log of its primary."""

from __future__ import annotations

import time

from tests.support.postgres_server import PostgresServer

_TIMEOUT = 30.0


class PostgresReplica(PostgresServer):
    """A hot standby, made by ``pg_basebackup`` from a primary that runs."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary

    def _initialize(self) -> None:
        self._data.chmod(0o700)
        self._run("pg_basebackup", "-D", str(self._data), "-h", "127.0.0.1", "-p", str(self._primary.port),
                  "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync")  # fmt: skip
        with (self._data / "postgresql.auto.conf").open("a") as settings:
            settings.write("wal_retrieve_retry_interval = '100ms'\n")

    def catch_up(self) -> None:
        """Return when everything that the primary has written by now is visible here."""
        position = self._primary.sql("SELECT pg_current_wal_insert_lsn()")
        end = time.monotonic() + _TIMEOUT
        while self.sql(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") != "t":
            assert time.monotonic() < end, "the replica does not catch up"
            time.sleep(0.01)

    def pause(self) -> None:
        """Apply nothing more of what the primary sends, until ``resume``."""
        self.sql("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """Apply what has come, and go on."""
        self.sql("SELECT pg_wal_replay_resume()")
