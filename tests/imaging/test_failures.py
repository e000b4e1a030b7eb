import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError, WorkerCrashError, WorkerError
from mememime_proxy.imaging.failures import failure_of


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("VipsJpeg: premature end of JPEG image", BrokenImageError),
        ("jpegload_buffer: nothing to load", BrokenImageError),
        ("pngload_buffer: libspng read error", BrokenImageError),
        ("webp2vips: unable to parse image", BrokenImageError),
        ("svgload_buffer: SVG rendering failed", BrokenImageError),
        ("heif: Invalid input: No 'ftyp' box (2.100)", BrokenImageError),
        ("gifload_buffer: Unexpected end of data", BrokenImageError),
        ("XML parse error: error parsing XML", BrokenImageError),
        ("unable to call resize\nVipsJpeg: Corrupt JPEG data", BrokenImageError),
        ("vips_jpegsave: image too large", LimitError),
        ("embed: parameter width not set", WorkerError),
        ("extract_area: bad extract area", WorkerError),
        ("vips_tracked: out of memory --- size == 20MB", WorkerCrashError),
    ],
)
def test_who_is_to_blame(message, error):
    assert type(failure_of(pyvips.Error(message))) is error


def test_the_message_is_kept_for_the_log():
    assert "bad extract area" in failure_of(pyvips.Error("extract_area: bad extract area")).detail


def test_real_messages_of_every_decoder():
    image = pyvips.Image.gaussnoise(64, 64).cast("uchar").copy(interpretation="b-w")
    for suffix, loader in ((".jpg", "jpegload"), (".png", "pngload"), (".webp", "webpload"), (".gif", "gifload")):
        data = image.write_to_buffer(suffix)
        with pytest.raises(pyvips.Error) as caught:
            getattr(pyvips.Image, f"{loader}_buffer")(data[: len(data) // 2], fail_on="warning").copy_memory()
        assert isinstance(failure_of(caught.value), BrokenImageError), caught.value
