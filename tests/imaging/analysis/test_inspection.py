from __future__ import annotations

import base64
import contextlib
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageFilter
from PIL.TiffImagePlugin import IFDRational as ratio  # noqa: N813

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import BrokenImageError, ImageError, LimitError, UnknownFormatError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import HEIGHT, WIDTH, animation, photo, real_files, saved

LIMITS = ImageLimits()
GPS, MAKER_NOTE, SERIAL, OWNER, ARTIST = 0x8825, 0x927C, 0xA431, 0xA430, 0x013B


def facts(data: bytes, limits: ImageLimits = LIMITS) -> AssetFacts:
    return inspect(data, limits, RenderConfig())


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A smooth background with a loud spot at three quarters of the width and one quarter of the height."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([90 + 60 * x / width, 110 + 50 * y / height, 130 + 0 * x], axis=-1)
    near = (x - 0.75 * width) ** 2 + (y - 0.25 * height) ** 2 < (height / 12) ** 2
    base[near] = np.where(((x // 6 + y // 6) % 2)[near][:, None], (255, 60, 20), (240, 230, 40))
    return Image.fromarray(base.astype(np.uint8))


def stored(image: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera stores them, so that an EXIF orientation turns them to ``image``."""
    ways = {
        1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    for way in ways[orientation]:
        image = image.transpose(way)
    return image


def differing(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("name", sorted(real_files()))
def test_inspection_every_kind_of_file_is_described(name: str) -> None:
    found = facts(real_files()[name])
    width, height = (HEIGHT, WIDTH) if found.orientation == 6 else (WIDTH, HEIGHT)
    if found.format != "ico":
        assert (found.width, found.height) == (width, height)
    assert found.media_type == FORMATS[found.format].mime
    assert found.dominant_color.startswith("#") or name == "svg"  # there is nothing in that drawing
    assert bool(found.palette) == bool(found.histogram) == bool(found.dominant_color)
    assert len(found.phash) == 16
    assert found.blurhash
    assert base64.b64decode(found.thumbhash, validate=True)
    assert found.saliency is not None
    assert 0 <= found.saliency.x <= 1
    assert 0 <= found.saliency.y <= 1


@pytest.mark.parametrize("name", sorted(real_files()))
def test_inspection_decodes_a_picture_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decodings = []
    decode = OriginalImage._decode

    def count(original: OriginalImage, *arguments: Any, **options: Any) -> pyvips.Image:
        decodings.append(arguments)
        return decode(original, *arguments, **options)

    monkeypatch.setattr(OriginalImage, "_decode", count)
    found = facts(real_files()[name])
    # All frames of an animation, and the first one again for what is shown of it.
    assert len(decodings) == (2 if found.frames > 1 and found.format not in {"tiff", "avif"} else 1), found


@pytest.mark.parametrize("format_", ["GIF", "WEBP"])
def test_inspection_counts_frames_beyond_max_animation_frames(format_: str) -> None:
    found = facts(animation(format_, 5), ImageLimits(max_animation_frames=1))
    assert (found.frames, found.duration_ms) == (5, 250)
    assert (found.width, found.height) == (WIDTH, HEIGHT)


def test_inspection_pages_of_a_document_are_counted() -> None:
    pages = [photo().rotate(90 * number) for number in range(4)]
    found = facts(saved("TIFF", pages[0], save_all=True, append_images=pages[1:]))
    assert (found.frames, found.duration_ms) == (4, 0)


def test_inspection_damage_in_a_late_frame_is_found() -> None:
    data = animation("WEBP", 6)
    at = data.rindex(b"VP8 ") + 8
    # The last frame's picture no longer starts as one does.
    with pytest.raises(ImageError):
        facts(data[:at] + bytes(12) + data[at + 12 :])


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(61, 37), (1000, 700), (257, 1030)])
def test_inspection_file_that_lacks_its_last_rows_is_refused(format_: str, size: tuple[int, int]) -> None:
    whole = saved(format_, photo(width=size[0], height=size[1]))
    assert facts(whole).width == size[0]
    with pytest.raises(ImageError):
        facts(whole[: len(whole) * 97 // 100])


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"no picture", b"\xff\xd8\xff\xe0" + bytes(50), b"<svg"])
def test_inspection_undecodable_original_is_refused(data: bytes) -> None:
    with pytest.raises((UnknownFormatError, BrokenImageError)):
        facts(data)


def test_inspection_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    data = saved("PNG", Image.new("1", (9000, 9000)))
    with pytest.raises(LimitError):
        facts(data)
    assert facts(data, ImageLimits(max_src_resolution=0)).width == 9000


def test_inspection_frames_that_together_are_a_bomb_are_refused() -> None:
    data = animation("GIF", 11)
    area = WIDTH * HEIGHT
    with pytest.raises(LimitError):
        facts(data, ImageLimits(max_src_resolution=area))
    assert facts(data, ImageLimits(max_src_resolution=2 * area)).frames == 11
    with pytest.raises(LimitError):
        facts(data, ImageLimits(max_animation_frame_resolution=area - 1))


def test_inspection_more_frames_than_anybody_watches_are_refused() -> None:
    frames = [Image.new("L", (2, 2), number % 256) for number in range(1001)]
    data = saved("GIF", frames[0], save_all=True, append_images=frames[1:], duration=20)
    with pytest.raises(LimitError):
        facts(data)
    assert facts(data, replace(LIMITS, max_animation_frames=2000)).frames == 1001


@pytest.mark.parametrize("orientation", range(1, 9))
def test_inspection_facts_are_of_the_oriented_picture(orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    upright = facts(saved("PNG", scene()))
    found = facts(saved("PNG", stored(scene(), orientation), exif=tags.tobytes()))
    assert (found.orientation, found.width, found.height) == (orientation, 640, 480)
    assert differing(found.phash, upright.phash) <= 2
    assert found.dominant_color == upright.dominant_color
    assert found.saliency is not None
    assert (found.saliency.x, found.saliency.y) == pytest.approx((0.75, 0.25), abs=0.1)


def test_inspection_fingerprint_knows_a_picture_again() -> None:
    one = facts(saved("PNG", scene()))
    smaller = facts(saved("JPEG", scene().resize((200, 150)), quality=40))
    blurred = facts(saved("WEBP", scene().filter(ImageFilter.GaussianBlur(3))))
    other = facts(saved("PNG", scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert max(differing(one.phash, found.phash) for found in (smaller, blurred)) <= 6
    assert differing(one.phash, other.phash) > 20


def test_inspection_colours_go_through_the_profile() -> None:
    # Swapping the primaries of a profile is what a viewer would see, not the numbers in the file.
    red = pyvips.Image.black(64, 64, bands=3).linear(1, [180, 40, 30]).cast("uchar").copy(interpretation="srgb")
    wide = red.icc_transform("p3", input_profile="srgb")
    stated = facts(wide.pngsave_buffer())
    assert stated.dominant_color != "#" + "".join(f"{round(v):02x}" for v in wide.getpoint(5, 5))
    channels = [int(stated.dominant_color[at : at + 2], 16) for at in (1, 3, 5)]
    assert channels == pytest.approx([180, 40, 30], abs=3)


def test_inspection_reports_cmyk_and_16_bits() -> None:
    cmyk = facts(real_files()["jpeg-cmyk"])
    assert (cmyk.color_space, cmyk.has_alpha, cmyk.depth) == ("cmyk", False, 8)
    deep = pyvips.Image.black(300, 200, bands=3).linear(1, [51400, 20560, 10280]).cast("ushort")
    found = facts(deep.copy(interpretation="rgb16").pngsave_buffer())
    assert (found.color_space, found.depth, found.dominant_color) == ("rgb16", 16, "#c85028")


def test_inspection_reports_transparency_and_ignores_invisible_colours() -> None:
    image = Image.new("RGBA", (600, 600), (0, 255, 0, 0))
    image.paste((200, 40, 40, 255), (150, 150, 450, 450))
    found = facts(saved("PNG", image))
    assert (found.has_alpha, found.dominant_color) == (True, "#c82828")


def test_inspection_line_has_no_place_that_draws_the_eye() -> None:
    found = facts(saved("PNG", Image.new("RGB", (2000, 1), (1, 2, 3))))
    assert found.saliency is None
    assert (found.width, found.height, found.dominant_color) == (2000, 1, "#010203")


def tagged(**changes: Any) -> bytes:
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[ARTIST] = "Maker & Sons (Ltd), X", "Model 5", "CANARY artist"
    inner = tags.get_ifd(0x8769)
    inner |= {
        0x829A: ratio(1, 250),
        0x829D: ratio(28, 10),
        0x8827: 400,
        0x920A: ratio(50, 1),
        0x9003: "2026:11:23 08:00:00",
    }
    inner |= {0xA434: "50mm f/1.8", SERIAL: "CANARY serial", OWNER: "CANARY owner", MAKER_NOTE: b"CANARY note"}
    inner |= changes.get("inner", {})
    tags.get_ifd(GPS).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0), 29: "CANARY date"})
    return saved("JPEG", photo(), exif=tags.tobytes())


def test_inspection_exif_has_camera_facts_without_place_or_person() -> None:
    data = tagged()
    assert b"CANARY serial" in data
    found = facts(data).exif
    assert found == {
        "make": "Maker & Sons (Ltd), X",
        "model": "Model 5",
        "lens": "50mm f/1.8",
        "taken": "2026:11:23 08:00:00",
        "exposure_time": 0.004,
        "f_number": 2.8,
        "iso": 400,
        "focal_length": 50,
    }


@pytest.mark.parametrize(
    "inner", [{0x829A: ratio(1, 0), 0x829D: ratio(0, 0)}, {0xA434: "\x01\x02 " * 90}, {0x9003: "x" * 5000}]
)
def test_inspection_nonsense_in_exif_is_left_out_or_cut(inner: dict[int, Any]) -> None:
    found = facts(tagged(inner=inner)).exif
    texts = [value for value in found.values() if isinstance(value, str)]
    assert all(0 < len(text) <= 200 and text.isprintable() for text in texts)
    if 0x829A in inner:
        assert not {"exposure_time", "f_number"} & set(found)


def test_inspection_drawing_is_described_at_its_own_size() -> None:
    shape = b'<rect width="900" height="300" fill="#369"/>'
    text = b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300">' + shape + b"</svg>"
    found = facts(text)
    assert (found.format, found.width, found.height) == ("svg", 900, 300)
    assert found.dominant_color == "#336699"


@pytest.mark.parametrize("name", sorted(real_files()))
def test_inspection_altered_files_end_in_facts_or_in_an_error_of_the_image(name: str) -> None:
    rng = random.Random(name)
    for _ in range(10):
        data = bytearray(real_files()[name])
        for _ in range(rng.randint(1, 6)):
            place = rng.randrange(len(data))
            if rng.random() < 0.7:
                data[place] = rng.randrange(256)
            else:
                del data[place : place + rng.randint(1, 30)]
        with contextlib.suppress(ImageError):
            assert facts(bytes(data)).width > 0
