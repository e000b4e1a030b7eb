"""Assets of the service: list, find look-alikes, download, delete, restore."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mememime_proxy.client.errors import AnswerError, ClientError, FileError
from mememime_proxy.client.transfer.session import CONNECTION_ERRORS, RETRY_STATUSES, Session
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.containers import CONTAINERS

_PAGE = 500
_CHUNK = 1 << 18
_EXTENSIONS = (
    {format_.mime: format_.extension for format_ in FORMATS.values()}
    | {container.mime: f".{container.name}" for container in CONTAINERS.values()}
    | {"video/ogg": ".ogv", "audio/ogg": ".ogg", "audio/webm": ".webm", "audio/matroska": ".mka", "audio/3gpp": ".3gp"}
)


def extension(media_type: str) -> str:
    """Return the extension of files of a media type, with its full stop; '' for an unknown one."""
    return _EXTENSIONS.get(media_type, "")


class AssetCatalogue:
    """The assets that the session's key can see. Raises the errors of ``Session.request``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def pages(self, state: str = "") -> AsyncIterator[dict[str, Any]]:
        """Yield assets by digest, those in ``state`` if one is given."""
        query = {"limit": str(_PAGE)} | ({"state": state} if state else {})
        while True:
            page = (await self._session.request("GET", "/assets", params=query)).json()
            for asset in page["assets"]:
                yield asset
            if not page.get("cursor"):
                return
            query["cursor"] = page["cursor"]

    async def get(self, sha256: str) -> dict[str, Any]:
        """Return the facts of an asset."""
        return (await self._session.request("GET", f"/assets/{sha256}")).json()

    async def alike(self, sha256: str, distance: int, limit: int) -> dict[str, Any]:
        """Return the assets that look like one, nearest first, and whether there are ``more``."""
        query = {"distance": str(distance), "limit": str(limit)}
        return (await self._session.request("GET", f"/assets/{sha256}/alike", params=query)).json()

    async def delete(self, sha256: str, *, force: bool = False) -> None:
        """Delete an asset. ``force``: also where an alias points at it, which administrators may."""
        await self._session.request("DELETE", f"/assets/{sha256}", params={"force": "true"} if force else None)

    async def restore(self, sha256: str) -> dict[str, Any]:
        """Take a deletion back."""
        return (await self._session.request("POST", f"/assets/{sha256}/restore")).json()

    async def download(self, asset: dict[str, Any], path: Path) -> bool:
        """Write the stored bytes of ``asset`` to ``path``; return False where the file has them already.

        The bytes are compared with their digest before the file gets its name. Raises FileError where the file cannot
        be written.
        """
        expected = str(asset["stored_sha256"])
        if await asyncio.to_thread(_has_digest, path, expected):
            return False
        with _new_file(path) as file:
            await self._receive(str(asset["sha256"]), file, expected)
        return True

    async def download_alias(self, alias: dict[str, Any], folder: Path) -> tuple[Path, bool]:
        """Download the asset of an alias into ``folder`` by its name; return the file, and whether bytes were sent."""
        path = folder / f"{alias['name']}{extension(alias['asset']['media_type'])}"
        if ".." in path.parts[len(folder.parts) :] or not path.is_relative_to(folder):
            raise FileError(f"the alias {alias['name']!r} leads outside of {folder}")
        return path, await self.download(alias["asset"], path)

    async def _receive(self, sha256: str, file: BinaryIO, expected: str) -> None:
        retries = self._session.retries()
        while True:
            file.seek(0)
            file.truncate()
            digest = hashlib.sha256()
            try:
                async with self._session.open(f"/assets/{sha256}/content") as response:
                    async for chunk in response.content.iter_chunked(_CHUNK):
                        digest.update(chunk)
                        file.write(chunk)
            except CONNECTION_ERRORS as error:
                await retries.wait(self._session.unreachable_error(error))
            except AnswerError as error:
                if error.status not in RETRY_STATUSES:
                    raise
                await retries.wait(error)
            else:
                if digest.hexdigest() == expected:
                    return
                await retries.wait(ClientError(f"the bytes of {sha256} that arrived have another digest"))


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that gets the name ``path`` if nothing is raised. Raises FileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".download-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                os.fchmod(descriptor, 0o666 & ~_umask())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error


def _has_digest(path: Path, expected: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
