"""What is known of a film or sound, as plain data that is kept between requests."""

from __future__ import annotations

from typing import Final

import msgspec

MAX_BYTES: Final = 48 << 10
"""Of the facts of one film as they are kept. One with more, of many key frames, is kept without their table; one of
many tags is looked at by each request."""


class StreamFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stream, with the names of imgproxy. Seconds, bits a second, pixels, hertz. 0 and '' = unknown, or none."""

    type: str
    codec: str = ""
    duration: float = 0.0
    bps: int = 0
    fps: float = 0.0
    frequency: int = 0
    channels: int = 0
    layout: str = ""
    language: str = ""
    width: int = 0
    """As it is stored: frames alone tell how they are shown upright."""
    height: int = 0
    pixel_format: str = ""
    index: int = 0
    """In the file."""
    is_default: bool = False
    is_encrypted: bool = False
    rate: tuple[int, int] = (0, 1)
    """Frames a second, as a fraction; 0 = unknown."""
    aspect: tuple[int, int] = (0, 1)
    """Width of a pixel by its height; 0 = unknown."""
    color: tuple[int, int, int] = (2, 2, 2)
    """Code points of primaries, transfer and matrix (ITU-T H.273)."""


class TrackLoudness(msgspec.Struct, frozen=True, array_like=True):
    """Loudness of a whole track by EBU R 128."""

    integrated: float
    """LUFS; -70 where it has none."""
    true_peak: float
    """dBTP."""
    range: float
    """LU."""


class KeyTable(msgspec.Struct, frozen=True, array_like=True):
    """The index of the key frames of a film's pictures. Times are in units of ``base``, in the clock of the film."""

    codecs: str
    """As playlists name it."""
    base: tuple[int, int]
    """Seconds of a unit, as a fraction."""
    first: int
    """Time of the first packet."""
    first_decoded: int | None
    """When that is decoded; None = the container does not tell."""
    reorder_depth: int
    """Frames by which the codec reorders them."""
    start: int
    """Of the film."""
    bit_rate: int
    """Of the pictures; 0 = unknown."""
    file_size: int
    unit: int
    """What ``deltas`` are counted in: their greatest common divisor."""
    deltas: tuple[int, ...]
    """Times of the key frames as the index has them, each from the one before, the first from 0."""


class FilmFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A film or sound."""

    container: str
    duration: float
    """Seconds; 0 = unknown."""
    start: float
    """Time of its start in its own clock."""
    streams: tuple[StreamFacts, ...]
    tags: dict[str, str]
    """Of the container, without those that tell a place."""
    upright: tuple[int, int] | None = None
    """Width and height of the first frame as it is shown; None = it was not decoded."""
    loudness: dict[str, TrackLoudness] = {}
    """What was measured, by track and the channels it is mixed to; see ``loudness_key``."""
    microseconds: int = 0
    """The duration, as the container has it; 0 = unknown."""
    quarters: int | None = None
    """Right angles by which the first frame is rotated to be upright, counterclockwise; None = it was not decoded."""
    keys: KeyTable | None = None
    """None = it was not looked for, there is none, or it is too large to be kept."""


def loudness_key(track: int, channels: int) -> str:
    """Return the key of the loudness of a track, by its index in the file, that is mixed to so many channels."""
    return f"{track}:{channels}"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FilmFacts)


def encode_facts(facts: FilmFacts | None) -> bytes:
    """Return facts in MessagePack, to keep them between requests; nothing where there are none, or too many."""
    if facts is None:
        return b""
    encoded = _encoder.encode(facts)
    if len(encoded) > MAX_BYTES and facts.keys is not None:
        encoded = _encoder.encode(msgspec.structs.replace(facts, keys=None))
    return encoded if len(encoded) <= MAX_BYTES else b""


def decode_facts(encoded: bytes) -> FilmFacts | None:
    """Return the facts of an earlier request; None where there are none, or those of another version of the service."""
    try:
        return _decoder.decode(encoded) if encoded else None
    except msgspec.DecodeError:
        return None
