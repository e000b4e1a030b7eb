"""Pictures that a HEIF file really has, whatever it claims."""

import struct
from functools import cache

import pytest
from PIL import Image

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.boxes.pictures import MAX_DERIVATIONS, MAX_FRAMES
from tests.hostile.files.heif_writer import Heif, Item, coded, ispe, solid
from tests.support.malformed_images import full_box, header_of, saved

ALPHA = full_box(b"auxC", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")


@cache
def large() -> tuple[bytes, bytes]:
    return solid(2_000)


def file(*items: Item, references: list[tuple[bytes, int, list[int]]], sizes: list[tuple[int, int]]) -> bytes:
    """Items whose first property is one of ``sizes``; then ``av1C`` and what marks alpha planes."""
    return Heif(list(items), [*(ispe(*size) for size in sizes), coded()[1], ALPHA], list(references)).build()


def single(data: bytes, width: int, height: int) -> bytes:
    return file(Item(b"av01", data, (1, 2)), references=[], sizes=[(width, height)])


def test_c1_coded_picture_that_is_larger_than_it_claims_is_refused():
    """A decoder takes the memory of what the AV1 data says."""
    data = large()[0]
    assert header_of(single(data, 2_000, 2_000)).width == 2_000
    with pytest.raises(LimitError, match="4000000 pixels coded for 8×8"):
        header_of(single(data, 8, 8))


def test_c1_coded_alpha_plane_that_is_larger_than_it_claims_is_refused():
    plane = Item(b"av01", large()[0], (1, 2, 3))
    with pytest.raises(LimitError, match="coded"):
        header_of(file(Item(b"av01", coded()[0], (1, 2)), plane, references=[(b"auxl", 2, [1])], sizes=[(64, 64)]))


@pytest.mark.parametrize("frames", [1, MAX_FRAMES, MAX_FRAMES + 1, 300])
def test_c1_frames_of_one_picture_are_bounded(frames):
    """Each is decoded, and one of them shown: 50 Mpx take less than a kilobyte."""
    data = single(coded()[0] * frames, 64, 64)
    if frames <= MAX_FRAMES:
        assert header_of(data).width == 64
    else:
        with pytest.raises(LimitError, match="frames in one picture"):
            header_of(data)


def test_c1_first_picture_of_a_track_is_held_against_its_size():
    pictures = [Image.new("RGB", (1_200, 1_200), color) for color in ("red", "blue")]
    data = bytearray(saved("AVIF", pictures[0], save_all=True, append_images=pictures[1:], speed=10))
    assert (header_of(bytes(data)).sequence, header_of(bytes(data)).width) == (True, 1_200)
    struct.pack_into(">HH", data, data.index(b"av01", data.index(b"stsd")) + 4 + 24, 8, 8)
    with pytest.raises(LimitError, match="1440000 pixels coded for 8×8"):
        header_of(bytes(data))


def grid(rows: int, columns: int, width: int, height: int) -> bytes:
    return struct.pack(">4BHH", 0, 0, rows - 1, columns - 1, width, height)


def test_h4_pictures_derived_from_each_other_are_counted_as_often_as_they_are_decoded():
    """Sixteen tiles of sixteen tiles of sixteen: 4,096 pictures for one of 64×64."""
    levels = 4
    items = [Item(b"grid", grid(4, 4, 64, 64), (1,)) for _ in range(levels)]
    references = [(b"dimg", number, [number + 1] * 16) for number in range(1, levels + 1)]
    with pytest.raises(LimitError, match="takes 268435456 pixels for 64×64"):
        header_of(file(*items, Item(b"av01", coded()[0], (1, 2)), references=references, sizes=[(64, 64)]))


def test_h4_layers_of_an_overlay_are_counted():
    layers = lambda count: file(  # noqa: E731
        Item(b"iovl", bytes(30), (1,)),
        Item(b"av01", large()[0], (1, 2)),
        references=[(b"dimg", 1, [2] * count)],
        sizes=[(2_000, 2_000)],
    )
    assert header_of(layers(4)).width == 2_000
    with pytest.raises(LimitError, match="takes"):
        header_of(layers(20))


def test_h4_chain_or_loop_of_derived_pictures_is_refused():
    items = [Item(b"iden", b"", (1,)) for _ in range(MAX_DERIVATIONS + 2)]
    chain = [(b"dimg", number, [number + 1]) for number in range(1, len(items))]
    with pytest.raises(LimitError, match="derived"):
        header_of(file(*items, references=chain, sizes=[(64, 64)]))
    with pytest.raises(LimitError, match="derived"):
        header_of(file(*items[:2], references=[(b"dimg", 1, [2]), (b"dimg", 2, [1])], sizes=[(64, 64)]))


def test_h4_alpha_planes_of_tiles_are_counted():
    tile, plane = Item(b"av01", large()[0], (1, 2)), Item(b"av01", large()[0], (1, 2, 3))
    references = [(b"dimg", 1, [2]), *((b"auxl", number, [2]) for number in range(3, 10))]
    with pytest.raises(LimitError, match="takes"):
        header_of(
            file(
                Item(b"grid", grid(1, 1, 2_000, 2_000), (1,)),
                tile,
                *[plane] * 7,
                references=references,
                sizes=[(2_000, 2_000)],
            )
        )
