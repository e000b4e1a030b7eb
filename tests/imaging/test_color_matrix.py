"""Colours of the same picture: in every space, by everything that can say it, in every format, into every format.

Expected colours are by the formulas of the standards (tests/support/colorimetry.py); other decoders read the results.
The bounds are of CIEDE2000 over 24 patches, the median and the largest.
"""

import numpy as np
import pytest

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support import color_files as files
from tests.support.colorimetry import delta_e

SPACES = ("Display P3", "Adobe RGB", "BT.2020", "ProPhoto", "linear", "PQ", "HLG")

INPUTS = {
    f"{space} by a profile in {format_}": (files.with_profile, space, format_)
    for space in SPACES
    for format_ in ("jpeg", "png", "webp", "avif", "jxl", "tiff")
}
INPUTS |= {
    f"{space} by a profile in {format_} of 16 bits": (files.with_profile, space, format_, 16)
    for space in SPACES
    for format_ in ("png", "jxl", "tiff")
}
INPUTS |= {
    f"{space} by nclx in avif of {depth} bits": (files.avif_by_nclx, space, depth)
    for space in ("Display P3", "BT.2020", "linear", "PQ", "HLG")
    for depth in (8, 10, 12)
}
INPUTS |= {
    f"{space} by JPEG XL's encoding, {depth} bits": (files.jxl_by_encoding, space, depth)
    for space in ("Display P3", "BT.2020", "linear", "PQ", "HLG")
    for depth in (8, 16)
}
INPUTS |= {
    f"{space} by cICP in png of {depth} bits": (
        files.png_by_chunks, space, [(b"cICP", bytes((*files.CODE_POINTS[space], 0, 1)))], depth
    )
    for space in ("Display P3", "BT.2020", "linear", "PQ", "HLG")
    for depth in (8, 16)
}  # fmt: skip
INPUTS |= {
    "Display P3 by cHRM in png": (files.png_by_chunks, "Display P3", [(b"cHRM", files.chrm("Display P3"))]),
    "Adobe RGB by gAMA and cHRM in png": (
        files.png_by_chunks, "Adobe RGB", [(b"gAMA", files.gama(563 / 256)), (b"cHRM", files.chrm("Adobe RGB"))]
    ),
    "linear by gAMA in png": (files.png_by_chunks, "linear", [(b"gAMA", files.gama(1))]),
    "linear by gAMA in png of 16 bits": (files.png_by_chunks, "linear", [(b"gAMA", files.gama(1))], 16),
    "gamma 1.8 by gAMA in png": (files.png_by_chunks, "gamma 1.8", [(b"gAMA", files.gama(1.8))]),
}  # fmt: skip
INPUTS |= {f"Adobe RGB by EXIF in {name.lower()}": (files.by_exif, name) for name in ("JPEG", "WEBP", "PNG", "TIFF")}
INPUTS |= {
    f"{space} by {how} in heic": (files.heic, space, how)
    for space, how in (
        ("Display P3", "nclx"), ("BT.2020", "nclx"), ("PQ", "nclx"), ("HLG", "nclx"),
        ("Display P3", "profile"), ("ProPhoto", "profile"), ("HLG", "profile"),
    )
}  # fmt: skip
INPUTS |= {f"{space} by a profile in bmp": (files.bmp_with_profile, space) for space in ("Display P3", "ProPhoto")}
INPUTS |= {
    f"{name} by nclx in coded heic": (files.coded_heic, name) for name in ("p3", "bt2020", "linear", "pq", "hlg")
}
INPUTS |= {f"CMYK by a profile in {format_}": (files.cmyk, format_) for format_ in ("jpeg", "tiff")}


def picture(name):
    make, *arguments = INPUTS[name]
    return make(*arguments)


GREY = {
    f"grey of {space} by a profile in {format_}": lambda space=space, format_=format_: files.with_profile(
        space, format_, grey=True
    )
    for space in ("gamma 1.8", "gamma 2.2", "linear")
    for format_ in ("jpeg", "png", "jxl", "tiff")
}
GREY |= {
    "grey of gamma 1.8 by gAMA in png": lambda: files.png_by_chunks(
        "gamma 1.8", [(b"gAMA", files.gama(1.8))], grey=True
    ),
    "grey of gamma 1.8 by gAMA in png of 16 bits": lambda: files.png_by_chunks(
        "gamma 1.8", [(b"gAMA", files.gama(1.8))], 16, grey=True
    ),
    "grey of PQ by nclx in avif": lambda: files.avif_by_nclx("PQ", 10, grey=True),
    "grey of HLG by nclx in avif": lambda: files.avif_by_nclx("HLG", 12, grey=True),
    "grey of linear by nclx in avif": lambda: files.avif_by_nclx("linear", 12, grey=True),
}

LOSSLESS, LOSSY = (2, 4), (2, 5)
BOUNDS = {  # of the median and the largest difference
    "png": LOSSLESS, "tiff": LOSSLESS, "bmp": LOSSLESS, "ico": LOSSLESS, "jxl": LOSSLESS, "gif": LOSSLESS,
    "jpeg": LOSSY, "webp": LOSSY, "avif": LOSSY,
}  # fmt: skip
COARSE = {"PQ by a profile in avif": 2}
"""What is added to the largest: PQ in 8 bits of luma and chroma loses that much before the package sees it."""


@pytest.fixture(scope="module")
def render():
    renderer = Renderer(RenderConfig())
    return lambda data, **plan: renderer.render(data, Plan(**plan)).body


def faults(render, name, file, formats):
    """Formats whose result has other colours than the original: the median and the largest difference."""
    found = {}
    for format_ in formats:
        if not FORMATS[format_].writable:
            continue
        differences = delta_e(
            file.shown(render(file.data, format=format_, quality=100 if format_ == "jxl" else 95)), file.expected
        )
        median, largest = BOUNDS[format_]
        if np.median(differences) > median or differences.max() > largest + COARSE.get(name, 0):
            found[format_] = (np.median(differences).round(2), differences.max().round(2))
    return found


@pytest.mark.parametrize("name", INPUTS)
def test_color_matrix_of_spaces_carriers_and_formats(render, name):
    assert faults(render, name, picture(name), BOUNDS) == {}


@pytest.mark.parametrize("name", GREY)
def test_color_matrix_of_grey(render, name):
    assert faults(render, name, GREY[name](), ("png", "jpeg", "avif", "jxl", "webp")) == {}
