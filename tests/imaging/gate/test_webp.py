import struct

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH
from mememime_proxy.imaging.gate.webp import MAX_FRAMES
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import HEIGHT, WIDTH, animation, exif, header_of, photo, real_files, saved


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def part(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def vp8x(flags: int, width: int, height: int) -> bytes:
    return part(
        b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )


@pytest.mark.parametrize("name", ["webp", "webp-lossless", "webp-alpha", "webp-animation", "webp-exif"])
def test_webp_facts_are_those_of_libvips(name):
    data = real_files()[name]
    header, image = header_of(data), pyvips.Image.webpload_buffer(data)
    assert (header.width, header.height) == (image.width, image.height) == (WIDTH, HEIGHT)
    assert header.bands == image.bands
    assert header.alpha == image.hasalpha()


@pytest.mark.parametrize("turn", range(1, 9))
def test_webp_orientation_is_that_of_libvips(turn):
    data = saved("WEBP", exif=exif(turn))
    assert header_of(data).orientation == pyvips.Image.webpload_buffer(data).get("orientation") == turn


def test_webp_orientation_behind_more_frames_than_are_counted():
    data = animation("WEBP", 4, exif=exif(6))
    assert header_of(data).orientation == 6
    assert header_of(data).pages == 2


def test_webp_opaque_lossless_has_no_alpha():
    data = saved("WEBP", photo("RGB"), lossless=True)
    assert header_of(data).alpha is False
    assert pyvips.Image.webpload_buffer(data).bands == 3


def test_webp_colour_profile_is_seen_and_bounded():
    assert header_of(saved("WEBP", icc_profile=bytes(3000))).icc
    picture = real_files()["webp"][12:]
    with pytest.raises(LimitError, match="profile"):
        header_of(riff(vp8x(0x20, WIDTH, HEIGHT), part(b"ICCP", bytes(MAX_ICC_LENGTH + 1)), picture))


def test_webp_largest_picture_is_too_large():
    with pytest.raises(LimitError):
        header_of(riff(part(b"VP8L", b"\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(20))))


def test_webp_frames_without_end():
    frames = part(b"ANMF", bytes(16)) * 200_000
    head = vp8x(0x02, 8, 8)
    assert header_of(riff(head, frames), ImageLimits(max_animation_frames=50)).pages == 51
    assert header_of(riff(vp8x(0x0A, 8, 8), frames)).pages == 2
    with pytest.raises(LimitError, match="chunks"):
        header_of(riff(head, part(b"JUNK", b"") * 200_000))


@pytest.mark.parametrize(
    "data",
    [
        riff(part(b"VP8 ", bytes(20))),
        riff(part(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + bytes(14))),
        riff(part(b"VP8L", bytes(20))),
        riff(part(b"JUNK", bytes(20))),
        riff(vp8x(0, 8, 8)),
        riff(vp8x(0, 8, 8), part(b"EXIF", bytes(20))),
        riff(part(b"VP8X", bytes(4))),
        riff(),
    ],
    ids=range(8),
)
def test_webp_nothing_to_see(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def frame(payload: bytes) -> bytes:
    return part(b"ANMF", bytes(6) + (7).to_bytes(3, "little") * 2 + (50).to_bytes(3, "little") + b"\0" + payload)


ANIM = part(b"ANIM", bytes(6))
SMALL = saved("WEBP", photo("RGB", 8, 8), lossless=True)[12:]


def test_h8_no_more_frames_than_the_plan_may_load_reach_a_decoder():
    """libwebp goes through its list for each frame: 100,000 of them took forty seconds."""
    data = riff(
        vp8x(0x0A, 8, 8), ANIM, frame(SMALL) * (MAX_FRAMES + 500), part(b"EXIF", exif(6)[6:]), part(b"JUNK", b"")
    )
    header, decoded = inspect(data, ImageLimits(max_animation_frames=3), RenderConfig())
    assert (header.pages, header.animated, header.orientation) == (4, True, 6)
    assert decoded.count(b"ANMF") == MAX_FRAMES
    assert decoded.endswith(part(b"EXIF", exif(6)[6:]))
    assert struct.unpack_from("<I", decoded, 4)[0] == len(decoded) - 8
    stacked = OriginalImage(header, decoded, RenderConfig()).load(pages=3)
    assert (stacked.width, stacked.height) == (8, 24)
    assert stacked.get("exif-ifd0-Orientation").startswith("6")


def test_h8_as_many_frames_as_the_operator_allows_stay():
    data = riff(vp8x(0x02, 8, 8), ANIM, frame(SMALL) * (MAX_FRAMES + 500))
    _, decoded = inspect(data, ImageLimits(max_animation_frames=MAX_FRAMES + 400), RenderConfig())
    assert decoded.count(b"ANMF") == MAX_FRAMES + 400
    whole = riff(vp8x(0x02, 8, 8), ANIM, frame(SMALL) * MAX_FRAMES)
    assert inspect(whole, ImageLimits(), RenderConfig())[1] is whole
