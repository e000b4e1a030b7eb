"""What pixels tell: the same as renders and stored facts of assets."""

import io
import random

import pytest
import pyvips
from PIL import Image

from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, ImageLimits, Plan, RenderConfig

CONFIG = RenderConfig()


def encoded(image, name="PNG", **more):
    buffer = io.BytesIO()
    image.save(buffer, name, **more)
    return buffer.getvalue()


def scene(width=320, height=200):
    """Return a picture whose every place differs, with a spot that draws the eye."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.putdata([(r, x % 256, (x * 7 // width) % 256) for x, (r, _, _) in enumerate(image.get_flattened_data())])
    image.paste((230, 30, 40), (width - 60, 20, width - 20, 60))
    return image


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_hashes_and_point_are_those_of_assets(name):
    data = encoded(scene(), name)
    facts = inspect(data, ImageLimits(), CONFIG)
    fields = InfoFields(blurhash_x=4, blurhash_y=3, thumb_hash=True, perceptual_hash=True, focus=True)
    document = describe(data, Plan(info=fields), CONFIG)
    assert document["perceptual_hash"] == facts.phash
    assert len(document["blurhash"]) == 4 + 2 * 4 * 3
    assert bytes.fromhex(document["thumb_hash"])
    assert document["thumb_hash"].isupper()
    assert document["focus"] == {"x": facts.saliency.x, "y": facts.saliency.y}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("gravity", [None, Gravity(GravityType.SOUTH_EAST, 3, 5), Gravity(GravityType.SMART)])
def test_crop_is_the_area_that_a_render_cuts_out(orientation, gravity):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene(), exif=exif)
    crop = Crop(90, 0.5, gravity)
    box = describe(data, Plan(info=InfoFields(crop=True), crop=crop), CONFIG)["crop"]
    whole, part = (
        pyvips.Image.new_from_buffer(bytes(Renderer(CONFIG).render(data, plan).body), "")
        for plan in (Plan(format="png"), Plan(format="png", crop=crop))
    )
    left, width = (round(box[side] * whole.width) for side in ("left", "width"))
    top, height = (round(box[side] * whole.height) for side in ("top", "height"))
    assert (width, height) == (part.width, part.height)
    assert (whole.crop(left, top, width, height) - part).abs().max() == 0


@pytest.mark.parametrize("hole", [None, (3, 5)])
def test_alpha_and_transparency(hole):
    image = Image.new("RGBA", (400, 300), (10, 200, 30, 255))
    if hole:
        image.putpixel(hole, (0, 0, 0, 254))
    fields = InfoFields(alpha=True, check_transparency=True)
    document = describe(encoded(image), Plan(info=fields), CONFIG)
    assert document["alpha"] == {"has_alpha": True, "transparent": hole is not None}
    opaque = encoded(image.convert("RGB"))
    assert describe(opaque, Plan(info=InfoFields(alpha=True)), CONFIG)["alpha"] == {"has_alpha": False}


def test_structure_is_that_of_the_decoded_picture():
    fields = InfoFields(colorspace=True, bands=True, sample_format=True)
    document = describe(encoded(Image.new("CMYK", (9, 9)), "JPEG"), Plan(info=fields), CONFIG)
    assert (document["colorspace"], document["bands"], document["sample_format"]) == ("cmyk", 4, "uchar")


def test_preview_of_noise_fits_its_limit():
    noise = Image.frombytes("RGB", (300, 900), random.Random(1).randbytes(300 * 900 * 3))
    for name in ("webp", "jpeg"):
        fields = InfoFields(lqip=64, lqip_format=name)
        uri = describe(encoded(noise), Plan(info=fields), CONFIG)["lqip"]
        assert uri.startswith(f"data:image/{name};base64,")
        assert len(uri) <= 2048


def test_page_is_the_one_that_is_looked_at():
    frames = [Image.new("RGB", (40 + 10 * n, 30), (80 * n, 200, 10)) for n in range(3)]
    document = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    animation = encoded(frames[0], "WEBP", save_all=True, append_images=[f.resize((40, 30)) for f in frames[1:]])
    fields = InfoFields(average=True, palette=2, alpha=True, crop=True, pages_number=True)
    for data in (document, animation):
        for asked, expected in ((0, 0), (1, 1), (9, 2)):
            plan = Plan(info=fields, pages=PageRange(asked), crop=Crop(20, 0, Gravity(GravityType.EAST)))
            found = describe(data, plan, CONFIG)
            assert abs(found["average"]["R"] - 80 * expected) <= 3
            width = 40 + 10 * expected if data is document else 40
            assert found["width"] == width
            assert found["crop"]["left"] == pytest.approx(1 - 20 / width, abs=1e-5)
