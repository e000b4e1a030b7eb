"""The watermark over moving pictures: where it lies on a still, of the same size, as opaque."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mememime_proxy.av.moving.watermark import WatermarkPicture
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.av_sources import frame_of
from tests.support.films import film_bytes
from tests.support.moving import film_of, frames_of


def mark(format_="PNG", color=(220, 20, 20, 255), size=(32, 16)):
    file = io.BytesIO()
    Image.new("RGBA", size, color).save(file, format_)
    return file.getvalue()


@pytest.mark.parametrize(
    "watermark",
    [
        Watermark(1.0, "soea", 4, 4),
        Watermark(0.5, "noea"),
        Watermark(1.0, "ce", scale=0.5),
        Watermark(1.0, "re", 8, 8, 0.25),
        Watermark(1.0, "nowe", -10, -6),
    ],
)
def test_watermark_lies_where_it_lies_on_a_still(watermark):
    content = film_bytes("mp4", frames=3, numbers=[0] * 3)
    plan = Plan(watermark=watermark, video_moment=replace(Plan().video_moment, value=0.0))
    body = Renderer(RenderConfig(), mark()).render(frame_of(content, plan).body, replace(plan, format="png")).body
    with Image.open(io.BytesIO(body)) as image:
        expected = np.asarray(image.convert("RGB")).astype(int)
    frames = frames_of(film_of(content, replace(plan, quality=100), mark=WatermarkPicture(mark())).body)
    assert len(frames) == 3
    for pixels in (frames[0], frames[2]):
        assert np.abs(pixels - expected).mean() < 6
        assert (pixels[..., 0] > 60).sum() == pytest.approx((expected[..., 0] > 60).sum(), rel=0.25)


def test_watermark_that_is_no_bitmap_is_refused():
    with pytest.raises(UnsupportedFormatError, match="SVG"):
        WatermarkPicture(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    with pytest.raises(UnsupportedFormatError):
        WatermarkPicture(mark()[:40])
    assert WatermarkPicture(mark("WEBP")).on(64, 64, Watermark(1.0), 1.0)[1:] == (16, 24)
