"""Every option of the table through the running service: its effect on pixels or headers."""

import base64
import hashlib
import io
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest
import pyvips
from multidict import CIMultiDictProxy
from PIL import Image

from mememime_proxy.urls.options.media import MEDIA_OPTIONS
from mememime_proxy.urls.options.table import BY_NAME, OPTIONS
from tests.support.proxy_process import ProxyProcess


@dataclass
class Answer:
    """An answer, and its pixels as an array of height × width × 4."""

    status: int
    headers: CIMultiDictProxy
    body: bytes

    @property
    def picture(self):
        return Image.open(io.BytesIO(self.body))

    @property
    def size(self):
        return self.picture.size

    @property
    def pixels(self):
        return np.asarray(self.picture.convert("RGBA")).astype(int)


@pytest.fixture(scope="module")
def sources(tmp_path_factory, pictures):
    """Pictures that each show something."""
    folder = tmp_path_factory.mktemp("options")
    for name in ("coffee.jpg", "moving.gif", "watermark.svg", "astronaut.jpg"):
        (folder / name).write_bytes((pictures / name).read_bytes())
    # Red grows to the right, green to the bottom: each pixel tells where it comes from.
    y, x = np.mgrid[0:100, 0:200]
    grid = np.dstack([x, y, np.full_like(x, 77)]).astype("uint8")
    Image.fromarray(grid).save(folder / "grid.png")
    Image.fromarray(np.dstack([grid, np.where(x < 100, 0, 255).astype("uint8")])).save(folder / "half.png")
    framed = np.full((60, 80, 3), 250, "uint8")
    framed[20:40, 30:70] = (10, 20, 200)
    Image.fromarray(framed).save(folder / "framed.png")
    turned = Image.fromarray(grid)
    exif = turned.getexif()
    exif[0x0112], exif[0x8298], exif[0x010F] = 6, "The Author", "Camera"
    photo = Image.open(folder / "coffee.jpg")
    photo.save(folder / "turned.jpg", exif=exif, quality=95)
    p3 = pyvips.Image.new_from_file(str(folder / "coffee.jpg")).icc_transform("p3", input_profile="srgb")
    p3.jpegsave(str(folder / "wide.jpg"), Q=95)
    deep = (pyvips.Image.xyz(64, 64)[0] * 1000).cast("ushort").copy(interpretation="grey16")
    deep.pngsave(str(folder / "deep.png"), bitdepth=16)
    if find_spec("av"):
        from tests.support.films import container_film

        (folder / "film.mp4").write_bytes(container_film("mp4"))
    return folder


@pytest.fixture(scope="module")
def open_service(sources, tmp_path_factory):
    with ProxyProcess(
        tmp_path_factory.mktemp("open"),
        allow_unsigned="1",
        allow_security_options="1",
        allow_bypass_cache="1",
        local_filesystem_root=str(sources),
        watermark_path=str(sources / "watermark.svg"),
        presets="named=w:33",
    ) as proxy:
        yield proxy


@pytest.fixture
def get(open_service, client):
    async def ask(options, source="grid.png", extension="png"):
        suffix = f"@{extension}" if extension else ""
        address = f"{open_service.base}/unsafe/{options}{'/' if options else ''}plain/local:///{source}{suffix}"
        async with client.get(address) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    return ask


CHECKS = {}


def option(name):
    """Registers the check of an option."""

    def register(check):
        CHECKS[name] = check
        return check

    return register


def size_of(options, expected, source="grid.png"):
    async def check(get):
        assert (await get(options, source)).size == expected

    return check


CHECKS |= {
    "resize": size_of("rs:fill:50:50", (50, 50)),
    "size": size_of("s:50:50", (50, 25)),
    "resizing_type": size_of("rt:force/s:50:60", (50, 60)),
    "width": size_of("w:50", (50, 25)),
    "height": size_of("h:50", (100, 50)),
    "min-width": size_of("h:10/mw:80", (80, 10)),  # the other side is cut to what was asked for
    "min-height": size_of("w:10/mh:80", (10, 80)),
    "zoom": size_of("w:50/z:2", (100, 50)),
    "dpr": size_of("w:50/dpr:2", (100, 50)),
    "enlarge": size_of("w:400/el:1", (400, 200)),
    "extend": size_of("s:150:150/ex:1", (150, 150)),
    "extend_aspect_ratio": size_of("rs:fit:300:300/exar:1", (200, 200)),
    "crop": size_of("c:40:30", (40, 30)),
    "crop_aspect_ratio": size_of("car:0.5", (50, 100)),
    "pages": size_of("pgs:3", (100, 240), "moving.gif"),
    "trim": size_of("t:10", (40, 20), "framed.png"),
    "padding": size_of("w:50/pd:1:2:3:4", (56, 29)),
    "preset": size_of("pr:named", (33, 17)),
    "max_result_dimension": size_of("mrd:20", (20, 10)),
}


@option("gravity")
async def _(get):
    east, west = [await get(f"rs:fill:100:100/g:{side}") for side in ("ea", "we")]
    assert (east.pixels[0, 0, 0], west.pixels[0, 0, 0]) == (100, 0)
    focus = await get("rs:fill:100:100/g:fp:0.4:0.5")
    assert focus.pixels[0, 0, 0] == 30


@option("resizing_algorithm")
async def _(get):
    nearest = (await get("w:100/ra:nearest")).pixels[0, :, 0]
    assert len(set(nearest[1:] - nearest[:-1])) == 1
    assert (nearest != (await get("w:100")).pixels[0, :, 0]).any()


@option("page")
async def _(get):
    first, third = await get("", "moving.gif"), await get("pg:2", "moving.gif")
    assert (first.pixels != third.pixels).any()


@option("disable_animation")
async def _(get):
    assert (await get("maf:3/da:1", "moving.gif", "webp")).picture.n_frames == 1


@option("jpeg_options")
async def _(get):
    plain, changed = await get("", "coffee.jpg", "jpeg"), await get("jpgo:1:1", "coffee.jpg", "jpeg")
    assert ("progressive" in plain.picture.info, "progressive" in changed.picture.info) == (False, True)
    assert (plain.picture.layer[0][1:3], changed.picture.layer[0][1:3]) == ((2, 2), (1, 1))


@option("png_options")
async def _(get):
    changed = (await get("pngo:1:1:4", "coffee.jpg")).picture
    assert (changed.mode, len(changed.getcolors()), changed.info["interlace"]) == ("P", 4, 1)


@option("webp_options")
async def _(get):
    assert ((await get("webpo:lossless", extension="webp")).pixels == (await get("")).pixels).all()


@option("avif_options")
async def _(get):
    on, off = [await get(f"avifo:{each}", "coffee.jpg", "avif") for each in ("on", "off")]
    assert len(on.body) < len(off.body)


@option("dpi")
async def _(get):
    assert (await get("dpi:300", "coffee.jpg", "jpeg")).picture.info["dpi"] == (300, 300)
    assert round((await get("", "coffee.jpg")).picture.info["dpi"][0]) == 72
    assert round((await get("dpi:150", "coffee.jpg")).picture.info["dpi"][0]) == 150


@option("unsharp_masking")
async def _(get):
    plain, sharp = [(await get(f"w:100/{each}", "coffee.jpg")).pixels for each in ("ush:none", "ush:auto")]
    assert sharp[:, :, :3].std() > plain[:, :, :3].std()
    assert (await get("ush:auto", "coffee.jpg")).body == (await get("", "coffee.jpg")).body


@option("hashsum")
async def _(get, sources):
    digest = hashlib.sha256((sources / "grid.png").read_bytes()).hexdigest()
    assert (await get(f"hs:sha256:{digest}")).status == 200
    other = await get(f"hs:md5:{'0' * 32}")
    assert (other.status, other.body) == (422, b"The source does not have the hashsum of the URL")


@option("cache_tags")
async def _(get):
    plain, tagged = (await get("")).headers, (await get("ct:shoes:blue")).headers
    assert tagged["Cache-Tag"] == plain["Cache-Tag"] + ",shoes,blue"
    assert tagged["Surrogate-Key"] == plain["Surrogate-Key"] + " shoes blue"
    assert tagged["ETag"] == plain["ETag"]


@option("bypass_cache")
async def _(get):
    plain, bypassed = await get("w:60"), await get("w:60/bc:1")
    assert (plain.body, plain.headers["ETag"]) == (bypassed.body, bypassed.headers["ETag"])


@option("style")
async def _(get, sources):
    square = '<rect width="9" height="9"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{square}</svg>'
    (sources / "square.svg").write_text(drawing)
    css = base64.urlsafe_b64encode(b"rect{fill:#ff0000}").decode().rstrip("=")
    assert (await get(f"st:{css}", "square.svg")).pixels[4, 4].tolist() == [255, 0, 0, 255]
    assert b"rect{fill:#ff0000}" in (await get(f"st:{css}", "square.svg", "svg")).body
    assert (await get(f"st:{css}")).body == (await get("")).body


@option("fallback_image_url")
async def _(get):
    url = base64.urlsafe_b64encode(b"local:///grid.png").decode().rstrip("=")
    fallback = await get(f"w:50/fiu:{url}", "missing.jpg")
    assert (fallback.status, fallback.size) == (200, (50, 25))
    assert (await get("w:50", "missing.jpg")).status == 404


@option("color_profile")
async def _(get):
    assert (await get("cp:cmyk", "coffee.jpg", "jpeg")).picture.mode == "CMYK"
    assert (await get("cp:cmyk", "coffee.jpg")).status == 422
    assert (await get("cp:missing", "coffee.jpg")).status == 404
    assert "icc_profile" in (await get("cp:srgb", "coffee.jpg")).picture.info


@option("auto_rotate")
async def _(get):
    assert (await get("ar:1", "turned.jpg")).size == (400, 600)
    assert (await get("ar:0", "turned.jpg")).size == (600, 400)


@option("rotate")
async def _(get):
    plain, turned = await get(""), await get("rot:90")
    assert (turned.pixels == np.rot90(plain.pixels, -1)).all()


@option("flip")
async def _(get):
    plain = (await get("")).pixels
    assert ((await get("fl:1:0")).pixels == plain[:, ::-1]).all()
    assert ((await get("fl:0:1")).pixels == plain[::-1]).all()


@option("background")
async def _(get):
    pixels = (await get("bg:ff8000", "half.png")).pixels
    assert tuple(pixels[50, 10]) == (255, 128, 0, 255)
    assert tuple(pixels[50, 150]) == (150, 50, 77, 255)


@option("blur")
async def _(get):
    sharp, soft = [(await get(f"w:200/bl:{sigma}", "coffee.jpg")).pixels for sigma in (0, 5)]
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.5 * np.abs(np.diff(sharp, axis=1)).mean()


@option("sharpen")
async def _(get):
    plain, sharp = [(await get(f"w:200/sh:{sigma}", "coffee.jpg")).pixels for sigma in (0, 2)]
    assert np.abs(np.diff(sharp, axis=1)).mean() > 1.05 * np.abs(np.diff(plain, axis=1)).mean()


@option("pixelate")
async def _(get):
    pixels = (await get("pix:10")).pixels
    assert len(np.unique(pixels[:10, :10].reshape(-1, 4), axis=0)) == 1
    assert (pixels[0, 0] != pixels[0, 10]).any()


@option("normalize")
async def _(get):
    pixels = (await get("norm:1:99", "coffee.jpg")).pixels[..., :3]
    assert pixels.min() == 0
    assert pixels.max() == 255


@option("brightness")
async def _(get):
    plain, light = [(await get(options)).pixels for options in ("", "br:20")]
    assert (light[..., :3] == np.minimum(plain[..., :3] + 20, 255)).all()


@option("contrast")
async def _(get):
    pixel = (await get("co:2")).pixels[80, 120]
    assert np.abs(pixel - (112, 32, 26, 255)).max() <= 1


@option("saturation")
async def _(get):
    assert np.ptp((await get("sa:0", "coffee.jpg")).pixels[..., :3], axis=2).max() <= 1
    assert np.ptp((await get("sa:2", "coffee.jpg")).pixels[..., :3], axis=2).mean() > 50


@option("adjust")
async def _(get):
    assert ((await get("a:20:2:0.5")).pixels == (await get("br:20/co:2/sa:0.5")).pixels).all()


@option("hue")
async def _(get):
    red, green = [(await get(f"hu:{angle}", "coffee.jpg")).pixels.mean(axis=(0, 1)) for angle in (0, 120)]
    assert red[0] > red[1] + 20
    assert green[1] > green[0] + 20


@option("gamma")
async def _(get):
    pixel = (await get("gm:2")).pixels[64, 100]
    assert np.abs(pixel - (160, 128, 140, 255)).max() <= 1


@option("sepia")
async def _(get):
    pixels = (await get("sep:1", "coffee.jpg")).pixels
    assert (pixels[..., 0] >= pixels[..., 1]).all()
    assert (pixels[..., 1] >= pixels[..., 2]).all()


@option("monochrome")
async def _(get):
    pixels = (await get("mc:1:f00", "coffee.jpg")).pixels
    assert (pixels[..., 0] >= pixels[..., 1]).all()
    assert (pixels[..., 1] == pixels[..., 2]).all()
    assert ((await get("mc:0:f00")).pixels == (await get("")).pixels).all()


@option("duotone")
async def _(get):
    pixels = (await get("dt:1:00f:f00", "coffee.jpg")).pixels
    assert (pixels[..., 1] == 0).all()
    assert np.abs(pixels[..., 0] + pixels[..., 2] - 255).max() <= 1


@option("negate")
async def _(get):
    plain, negative = [(await get(options, "half.png")).pixels for options in ("", "neg:1")]
    assert tuple(negative[50, 150]) == (105, 205, 178, 255)
    assert (negative[..., 3] == plain[..., 3]).all()


@option("blur_detections")
async def _(get):
    plain, soft = [(await get(f"w:256{more}", "astronaut.jpg")).pixels for more in ("", "/bd:8")]
    changed = (plain != soft).any(axis=2)
    assert 0.01 < changed.mean() < 0.3
    assert not changed[-40:].any()


@option("draw_detections")
async def _(get):
    plain, framed = [(await get(f"w:256{more}", "astronaut.jpg")).pixels for more in ("", "/dd:1:face")]
    changed = (plain != framed).any(axis=2)
    assert 0 < changed.mean() < 0.1
    assert not changed[-40:].any()


@option("crop_objects")
async def _(get):
    face = (await get("c_obj:1:face", "astronaut.jpg")).pixels
    assert 40 < face.shape[1] < 150 < 2 * face.shape[0]
    assert (await get("c_obj:1:unknown", "astronaut.jpg")).pixels.shape[:2] == (512, 512)


@option("objects_position")
async def _(get):
    left, right = [(await get(f"c:300:300:obj/op:{place}", "astronaut.jpg")).pixels for place in ("we", "ea")]
    assert (left[:, :100] != right[:, :100]).any()


@option("blur_areas")
async def _(get):
    plain, soft = [(await get(f"rot:90{more}", "framed.png")).pixels for more in ("", "/ba:3:0:0:0.5:1")]
    assert (plain[:40] != soft[:40]).any()
    assert (plain[40:] == soft[40:]).all()


@option("progressive_blur")
async def _(get):
    plain, soft = [(await get(f"w:200/pbl:{sigma}:down:0.5", "coffee.jpg")).pixels for sigma in (0, 6)]
    half = plain.shape[0] // 2
    assert (plain[: half - 1] == soft[: half - 1]).all()
    assert np.abs(np.diff(soft[-20:], axis=1)).mean() < 0.5 * np.abs(np.diff(plain[-20:], axis=1)).mean()


@option("colorize")
async def _(get):
    assert ((await get("col:1:ff8000", "half.png")).pixels == (255, 128, 0, 255)).all()
    assert (await get("col:1:ff8000:1", "half.png")).pixels[50, 10, 3] == 0


@option("gradient")
async def _(get):
    plain, pixels = (await get("")).pixels, (await get("gr:1:ff8000:right")).pixels
    assert (pixels[:, 0] == plain[:, 0]).all()
    assert (pixels[:, -1] == (255, 128, 0, 255)).all()
    moving = await get("gr:1:ff8000/br:3/maf:4", "moving.gif", "webp")
    assert moving.picture.n_frames == 4


@option("background_alpha")
async def _(get):
    pixels = (await get("bg:ff8000/bga:0.5", "half.png")).pixels
    assert np.abs(pixels[50, 10] - (255, 128, 0, 127)).max() <= 1
    assert tuple(pixels[50, 150]) == (150, 50, 77, 255)
    assert (await get("bg:ff8000/bga:0.5", "half.png", "jpg")).pixels[50, 10, 3] == 255


@option("watermark")
async def _(get):
    plain, marked = [(await get(f"w:300{more}", "coffee.jpg")).pixels for more in ("", "/wm:1:soea:0:0:0.3")]
    changed = (plain != marked).any(axis=2)
    assert changed[-25:, -90:].any()
    assert not changed[:-30].any()
    faint = (await get("w:300/wm:0.3:soea:0:0:0.3", "coffee.jpg")).pixels
    assert 0 < np.abs(faint - plain).sum() < np.abs(marked - plain).sum()


@option("corners")
async def _(get):
    pixels = (await get("rs:fill:80:80/crn:max")).pixels
    assert pixels[0, 0, 3] == 0
    assert pixels[0, 40, 3] > 250
    assert (await get("rs:fill:80:80/crn:max/bg:f00", extension="jpg")).pixels[0, 0, 0] > 240


@option("mask")
async def _(get):
    def encoded(url):
        return urlsafe_b64encode(url.encode()).decode().rstrip("=")

    pixels = (await get(f"msk:{encoded('local:///half.png')}")).pixels
    assert pixels[50, 10, 3] == 0
    assert pixels[50, 190, 3] > 40
    assert (await get(f"msk:{encoded('local:///none.png')}")).status == 422


@option("rotate_free")
async def _(get):
    turned = await get("rotf:30")
    assert abs(turned.size[0] - 223) <= 1
    assert turned.pixels[0, 0, 3] == 0
    assert ((await get("rotf:90")).pixels == np.rot90((await get("")).pixels, -1)).all()


@option("background_blur")
async def _(get):
    pixels = (await get("rs:fit:100:100/ex:1/bgb:20", "coffee.jpg")).pixels
    assert pixels.shape == (100, 100, 4)
    assert (pixels[..., 3] == 255).all()
    assert np.abs(np.diff(pixels[2], axis=0)).max() < 12


@option("watermark_url")
async def _(get):
    def encoded(url):
        return urlsafe_b64encode(url.encode()).decode().rstrip("=")

    plain, marked = [
        (await get(more)).pixels for more in ("", f"wm:1:nowe/wmu:{encoded('local:///framed.png')}/wms:20:0")
    ]
    assert np.abs(marked[7, 10] - (10, 20, 200, 255)).max() <= 2
    assert (marked[:, 20:] == plain[:, 20:]).all()
    chain = (
        f"wm:1:nowe/wms:20/wmu:{encoded('local:///framed.png')}/-/wm:1:soea/wms:9/wmu:{encoded('local:///half.png')}"
    )
    assert ((await get(chain)).pixels[:15, :20] == marked[:15, :20]).all()
    for broken in ("local:///none.png", "local:///", "http://127.0.0.1:1/x.png", "nonsense"):
        assert (await get(f"wm:1/wmu:{encoded(broken)}")).status == 422
    assert (await get(f"wmu:{encoded('local:///none.png')}")).status == 200


@option("watermark_text")
async def _(get):
    text = urlsafe_b64encode(b"<span foreground='#f00' size='40pt'>Hi</span>").decode().rstrip("=")
    plain, marked = (await get("")).pixels, (await get(f"wm:1:nowe/wmt:{text}")).pixels
    changed = (plain != marked).any(axis=2)
    assert changed[:50, :60].any()
    assert not changed[60:].any()
    huge = urlsafe_b64encode(b"<span size='400pt'>" + b"x" * 300 + b"</span>").decode().rstrip("=")
    assert (await get(f"wm:1/wmt:{huge}")).status == 422


@option("watermark_text_box")
async def _(get):
    def rows(pixels):
        return (pixels != plain).any(axis=(1, 2)).sum()

    text, plain = "wm:1:nowe/wmt:" + urlsafe_b64encode(b"one two three").decode().rstrip("="), (await get("")).pixels
    assert rows((await get(f"{text}/wmtb:40")).pixels) > 1.5 * rows((await get(text)).pixels)


@option("watermark_size")
async def _(get):
    plain, marked = [(await get(f"{more}")).pixels for more in ("", "wm:1:nowe/wms:20:0")]
    assert not (plain[:, 20:] != marked[:, 20:]).any()
    assert (plain[:, :20] != marked[:, :20]).any()


@option("watermark_rotate")
async def _(get):
    def box(pixels):
        y, x = np.nonzero((pixels != plain).any(axis=2))
        return np.ptp(x) > np.ptp(y)

    plain = (await get("")).pixels
    assert box((await get("wm:1/wms:60:0")).pixels)
    assert not box((await get("wm:1/wms:60:0/wmr:90")).pixels)


@option("watermark_shadow")
async def _(get):
    bare, shadow = [(await get(f"wm:1/wms:60:0{more}")).pixels for more in ("", "/wmsh:3")]
    darker = (shadow < bare).any(axis=2)
    assert darker.any()
    assert not (shadow > bare + 1).any()


@option("watermark_blend")
async def _(get):
    plain, marked = [(await get(more)).pixels for more in ("", "wm:1/wms:60:0/wmb:multiply")]
    assert (marked <= plain + 1).all()
    assert (marked < plain - 1).any()


@option("strip_metadata")
async def _(get):
    assert (await get("sm:0/ar:0", "turned.jpg", "jpg")).picture.getexif().get(0x010F) == "Camera"
    assert 0x010F not in (await get("sm:1", "turned.jpg", "jpg")).picture.getexif()


@option("keep_copyright")
async def _(get):
    assert (await get("sm:1/kcr:1", "turned.jpg", "jpg")).picture.getexif().get(0x8298) == "The Author"
    assert 0x8298 not in (await get("sm:1/kcr:0", "turned.jpg", "jpg")).picture.getexif()


@option("strip_color_profile")
async def _(get):
    kept, converted = await get("scp:0", "wide.jpg", "jpg"), await get("scp:1", "wide.jpg", "jpg")
    assert kept.picture.info.get("icc_profile")
    assert not converted.picture.info.get("icc_profile")
    assert np.abs(kept.pixels - converted.pixels).max() > 20


@option("preserve_hdr")
async def _(get):
    assert (await get("ph:1", "deep.png")).picture.mode.startswith("I")
    assert (await get("ph:0", "deep.png")).picture.mode == "L"


@option("enforce_thumbnail")
async def _(get):
    # What it does where there is a thumbnail is tested with the loader; without one it must change nothing.
    assert (await get("eth:1/w:40")).body == (await get("eth:0/w:40")).body


async def numbers_of(get, *options):
    pytest.importorskip("av")
    from tests.support.films import number_in

    return [number_in((await get(each, "film.mp4")).body) for each in options]


@option("video_thumbnail_second")
async def _(get):
    assert await numbers_of(get, "vts:0", "vts:0.5", "vts:-0.5", "vts:50p", "vts:99") == [0, 12, 37, 25, 49]
    assert await numbers_of(get, "vts:auto") == [0]


@option("video_thumbnail_keyframes")
async def _(get):
    assert await numbers_of(get, "vts:0.5/vtk:1", "vts:0.5/vtk:0") == [10, 12]


@option("video_thumbnail_tile")
async def _(get):
    pytest.importorskip("av")
    sprite = await get("vts:0/vtt:-1:2:2:112:32", "film.mp4", "png")
    assert sprite.size == (224, 64)
    assert (await get("vts:0/vtt:-1:2:2:112:32/w:112", "film.mp4", "png")).size == (112, 32)
    assert (await get("vts:0/vtt:0", "film.mp4", "png")).body == (await get("vts:0", "film.mp4", "png")).body


@option("video_thumbnail_animation")
async def _(get):
    pytest.importorskip("av")
    animation = await get("vts:0/vta:0.4:120:4:112:32", "film.mp4", "webp")
    with Image.open(io.BytesIO(animation.body)) as image:
        assert (image.n_frames, image.size) == (4, (112, 32))
    still = await get("vts:0/vta:0:120:4:112:32", "film.mp4", "webp")
    with Image.open(io.BytesIO(still.body)) as image:
        assert image.n_frames == 1


@option("quality")
async def _(get):
    low, high = [await get(f"q:{quality}", "coffee.jpg", "jpg") for quality in (20, 95)]
    assert len(low.body) < len(high.body) / 2


@option("format_quality")
async def _(get):
    low, other = await get("fq:webp:10", "coffee.jpg", "webp"), await get("fq:jpeg:10", "coffee.jpg", "webp")
    assert len(low.body) < len(other.body) / 2


@option("max_bytes")
async def _(get):
    assert len((await get("", "coffee.jpg", "jpg")).body) > 20_000
    assert len((await get("mb:12000", "coffee.jpg", "jpg")).body) <= 12_000


@option("autoquality")
async def _(get):
    fair, good = [await get(f"aq:ssim2:{score}", "coffee.jpg", "webp") for score in (60, 85)]
    assert len(fair.body) < len(good.body)
    named = [await get(f"{options}q:30", "coffee.jpg", "webp") for options in ("", "aq:ssim2:85/")]
    assert named[0].body == named[1].body
    size = await get("aq:size:9000:1:100", "coffee.jpg", "jpg")
    assert 6000 < len(size.body) <= 9000


@option("format")
async def _(get):
    assert (await get("f:webp", extension="")).headers["Content-Type"] == "image/webp"
    for answer in (await get("f:pdf/dpi:144", extension=""), await get("dpi:144", extension="pdf")):
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == 'inline; filename="grid.pdf"'
        assert b"/MediaBox [0 0 100.0000 50.0000]" in answer.body


@option("skip_processing")
async def _(get, sources):
    assert (await get("w:10/skp:jpg", "coffee.jpg", "jpg")).body == (sources / "coffee.jpg").read_bytes()
    assert (await get("w:10/skp:jpg", "coffee.jpg", "png")).size == (10, 7)


@option("raw")
async def _(get, sources):
    assert (await get("w:10/raw:1", "coffee.jpg", "")).body == (sources / "coffee.jpg").read_bytes()


@option("cachebuster")
async def _(get):
    assert (await get("cb:a")).headers["ETag"] == (await get("cb:b")).headers["ETag"]


@option("expires")
async def _(get):
    answer = await get(f"exp:{int(time.time()) + 30}")
    assert int(answer.headers["Cache-Control"].split("=")[1].split(",")[0]) <= 30
    assert (await get("exp:1")).status == 404


@option("filename")
async def _(get):
    assert 'filename="cat.png"' in (await get("fn:cat")).headers["Content-Disposition"]
    assert 'filename="cat.png"' in (await get("fn:Y2F0:1")).headers["Content-Disposition"]


@option("return_attachment")
async def _(get):
    assert (await get("att:1")).headers["Content-Disposition"].startswith("attachment;")
    assert (await get("")).headers["Content-Disposition"].startswith("inline;")


@option("max_src_resolution")
async def _(get):
    assert (await get("msr:0.01")).status == 422
    assert (await get("msr:0.03")).status == 200


@option("max_src_file_size")
async def _(get):
    assert (await get("msfs:1000", "coffee.jpg")).status == 422
    assert (await get("msfs:1000000", "coffee.jpg")).status == 200


@option("max_animation_frames")
async def _(get):
    assert (await get("maf:3", "moving.gif", "webp")).picture.n_frames == 3
    assert (await get("", "moving.gif", "webp")).picture.n_frames == 1


@option("max_animation_frame_resolution")
async def _(get):
    assert (await get("maf:4/mafr:0.007", "moving.gif", "webp")).status == 422
    assert (await get("maf:4/mafr:0.009", "moving.gif", "webp")).status == 200


def test_every_option_of_pictures_has_a_case():
    """Those of films and sound are tried with films: ``test_media.py`` and ``tests/av``."""
    assert set(CHECKS) == {each.name for each in OPTIONS} - {each.name for each in MEDIA_OPTIONS}


@pytest.mark.parametrize("name", CHECKS)
async def test_option_has_its_effect(get, sources, name):
    check = CHECKS[name]
    wants_sources = "sources" in check.__code__.co_varnames[: check.__code__.co_argcount]
    await (check(get, sources) if wants_sources else check(get))


@pytest.mark.parametrize("name", [each.name for each in OPTIONS if each.aliases and each.name != "preset"])
async def test_alias_of_option_gives_the_same_picture(name):
    assert all(BY_NAME[alias] is BY_NAME[name] for alias in BY_NAME[name].aliases)
