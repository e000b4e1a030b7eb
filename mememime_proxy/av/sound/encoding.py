"""Encoding of samples to a file of sound. Equal arguments give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import av
from av.error import FFmpegError

from mememime_proxy.av.encoding.faststart import move_index_first
from mememime_proxy.av.sound.cover import Cover
from mememime_proxy.av.sound.frames import Samples, to_frame
from mememime_proxy.av.sound.outputs import SoundOutput
from mememime_proxy.errors import LimitError, UnsupportedFormatError

_LAME_QUALITY: Final = 118
"""FF_QP2LAMBDA: one step of LAME's VBR scale in the units of FFmpeg."""
_SAMPLE_FORMATS: Final = {
    ("pcm", 16): ("pcm_s16le", "s16"),
    ("pcm", 24): ("pcm_s24le", "s32"),
    ("flac", 16): ("flac", "s16"),
    ("flac", 24): ("flac", "s32"),
}
"""Encoder and sample format, by the kind of encoder and the bits of a sample."""
_PICTURE_CODECS: Final = {"image/jpeg": "mjpeg", "image/png": "png"}
_OPTIONS: Final = {"fflags": "+bitexact"}
"""No version of FFmpeg and no random number in the file."""
_MP4_OPTIONS: Final = {"brand": "M4A "}
"""What tells that an MP4 is sound alone. FFmpeg's muxer of that kind takes no cover from this binding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundTags:
    """What a file tells of its sound."""

    language: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    """By FFmpeg's names: ``title``, ``artist``."""
    cover: Cover | None = None


def encode_sound(
    blocks: Iterator[Samples],
    output: SoundOutput,
    *,
    rate: int,
    layout: str,
    bitrate: int = 0,
    bits: int = 16,
    tags: SoundTags | None = None,
    max_size: int = 0,
) -> bytes:
    """Return the file. It has as many samples as the blocks: what encoders add at both ends is told to players.

    ``bitrate``: kbit/s; 0 = by quality, or without loss. ``bits`` of a sample, 16 or 24, where there is no loss.
    ``max_size``: bytes; 0 = no limit. Raises LimitError past it, UnsupportedFormatError where the engine lacks the
    encoder.
    """
    buffer = io.BytesIO()
    encoder, sample_format = _SAMPLE_FORMATS.get((output.encoder, bits), (output.encoder, ""))
    # The time scale of an edit list: its end is exact to a sample.
    options = _OPTIONS | (_MP4_OPTIONS | {"movie_timescale": str(rate)} if output.muxer == "mp4" else {})
    with av.open(buffer, "w", format=output.muxer, container_options=options) as file:
        stream = _add_stream(file, encoder, rate, layout)
        context = stream.codec_context
        context.thread_count = 1
        if sample_format:
            context.format = sample_format
        if bitrate:
            context.bit_rate = bitrate * 1000
        elif output.quality:
            context.qscale = True
            context.global_quality = output.quality * _LAME_QUALITY
        picture = _add_tags(file, stream, tags or SoundTags())
        position = 0
        for block in blocks:
            file.mux(stream.encode(to_frame(block, rate, layout, position)))
            if picture is not None and not position:
                file.mux(picture)
            position += block.shape[1]
            if max_size and buffer.tell() > max_size:
                raise LimitError(f"the result has more than {max_size} bytes")
        file.mux(stream.encode(None))
    content = buffer.getvalue()
    if max_size and len(content) > max_size:
        raise LimitError(f"the result has {len(content)} bytes, more than {max_size}")
    return move_index_first(content) if output.muxer == "mp4" else content


def _add_stream(file: Any, encoder: str, rate: int, layout: str) -> Any:
    try:
        return file.add_stream(encoder, rate=rate, layout=layout)
    except (ValueError, FFmpegError) as error:
        raise UnsupportedFormatError(f"this build of FFmpeg has no encoder {encoder}") from error


def _add_tags(file: Any, stream: Any, tags: SoundTags) -> Any:
    """Write the tags; return the packet of the cover, if there is one that the container can have."""
    target = stream.metadata if file.format.name == "ogg" else file.metadata
    target.update(tags.texts)
    if tags.language:
        stream.metadata["language"] = tags.language
    cover = tags.cover
    if cover is None or cover.mime not in _PICTURE_CODECS or file.format.name == "wav":
        return None
    if file.format.name == "ogg":
        target["METADATA_BLOCK_PICTURE"] = cover.to_vorbis_comment()
        return None
    picture = file.add_mux_stream(_PICTURE_CODECS[cover.mime], width=max(1, cover.width), height=max(1, cover.height))
    picture.disposition = av.stream.Disposition.attached_pic
    packet: Any = av.Packet(cover.content)
    packet.stream, packet.pts, packet.dts, packet.is_keyframe = picture, 0, 0, True
    return packet
