import io
from datetime import datetime

import pytest
from PIL import ExifTags, Image

from mememime_proxy.client.inputs.exif import taken


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
def test_the_time_of_the_shutter_wins(kind):
    assert taken(picture(kind, "2024:05:06 07:08:09", "2025:01:01 00:00:00")) == datetime(2024, 5, 6, 7, 8, 9)


def test_the_other_dates_stand_in():
    assert taken(picture("TIFF", plain="2025:01:02 03:04:05")) == datetime(2025, 1, 2, 3, 4, 5)
    assert taken(picture("JPEG", plain="2025:01:02 03:04:05")) == datetime(2025, 1, 2, 3, 4, 5)
    assert taken(picture("JPEG", "0000:00:00 00:00:00", "2025:01:02 03:04:05")) == datetime(2025, 1, 2, 3, 4, 5)
    assert taken(picture("JPEG", "yesterday")) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xffExif", b"\x89PNG\r\n\x1a\n\0\0", b"II*\0\xff\xff\xff\xff", b"x" * 99],
)
def test_broken_files_have_no_date(data):
    assert taken(io.BytesIO(data)) is None


def test_every_truncation_of_a_photograph_is_survived():
    whole = picture("JPEG", "2024:05:06 07:08:09").getvalue()
    for length in range(len(whole)):
        assert taken(io.BytesIO(whole[:length])) in {None, datetime(2024, 5, 6, 7, 8, 9)}
