"""H11: the frames that make the first picture of a JPEG XL, of files that libjxl writes with each of its options."""

import numpy as np
import pytest

from mememime_proxy.errors import ImageError, LimitError
from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.gate.jxl.frames import MAX_FRAMES
from mememime_proxy.plan import ImageLimits
from tests.hostile.files.layers import flat, layered
from tests.support.malformed_images import box, header_of

MODULAR, ORDER, SMALL_GROUPS, SQUEEZE, PASSES, SHIFTED, LOW_FREQUENCY = 11, 13, 26, 16, 17, 18, 19
"""Options of libjxl; ``jxl/encode.h``."""
SIDE = 300


def noise(width=SIDE, height=200, bands=3):
    return np.random.default_rng(width + bands).integers(0, 255, (height, width, bands)).astype(np.uint8)


def signs():
    """White with the same sign in many places, which an encoder stores once."""
    random_ = np.random.default_rng(5)
    page = np.full((400, 600, 3), 255, np.uint8)
    sign = random_.integers(0, 2, (12, 8, 1)).astype(np.uint8) * 255
    for _ in range(400):
        x, y = random_.integers(0, 590), random_.integers(0, 380)
        page[y : y + 12, x : x + 8] = sign
    return page


def facts(data):
    header = header_of(data)
    return header.layers, header.layer_pixels


SINGLE = {
    "lossless": {},
    "lossless, slow": {"effort": 7},
    "lossy": {"distance": 1.0, "effort": 3},
    "lossy, far": {"distance": 8.0, "effort": 5},
    "small groups": {"options": {SMALL_GROUPS: 0}},
    "squeezed": {"options": {SQUEEZE: 1}},
    "modular and lossy": {"distance": 1.0, "effort": 5, "options": {MODULAR: 1}},
    "passes": {"distance": 1.0, "effort": 4, "options": {PASSES: 1, SHIFTED: 1}},
    "groups in another order": {"distance": 1.0, "effort": 4, "options": {ORDER: 1}},
}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_jxl_single_frame_has_no_layers(name, bands):
    assert facts(layered([noise(bands=bands)], **SINGLE[name])) == (0, 0)


@pytest.mark.parametrize("name", SINGLE)
def test_jxl_layers_are_counted(name):
    frames = [noise(), noise(), noise()]
    expected = (1, SIDE * 200) if "order" in name else (2, 2 * SIDE * 200)
    assert facts(layered(frames, **SINGLE[name])) == expected


@pytest.mark.parametrize("distance", [0.0, 1.0])
def test_jxl_layers_with_places_names_and_blending(distance):
    frames = [noise(bands=4), noise(20, 30, 4), noise(7, 5, 4), noise(9, 9, 4), noise(400, 400, 4)]
    places = [None, (3, 5), (-4, 190), (2, 2), (-10, -10)]
    names = ["", "a layer", "x" * 40, "y" * 300, "z"]
    data = layered(frames, places=places, names=names, distance=distance, effort=3)
    assert facts(data) == (4, SIDE * 200 + 20 * 30 + 7 * 5 + 9 * 9)


@pytest.mark.parametrize(
    ("durations", "layers"), [([1, 1, 1], 0), ([0, 1, 1], 1), ([0, 0, 300], 2), ([0, 0, 0], 2), ([70_000, 0, 0], 0)]
)
def test_jxl_frames_of_an_animation_count_up_to_the_first_that_is_shown(durations, layers):
    data = layered([flat(64, value=n) for n in range(3)], durations=durations)
    assert facts(data) == (layers, layers * 64 * 64)


def test_jxl_frames_that_are_only_referred_to_have_pixels_and_are_no_layers():
    layers, pixels = facts(layered([signs()], effort=7, distance=1.0))
    assert layers == 0
    assert 100 < pixels < 5000


@pytest.mark.parametrize("levels", [1, 2])
def test_jxl_coarse_frames_have_pixels_and_are_no_layers(levels):
    data = layered([noise(700, 500)], effort=5, distance=1.0, options={LOW_FREQUENCY: levels})
    expected = 88 * 63 + (11 * 8 if levels == 2 else 0)
    assert facts(data) == (0, expected)
    assert header_of(data).progressive


def test_jxl_kinds_of_coding():
    lossless, lossy = header_of(layered([noise(bands=4)])), header_of(layered([noise(bands=4)], distance=1.0))
    assert (lossless.coding, lossless.planes, lossless.progressive) == ("lossless", 4, False)
    assert (lossy.coding, lossy.planes, lossy.progressive) == ("", 1, False)
    by_samples = header_of(layered([noise()], distance=1.0, effort=5, options={MODULAR: 1}))
    assert (by_samples.coding, by_samples.planes) == ("lossless", 3)
    assert header_of(layered([noise()], distance=1.0, options={PASSES: 1})).progressive


def test_jxl_layers_in_a_container_whose_codestream_is_in_parts():
    stream = layered([flat(64, value=n) for n in range(3)])
    parts = [stream[:30], stream[30:61], stream[61:]]
    boxes = b"".join(box(b"jxlp", bytes(4), part) for part in parts)
    data = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl ", bytes(4), b"jxl ") + boxes
    assert facts(data) == (2, 2 * 64 * 64)


def test_jxl_of_too_many_layers_is_refused():
    data = layered([flat(8)] * (MAX_FRAMES + 2))
    with pytest.raises(LimitError, match="frames"):
        header_of(data)
    tiny = layered([flat(64, 4), *[flat(1, 4)] * 100], places=[None, *[(1, 1)] * 100])
    assert header_of(tiny).layers == 100
    with pytest.raises(LimitError, match="101 layers"):
        header_of(tiny, ImageLimits(max_src_resolution=64 * 64 * 90))


def test_jxl_cut_anywhere_is_read_as_far_as_it_goes_or_refused():
    data = layered([noise(bands=4), noise(20, 30, 4), noise(bands=4)], places=[None, (3, 5), None])
    for length in [*range(100), *range(100, len(data), 997)]:
        try:
            assert header_of(data[:length]).layers <= 2
        except ImageError:
            assert length < 30


def test_jxl_altered_bytes_are_read_or_refused():
    data = layered([noise(40, 30, 4), noise(20, 30, 4), noise(40, 30, 4)], places=[None, (3, 5), None])
    random_ = np.random.default_rng(7)
    for _ in range(2000):
        altered = bytearray(data)
        for _ in range(random_.integers(1, 6)):
            altered[random_.integers(2, 80)] = random_.integers(0, 256)
        try:
            header = header_of(bytes(altered))
        except ImageError:
            continue
        assert 0 <= header.layers <= MAX_FRAMES


def test_jxl_layers_make_the_picture():
    data = layered([flat(64, value=10), flat(64, value=200)])
    assert set(libjxl.decode(data, max_pixels=64 * 64, deep=False).pixels) == {200}
