"""What a page needs to play a film or sound in several formats."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from mememime_proxy.urls.building.responsive_markup import Html


@dataclass(frozen=True, slots=True)
class MediaSource:
    """The attributes of a ``<source>`` of a film or sound."""

    src: str
    type: str
    """The media type."""


@dataclass(frozen=True, slots=True)
class VideoElement:
    """The parts of a ``<video>``: its sources, best first, its poster, and the storyboard of its seek bar."""

    sources: tuple[MediaSource, ...]
    poster: str = ""
    storyboard: str = ""
    """A WebVTT file whose cues are places on sheets; players show them over the seek bar."""

    def html(self, label: str = "", *, controls: bool = True, muted_loop: bool = False) -> Html:
        """Return the element, ready for a page; everything is escaped. ``label`` describes the film.

        ``muted_loop``: it plays by itself, again and again, without sound, in place of a GIF.
        """
        parts = [_flags(controls=controls and not muted_loop, muted_loop=muted_loop), 'preload="metadata"']
        parts += [f'poster="{escape(self.poster)}"'] if self.poster else []
        parts += [f'aria-label="{escape(label)}"'] if label else []
        track = f'<track kind="metadata" label="thumbnails" src="{escape(self.storyboard)}">' if self.storyboard else ""
        return Html(f"<video {' '.join(filter(None, parts))}>{_sources(self.sources)}{track}</video>")


@dataclass(frozen=True, slots=True)
class AudioElement:
    """The parts of an ``<audio>``: its sources, best first."""

    sources: tuple[MediaSource, ...]

    def html(self, label: str = "", *, controls: bool = True) -> Html:
        """Return the element, ready for a page; everything is escaped. ``label`` describes the sound."""
        parts = [_flags(controls=controls), 'preload="metadata"', f'aria-label="{escape(label)}"' if label else ""]
        return Html(f"<audio {' '.join(filter(None, parts))}>{_sources(self.sources)}</audio>")


def _flags(*, controls: bool, muted_loop: bool = False) -> str:
    return "autoplay loop muted playsinline" if muted_loop else "controls" if controls else ""


def _sources(sources: tuple[MediaSource, ...]) -> str:
    return "".join(f'<source src="{escape(each.src)}" type="{escape(each.type)}">' for each in sources)
