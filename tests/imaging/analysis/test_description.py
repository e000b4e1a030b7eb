"""What is told of a picture."""

import io

import pytest
from PIL import Image

from mememime_proxy.errors import ImageError, LimitError
from mememime_proxy.imaging.analysis.description import describe
from mememime_proxy.plan import ImageLimits, InfoFields, Plan, RenderConfig


def picture(format_name="JPEG", **more):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, format_name, **more)
    return buffer.getvalue()


def test_picture_tells_size_format_and_dimensions():
    data = picture()
    assert describe(data, Plan(info=InfoFields()), RenderConfig()) == {
        "size": len(data), "format": "jpeg", "mime_type": "image/jpeg", "width": 40, "height": 20, "orientation": 1,
    }  # fmt: skip


def test_dimensions_are_those_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    document = describe(picture(exif=exif), Plan(), RenderConfig())
    assert (document["width"], document["height"], document["orientation"]) == (20, 40, 6)


def test_part_that_is_not_wanted_is_left_out():
    plan = Plan(info=InfoFields(size=False, format=False))
    assert set(describe(picture("PNG"), plan, RenderConfig())) == {"width", "height", "orientation"}


def test_what_is_no_picture_or_too_large_is_refused():
    with pytest.raises(ImageError):
        describe(b"no picture", Plan(), RenderConfig())
    with pytest.raises(LimitError):
        describe(picture(), Plan(limits=ImageLimits(max_src_file_size=10)), RenderConfig())
