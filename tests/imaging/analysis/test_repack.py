from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from mememime_proxy.errors import ImageError, UnsupportedFormatError
from mememime_proxy.imaging.analysis import repack as module
from mememime_proxy.imaging.analysis.repack import repack
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import exif, photo, saved

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def packed(data: bytes) -> bytes:
    return repack(data, ImageLimits(), RenderConfig())


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.mode, image.size, image.tobytes()


PICTURES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: saved("JPEG", photo(width=300, height=200), quality=90),
    "JPEG, progressive": lambda: saved("JPEG", photo(width=300, height=200), quality=90, progressive=True, optimize=0),
    "JPEG, gray": lambda: saved("JPEG", photo("L", 300, 200)),
    "JPEG, CMYK": lambda: saved("JPEG", photo("CMYK", 300, 200)),
    "PNG": lambda: saved("PNG", photo(width=300, height=200), compress_level=1),
    "PNG, alpha": lambda: saved("PNG", photo("RGBA", 300, 200), compress_level=1),
    "PNG, palette": lambda: saved("PNG", photo("P", 300, 200), compress_level=1),
    "PNG, 16 bits": lambda: saved("PNG", Image.new("I;16", (300, 200), 12345), compress_level=0),
    "PNG, unneeded alpha": lambda: saved("PNG", photo().convert("RGBA"), compress_level=1),
}


@pytest.mark.parametrize("name", PICTURES)
def test_repack_fewer_bytes_hold_the_same_pixels(name: str) -> None:
    before = PICTURES[name]()
    after = packed(before)
    assert 0 < len(after) < len(before)
    assert pixels(after) == pixels(before)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_repack_orientation_and_profile_stay(format_: str) -> None:
    before = saved(format_, photo(width=300, height=200), exif=exif(6), icc_profile=PROFILE)
    after = packed(before)
    image = Image.open(io.BytesIO(after))
    assert image.getexif()[0x0112] == 6
    assert image.info["icc_profile"] == PROFILE


def with_a_film() -> bytes:
    """As telephones save it: the film behind the picture's end."""
    return PICTURES["JPEG"]() + b"\0\0\0\x18ftypmp42" + bytes(64)


def with_a_map() -> bytes:
    """An Ultra HDR JPEG."""
    image = pyvips.Image.new_from_array(np.asarray(photo(width=300, height=200).convert("RGB")))
    return image.copy(interpretation="srgb").colourspace("scrgb").linear(2.0, 0).uhdrsave_buffer()


def with_frames() -> bytes:
    """An animated PNG."""
    frames = [photo(width=300, height=200).rotate(90 * number) for number in range(3)]
    return saved("PNG", frames[0], save_all=True, append_images=frames[1:], duration=50, compress_level=1)


@pytest.mark.parametrize("make", [with_a_film, with_a_map, with_frames])
def test_repack_file_with_several_pictures_is_unchanged(make: Callable[[], bytes]) -> None:
    assert packed(make()) == b""


def test_repack_without_gain_returns_none() -> None:
    once = packed(PICTURES["PNG"]())
    assert packed(once) == b""


def test_repack_result_with_changed_pixels_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(data: bytes) -> bytes:
        image = Image.open(io.BytesIO(data))
        image.putpixel((299, 199), (1, 2, 3))
        return saved("PNG", image, optimize=True)

    monkeypatch.setitem(module._PACKERS, "png", other)
    assert packed(PICTURES["PNG"]()) == b""


def test_repack_packer_that_loses_the_profile_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved("PNG", photo(width=300, height=200), icc_profile=PROFILE, compress_level=1)
    bare = saved("PNG", photo(width=300, height=200), optimize=True)
    assert len(bare) < len(before)
    monkeypatch.setitem(module._PACKERS, "png", lambda _: bare)
    assert packed(before) == b""


def test_repack_packer_that_fails_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes) -> bytes:
        raise ValueError

    monkeypatch.setitem(module._PACKERS, "png", fail)
    with pytest.raises(UnsupportedFormatError):
        packed(PICTURES["PNG"]())


def test_repack_other_formats_are_refused() -> None:
    with pytest.raises(UnsupportedFormatError):
        packed(saved("WEBP"))


def test_repack_half_a_picture_is_refused_or_left_alone() -> None:
    png, jpeg = PICTURES["PNG"](), PICTURES["JPEG"]()
    with pytest.raises(ImageError):
        packed(png[: len(png) // 2])
    assert packed(jpeg[: len(jpeg) // 2]) == b""


def test_repack_without_the_extra_raises_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available", lambda: False)
    with pytest.raises(UnsupportedFormatError):
        packed(PICTURES["PNG"]())
