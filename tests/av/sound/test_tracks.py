"""The track that is taken: by default, index or language; and what is refused."""

import io
import struct

import av
import pytest

from mememime_proxy.errors import LimitError, MissingStreamError, UnsupportedFormatError
from tests.support.films import film_bytes
from tests.support.sound_reading import sample_reader, samples_of
from tests.support.sounds import add_sound, make_sound, tone


@pytest.fixture(scope="module")
def dubbed():
    """Three tracks of 1, 2 and 3 s; the second one is the default."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        streams = []
        for language in ("eng", "ger", "fra"):
            stream = file.add_stream("pcm_s16le", rate=8000, layout="mono")
            stream.metadata["language"] = language
            stream.disposition = av.stream.Disposition.default if language == "ger" else av.stream.Disposition(0)
            streams.append(stream)
        for seconds, stream in enumerate(streams, 1):
            add_sound(file, stream, tone(seconds, 8000, 1), 8000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("track", "seconds"), [("", 2), ("0", 1), ("2", 3), ("de", 2), ("DEU", 2), ("de-AT", 2), ("fre", 3), ("en", 1)]
)
def test_track_is_found(dubbed, track, seconds):
    assert samples_of(dubbed, track=track).shape[1] == seconds * 8000


@pytest.mark.parametrize("track", ["3", "it"])
def test_track_that_is_not_there_is_named(dubbed, track):
    with pytest.raises(MissingStreamError, match=track), sample_reader(dubbed, track):
        pass


def test_silent_film_has_no_sound():
    with pytest.raises(MissingStreamError, match="no sound"), sample_reader(film_bytes(frames=3)):
        pass


def test_too_many_channels_and_too_high_a_rate_are_refused():
    nine = bytearray(make_sound(tone(0.1, 8000, 2), 8000))
    nine[22:24] = (9).to_bytes(2, "little")
    nine[32:34] = (18).to_bytes(2, "little")
    with pytest.raises(LimitError, match="9 channels"), sample_reader(bytes(nine)):
        pass
    with pytest.raises(LimitError, match="384000"), sample_reader(make_sound(tone(0.01, 384000), 384000)):
        pass


def test_encrypted_sound_is_refused():
    content = make_sound(tone(0.5), format="mp4", codec="aac").replace(b"mp4a", b"enca")
    with pytest.raises(UnsupportedFormatError, match="encrypted"), sample_reader(content):
        pass


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_common_encryption_is_refused():
    """ISO/IEC 23001-7: the sample entry tells its true kind in a box of its own."""
    content = bytearray(make_sound(tone(0.5), format="mp4", codec="aac"))
    at = content.index(b"mp4a", content.index(b"stsd"))
    (size,) = struct.unpack_from(">I", content, at - 4)
    key = box(b"schi", box(b"tenc", bytes(4), b"\0\0\1\x08", bytes(16)))
    scheme = box(b"schm", bytes(4), b"cenc", struct.pack(">I", 0x10000))
    protection = box(b"sinf", box(b"frma", b"mp4a"), scheme, key)
    content[at : at + 4] = b"enca"
    for kind in (b"enca", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = content.rindex(kind, 0, at + 4) - 4
        struct.pack_into(">I", content, place, struct.unpack_from(">I", content, place)[0] + len(protection))
    content[at - 4 + size : at - 4 + size] = protection
    with pytest.raises(UnsupportedFormatError, match="encrypted"):
        samples_of(bytes(content))


def test_codec_that_is_not_listed_is_refused():
    content = make_sound(tone(0.5, 8000, 1), 8000, codec="adpcm_ms")
    with pytest.raises(UnsupportedFormatError, match="adpcm_ms"), sample_reader(content):
        pass
