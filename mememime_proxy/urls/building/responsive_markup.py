"""What a page needs to show a picture in several formats and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


class Html(str):
    """HTML whose texts are escaped: templates of Jinja, Django and others write it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class PictureSource:
    """The attributes of a ``<source>``: the format's media type, and its URLs."""

    type: str
    srcset: str
    sizes: str = ""


@dataclass(frozen=True, slots=True)
class PictureElement:
    """The parts of a ``<picture>``: its sources, best first, and the attributes of its ``<img>``."""

    sources: tuple[PictureSource, ...]
    src: str
    srcset: str
    sizes: str = ""

    def html(self, alt: str) -> Html:
        """Return the element, ready for a page. ``alt`` describes the picture; everything is escaped."""
        sources = [_tag("source", type=s.type, srcset=s.srcset, sizes=s.sizes) for s in self.sources]
        image = _tag("img", src=self.src, srcset=self.srcset, sizes=self.sizes, alt=alt)
        return Html(f"<picture>{''.join(sources)}{image}</picture>")


def _tag(tag: str, **attributes: str) -> str:
    parts = [f'{name}="{escape(value)}"' for name, value in attributes.items() if value or name == "alt"]
    return f"<{tag} {' '.join(parts)}>"
