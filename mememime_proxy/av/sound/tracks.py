"""The tracks of sound of an original: which one is taken, and what may be decoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer

from mememime_proxy.av.allowlist import is_allowed_sound
from mememime_proxy.av.encoding.admission import MAX_CHANNELS, MAX_SAMPLE_RATE
from mememime_proxy.av.film_facts import StreamFacts
from mememime_proxy.av.opening import codec_of, is_encrypted
from mememime_proxy.errors import BrokenImageError, LimitError, MissingStreamError, UnsupportedFormatError

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
    streams = list(film.streams.audio)
    flags = [bool(stream.disposition & type(stream.disposition).default) for stream in streams]
    stream = streams[_find([stream.language or "" for stream in streams], flags, track)]
    context = stream.codec_context
    channels, sample_rate = (context.channels, context.sample_rate) if context is not None else (0, 0)
    _check(codec_of(stream), channels, sample_rate, encrypted=is_encrypted(stream))
    context.thread_count = 1
    return stream


def choose_known_sound(streams: Sequence[StreamFacts], track: str = "") -> StreamFacts:
    """Return the stream that ``choose_sound`` returns, by the facts of all. Raises as that does."""
    sounds = [stream for stream in streams if stream.type == "audio"]
    flags = [stream.is_default for stream in sounds]
    found = sounds[_find([stream.language for stream in sounds], flags, track)]
    _check(found.codec, found.channels, found.frequency, encrypted=found.is_encrypted)
    return found


def _check(codec: str, channels: int, sample_rate: int, *, encrypted: bool) -> None:
    if encrypted:
        raise UnsupportedFormatError(ENCRYPTED)
    if not is_allowed_sound(codec):
        raise UnsupportedFormatError(f"sound in {codec or 'an unknown codec'} is not read")
    if not sample_rate or not channels:
        raise BrokenImageError("the file does not tell the channels or the sample rate of its sound")
    if channels > MAX_CHANNELS:
        raise LimitError(f"{channels} channels of sound are more than {MAX_CHANNELS}")
    if sample_rate > MAX_SAMPLE_RATE:
        raise LimitError(f"{sample_rate} samples a second are more than {MAX_SAMPLE_RATE}")


def _find(languages: Sequence[str], defaults: Sequence[bool], track: str) -> int:
    if not languages:
        raise MissingStreamError("the original has no sound")
    if not track:
        return defaults.index(True) if True in defaults else 0
    if track.isdecimal():
        if int(track) < len(languages):
            return int(track)
        raise MissingStreamError(f"there is no track {track} of sound; there are {len(languages)}, counted from 0")
    wanted = _language(track)
    found = next((number for number, language in enumerate(languages) if _language(language) == wanted), None)
    if found is None:
        raise MissingStreamError(f"there is no track of sound in the language {track!r}")
    return found


def _language(code: str) -> str:
    """Return a language code such that equal languages have equal ones; of ``de-AT`` that of the language alone."""
    main = code.lower().partition("-")[0]
    return _SAME_LANGUAGE.get(main, main)
