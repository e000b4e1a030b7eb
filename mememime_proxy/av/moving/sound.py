"""The sound of a short film: samples that are encoded along with its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final

from av.container import OutputContainer
from av.packet import Packet

from mememime_proxy.av.sound.frames import Samples, to_frame
from mememime_proxy.errors import OptionError

CODECS: Final = {"mp4": ("aac", "opus", "mp3"), "webm": ("opus",)}
"""Codecs of sound that a format holds here; the first one is the default."""
_ENCODERS: Final = {"aac": "aac", "opus": "libopus", "mp3": "libmp3lame"}
_BIT_RATES: Final = {"aac": (64, 128, 384), "opus": (64, 96, 256), "mp3": (96, 192, 192)}
"""kbit/s of one, two and more channels."""


def choose_sound_codec(format_: str, name: str) -> str:
    """Return the codec of a result's sound. Raises OptionError for one that the format does not hold."""
    codecs = CODECS.get(format_, ())
    if name == "auto" and codecs:
        return codecs[0]
    if name not in codecs:
        raise OptionError(f"audio_codec: {format_} holds {', '.join(codecs) or 'none that is encoded'}, found {name!r}")
    return name


class EncodedSound:
    """Sound that is encoded up to the time of the pictures, so that both lie beside each other in the file."""

    def __init__(
        self,
        blocks: Iterable[Samples],
        rate: int,
        layout: str,
        channels: int,
        *,
        codec: str,
        bit_rate: int = 0,
        language: str = "",
    ) -> None:
        """``blocks``: samples from time 0 on, ``rate`` a second. ``bit_rate``: kbit/s; 0 = the codec's default."""
        self._blocks: Iterator[Samples] = iter(blocks)
        self._rate = rate
        self._layout = layout
        self._codec = codec
        self._bit_rate = 1000 * (bit_rate or _BIT_RATES[codec][min(2, channels - 1)])
        self._language = language
        self._position = 0
        self._stream: Any = None

    def begin(self, film: OutputContainer) -> None:
        """Add the stream to a film that is written."""
        stream: Any = film.add_stream(_ENCODERS[self._codec], rate=self._rate, layout=self._layout)
        stream.bit_rate = self._bit_rate
        stream.codec_context.thread_count = 1
        if self._language:
            stream.metadata["language"] = self._language
        self._stream = stream

    def encode_until(self, seconds: Fraction | None) -> Iterator[Packet[Any]]:
        """Yield the packets up to a time; None: all that is left."""
        while seconds is None or self._position < seconds * self._rate:
            block = next(self._blocks, None)
            if block is None:
                break
            frame = to_frame(block, self._rate, self._layout, self._position)
            self._position += block.shape[1]
            yield from self._stream.encode(frame)
        if seconds is None:
            yield from self._stream.encode(None)
