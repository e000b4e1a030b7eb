"""Flask: the functions of templates, and the site for views, from ``app.config["MEMEMIME"]``."""

from __future__ import annotations

from typing import Any

from mememime_proxy.contrib.image_site import ImageSite
from mememime_proxy.contrib.jinja import template_globals

NAME = "mememime"


class Mememime:
    """The extension: ``Mememime(app)``, or ``init_app`` later. ``current_app.extensions["mememime"]`` is the site."""

    def __init__(self, app: Any = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Read the settings and register. KeyError without ``MEMEMIME``; ValueError for a wrong setting."""
        site = ImageSite(app.config["MEMEMIME"])
        app.extensions[NAME] = site
        app.jinja_env.globals.update(template_globals(site))
