"""The options of results of films and sound, other than a frame or a sprite."""

from __future__ import annotations

from typing import Final

from mememime_proxy.urls.options.arguments import (
    Argument,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    EmptyRule,
    Flag,
    ValueType,
    WholeNumber,
)
from mememime_proxy.urls.options.media_arguments import (
    ExactFlag,
    LadderArguments,
    LoudnessArguments,
    StoryboardArguments,
    TrackName,
    WaveformArguments,
)
from mememime_proxy.urls.options.option import Option

_SECTION: Final = "Films and sound"
_VIDEO: Final = "the encoder of films"
_SOUND: Final = "the encoder of sound"
_BOTH: Final = "the encoders of films and of sound"
_STREAMS: Final = "the segments of a stream"
_DAY: Final = 86_400.0
_VIDEO_CODECS: Final = ("auto", "h264", "hevc", "vp9", "av1", "copy", "none")
_AUDIO_CODECS: Final = ("auto", "aac", "opus", "mp3", "flac", "pcm", "copy", "none")
_SWITCH: Final = Choice({"auto": True, "off": False})


def _words(names: tuple[str, ...]) -> Choice:
    return Choice({name: name for name in names})


def _argument(name: str, type_: ValueType, field: str, meaning: str, empty: EmptyRule = EmptyRule.KEEP) -> Argument:
    return Argument(name=name, type=type_, field=f"media.{field}", meaning=meaning, empty=empty)


def _option(
    name: str,
    alias: str,
    example: str,
    default: str,
    obeyed_by: str,
    meaning: str,
    *arguments: Argument | ArgumentGroup,
) -> Option:
    return Option(
        name=name,
        aliases=(alias,) if alias else (),
        section=_SECTION,
        meaning=meaning,
        arguments=arguments,
        example=f"{alias or name}:{example}",
        default=default,
        obeyed_by=obeyed_by,
    )


MEDIA_OPTIONS = (
    _option(
        "clip",
        "tc",
        "30:6",
        "0:0",
        _BOTH,
        "A part of the film or sound. With `fps` and a format of animated pictures (`webp`, `gif`, `avif`, or none) the"
        " result is an animation.",
        _argument("start", DecimalNumber(-_DAY * 30, _DAY * 30), "clip_start", "Seconds; negative: from the end."),
        _argument("duration", DecimalNumber(0), "clip_duration", "Seconds; 0: to the end."),
    ),
    _option(
        "video_codec",
        "vc",
        "av1",
        "auto",
        _VIDEO,
        "Codec of the pictures. `auto`: H.264 in MP4, AV1 in WebM. `copy` takes them as they are, cut at key frames;"
        " `none` leaves them out.",
        _argument("codec", _words(_VIDEO_CODECS), "video_codec", "The codec.", EmptyRule.READ),
    ),
    _option(
        "audio_codec",
        "ac",
        "none",
        "auto",
        _BOTH,
        "Codec of the sound. `auto`: by the container. `copy` takes it as it is; `none` mutes a film.",
        _argument("codec", _words(_AUDIO_CODECS), "audio_codec", "The codec.", EmptyRule.READ),
    ),
    _option(
        "video_bitrate",
        "vb",
        "1500",
        "0",
        _VIDEO,
        "A limit for the bit rate of the pictures, on top of the quality.",
        _argument("rate", WholeNumber(0, 1_000_000), "video_bitrate", "kbit/s; 0: by the size.", EmptyRule.READ),
    ),
    _option(
        "audio_bitrate",
        "ab",
        "96",
        "0",
        _BOTH,
        "Bit rate of the sound.",
        _argument("rate", WholeNumber(0, 1024), "audio_bitrate", "kbit/s; 0: by codec and channels.", EmptyRule.READ),
    ),
    _option(
        "fps",
        "",
        "12",
        "the source's",
        "the encoders of films and of animations",
        "A limit for the frames a second.",
        _argument("rate", DecimalNumber(0, 240), "fps", "Frames a second; 0: the source's."),
        _argument("exact", ExactFlag(), "fps_exact", "That many also where the source has fewer.", EmptyRule.READ),
    ),
    _option(
        "keyframe_interval",
        "ki",
        "4",
        "2",
        _VIDEO,
        "Time from one key frame to the next.",
        _argument("seconds", DecimalNumber(0, 60, above=True), "keyframe_interval", "Seconds.", EmptyRule.READ),
    ),
    _option(
        "encoder_speed",
        "es",
        "5",
        "7",
        _VIDEO,
        "How much time an encoder takes for the same quality in fewer bytes: 0 slowest, 9 fastest.",
        _argument("speed", WholeNumber(0, 9), "encoder_speed", "0 to 9.", EmptyRule.READ),
    ),
    _option(
        "audio_channels",
        "ach",
        "1",
        "0",
        _BOTH,
        "Channels of the sound.",
        _argument(
            "channels",
            Choice({"0": 0, "1": 1, "2": 2, "6": 6}),
            "audio_channels",
            "0: the source's, at most 2.",
            EmptyRule.READ,
        ),
    ),
    _option(
        "sample_rate",
        "asr",
        "44100",
        "by the output",
        _BOTH,
        "Sample rate of the sound. By default 48,000 Hz; in MP3, FLAC and WAV the source's, at most 48,000 Hz.",
        _argument("hertz", WholeNumber(8_000, 192_000), "sample_rate", "Hz.", EmptyRule.READ),
    ),
    _option(
        "loudness",
        "ln",
        "-16:-1",
        "off",
        _BOTH,
        "Bring the sound to a loudness by one gain, measured over the whole track (EBU R128). The true peak limits it.",
        LoudnessArguments(),
    ),
    _option(
        "volume",
        "vol",
        "-6",
        "0",
        _BOTH,
        "Make the sound louder or softer.",
        _argument("gain", DecimalNumber(-60, 20), "volume", "dB.", EmptyRule.READ),
    ),
    _option(
        "fade",
        "fd",
        "0.5:1",
        "0:0",
        _BOTH,
        "Fade sound and pictures in and out.",
        _argument("fade_in", DecimalNumber(0, 60), "fade_in", "Seconds at the start."),
        _argument("fade_out", DecimalNumber(0, 60), "fade_out", "Seconds at the end."),
    ),
    _option(
        "speed",
        "spd",
        "1.5",
        "1",
        _BOTH,
        "Play faster or slower; the sound keeps its pitch.",
        _argument("factor", DecimalNumber(0.25, 4), "speed", "Factor.", EmptyRule.READ),
    ),
    _option(
        "track",
        "trk",
        "en",
        "the first default one",
        _BOTH,
        "The sound track, where there are several.",
        _argument("track", TrackName(), "track", "Its number among them, or its language.", EmptyRule.READ),
    ),
    _option(
        "loop",
        "lp",
        "1",
        "0",
        "the encoder of animations of films",
        "How often an animation is shown.",
        _argument("times", WholeNumber(0, 65_535), "loop", "0: for ever.", EmptyRule.READ),
    ),
    _option(
        "tone_map",
        "tm",
        "off",
        "auto",
        "the encoders of films and of animations",
        "Show a film in HDR with the brightness of SDR, unless `preserve_hdr` is on.",
        _argument("tone_map", _SWITCH, "tone_map", "Off: as it is.", EmptyRule.READ),
    ),
    _option(
        "deinterlace",
        "di",
        "off",
        "auto",
        "the encoders of films and of animations",
        "Make whole frames of fields, where a film says that it has them.",
        _argument("deinterlace", _SWITCH, "deinterlace", "Off: as it is.", EmptyRule.READ),
    ),
    _option(
        "storyboard",
        "sb",
        "2:160:90:10:10",
        "-1:160:0:10:10",
        "the storyboard, and those of streams",
        "Frames of a storyboard (`vtt`), and the sheets that they are on.",
        StoryboardArguments(),
    ),
    _option(
        "waveform",
        "wf",
        "512",
        "0:8:1",
        "the waveform",
        "Peaks of the sound: as numbers (`json`, in the form of audiowaveform), or as a picture (`png`, `svg`).",
        WaveformArguments(),
    ),
    _option(
        "spectrogram",
        "sg",
        "1",
        "0",
        "the spectrogram",
        "A picture of the sound's frequencies over time (`png`).",
        Argument(name="on", type=Flag(), field="media.spectrogram", meaning="On or off."),
    ),
    _option(
        "ladder",
        "ld",
        "720:360:copy",
        "MEMEMIME_AV_LADDER",
        _STREAMS,
        "Renditions of a stream (`m3u8`, `mpd`).",
        LadderArguments(),
    ),
    _option(
        "segment_duration",
        "sd",
        "4",
        "6",
        _STREAMS,
        "Time of a segment of a stream; it is a whole number of frames.",
        _argument("seconds", DecimalNumber(2, 10), "segment_duration", "Seconds.", EmptyRule.READ),
    ),
)
"""In the order of the documentation."""
