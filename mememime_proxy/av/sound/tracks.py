"""The tracks of sound of an original: which one is taken, and what may be decoded."""

from __future__ import annotations

from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer

from mememime_proxy.av.allowlist import is_allowed_sound
from mememime_proxy.av.encoding.admission import MAX_CHANNELS, MAX_SAMPLE_RATE
from mememime_proxy.av.opening import KEY_ID, codec_of
from mememime_proxy.errors import BrokenImageError, LimitError, MissingStreamError, UnsupportedFormatError

_ENCRYPTED_TAGS: Final = frozenset({"enca", "drms", "encs", "aavd", "aax "})
"""Names of the sample entries of ISO BMFF whose packets are encrypted."""
ENCRYPTED: Final = "the sound is encrypted"
"""Detail of the error. In ISO BMFF with a known scheme, only packets tell it."""
_SAME_LANGUAGE: Final = {
    **{"de": "deu", "ger": "deu", "fr": "fra", "fre": "fra", "en": "eng", "es": "spa", "it": "ita", "pt": "por"},
    **{"nl": "nld", "dut": "nld", "sv": "swe", "da": "dan", "no": "nor", "fi": "fin", "pl": "pol", "ru": "rus"},
    **{"ja": "jpn", "zh": "zho", "chi": "zho", "ko": "kor", "ar": "ara", "hi": "hin", "tr": "tur", "uk": "ukr"},
    **{"cs": "ces", "cze": "ces", "el": "ell", "gre": "ell", "he": "heb", "hu": "hun", "ro": "ron", "rum": "ron"},
}
"""Codes of ISO 639-1 and 639-2/B, and the code of 639-2/T for the same language."""


def choose_sound(film: InputContainer, track: str = "") -> AudioStream:
    """Return the track of sound with this index (0 = the first) or language; '' = the default one.

    It is set up to decode in this thread. Raises MissingStreamError where there is none, UnsupportedFormatError where
    it is encrypted or its codec is not in the allow-list, LimitError past ``MAX_CHANNELS`` or ``MAX_SAMPLE_RATE``, and
    BrokenImageError where the file does not tell its channels or its sample rate.
    """
    stream = _find(list(film.streams.audio), track)
    context = stream.codec_context
    codec = codec_of(stream)
    if str(stream.codec_tag).lower() in _ENCRYPTED_TAGS or KEY_ID in stream.metadata:
        raise UnsupportedFormatError(ENCRYPTED)
    if not is_allowed_sound(codec):
        raise UnsupportedFormatError(f"sound in {codec or 'an unknown codec'} is not read")
    if not context.sample_rate or not context.channels:
        raise BrokenImageError("the file does not tell the channels or the sample rate of its sound")
    if context.channels > MAX_CHANNELS:
        raise LimitError(f"{context.channels} channels of sound are more than {MAX_CHANNELS}")
    if context.sample_rate > MAX_SAMPLE_RATE:
        raise LimitError(f"{context.sample_rate} samples a second are more than {MAX_SAMPLE_RATE}")
    context.thread_count = 1
    return stream


def _find(streams: list[AudioStream], track: str) -> AudioStream:
    if not streams:
        raise MissingStreamError("the original has no sound")
    if not track:
        return next((stream for stream in streams if stream.disposition & type(stream.disposition).default), streams[0])
    if track.isdecimal():
        if int(track) < len(streams):
            return streams[int(track)]
        raise MissingStreamError(f"there is no track {track} of sound; there are {len(streams)}, counted from 0")
    wanted = _language(track)
    found = next((stream for stream in streams if _language(stream.language or "") == wanted), None)
    if found is None:
        raise MissingStreamError(f"there is no track of sound in the language {track!r}")
    return found


def _language(code: str) -> str:
    """Return a language code such that equal languages have equal ones; of ``de-AT`` that of the language alone."""
    main = code.lower().partition("-")[0]
    return _SAME_LANGUAGE.get(main, main)
