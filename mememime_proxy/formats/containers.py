"""The containers of films and sound by their first bytes, with their demuxers; pure facts without a decoder."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from mememime_proxy.errors import MissingDecoderError, missing_extra_text

CONTAINER_HEAD = 4096
"""Bytes at the start that tell every container."""
MODULE = "av"
"""The optional module that reads them."""
EXTRA = "av"


@dataclass(frozen=True, slots=True)
class Container:
    """A container. ``demuxer``: the only one of FFmpeg that may read it."""

    name: str
    mime: str
    demuxer: str
    sound: bool = False
    """Whether its media type is one of sound."""


_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_MATROSKA = "matroska,webm"
_ALL = (
    Container("mp4", "video/mp4", _MOV),
    Container("mov", "video/quicktime", _MOV),
    Container("m4a", "audio/mp4", _MOV, sound=True),
    Container("3gp", "video/3gpp", _MOV),
    Container("mkv", "video/matroska", _MATROSKA),
    Container("webm", "video/webm", _MATROSKA),
    Container("ts", "video/mp2t", "mpegts"),
    Container("mpg", "video/mpeg", "mpeg"),
    Container("avi", "video/vnd.avi", "avi"),
    Container("flv", "video/x-flv", "flv"),
    Container("ogg", "application/ogg", "ogg"),
    Container("mp3", "audio/mpeg", "mp3", sound=True),
    Container("wav", "audio/vnd.wave", "wav", sound=True),
    Container("flac", "audio/flac", "flac", sound=True),
    Container("aac", "audio/aac", "aac", sound=True),
    Container("aiff", "audio/aiff", "aiff", sound=True),
    Container("caf", "audio/x-caf", "caf", sound=True),
    Container("amr", "audio/amr", "amr", sound=True),
)
CONTAINERS: dict[str, Container] = {container.name: container for container in _ALL}
"""Every container by its name."""

_PREFIXES = (
    (b"FLV\x01", "flv"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"caff\x00\x01", "caf"),
    (b"#!AMR\n", "amr"),
    (b"#!AMR-WB\n", "amr"),
    (b"ID3", "mp3"),
    (b"\x00\x00\x01\xba", "mpg"),
)
_FORMS = {(b"RIFF", b"AVI "): "avi", (b"RIFF", b"WAVE"): "wav", (b"FORM", b"AIFF"): "aiff", (b"FORM", b"AIFC"): "aiff"}
_EBML = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide"})
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"F4A ", b"F4B "})
_FILM_BRANDS = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 hvc1 dash cmfc M4V  M4VH M4VP MSNV f4v  F4V "
    b" XAVC NDSC NDSH NDXC".split()
) | {b"M4V ", b"F4V ", b"f4v "}
_TS_PACKET = 188
_TS_SYNC = 0x47


def is_engine_installed() -> bool:
    """Whether this installation can read films and sound."""
    # A folder of that name beside the program is a package without a file.
    spec = find_spec(MODULE)
    return spec is not None and spec.origin is not None


def cannot_read_container(name: str) -> MissingDecoderError:
    """Return the error for a film or sound whose engine is not installed; it names the extra."""
    return MissingDecoderError(missing_extra_text(f"reading {name.upper()}", EXTRA))


def sniff_container(head: bytes) -> str | None:  # noqa: PLR0911 - a list of kinds
    """Return the container's name (``CONTAINERS``), or None: pictures, playlists and anything else are none.

    ``head``: the beginning of the data, at least ``CONTAINER_HEAD`` bytes, or all of it.
    """
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if (form := _FORMS.get((head[:4], head[8:12]))) is not None:
        return form
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    if head[4:8] in _QUICKTIME_ATOMS and len(head) >= 16:
        return "mov"
    if head.startswith(_EBML):
        return _by_doc_type(head)
    if len(head) > 2 * _TS_PACKET and all(head[at * _TS_PACKET] == _TS_SYNC for at in range(3)):
        return "ts"
    if len(head) >= 4 and head[0] == 0xFF:
        return _by_frame_sync(head)
    return None


def _by_brand(brand: bytes) -> str | None:
    if brand == b"qt  ":
        return "mov"
    if brand in _SOUND_BRANDS:
        return "m4a"
    if brand[:3] in (b"3gp", b"3g2"):
        return "3gp"
    return "mp4" if brand in _FILM_BRANDS else None


def _by_doc_type(head: bytes) -> str | None:
    at = head.find(_DOC_TYPE, 4, 128) + 2
    if at < 2 or at >= len(head) or not head[at]:
        return None
    # A size takes as many bytes as there are zeros in front of its first bit, and one more (RFC 8794, 4).
    text = head[at + 9 - head[at].bit_length() :][:8]
    return "webm" if text.startswith(b"webm") else "mkv" if text == b"matroska" else None


def _by_frame_sync(head: bytes) -> str | None:
    """MPEG-1/2 layer III, or ADTS: the sync word and fields that are not reserved. ISO/IEC 11172-3 2.4.1.3, 13818-7."""
    second, third = head[1], head[2]
    if second & 0xF6 == 0xF0:
        return "aac" if (third >> 2) & 0xF < 13 else None
    layer3 = second & 0xE0 == 0xE0 and second >> 1 & 3 == 1 and second >> 3 & 3 != 1
    return "mp3" if layer3 and third >> 4 not in (0, 15) and third >> 2 & 3 != 3 else None
