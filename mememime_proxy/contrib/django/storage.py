"""A storage whose files are assets: names are aliases, and URLs are those of the proxy."""

from __future__ import annotations

import posixpath
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from mememime_proxy.contrib.django.apps import image_site
from mememime_proxy.contrib.image_site import ImageSite


@deconstructible(path="mememime_proxy.contrib.django.storage.MememimeStorage")
class MememimeStorage(Storage):
    """Saves by ``PUT /assets?alias=``; ServiceError, an OSError, where the service refuses or does not answer."""

    def __init__(self, options: str = "") -> None:
        """``options``: of every URL, as in a path: ``rs:fit:1600``."""
        self._url_options = options

    @property
    def site(self) -> ImageSite:
        """The pictures of the settings."""
        return image_site()

    def url(self, name: str | None) -> str:
        """Return the signed URL of the picture."""
        return self.site.image_url(name or "", self._url_options)

    def delete(self, name: str) -> None:
        """Delete the alias; its asset stays until nothing names it and an operator removes it."""
        self.site.assets.delete_alias(self._alias(name))

    def exists(self, name: str) -> bool:
        """Return whether the alias is there."""
        return self.site.assets.alias(self._alias(name)) is not None

    def size(self, name: str) -> int:
        """Return the bytes of the original. FileNotFoundError."""
        return int(self._facts(name)["asset"]["size"])

    def set_focal(self, name: str, x: float, y: float) -> None:
        """Set the focal point, which crops of fill and crop keep; public URLs show it at once."""
        self.site.assets.set_focal(self._alias(name), x, y)

    def focal(self, name: str) -> tuple[float, float] | None:
        """Return the focal point; None where none was set. FileNotFoundError."""
        point = self._facts(name)["focal"]
        return (point["x"], point["y"]) if point else None

    def _save(self, name: str, content: Any) -> str:
        content.open()
        self.site.assets.upload(
            content.read(), self._alias(name), posixpath.basename(getattr(content, "name", "") or name)
        )
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError(f"found the mode {mode!r}, expected 'rb': an asset never changes")
        return ContentFile(self.site.assets.content(self._facts(name)["sha256"]), name)

    def _alias(self, name: str) -> str:
        return f"{self.site.prefix}{name}"

    def _facts(self, name: str) -> dict[str, Any]:
        found = self.site.assets.alias(self._alias(name))
        if found is None:
            raise FileNotFoundError(f"there is no alias {self._alias(name)}")
        return found
