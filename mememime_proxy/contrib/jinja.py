"""Jinja2: ``image_url``, ``srcset`` and ``picture`` in templates of Flask, FastAPI, Starlette and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mememime_proxy.contrib.image_site import ImageSite


def template_globals(site: ImageSite) -> dict[str, Callable[..., Any]]:
    """Return what an environment's ``globals`` are updated with."""
    return {"image_url": site.image_url, "srcset": site.srcset, "picture": site.picture}
