import io
from datetime import datetime

import pytest
from PIL import ExifTags, Image

from mememime_proxy.client.inputs.exif import read_date_taken


def picture(kind, original="", plain=""):
    exif = Image.Exif()
    if plain:
        exif[ExifTags.Base.DateTime] = plain
    if original:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = original
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, kind, exif=exif)
    return io.BytesIO(file.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_date_taken_original_date_is_preferred(kind):
    assert read_date_taken(picture(kind, "2024:05:06 07:08:09", "2025:01:01 00:00:00")) == datetime(2024, 5, 6, 7, 8, 9)


def test_date_taken_without_original_date_is_another_date():
    assert read_date_taken(picture("TIFF", plain="2025:01:02 03:04:05")) == datetime(2025, 1, 2, 3, 4, 5)
    assert read_date_taken(picture("JPEG", plain="2025:01:02 03:04:05")) == datetime(2025, 1, 2, 3, 4, 5)
    assert read_date_taken(picture("JPEG", "0000:00:00 00:00:00", "2025:01:02 03:04:05")) == datetime(
        2025, 1, 2, 3, 4, 5
    )
    assert read_date_taken(picture("JPEG", "yesterday")) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xffExif", b"\x89PNG\r\n\x1a\n\0\0", b"II*\0\xff\xff\xff\xff", b"x" * 99],
)
def test_date_taken_of_a_damaged_file_is_none(data):
    assert read_date_taken(io.BytesIO(data)) is None


def test_date_taken_of_a_truncated_photograph_raises_nothing():
    whole = picture("JPEG", "2024:05:06 07:08:09").getvalue()
    for length in range(len(whole)):
        assert read_date_taken(io.BytesIO(whole[:length])) in {None, datetime(2024, 5, 6, 7, 8, 9)}
