"""What is known of a film or sound, as plain data that is kept between requests."""

from __future__ import annotations

from typing import Final

import msgspec

MAX_BYTES: Final = 12 << 10
"""Of the facts of one film as they are kept; a film with more, of many tags, is looked at by each request."""


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


class TrackLoudness(msgspec.Struct, frozen=True, array_like=True):
    """Loudness of a whole track by EBU R 128."""

    integrated: float
    """LUFS; -70 where it has none."""
    true_peak: float
    """dBTP."""
    range: float
    """LU."""


class FilmFacts(msgspec.Struct, frozen=True):
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


def loudness_key(track: int, channels: int) -> str:
    """Return the key of the loudness of a track, by its index in the file, that is mixed to so many channels."""
    return f"{track}:{channels}"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FilmFacts)


def encode_facts(facts: FilmFacts | None) -> bytes:
    """Return facts in MessagePack, to keep them between requests; nothing where there are none, or too many."""
    encoded = b"" if facts is None else _encoder.encode(facts)
    return encoded if len(encoded) <= MAX_BYTES else b""


def decode_facts(encoded: bytes) -> FilmFacts | None:
    """Return the facts of an earlier request; None where there are none."""
    return _decoder.decode(encoded) if encoded else None
