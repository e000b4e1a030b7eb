"""The outputs of films and sound by name, beside the formats of pictures; pure facts without a codec."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OutputKind(StrEnum):
    """The kinds of results of a film or sound. Results of one kind obey the same options."""

    VIDEO = "video"
    SOUND = "sound"
    ANIMATION = "animation"
    """An animated picture."""
    WAVEFORM = "waveform"
    """The peaks of sound, as numbers or as a picture."""
    SPECTROGRAM = "spectrogram"
    STORYBOARD = "storyboard"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Output:
    """One output, named as in URLs."""

    name: str
    mime: str
    kind: OutputKind
    is_named: bool = True
    """Whether URLs may name it as an extension."""

    @property
    def extension(self) -> str:
        """Extension of its files, with the dot."""
        return f".{self.name}"


_ALL = (
    Output("mp4", "video/mp4", OutputKind.VIDEO),
    Output("webm", "video/webm", OutputKind.VIDEO),
    Output("mov", "video/quicktime", OutputKind.VIDEO),
    # An original in Matroska without its tags.
    Output("mkv", "video/matroska", OutputKind.VIDEO, is_named=False),
    Output("m4a", "audio/mp4", OutputKind.SOUND),
    Output("opus", "audio/ogg", OutputKind.SOUND),
    Output("mp3", "audio/mpeg", OutputKind.SOUND),
    Output("flac", "audio/flac", OutputKind.SOUND),
    Output("wav", "audio/wav", OutputKind.SOUND),
    Output("json", "application/json", OutputKind.WAVEFORM),
    Output("vtt", "text/vtt; charset=utf-8", OutputKind.STORYBOARD),
    Output("m3u8", "application/vnd.apple.mpegurl", OutputKind.STREAM),
    Output("mpd", "application/dash+xml", OutputKind.STREAM),
    # Headers and segments of streams, by the extensions of CMAF (ISO/IEC 23000-19).
    Output("cmfv", "video/mp4", OutputKind.STREAM, is_named=False),
    Output("cmfa", "audio/mp4", OutputKind.STREAM, is_named=False),
)
OUTPUTS: dict[str, Output] = {output.name: output for output in _ALL}
"""Every output by its name."""

WAVEFORM_PICTURES = ("png", "svg")
"""Formats of pictures of a waveform."""
SPECTROGRAM_PICTURES = ("png",)
ANIMATED_PICTURES = ("webp", "gif", "avif")
"""Formats of animated pictures of a film; the first is the default."""
