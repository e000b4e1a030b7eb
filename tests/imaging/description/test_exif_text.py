"""EXIF as texts: broken blocks."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from mememime_proxy.imaging.description.exif_text import exif_texts


def block():
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    exif[0x9C9B] = "Title".encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    exif.get_ifd(0x8769)[0x829A] = IFDRational(5, 2)
    return exif.tobytes()


def test_texts_of_both_directories():
    texts = exif_texts(block())
    assert texts["Manufacturer"] == "Maker"
    assert texts["Orientation"] == "Right-top"
    assert texts["Exposure Time"] == "2.5 sec."
    assert "DateTimeOriginal" in exif_texts(block(), canonical=True)


def test_number_of_values_that_lies_costs_nothing():
    entries = struct.pack("<HHII", 0x010F, 2, 0xFFFFFFFF, 8) + struct.pack("<HHII", 0x011A, 5, 0x7FFFFFFF, 8)
    tiff = struct.pack("<2sHIH", b"II", 42, 8, 2) + entries + bytes(4)
    assert set(exif_texts(tiff)) <= {"Manufacturer"}


@given(st.binary(max_size=60), st.integers(0, 200))
def test_any_bytes_give_texts(noise, at):
    damaged = bytearray(block())
    at = min(at, len(damaged))
    damaged[at : at + len(noise)] = noise
    for data in (noise, b"II*\0\x08\0\0\0" + noise, bytes(damaged)):
        assert all(isinstance(text, str) for text in exif_texts(data).values())
