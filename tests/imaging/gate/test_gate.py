import contextlib
import io
import mmap
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mememime_proxy.errors import BrokenImageError, ImageError, LimitError, UnknownFormatError
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import HEIGHT, WIDTH, animation, header_of, photo, png, real_files, saved, zeros
from tests.support.numbered_png import chunk

NAMES = sorted(real_files())
CONFIG = RenderConfig()


@pytest.mark.parametrize("name", NAMES)
def test_gate_real_files_pass_with_the_size_they_have(name):
    data = real_files()[name]
    header, kept = inspect(data, ImageLimits(), CONFIG)
    assert header.format == name.partition("-")[0]
    assert (header.width, header.height) == (WIDTH, HEIGHT)
    assert kept is data or header.format == "svg"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_gate_any_buffer_is_read_and_handed_back_uncopied(name, kind):
    data = kind(real_files()[name])
    header, kept = inspect(data, ImageLimits(), CONFIG)
    assert header == header_of(real_files()[name])
    assert kept is data or header.format == "svg"


def test_gate_mapped_file_is_read():
    with tempfile.TemporaryFile() as file:
        file.write(real_files()["jpeg-progressive"])
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header, kept = inspect(mapped, ImageLimits(), CONFIG)
    assert header == header_of(real_files()["jpeg-progressive"])
    assert kept is mapped


@pytest.mark.parametrize("name", NAMES)
def test_gate_pixel_limit_is_inclusive_and_not_for_drawings(name):
    data = real_files()[name]
    assert header_of(data, ImageLimits(max_src_resolution=WIDTH * HEIGHT)).width == WIDTH
    too_few = ImageLimits(max_src_resolution=WIDTH * HEIGHT - 1)
    if name == "svg":
        assert header_of(data, too_few).width == WIDTH
    else:
        with pytest.raises(LimitError):
            header_of(data, too_few)


def test_gate_zero_switches_the_pixel_limit_off():
    data = png(width=30_000, height=30_000, depth=1)
    with pytest.raises(LimitError):
        header_of(data)
    assert header_of(data, ImageLimits(max_src_resolution=0)).width == 30_000


def test_i2_gate_frame_limit_counts_for_animations_only():
    """The larger limit counts here: whether a plan loads one frame or several is decided later."""
    area = WIDTH * HEIGHT
    frames, still = real_files()["gif-animation"], real_files()["png"]
    assert header_of(frames, ImageLimits(max_src_resolution=1, max_animation_frame_resolution=area)).animated
    assert header_of(still, ImageLimits(max_src_resolution=area, max_animation_frame_resolution=1))
    with pytest.raises(LimitError):
        header_of(frames, ImageLimits(max_src_resolution=area - 1, max_animation_frame_resolution=area - 1))
    with pytest.raises(LimitError):
        header_of(still, ImageLimits(max_src_resolution=area - 1, max_animation_frame_resolution=area))


def test_gate_file_size_limit_is_inclusive():
    data = real_files()["png"]
    assert header_of(data, ImageLimits(max_src_file_size=len(data)))
    with pytest.raises(LimitError):
        header_of(data, ImageLimits(max_src_file_size=len(data) - 1))


@pytest.mark.parametrize("format_", ["GIF", "WEBP"])
def test_gate_frames_are_counted_to_one_above_the_limit(format_):
    data = animation(format_, 5)
    assert header_of(data, ImageLimits(max_animation_frames=9)).pages == 5
    assert header_of(data, ImageLimits(max_animation_frames=5)).pages == 5
    assert header_of(data, ImageLimits(max_animation_frames=3)).pages == 4
    assert header_of(data, ImageLimits(max_animation_frames=1)).pages == 2
    assert header_of(data).animated


@pytest.mark.parametrize("data", [b"", b"\0", b"GIF", b"%!PS-Adobe-3.0", b"P6 1 1 255 \0\0\0", b"<html><svg/></html>"])
def test_gate_unknown_format_is_refused(data):
    with pytest.raises(UnknownFormatError):
        header_of(data)


@pytest.mark.parametrize("name", NAMES)
def test_gate_every_prefix_of_a_file_passes_or_is_refused_as_ours(name):
    data = real_files()[name]
    for end in (*range(min(len(data), 700)), *range(700, len(data), 97)):
        try:
            header = header_of(data[:end])
        except ImageError:
            continue
        assert header.width > 0
        assert header.height > 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(edits=st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=8))
def test_gate_damaged_files_pass_or_are_refused_as_ours(name, edits):
    data = bytearray(real_files()[name])
    for at, value in edits:
        data[at % min(len(data), 600)] = value
    try:
        header = header_of(bytes(data))
    except ImageError:
        return
    assert header.width > 0
    assert header.height > 0


HEADS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x40meta\0\0\0\0",
    b"\0\0\0\x10ftypheic\0\0\0\0\0\0\0\x40meta\0\0\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
    b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0",
    b"\0\0\x01\0\x01\0",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n",
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
]


@pytest.mark.parametrize("head", HEADS, ids=repr)
@settings(max_examples=150)
@given(rest=st.binary(max_size=400))
def test_gate_random_bytes_behind_a_signature_pass_or_are_refused_as_ours(head, rest):
    with contextlib.suppress(ImageError):
        inspect(head + rest, ImageLimits(), CONFIG)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_gate_random_bytes_pass_or_are_refused_as_ours(data):
    with contextlib.suppress(ImageError):
        inspect(data, ImageLimits(), CONFIG)


def test_gate_decoders_agree_about_alpha():
    for name, data in real_files().items():
        header = header_of(data)
        if header.alpha is None or header.format in ("jxl", "svg", "ico"):
            continue
        with Image.open(io.BytesIO(data)) as opened:
            assert header.alpha == ("A" in opened.getbands() or "transparency" in opened.info), name


def test_gate_embedded_text_bomb_does_not_make_an_icon():
    bomb = png(chunk(b"zTXt", b"a\0\0" + zeros(8 << 20)))
    icon = (
        b"\0\0\x01\0\x01\0" + bytes([8, 8, 0, 0, 1, 0, 8, 0]) + len(bomb).to_bytes(4, "little") + b"\x16\0\0\0" + bomb
    )
    with pytest.raises(LimitError):
        header_of(icon)


def test_gate_errors_name_the_format():
    with pytest.raises(BrokenImageError, match="jpeg"):
        header_of(saved("JPEG", photo())[:30])
