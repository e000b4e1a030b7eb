import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError, WorkerCrashError, WorkerError
from mememime_proxy.imaging.codecs.vips_setup import _OPERATIONS
from mememime_proxy.imaging.vips_errors import map_vips_error


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
def test_vips_errors_class_depends_on_the_message(message, error):
    assert type(map_vips_error(pyvips.Error(message))) is error


DECODERS = [
    "VipsJpeg",
    "jpegload_source",
    "pngload_source",
    "png2vips",
    "webpload_source",
    "webp2vips",
    "gifload",
    "gifload_source",
    "heifload",
    "heifload_source",
    "tiffload_source",
    "tiff2vips",
    "svgload",
    "svgload_source",
    "uhdrload",
    "uhdrload_source",
]
"""The names under which the decoders that may run report what is wrong with their input."""


@pytest.mark.parametrize("decoder", DECODERS)
def test_vips_errors_of_a_decoder_are_image_errors(decoder):
    assert (
        type(map_vips_error(pyvips.Error("unable to write to memory", f"{decoder}: no such thing\n")))
        is BrokenImageError
    )


@pytest.mark.parametrize("operation", sorted({*_OPERATIONS} - {name for name in _OPERATIONS if "load" in name}))
def test_vips_errors_of_an_operation_are_internal_errors(operation):
    assert (
        type(map_vips_error(pyvips.Error(f"unable to call {operation}", f"{operation}: no such thing\n")))
        is WorkerError
    )


def test_vips_errors_message_is_kept_for_the_log():
    assert "bad extract area" in map_vips_error(pyvips.Error("extract_area: bad extract area")).detail


def test_vips_errors_real_messages_of_every_decoder():
    image = pyvips.Image.gaussnoise(64, 64, seed=7).cast("uchar").copy(interpretation="b-w")
    for suffix, loader in ((".jpg", "jpegload"), (".png", "pngload"), (".webp", "webpload"), (".gif", "gifload")):
        data = image.write_to_buffer(suffix)
        with pytest.raises(pyvips.Error) as caught:
            getattr(pyvips.Image, f"{loader}_buffer")(data[: len(data) // 2], fail_on="warning").copy_memory()
        assert isinstance(map_vips_error(caught.value), BrokenImageError), caught.value
