import io
from dataclasses import replace

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from mememime_proxy.color.profile_files import read_profiles
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.imaging.test_pipeline import areas, encoded


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profiles")
    image = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb").icc_transform("p3", input_profile="srgb")
    (folder / "wide.icc").write_bytes(image.get("icc-profile-data"))
    (folder / "broken.icm").write_bytes(b"x" * 200)
    (folder / ".hidden.icc").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    (folder / "large.icc").write_bytes(bytes((4 << 20) + 1))
    return str(folder)


def result(name, format_, folder, source=".png", **fields):
    plan = Plan(format=format_, saving=Saving(color_profile=name), **fields)
    variant = Renderer(RenderConfig(color_profiles_dir=folder)).render(encoded(areas(64, 48), source), plan)
    return Image.open(io.BytesIO(bytes(variant.body)))


def test_profiles_of_a_folder(folder):
    assert set(read_profiles(folder)) == {"wide", "broken"}
    assert read_profiles(folder + "/missing") == read_profiles("") == {}


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp", "avif", "tiff"])
@pytest.mark.parametrize("name", ["srgb", "wide"])
def test_result_has_the_profile_and_looks_the_same(name, format_, folder):
    picture = result(name, format_, folder, quality=95)
    icc = picture.info["icc_profile"]
    if name == "wide":
        assert icc == read_profiles(folder)["wide"]
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    seen = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    plain = np.array(areas(64, 48))
    assert np.abs(np.asarray(seen.convert("RGB")).astype(int)[8:16, 8:16] - plain[8:16, 8:16]).max() <= 12


def test_grey_and_cmyk(folder):
    rows = [[(90,) * 3] * 20] * 20
    grey = encoded(rows, ".png")
    plan = Plan(format="tiff", saving=Saving(color_profile="cmyk"))
    for data in (grey, pyvips.Image.new_from_buffer(grey, "").colourspace("b-w").write_to_buffer(".png")):
        body = Renderer(RenderConfig()).render(data, plan).body
        assert Image.open(io.BytesIO(bytes(body))).mode == "CMYK"
    assert (
        "icc_profile"
        not in Image.open(
            io.BytesIO(bytes(Renderer(RenderConfig()).render(grey, replace(plan, format="gif")).body))
        ).info
    )


@pytest.mark.parametrize(("name", "format_"), [("cmyk", "png"), ("cmyk", "webp"), ("broken", "jpeg"), ("gone", "png")])
def test_profile_that_cannot_be_applied_is_an_error(name, format_, folder):
    with pytest.raises(UnsupportedFormatError, match="color_profile"):
        result(name, format_, folder)
