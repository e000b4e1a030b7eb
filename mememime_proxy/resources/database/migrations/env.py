"""What Alembic runs: the steps, on the connection and in the transaction that ``migrate`` has opened."""

from __future__ import annotations

from alembic import context

from mememime_proxy.resources.database.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
