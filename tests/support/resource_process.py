"""``mememime resources`` as a process of its own, and requests to it."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from multidict import CIMultiDict

from tests.support.service_process import ServiceProcess

ADMIN_KEY = "trial-" + "k" * 40
TOKEN_KEY = hashlib.sha256(b"key of upload tokens of tests").hexdigest()
_TIMEOUT = 60.0


class NoResponseError(Exception):
    """The service ended before it responded."""


@dataclass(frozen=True)
class Response:
    """A response of the service."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class ResourceProcess(ServiceProcess):
    """A running resource service: SQLite and a folder below ``folder``, one worker, no maintenance, unless settings
    say otherwise. Started again on the same folder it has the same assets."""

    command = "resources"
    bind = "MEMEMIME_RESOURCES_BIND"

    def __init__(self, folder: Path, program: str = "mememime_proxy", **settings: str) -> None:
        super().__init__(
            folder,
            program,
            **{
                "assets_storage": str(folder / "assets"),
                "database_url": f"sqlite:///{folder}/resources.sqlite",
                "admin_api_key": ADMIN_KEY,
                "token_key": TOKEN_KEY,
                "workers": "1",
                "upload_piece_size": "1",
                "janitor_interval": "0",
                "scrub_cycle": "0",
                **settings,
            },
        )

    def proxy_settings(self) -> dict[str, str]:
        """Return the settings by which a proxy finds the assets and aliases of this service."""
        return {
            "resources_url": self.base,
            "resources_api_key": ADMIN_KEY,
            "assets_storage": self.settings["MEMEMIME_ASSETS_STORAGE"],
        }

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str = ADMIN_KEY,
    ) -> Response:
        """Send one request; a mapping goes as JSON. NoResponseError where there is no response."""
        fields = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        if isinstance(body, Mapping):
            body, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            return Response(response.status, CIMultiDict(response.getheaders()), response.read())
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise NoResponseError(f"{method} {path}: {type(error).__name__}") from error
        finally:
            connection.close()

    def upload(self, content: bytes, alias: str = "") -> str:
        """Upload ``content``, with an alias if one is given; return its SHA-256."""
        response = self.request("PUT", f"/assets?alias={quote(alias, safe='')}" if alias else "/assets", content)
        assert response.status in {200, 201}, response.body
        return str(response.json["sha256"])

    def set_alias(self, alias: str, sha256: str, **fields: object) -> None:
        """Point ``alias`` at an asset; ``fields`` are ``focal``, ``preset`` and ``tags`` as the service has them."""
        response = self.request("PUT", f"/aliases/{quote(alias)}", {"sha256": sha256, **fields})
        assert response.status in {200, 201}, response.body
