"""Inputs of the resource service: aliases by prefix or tag, and all assets of the key's tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.client.catalogue.aliases import AliasCatalogue
from mememime_proxy.client.catalogue.assets import AssetCatalogue
from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.transfer.retries import Retries
from mememime_proxy.client.transfer.session import Session
from mememime_proxy.errors import BatchInputError, BatchUsageError
from mememime_proxy.settings.settings import Settings

_ATTEMPTS = 6


class ServiceInput:
    """Items that the resource service lists, page by page."""

    is_local = False

    def __init__(self, settings: Settings, kind: str, argument: str = "") -> None:
        """``kind``: ``alias`` with a prefix of names, ``tag`` with a tag, or ``assets``. BatchUsageError."""
        missing = [
            f"MEMEMIME_{name.upper()}" for name in ("resources_url", "resources_api_key") if not getattr(settings, name)
        ]
        if missing:
            raise BatchUsageError(f"--from {kind}: found nothing in {', '.join(missing)}, which this input needs")
        self._url, self._key = settings.resources_url, settings.resources_api_key
        self._kind = kind
        self._argument = argument

    def digest(self) -> str:
        """See ``BatchInput``."""
        return ""

    async def items(self) -> AsyncIterator[BatchItem]:
        """See ``BatchInput``."""
        try:
            async with Session(self._url, self._key, retries=lambda: Retries(_ATTEMPTS)) as session:
                if self._kind == "assets":
                    async for asset in AssetCatalogue(session).pages("ready"):
                        yield BatchItem(f"asset://{asset['sha256']}", name=asset["sha256"])
                    return
                aliases = AliasCatalogue(session)
                filters = {"tag" if self._kind == "tag" else "prefix": self._argument}
                async for alias in aliases.pages(**filters):
                    yield _alias(alias)
        except ClientError as error:
            raise BatchInputError(f"the resource service at {self._url}: {error}") from error


def _alias(alias: dict[str, Any]) -> BatchItem:
    changed = datetime.fromisoformat(alias["changed"]).timestamp()
    return BatchItem(f"alias://{alias['name']}", name=alias["name"], changed=changed)
