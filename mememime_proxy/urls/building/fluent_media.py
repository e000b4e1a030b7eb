"""The options of films and sound as typed methods, for :class:`~mememime_proxy.urls.building.builder.UrlBuilder`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Self

Value = str | int | float | bool | None
"""An argument. None leaves it empty."""

VideoCodec = Literal["auto", "h264", "hevc", "vp9", "av1", "copy", "none"]
AudioCodec = Literal["auto", "aac", "opus", "mp3", "flac", "pcm", "copy", "none"]
Switch = Literal["auto", "off"]


class FluentMediaOptions(ABC):
    """A method for each option of films and sound. ``docs/options.md`` explains them."""

    @abstractmethod
    def option(self, name: str, *arguments: Value) -> Self:
        """Add an option."""

    def clip(self, start: float | None = None, duration: float | None = None) -> Self:
        """Part of the film or sound, seconds."""
        return self.option("clip", start, duration)

    def video_codec(self, codec: VideoCodec) -> Self:
        """Codec of the pictures."""
        return self.option("video_codec", codec)

    def audio_codec(self, codec: AudioCodec) -> Self:
        """Codec of the sound; ``none`` mutes."""
        return self.option("audio_codec", codec)

    def video_bitrate(self, rate: int) -> Self:
        """Most kbit/s of the pictures."""
        return self.option("video_bitrate", rate)

    def audio_bitrate(self, rate: int) -> Self:
        """Set the kbit/s of the sound."""
        return self.option("audio_bitrate", rate)

    def fps(self, rate: float, exact: bool | None = None) -> Self:
        """Most frames a second, or exactly that many."""
        return self.option("fps", rate, exact)

    def keyframe_interval(self, seconds: float) -> Self:
        """Seconds from one key frame to the next."""
        return self.option("keyframe_interval", seconds)

    def encoder_speed(self, speed: int) -> Self:
        """0 slowest, 9 fastest."""
        return self.option("encoder_speed", speed)

    def audio_channels(self, channels: Literal[0, 1, 2, 6]) -> Self:
        """Channels of the sound."""
        return self.option("audio_channels", channels)

    def sample_rate(self, hertz: int) -> Self:
        """Sample rate of the sound."""
        return self.option("sample_rate", hertz)

    def loudness(self, integrated: float = 1, true_peak: float | None = None) -> Self:
        """LUFS and dBTP; 1 stands for −16 and −1, 0 for off."""
        return self.option("loudness", integrated, true_peak)

    def volume(self, gain: float) -> Self:
        """Gain in dB."""
        return self.option("volume", gain)

    def fade(self, fade_in: float | None = None, fade_out: float | None = None) -> Self:
        """Seconds at the start and at the end."""
        return self.option("fade", fade_in, fade_out)

    def speed(self, factor: float) -> Self:
        """Play faster or slower."""
        return self.option("speed", factor)

    def track(self, track: int | str) -> Self:
        """Sound track: its number, or its language."""
        return self.option("track", track)

    def loop(self, times: int) -> Self:
        """How often an animation is shown; 0 = for ever."""
        return self.option("loop", times)

    def tone_map(self, tone_map: Switch = "auto") -> Self:
        """Show HDR with the brightness of SDR."""
        return self.option("tone_map", tone_map)

    def deinterlace(self, deinterlace: Switch = "auto") -> Self:
        """Make whole frames of fields."""
        return self.option("deinterlace", deinterlace)

    def storyboard(
        self,
        step: float | None = None,
        width: int | None = None,
        height: int | None = None,
        columns: int | None = None,
        rows: int | None = None,
    ) -> Self:
        """Frames of a storyboard, and its sheets."""
        return self.option("storyboard", step, width, height, columns, rows)

    def waveform(
        self, samples_per_pixel: int = 0, bits: Literal[8, 16] | None = None, channels: Literal[1, 2] | None = None
    ) -> Self:
        """Peaks of the sound."""
        return self.option("waveform", samples_per_pixel, bits, channels)

    def spectrogram(self, on: bool = True) -> Self:
        """Picture of the sound's frequencies."""
        return self.option("spectrogram", on)

    def ladder(self, *renditions: int | Literal["copy", "av1"]) -> Self:
        """Renditions of a stream: lines, ``copy``, ``av1``; none = the operator's."""
        return self.option("ladder", *(renditions or (None,)))

    def segment_duration(self, seconds: float) -> Self:
        """Seconds of a segment of a stream."""
        return self.option("segment_duration", seconds)
