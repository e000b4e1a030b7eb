"""Writes docs/openapi.json: ``python -m tests.support.openapi_page``."""

from __future__ import annotations

from pathlib import Path

from mememime_proxy.resources.app import ROUTES
from mememime_proxy.resources.http.openapi import to_json

if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "openapi.json").write_text(to_json(ROUTES), "utf-8")
