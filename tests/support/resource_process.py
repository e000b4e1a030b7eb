"""Starts ``mememime resources`` as an operator would and talks to it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.proxy_process import ProxyProcess

ADMIN_KEY = "an-admin-key-that-only-these-tests-know"


@dataclass(frozen=True)
class Reply:
    """What the service said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class ResourceProcess(ProxyProcess):
    """A running resource service: SQLite and a folder below ``folder``, unless settings say otherwise.

    Started again on the same folder it has the same assets. It is on another port then, unless RESOURCES_BIND says one.
    """

    command = "resources"
    bind = "MEMEMIME_RESOURCES_BIND"

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(
            folder,
            **{
                "assets_storage": str(folder / "assets"),
                "database_url": f"sqlite:///{folder}/resources.sqlite",
                "admin_api_key": ADMIN_KEY,
                **settings,
            },
        )

    def for_proxy(self) -> dict[str, str]:
        """The settings by which a proxy finds what this service keeps."""
        return {
            "resources_url": self.base,
            "resources_api_key": ADMIN_KEY,
            "assets_storage": self.settings["MEMEMIME_ASSETS_STORAGE"],
        }

    def ask(self, method: str, path: str, body: bytes | object = None, key: str = ADMIN_KEY, **headers: str) -> Reply:
        """One request. A ``body`` that is not bytes goes as JSON; ``if_match`` is the header If-Match."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def put(self, content: bytes, alias: str = "") -> str:
        """Uploads ``content``, under an alias where one is named; its SHA-256."""
        reply = self.ask("PUT", f"/assets?alias={quote(alias, safe='')}" if alias else "/assets", content)
        assert reply.status in {200, 201}, reply.body
        return str(reply.json()["sha256"])

    def name(self, alias: str, sha256: str, **more: object) -> Reply:
        """Lets ``alias`` point at an asset; ``focal``, ``preset`` and ``tags`` as the service has them."""
        reply = self.ask("PUT", f"/aliases/{quote(alias)}", {"sha256": sha256, **more})
        assert reply.status in {200, 201}, reply.body
        return reply
