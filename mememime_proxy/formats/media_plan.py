"""The part of a plan that is about films and sound, as frozen values.

Times are in seconds, unless a docstring says otherwise. A default changes nothing, or leaves the choice to the encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.formats.outputs import (
    ANIMATED_PICTURES,
    OUTPUTS,
    SPECTROGRAM_PICTURES,
    WAVEFORM_PICTURES,
    OutputKind,
)


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Small frames of a film on sheets, for the seek bar of a player."""

    step: float = -1.0
    """From one frame to the next; negative: the film by the tiles of one sheet."""
    width: int = 160
    """Of a tile, in pixels."""
    height: int = 0
    """Of a tile; 0 = by the film's aspect ratio."""
    columns: int = 10
    rows: int = 10


@dataclass(frozen=True, slots=True)
class Waveform:
    """The peaks of sound."""

    samples_per_pixel: int = 0
    """Samples for each pair of a minimum and a maximum; 0 = so that 2000 pairs cover the sound."""
    bits: int = 8
    """Of each value: 8 or 16."""
    channels: int = 1
    """1: all together; 2: left and right apart."""


@dataclass(frozen=True, slots=True)
class VideoAnimation:
    """An animated picture of single frames of a film."""

    step: float
    """Seconds of the film from one frame to the next; negative: the film by the number of frames."""
    delay: int
    """Milliseconds for which each frame is shown."""
    frames: int
    width: int
    """Of a frame; one of the film is fitted into it."""
    height: int
    extend: bool = False
    """Fill each frame up to its sides with black."""
    trim: bool = False
    """Leave out frames for which the film is too short."""
    fill: bool = False
    """Fill each frame with that of the film, of which parts are cut away."""
    focus_x: float = 0.5
    """With ``fill``: share of the width at which what stays is centred."""
    focus_y: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlan:
    """What is wanted of a film or sound, beside what a plan says of every picture."""

    clip_start: float = 0.0
    """Negative: from the end."""
    clip_duration: float = 0.0
    """0 = to the end."""
    video_codec: str = "auto"
    """``auto`` (by the container), ``h264``, ``hevc``, ``vp9``, ``av1``, ``copy`` or ``none``."""
    audio_codec: str = "auto"
    """``auto`` (by the container), ``aac``, ``opus``, ``mp3``, ``flac``, ``pcm``, ``copy`` or ``none``."""
    video_bitrate: int = 0
    """Most kbit/s, on top of the quality; 0 = by the number of lines."""
    audio_bitrate: int = 0
    """kbit/s; 0 = by codec and channels."""
    fps: float = 0.0
    """Most frames a second; 0 = the source's."""
    fps_exact: bool = False
    """``fps`` is the number of frames a second, also where the source has fewer."""
    keyframe_interval: float = 2.0
    encoder_speed: int = 7
    """0 slowest – 9 fastest."""
    audio_channels: int = 0
    """1, 2 or 6; 0 = the source's, at most 2."""
    sample_rate: int = 0
    """Hz; 0 = by the output."""
    loudness: tuple[float, float] | None = None
    """Integrated loudness in LUFS, and the most true peak in dBTP."""
    volume: float = 0.0
    """dB."""
    fade_in: float = 0.0
    fade_out: float = 0.0
    speed: float = 1.0
    """Factor, 0.25–4."""
    track: str = ""
    """Of sound: its number among the sound tracks, or its language; '' = the first default one; ALL_TRACKS."""
    loop: int = 0
    """Times that an animated picture is shown; 0 = for ever."""
    tone_map: bool = True
    """Show a film in HDR with the brightness of SDR, unless the plan preserves HDR."""
    deinterlace: bool = True
    """Where frames say that they are interlaced."""
    storyboard: Storyboard = Storyboard()
    waveform: Waveform | None = None
    """The result shows the peaks of the sound."""
    spectrogram: bool = False
    """The result is a picture of the sound's frequencies."""
    ladder: tuple[str, ...] = ()
    """Renditions of a stream: lines of the shorter side in decimal, ``copy``, ``av1``; empty = the operator's."""
    member: str = ""
    """Of a stream: the name of the member that is wanted (``formats.stream_members``); '' = its first playlist."""
    segment_duration: float = 6.0
    """Of a stream; about."""
    video_animation: VideoAnimation | None = None


ALL_TRACKS = "*"
"""Every track of sound, for a copy of an original. URLs cannot ask for it."""

NO_MEDIA = MediaPlan()
"""The plan of a result that is a picture."""


def output_kind(name: str, media: MediaPlan) -> OutputKind | None:
    """Return the kind of result that options and a format ('' = none) ask for; None for a picture."""
    if (output := OUTPUTS.get(name)) is not None:
        return output.kind
    if media.waveform is not None and (not name or name in WAVEFORM_PICTURES):
        return OutputKind.WAVEFORM
    if media.spectrogram and (not name or name in SPECTROGRAM_PICTURES):
        return OutputKind.SPECTROGRAM
    has_clip = media.clip_start != 0 or media.clip_duration > 0
    is_animated = media.video_animation is not None or (media.fps > 0 and has_clip)
    return OutputKind.ANIMATION if is_animated and (not name or name in ANIMATED_PICTURES) else None
