"""The application, and the site that its parts share."""

from __future__ import annotations

from functools import cache

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import setting_changed

from mememime_proxy.contrib.image_site import ImageSite


@cache
def image_site() -> ImageSite:
    """Return the pictures of ``settings.MEMEMIME``."""
    return ImageSite(settings.MEMEMIME)


class MememimeConfig(AppConfig):
    """The application of templates, static files and tags."""

    name = "mememime_proxy.contrib.django"
    label = "mememime"
    verbose_name = "Mememime"

    def ready(self) -> None:
        """Read the settings anew where a test changes them."""
        setting_changed.connect(_forget)


def _forget(*, setting: str, **_more: object) -> None:
    if setting == "MEMEMIME":
        image_site.cache_clear()
