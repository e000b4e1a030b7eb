"""URLs of a film or sound for a page: its sources, its poster, its storyboard, its description."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, Self

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.outputs import OUTPUTS, OutputKind
from mememime_proxy.formats.stream_members import MARK, MASTERS
from mememime_proxy.urls.building.fluent import FluentOptions
from mememime_proxy.urls.building.media_markup import AudioElement, MediaSource, VideoElement

VideoOutput = Literal["mp4", "webm", "m3u8", "mpd"]
SoundOutput = Literal["opus", "m4a", "mp3", "flac", "wav"]


class MediaUrls(FluentOptions):
    """Builders of what pages need to play films and sound."""

    @abstractmethod
    def build(self, source: str = "", extension: str = "") -> str:
        """Return the URL of a result."""

    @abstractmethod
    def for_kind(self, kind: OutputKind | None) -> Self:
        """Return a builder with the options that results of a kind obey; None: pictures."""

    def video_sources(
        self, source: str = "", *, formats: Sequence[VideoOutput] = ("webm", "mp4")
    ) -> tuple[MediaSource, ...]:
        """Return the URLs of a film in several formats, with their media types, in this order.

        Each has the options of this builder that it obeys. Raises UrlError, OptionError for another format.
        """
        return self._sources(source, formats, {OutputKind.VIDEO, OutputKind.STREAM})

    def audio_sources(
        self, source: str = "", *, formats: Sequence[SoundOutput] = ("opus", "m4a")
    ) -> tuple[MediaSource, ...]:
        """Return the URLs of sound in several formats, as ``video_sources``."""
        return self._sources(source, formats, {OutputKind.SOUND})

    def poster(self, source: str = "", *, second: float | str = "auto", extension: str = "jpeg") -> str:
        """Return the URL of a film's frame, with the options of this builder for pictures. Raises UrlError."""
        return self.for_kind(None).video_thumbnail_second(second).build(source, extension)

    def storyboard_track(self, source: str = "") -> str:
        """Return the URL of the WebVTT file with which players show frames over their seek bar. Raises UrlError."""
        return self.for_kind(OutputKind.STORYBOARD).build(source, "vtt") + MARK + MASTERS["vtt"]

    def video(
        self,
        source: str = "",
        *,
        formats: Sequence[VideoOutput] = ("webm", "mp4"),
        poster: float | str | None = "auto",
        storyboard: bool = False,
    ) -> VideoElement:
        """Return the parts of a ``<video>``. ``poster``: its moment; None = none. Raises UrlError."""
        return VideoElement(
            self.video_sources(source, formats=formats),
            "" if poster is None else self.poster(source, second=poster),
            self.storyboard_track(source) if storyboard else "",
        )

    def audio(self, source: str = "", *, formats: Sequence[SoundOutput] = ("opus", "m4a")) -> AudioElement:
        """Return the parts of an ``<audio>``. Raises UrlError."""
        return AudioElement(self.audio_sources(source, formats=formats))

    def _sources(self, source: str, formats: Sequence[str], kinds: set[OutputKind]) -> tuple[MediaSource, ...]:
        found = []
        for name in formats:
            output = OUTPUTS.get(name)
            if output is None or output.kind not in kinds:
                expected = ", ".join(
                    sorted(each.name for each in OUTPUTS.values() if each.is_named and each.kind in kinds)
                )
                raise OptionError(f"found the format {name!r}, expected one of {expected}")
            found.append(MediaSource(self.for_kind(output.kind).build(source, name), output.mime))
        return tuple(found)
