"""Files that are cut short, altered or made up: each ends in a picture or in an error of the image, nothing else."""

import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mememime_proxy.errors import BrokenImageError, ImageError, UnknownFormatError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.pixels import image_of

RENDERER = Renderer(RenderConfig())
PLAN = Plan(width=20, format="png", limits=ImageLimits(max_src_resolution=1_000_000))


def noise(mode="RGB"):
    """A picture that does not compress to nothing, the same in every run."""
    rng = random.Random(1)
    bands = {"RGB": 3, "RGBA": 4, "CMYK": 4, "L": 1}[mode]
    return Image.frombytes(mode, (67, 41), bytes(rng.randrange(256) for _ in range(67 * 41 * bands)))


def by_pillow(format_, picture=None, **options):
    file = io.BytesIO()
    (picture or noise()).save(file, format_, **options)
    return file.getvalue()


def interlaced():
    data = noise().tobytes()
    rows = [[tuple(data[(y * 67 + x) * 3 :][:3]) for x in range(67)] for y in range(41)]
    return image_of(rows).pngsave_buffer(interlace=True)


def jxl():
    numpy, imagecodecs = pytest.importorskip("numpy"), pytest.importorskip("imagecodecs")
    return imagecodecs.jpegxl_encode(numpy.asarray(noise()), distance=1.0)


FILES = {
    "jpeg": lambda: by_pillow("JPEG"),
    "progressive": lambda: by_pillow("JPEG", progressive=True),
    "cmyk": lambda: by_pillow("JPEG", noise("CMYK")),
    "png": lambda: by_pillow("PNG"),
    "interlaced": interlaced,
    "palette": lambda: by_pillow("PNG", noise().quantize(16)),
    "webp": lambda: by_pillow("WEBP"),
    "lossless": lambda: by_pillow("WEBP", noise("RGBA"), lossless=True),
    "gif": lambda: by_pillow("GIF", noise().quantize(64)),
    "avif": lambda: by_pillow("AVIF", noise("RGBA")),
    "tiff": lambda: by_pillow("TIFF"),
    "lzw": lambda: by_pillow("TIFF", compression="tiff_lzw"),
    "bmp": lambda: by_pillow("BMP"),
    "ico": lambda: by_pillow("ICO", noise("RGBA").resize((32, 32)), sizes=[(32, 32)]),
    "dib": lambda: by_pillow("ICO", noise("RGBA").resize((32, 32)), sizes=[(32, 32)], bitmap_format="bmp"),
    "jxl": jxl,
}


@pytest.fixture(scope="module", params=FILES)
def data(request):
    return FILES[request.param]()


def outcome(data):
    """The width of the variant, or the kind of error; anything that is not the image's fault fails the test."""
    try:
        return RENDERER.render(data, PLAN).width
    except ImageError as error:
        return type(error)


def test_renderer_intact_files_are_rendered(data):
    assert outcome(data) == 20


def test_renderer_file_cut_short_is_refused(data):
    rng = random.Random(2)
    lengths = {0, 1, 2, 8, 30, len(data) // 2, len(data) * 9 // 10}
    lengths |= {rng.randrange(len(data) - 2) for _ in range(12)}
    found = {length: outcome(data[:length]) for length in lengths}
    # the last tenth may be metadata, padding or the mark at the end, which tell nothing about pixels
    assert [length for length, result in found.items() if result == 20 and length < len(data) * 0.9] == []


def test_renderer_altered_bytes_give_a_picture_or_an_error_of_the_image(data):
    rng = random.Random(3)
    for _ in range(40):
        altered = bytearray(data)
        for _ in range(rng.choice([1, 2, 8])):
            altered[rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 200))] = rng.randrange(256)
        outcome(bytes(altered))


STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"GIF89a",
    b"RIFF\xff\xff\x00\x00WEBPVP8X\x0a\x00\x00\x00",
    b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif",
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    b"II*\x00\x08\x00\x00\x00",
    b"MM\x00+\x00\x08\x00\x00",
    b"\x00\x00\x01\x00\x01\x00",
    b"BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00",
    b"\xff\x0a",
    b'<svg xmlns="http://www.w3.org/2000/svg" ',
    b"",
)


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_renderer_signature_with_random_bytes_has_a_known_outcome(start, rest):
    outcome(start + rest)


def test_renderer_tiff_with_missing_strips_is_refused():
    data = by_pillow("TIFF")
    with pytest.raises(BrokenImageError):
        RENDERER.render(data[: len(data) * 2 // 3], PLAN)


@pytest.mark.parametrize(
    "data",
    [
        b"\xb6\xa6\xf2\x08" + bytes(60),
        b"P6\n1 1\n255\n\x00\x00\x00",
        b"1,2\n3,4\n",
        b"MATLAB 5.0 MAT-file" + bytes(120),
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + bytes(4),
        b"8BPS\x00\x01" + bytes(40),
        b"%PDF-1.4\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'\n",
        b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40),
    ],
    ids=["vips", "ppm", "csv", "mat", "hdr", "psd", "pdf", "eps", "mvg", "jp2"],
)
def test_renderer_unsupported_format_is_unknown(data):
    assert outcome(data) is UnknownFormatError


def test_renderer_every_raster_format_has_a_damaged_file_here():
    kinds = {RENDERER.render(make(), PLAN).source_format for make in FILES.values()}
    assert kinds == {name for name, format_ in FORMATS.items() if format_.readable and not format_.vector} - {"heic"}


_HASHES = """
import hashlib, random, sys
from tests.imaging.test_damage import FILES, PLAN, RENDERER
from mememime_proxy.errors import ImageError
for name, make in sorted(FILES.items()):
    rng, data = random.Random(4), make()
    for _ in range(4):
        altered = bytearray(data)
        for _ in range(3):
            altered[rng.randrange(len(altered))] = rng.randrange(256)
        try:
            body = bytes(RENDERER.render(bytes(altered[: rng.randrange(len(data) // 2, 2 * len(data))]), PLAN).body)
        except ImageError:
            body = b""
        print(name, hashlib.sha256(body).hexdigest())
"""


def test_renderer_result_has_no_uninitialised_memory():
    """With fresh memory filled with one byte or another (glibc's MALLOC_PERTURB_), damaged files look the same."""
    found = [
        subprocess.run(
            [sys.executable, "-c", _HASHES],
            env={**os.environ, "MALLOC_PERTURB_": perturbation, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for perturbation in ("1", "254")
    ]
    assert found[0] == found[1]
    assert len({line.split()[1] for line in found[0].splitlines()}) > len(FILES) // 2
