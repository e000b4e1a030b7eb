"""``mememime reconcile`` as an operator runs it."""

import asyncio
import json
import os

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import METADATA
from mememime_proxy.storage.asset_keys import asset_key
from tests.support.resource_backend import digest, in_folder


@pytest.fixture
def service(tmp_path):
    """A database and a folder: one asset, one object without a row."""
    url = f"sqlite:///{tmp_path}/resources.db"

    async def fill():
        database = Database(url)
        await database.start()
        async with database.write() as tx:
            await tx.run_sync(METADATA.create_all)
        async with in_folder(database, tmp_path) as backend:
            await backend.asset(b"mine")
            await backend.storage.put(asset_key(digest(b"nobody's")), b"nobody's")
        await database.close()

    asyncio.run(fill())
    (tmp_path / "assets" / asset_key(digest(b"nobody's"))).touch()
    return {"MEMEMIME_DATABASE_URL": url, "MEMEMIME_ASSETS_STORAGE": str(tmp_path / "assets")}


def reconcile(service, *arguments):
    cleared = {name: None for name in os.environ if name.startswith(("MEMEMIME_", "IMGPROXY_"))}
    return CliRunner().invoke(main, ["reconcile", *arguments], env=cleared | service)


def test_reconcile_dry_run_reports_and_the_next_run_repairs(service):
    report = reconcile(service, "--dry-run", "--grace", "0")
    assert report.exit_code == 1
    assert f"found     asset without a row: {asset_key(digest(b'nobody' + bytes([39]) + b's'))}" in report.output
    repair = reconcile(service, "--grace", "0", "--json")
    assert repair.exit_code == 0
    difference, account = map(json.loads, repair.stdout.splitlines())
    assert (difference["kind"], difference["repaired"]) == ("asset without a row", True)
    assert account == {"rows": 1, "objects": 2, "in_grace_period": 0, "foreign_objects": 0, "remaining": 0,
                       "differences": {"asset without a row": 1}}  # fmt: skip
    assert reconcile(service).output == (
        "1 rows, 1 objects: 0 differences, 0 remaining (0 in the grace period, 0 foreign objects)\n"
    )


def test_reconcile_default_grace_is_the_setting(service):
    assert reconcile(service).output.endswith("0 remaining (1 in the grace period, 0 foreign objects)\n")
    assert reconcile(service | {"MEMEMIME_ORPHAN_GRACE": "0"}).output.startswith("repaired")


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("DATABASE_URL", "", 2),
        ("ASSETS_STORAGE", "", 2),
        ("DATABASE_URL", "mysql://h/x", 2),
        ("ORPHAN_GRACE", "soon", 2),
        ("DATABASE_URL", "sqlite:////dev/null/x.db", 2),
        ("DATABASE_URL", f"sqlite:///{__file__}", 3),
    ],
)
def test_reconcile_invalid_setting_has_its_exit_status(service, setting, value, code):
    answer = reconcile(service | {f"MEMEMIME_{setting}": value})
    assert answer.exit_code == code
    assert "Traceback" not in answer.output
    assert "Error" in answer.output
