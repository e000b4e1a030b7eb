"""API keys and upload tokens of the service."""

from __future__ import annotations

from typing import Any

from mememime_proxy.client.errors import AnswerError
from mememime_proxy.client.transfer.session import CONNECTION_ERRORS, Session


class Credentials:
    """API keys and upload tokens. Raises the errors of ``Session.request``.

    What creates something is requested once: a second attempt could create a second one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_keys(self, tenant: str = "") -> list[dict[str, Any]]:
        """Return the API keys of a tenant, or all, without their secrets, the newest first."""
        query = {"tenant": tenant} if tenant else None
        keys: list[dict[str, Any]] = (await self._session.request("GET", "/keys", params=query)).json()["keys"]
        return keys

    async def create_key(self, **fields: Any) -> dict[str, Any]:
        """Return a new API key with its text (``key``). ``fields``: those of POST /keys; None = its default."""
        return await self._create("/keys", fields)

    async def revoke_key(self, key_id: str) -> None:
        """Revoke an API key."""
        await self._session.request("DELETE", f"/keys/{key_id}")

    async def replace_key(self, key_id: str, expires_in: int | None = None) -> dict[str, Any]:
        """Return a new API key with tenant, role, prefix and label of another one, which stays valid."""
        old = next((key for key in await self.list_keys() if key["id"] == key_id), None)
        if old is None:
            raise AnswerError(404, "Not Found", f"there is no API key {key_id}")
        fields = {name: old[name] for name in ("tenant", "role", "prefix", "label") if old.get(name)}
        return await self.create_key(**fields, expires_in=expires_in)

    async def issue_token(self, **fields: Any) -> dict[str, Any]:
        """Return an upload token and when it expires. ``fields``: those of POST /tokens; None = its default."""
        return await self._create("/tokens", fields)

    async def _create(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in fields.items() if value is not None}
        try:
            response = await self._session.request_once("POST", path, json_body=body)
        except CONNECTION_ERRORS as error:
            raise self._session.unreachable_error(error) from error
        if response.status >= 400:
            raise response.to_error()
        if response.status >= 300:
            raise response.redirect_error()
        return response.json()
