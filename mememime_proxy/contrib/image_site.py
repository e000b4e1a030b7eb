"""The pictures of a site: URLs and HTML for names, from one dictionary of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mememime_proxy.contrib.assets_client import AssetsClient
from mememime_proxy.urls import UrlBuilder
from mememime_proxy.urls.building.responsive_markup import Html

_SETTINGS: Final = frozenset(
    {"PROXY_URL", "KEY", "SALT", "SIGNATURE_SIZE", "ARGUMENTS_SEPARATOR", "RESOURCES_URL", "API_KEY", "PREFIX",
     "OPTIONS", "FORMATS", "FALLBACK"}
)  # fmt: skip


class ImageSite:
    """URLs of pictures that have a name in the resource service, or a URL of their own."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read settings (docs/frameworks.md). ValueError for an unknown one, SettingsError for wrong keys."""
        if unknown := sorted(set(settings) - _SETTINGS):
            raise ValueError(f"MEMEMIME has no setting {unknown[0]!r}, expected any of {', '.join(sorted(_SETTINGS))}")
        self._separator = settings.get("ARGUMENTS_SEPARATOR", ":")
        self._builder = UrlBuilder(
            settings["PROXY_URL"],
            settings.get("KEY", ""),
            settings.get("SALT", ""),
            signature_size=settings.get("SIGNATURE_SIZE", 32),
            arguments_separator=self._separator,
            unsigned=not settings.get("KEY"),
        )
        self._options = str(settings.get("OPTIONS", ""))
        self._formats = tuple(settings.get("FORMATS", ("avif", "webp")))
        self._fallback = str(settings.get("FALLBACK", "jpeg"))
        self.prefix = str(settings.get("PREFIX", ""))
        """What aliases of the site begin with."""
        self._service = (str(settings.get("RESOURCES_URL", "")), str(settings.get("API_KEY", "")))

    @property
    def assets(self) -> AssetsClient:
        """The resource service. ValueError where the settings do not name it."""
        return AssetsClient(*self._service)

    def image_url(self, source: Any, options: str = "", extension: str = "") -> str:
        """Return the signed URL of a picture. ``options``: as in a URL, ``rs:fill:300:200/q:80``. UrlError."""
        return self._with(options).build(self._source(source), extension)

    def srcset(self, source: Any, widths: str | Sequence[int], options: str = "", extension: str = "") -> str:
        """Return the value of a ``srcset`` attribute for ``widths``, a list or ``320 640``. UrlError."""
        return self._with(options).srcset(self._source(source), widths=_numbers(widths), extension=extension)

    def picture(
        self,
        source: Any,
        *,
        widths: str | Sequence[int],
        sizes: str,
        alt: str = "",
        options: str = "",
        formats: str | Sequence[str] = (),
    ) -> Html:
        """Return a ``<picture>`` with a ``<source>`` for each format. UrlError."""
        names = formats.split() if isinstance(formats, str) else formats
        element = self._with(options).picture(
            self._source(source),
            widths=_numbers(widths),
            sizes=sizes,
            formats=tuple(names) or self._formats,
            fallback=self._fallback,
        )
        return element.html(alt)

    def _with(self, options: str) -> UrlBuilder:
        url = self._builder
        for option in filter(None, f"{self._options}/{options}".split("/")):
            name, *arguments = option.split(self._separator)
            url = url.option(name, *arguments)
        return url

    def _source(self, source: Any) -> str:
        """Return the source of a name, of a file field (its ``name``), or a URL as it is."""
        text = source if isinstance(source, str) else str(getattr(source, "name", source))
        return text if "://" in text else f"alias://{self.prefix}{text}"


def _numbers(widths: str | Sequence[int]) -> tuple[int, ...]:
    return tuple(int(each) for each in (widths.split() if isinstance(widths, str) else widths))
