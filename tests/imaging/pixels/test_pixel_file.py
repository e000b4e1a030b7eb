"""Images as memory files: pixels, metadata, and what is no such file."""

import fcntl
import os

import pytest
import pyvips

from mememime_proxy.imaging.pixels import pixel_file
from mememime_proxy.memfd import SEALS, memfd
from tests.support.pixels import image_of, places

GVALUE = pyvips.GValue


@pytest.fixture
def file():
    descriptor = memfd("pixels")
    yield descriptor
    os.close(descriptor)


def test_pixel_file_has_pixels_and_all_metadata_in_its_order(file):
    image = image_of(places(40, 30)).copy(xres=3.5, yres=2.25, xoffset=4, yoffset=-5)
    values = {
        "z-text": (GVALUE.refstr_type, "grün"),
        "orientation": (GVALUE.gint_type, 6),
        "a-number": (GVALUE.gdouble_type, 0.1),
        "exif-ifd0-Make": (GVALUE.refstr_type, "camera"),
        "icc-profile-data": (GVALUE.blob_type, bytes(range(256))),
        "delay": (GVALUE.array_int_type, [1, 2, 3]),
        "sizes": (GVALUE.array_double_type, [0.5, 1e9]),
    }
    for name, (kind, value) in values.items():
        image.set_type(kind, name, value)
    size = pixel_file.write(image, file)
    assert size == os.fstat(file).st_size
    assert fcntl.fcntl(file, fcntl.F_GET_SEALS) & SEALS == SEALS
    found = pixel_file.open_image(file)
    assert found.write_to_memory() == image.write_to_memory()
    for field in ("interpretation", "format", "xres", "yres", "xoffset", "yoffset"):
        assert found.get(field) == image.get(field)
    assert found.get_fields() == image.get_fields()
    for name, (kind, value) in values.items():
        assert found.get_typeof(name) == kind
        assert found.get(name) == value


@pytest.mark.parametrize("kind", ["ushort", "uchar"])
@pytest.mark.parametrize("space", ["srgb", "b-w", "cmyk", "rgb16"])
def test_pixel_file_keeps_samples_and_interpretation(file, kind, space):
    image = image_of(places(9, 5), space, kind)
    assert pixel_file.size_of(image) == 9 * 5 * 3 * (2 if kind == "ushort" else 1)
    pixel_file.write(image, file)
    found = pixel_file.open_image(file)
    assert (found.interpretation, found.format) == (space, kind)
    assert found.write_to_memory() == image.write_to_memory()


def test_pixel_file_of_metadata_that_cannot_be_described_is_not_written(file):
    image = image_of(places(4, 4)).copy()
    image.set_type(GVALUE.image_type, "gainmap", image_of(places(2, 2)))
    assert pixel_file.write(image, file) == 0
    assert os.fstat(file).st_size == 0


def test_pixel_file_with_something_in_it_is_left_alone(file):
    os.write(file, b"of a worker that was lost")
    assert pixel_file.write(image_of(places(4, 4)), file) == 0
    assert os.pread(file, 100, 0) == b"of a worker that was lost"


def test_pixel_file_of_coded_pixels_has_no_size():
    coded = image_of(places(4, 4)).colourspace("lab").Lab2LabQ()
    assert pixel_file.size_of(coded) == 0


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 64, b"x" * 100 + b"\x10\0\0\0\0\0\0\0"])
def test_pixel_file_of_other_bytes_is_refused(file, content):
    os.write(file, content)
    with pytest.raises(ValueError):  # noqa: PT011 - of mmap, msgspec or this module
        pixel_file.open_image(file)


def test_pixel_file_that_is_shorter_than_it_says_is_refused(file):
    pixel_file.write(image_of(places(40, 30)), file)
    whole = os.pread(file, 1 << 20, 0)
    other = memfd("other", whole[3:])
    try:
        with pytest.raises(ValueError, match="another size"):
            pixel_file.open_image(other)
    finally:
        os.close(other)
