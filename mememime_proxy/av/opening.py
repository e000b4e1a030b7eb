"""Opening of a film: the one demuxer of its container, no protocol, limits that hold before a packet is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from mememime_proxy.av.allowlist import is_allowed_video
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.engine import decoders
from mememime_proxy.av.gate.boxes import ENCRYPTED, check_boxes
from mememime_proxy.av.gate.comments import check_comments
from mememime_proxy.av.gate.elements import check_elements
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError
from mememime_proxy.formats.containers import CONTAINER_HEAD, CONTAINERS, sniff_container
from mememime_proxy.formats.film_config import FilmConfig

_KEY_ID: Final = "enc_key_id"
"""FFmpeg's tag of an encrypted track of Matroska."""
_ENCRYPTED_TAGS: Final = frozenset({"enca", "drms", "encs", "aavd", "aax "})
"""Names of the sample entries of sound of ISO BMFF whose packets are encrypted."""
_BUFFER: Final = 32 << 10
"""Bytes that the demuxer reads at once."""
_SMALL_BUFFER: Final = 4 << 10
"""Of MPEG-TS: a few kilobytes of its tables may name so many programs that more of them take seconds."""
_PADDING: Final = 2
"""Times the pixels of a frame that a decoder may use: it counts those with which sides are filled up, too."""
_SMALL: Final = 4 << 20
"""Bytes up to which all fragments of a film are walked through: then its duration is known."""


def container_in(source: ByteSource) -> str:
    """Return the container (``formats.containers``) of a source. Raises UnsupportedFormatError, and its errors."""
    source.seek(0)
    head = source.read(CONTAINER_HEAD)
    if source.failure is not None:
        raise source.failure
    source.seek(0)
    container = sniff_container(head)
    if container is None:
        raise UnsupportedFormatError("the original is neither a film nor sound")
    return container


@contextmanager
def engine_errors(source: ByteSource) -> Iterator[None]:
    """Raise errors of the engine as ours: first that of the source, which the engine took for the end of the file.

    Raises BrokenImageError; MemoryError as it is.
    """
    try:
        yield
    except FFmpegError as error:
        if source.failure is not None:
            raise source.failure from None
        if isinstance(error, MemoryError):
            raise MemoryError(str(error)) from error  # noqa: TRY004 - no wrong type
        raise BrokenImageError(f"the film cannot be read: {error.strerror}") from error
    if source.failure is not None:
        raise source.failure


@contextmanager
def open_film(source: ByteSource, container: str, config: FilmConfig) -> Iterator[InputContainer]:
    """Open a film of this container (``formats.containers``). Raises BrokenImageError and the errors of the source.

    No path and no URL reaches the library, no other demuxer may read a part of the file, and no decoder is opened that
    is not in the allow-list.
    """
    demuxer = CONTAINERS[container].demuxer
    if demuxer.startswith("mov"):
        check_boxes(source, config)
    elif demuxer.startswith("matroska"):
        check_elements(source)
    elif container in {"flac", "ogg", "mp3", "aac"}:
        check_comments(source, container)
    source.seek(0)
    with engine_errors(source):
        film = _open(source, demuxer, config)
        try:
            yield film
        finally:
            film.close()


def _open(source: ByteSource, demuxer: str, config: FilmConfig) -> InputContainer:
    with source.opening():
        return av.open(
            source,
            mode="r",
            format=demuxer.partition(",")[0],
            buffer_size=_SMALL_BUFFER if demuxer == "mpegts" else _BUFFER,
            options={"max_pixels": str(config.max_pixels * _PADDING)},
            container_options={
                "format_whitelist": demuxer,
                "protocol_whitelist": "none",
                "codec_whitelist": ",".join(decoders()),
                "max_streams": str(config.max_streams),
                "probesize": str(config.probe_size),
                "analyzeduration": str(config.max_analyze_duration),
                **({"use_mfra_for": "pts"} if demuxer.startswith("mov") and source.size > _SMALL else {}),
            },
            metadata_errors="replace",
        )


def choose_video(film: InputContainer, config: FilmConfig) -> VideoStream | None:
    """Return the film's pictures: the first stream of them that is no cover; None for sound.

    It is set up to decode one frame after the other in this thread. Raises UnsupportedFormatError for a codec that is
    not in the allow-list, BrokenImageError and LimitError for frames without a size, or with too large a one.
    """
    stream = next((each for each in film.streams.video if not is_cover(each)), None)
    if stream is None:
        return None
    context = stream.codec_context
    width, height = (context.width, context.height) if context is not None else (0, 0)
    check_pictures(codec_of(stream), width, height, config, encrypted=is_encrypted(stream))
    context.options = {"max_pixels": str(config.max_pixels * _PADDING)}
    context.thread_count = 1
    context.thread_type = "SLICE"
    return stream


def check_pictures(codec: str, width: int, height: int, config: FilmConfig, *, encrypted: bool) -> None:
    """Return for pictures that may be decoded. Raises as ``choose_video``."""
    if encrypted:
        raise UnsupportedFormatError(ENCRYPTED)
    if not is_allowed_video(codec):
        raise UnsupportedFormatError(f"films in {codec or 'an unknown codec'} are not read")
    if not width * height:
        raise BrokenImageError("the film does not tell the size of its frames")
    if width * height > config.max_pixels:
        raise LimitError(f"{width}×{height} pixels a frame, MEMEMIME_AV_MAX_RESOLUTION allows {config.max_pixels}")


def is_encrypted(stream: Any) -> bool:
    """Whether the container says that the packets of a stream are encrypted."""
    return _KEY_ID in stream.metadata or (stream.type == "audio" and str(stream.codec_tag).lower() in _ENCRYPTED_TAGS)


def codec_of(stream: Any) -> str:
    """Return the codec of a stream by FFmpeg's name; '' where the engine has no decoder that may be used."""
    context = stream.codec_context
    return context.codec.canonical_name if context is not None else ""


def is_cover(stream: VideoStream) -> bool:
    """Whether a stream is a picture that belongs to the file, and no film."""
    return bool(stream.disposition & type(stream.disposition).attached_pic)
