"""Aliases of the service: list, change, history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from mememime_proxy.client.errors import AnswerError
from mememime_proxy.client.transfer.session import Session
from mememime_proxy.client.uploader import AliasAttributes, Uploader

_PAGE = 500
DIGEST_LENGTH = 64


def is_digest(text: str) -> bool:
    """Return whether ``text`` is written like the SHA-256 of an asset."""
    return len(text) == DIGEST_LENGTH and all(letter in "0123456789abcdef" for letter in text)


def bare_name(text: str, scheme: str = "alias") -> str:
    """Return the name in ``text``, which may be written as a source's URL: ``alias://name``."""
    return text.removeprefix(f"{scheme}://")


class AliasCatalogue:
    """The aliases that the session's key can see. Raises the errors of ``Session.request``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def pages(self, *, prefix: str = "", tag: str = "", text: str = "") -> AsyncIterator[dict[str, Any]]:
        """Yield aliases by name. ``text``: a part of the name."""
        filters = {"prefix": prefix, "tag": tag, "q": text, "limit": str(_PAGE)}
        query = {name: value for name, value in filters.items() if value}
        while True:
            page = (await self._session.request("GET", "/aliases", params=query)).json()
            for alias in page["aliases"]:
                yield alias
            if not page.get("cursor"):
                return
            query["cursor"] = page["cursor"]

    async def get(self, name: str) -> dict[str, Any]:
        """Return an alias."""
        return (await self._session.request("GET", _path("aliases", name))).json()

    async def history(self, name: str) -> list[dict[str, Any]]:
        """Return the versions of an alias, the newest first."""
        response = await self._session.request("GET", _path("versions", name))
        versions: list[dict[str, Any]] = response.json()["versions"]
        return versions

    async def resolve(self, target: str) -> str:
        """Return the digest of an asset that is named by it, ``asset://digest``, or an alias."""
        digest = bare_name(target, "asset")
        return digest if is_digest(digest) else str((await self.get(bare_name(target)))["sha256"])

    async def set(
        self, name: str, target: str, attributes: AliasAttributes | None = None, *, must_exist: bool = False
    ) -> dict[str, Any]:
        """Point an alias at ``target`` (see ``resolve``); attributes that are not given stay as they are."""
        digest = await self.resolve(target)
        if must_exist:
            await self.get(name)
        acknowledged = await Uploader(self._session.url, "", session=self._session).set_alias(name, digest, attributes)
        return await self.get(acknowledged.name)

    async def roll_back(self, name: str, version: int = 0) -> dict[str, Any]:
        """Restore a version, 0 = the one before the present one; unless the alias changes at the same time."""
        versions = await self.history(name)
        present = versions[0]
        condition = {"If-Match": f'"{present["version"]}"'} if present["sha256"] else {"If-None-Match": "*"}
        if not version:
            version = next((int(each["version"]) for each in versions[1:] if each["sha256"]), 0)
            if not version:
                raise AnswerError(409, "Conflict", f"the alias {name} has no earlier version")
        response = await self._session.request(
            "POST", _path("versions", name), json_body={"version": version}, headers=condition
        )
        return response.json()

    async def delete(self, name: str) -> None:
        """Delete an alias."""
        await self._session.request("DELETE", _path("aliases", name))


def _path(collection: str, name: str) -> str:
    return f"/{collection}/{quote(name, safe='/')}"
