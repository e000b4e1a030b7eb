"""Originals without locations and serial numbers: nothing private is left, no pixel changes, all else stays."""

import io
import random
import struct

import PIL.Image
import pytest
import pyvips

from mememime_proxy.imaging.privacy.original import without_private
from tests.support import private_metadata
from tests.support.private_metadata import KEPT, SECRETS, with_secrets

FORMATS = ("jpeg", "png", "webp", "gif", "tiff", "avif", "jxl")
SAME_LENGTH = ("webp", "tiff", "avif", "jxl")


@pytest.mark.parametrize("name", FORMATS)
def test_original_without_private_metadata_is_the_same_picture(name):
    original = with_secrets(name)
    assert any(secret in original for secret in SECRETS), "the test has something to find"
    cleaned = without_private(original, name)
    assert cleaned is not None
    assert [secret for secret in SECRETS if secret in cleaned] == []
    if name in SAME_LENGTH:
        assert len(cleaned) == len(original)
    assert pixels(cleaned, name) == pixels(original, name)
    assert without_private(cleaned, name) == cleaned, "a second time changes nothing"


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif"])
def test_original_keeps_the_rest_of_its_exif(name):
    cleaned = without_private(with_secrets(name), name)
    exif = PIL.Image.open(io.BytesIO(cleaned)).getexif()
    assert (exif[0x010F], exif[0x013B]) == ("Acme 1", KEPT.decode())
    assert 0x8825 not in exif
    assert set(exif.get_ifd(0x8769)) == {0x829A}
    if name != "avif":  # Pillow turns its orientation into the container's
        assert exif[0x0112] == 6
    assert KEPT in cleaned.replace(KEPT, b"", 1), "in EXIF and in XMP"


def test_further_pictures_of_a_jpeg_are_cleaned_and_what_is_behind_them_goes():
    original = private_metadata.jpeg()
    cleaned = without_private(original, "jpeg")
    assert b"film" not in cleaned
    assert b"between" not in cleaned
    with PIL.Image.open(io.BytesIO(original)) as before, PIL.Image.open(io.BytesIO(cleaned)) as after:
        assert before.n_frames == after.n_frames == 2
        for frame in range(2):
            before.seek(frame)
            after.seek(frame)
            assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_of_both_byte_orders_is_cleaned(order):
    cleaned = without_private(private_metadata.jpeg(order), "jpeg")
    assert [secret for secret in SECRETS if secret in cleaned] == []


@pytest.mark.parametrize("name", FORMATS)
def test_original_without_any_metadata_stays_as_it_is(name):
    plain = with_secrets("jxl").partition(b"jxlc")[2] if name == "jxl" else private_metadata.saved(name.upper())
    assert without_private(plain, name) == plain


@pytest.mark.parametrize("name", FORMATS)
def test_original_cut_anywhere_gives_away_nothing(name):
    """Where the structure breaks off, there is no result, or one without what is private."""
    original = with_secrets(name)
    for end in range(0, len(original), max(1, len(original) // 400)):
        cleaned = without_private(original[:end], name)
        assert cleaned is None or not any(secret in cleaned for secret in SECRETS), end


@pytest.mark.parametrize("name", FORMATS)
def test_original_with_damaged_bytes_raises_nothing(name):
    original, chance = with_secrets(name), random.Random(name)
    for _ in range(300):
        damaged = bytearray(original)
        for _ in range(chance.choice((1, 2, 20))):
            damaged[chance.randrange(min(len(damaged), 3000))] = chance.choice((0, 1, 127, 128, 255))
        without_private(bytes(damaged), name)


def test_exif_that_refers_to_itself_ends():
    block = bytearray(private_metadata.exif_block())
    pointer = block.index(b"\x69\x87\x04\0\1\0\0\0") + 8
    block[pointer : pointer + 4] = (8).to_bytes(4, "little")
    segment = private_metadata.segment(0xE1, b"Exif\0\0" + block)
    cleaned = without_private(b"\xff\xd8" + segment + b"\xff\xd9", "jpeg")
    assert not any(place in cleaned for place in SECRETS[-2:])


def test_unknown_format_has_to_be_rendered():
    assert without_private(b"", "mp4") is None


def pixels(data, name):
    if name == "jxl":
        return data[data.index(b"jxlc") :]
    image = pyvips.Image.new_from_buffer(data, "")
    return (image.width, image.height, image.bands, image.write_to_memory())


def test_compressed_box_of_a_64_bit_length_is_erased_and_still_is_a_box():
    head = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
    box = struct.pack(">I4sQ", 1, b"brob", 16 + 10) + b"xml secret"
    cleaned = without_private(head + box + struct.pack(">I4s", 8, b"jxlc"), "jxl")
    assert cleaned == head + struct.pack(">I4sQ", 1, b"free", 16 + 10) + bytes(10) + struct.pack(">I4s", 8, b"jxlc")
