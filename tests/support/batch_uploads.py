"""What commands on originals open in a process, with a database and a folder of their own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from mememime_proxy.batch.originals.opening import OpenUploads, open_uploads
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.database.engine import now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.settings.settings import Settings, load


class UploadParts:
    """See ``SharedUploads``."""

    def __init__(self, settings: Settings, opened: OpenUploads) -> None:
        self.settings, self._opened = settings, opened

    async def uploads(self) -> OpenUploads:
        return self._opened


def upload_settings(folder: Path) -> Settings:
    """Settings of a service on SQLite and a folder, and of sources in another folder."""
    for name in ("assets", "originals"):
        (folder / name).mkdir(exist_ok=True)
    return load(
        {
            "MEMEMIME_DATABASE_URL": f"sqlite:///{folder}/resources.sqlite",
            "MEMEMIME_ASSETS_STORAGE": str(folder / "assets"),
            "MEMEMIME_LOCAL_FILESYSTEM_ROOT": str(folder / "originals"),
            "MEMEMIME_WORKERS": "1",
        },
        keys_needed=False,
    )


@contextlib.asynccontextmanager
async def opened_uploads(folder: Path) -> AsyncIterator[UploadParts]:
    """Open all of it, with the default tenant."""
    settings = upload_settings(folder)
    await bring_up(settings.database_url)
    async with open_uploads(settings) as uploads:
        await ApiKeys(uploads.database, now).ensure_default_tenant()
        yield UploadParts(settings, uploads)
