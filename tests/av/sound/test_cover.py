"""Covers of each kind of file, and what is left of their metadata."""

import io

import av
import pytest
import pyvips

from mememime_proxy.av.sound.cover import Cover, find_cover, without_metadata
from mememime_proxy.av.sound.encoding import SoundTags, encode_sound
from mememime_proxy.av.sound.outputs import OUTPUTS
from tests.support.sounds import add_sound, make_sound, tone

PLACE = "51 deg N, canary"


def picture(red=200, extension=".jpg", **tags):
    image = pyvips.Image.black(32, 24).linear([1, 1, 1], [red, 30, 30]).cast("uchar").copy(interpretation="srgb")
    for name, text in tags.items():
        image.set_type(pyvips.GValue.gstr_type, name, text)
    return image.write_to_buffer(extension)


JPEG = Cover(picture(), "jpeg", 32, 24)


def sound(name, cover):
    output = OUTPUTS[name]
    return encode_sound(iter([tone(0.2)]), output, rate=48000, layout="stereo", tags=SoundTags(cover=cover))


def matroska(covers):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        stream = file.add_stream("flac", rate=8000, layout="mono")
        for number, content in enumerate(covers):
            file.add_attachment(f"cover{number}.jpg", "image/jpeg", content)
        add_sound(file, stream, tone(0.5, 8000, 1), 8000)
        file.mux(stream.encode(None))
    return buffer.getvalue()


def cover_in(content):
    with av.open(io.BytesIO(content)) as file:
        return find_cover(file)


@pytest.mark.parametrize("name", ["mp3", "m4a", "flac", "opus"])
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_cover_is_found_as_it_was_attached(name, kind):
    cover = Cover(picture(extension=f".{kind}"), kind, 32, 24)
    assert cover_in(sound(name, cover)) == cover


def test_first_attachment_of_matroska_is_the_cover():
    first, second = picture(1), picture(255)
    assert cover_in(matroska([first, second])).content == first


def test_attachment_that_is_no_picture_is_none():
    assert cover_in(matroska([b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9])) is None


def test_sound_without_a_picture_has_no_cover():
    assert cover_in(make_sound(tone(0.1))) is None


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_metadata_of_a_cover_is_left_out(kind):
    content = picture(extension=f".{kind}", **{"exif-ifd0-ImageDescription": PLACE})
    assert PLACE.encode() in content
    stripped = without_metadata(Cover(content, kind, 32, 24))
    assert PLACE.encode() not in stripped.content
    assert pyvips.Image.new_from_buffer(stripped.content, "")(3, 3) == pyvips.Image.new_from_buffer(content, "")(3, 3)


def test_cover_that_cannot_be_cleaned_is_left_out():
    assert without_metadata(Cover(picture(extension=".webp"), "webp", 32, 24)) is None
    assert without_metadata(Cover(JPEG.content[:30], "jpeg", 32, 24)) is None
