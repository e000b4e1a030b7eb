import struct

import numpy as np
import pytest
import pyvips
from PIL import ImageCms

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.boxes.bmff import MAX_REFERENCES
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH
from mememime_proxy.plan import ImageLimits
from tests.support.malformed_images import HEIGHT, WIDTH, box, exif, full_box, header_of, photo, real_files, saved
from tests.support.work_meter import WorkMeter


def ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def infe(number: int, kind: bytes, *, hidden: bool = False) -> bytes:
    return full_box(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), version=2, flags=int(hidden))


def heif(
    properties: list[bytes],
    associations: dict[int, list[int]],
    items: list[bytes],
    *references: bytes,
    brand: bytes = b"heic",
    primary: int = 1,
    more: bytes = b"",
) -> bytes:
    """A file whose items have properties, numbered from 1, and no pixels."""
    ipma = b"".join(struct.pack(">HB", item, len(own)) + bytes(own) for item, own in associations.items())
    meta = full_box(
        b"meta",
        full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", struct.pack(">H", primary)),
        full_box(b"iinf", struct.pack(">H", len(items)), *items),
        full_box(b"iref", *references),
        box(
            b"iprp",
            box(b"ipco", *properties),
            full_box(b"ipma", struct.pack(">I", len(associations)), ipma),
        ),
        more,
    )
    return box(b"ftyp", brand, bytes(4), b"mif1") + meta + box(b"mdat", bytes(16))


def reference(kind: bytes, owner: int, *items: int) -> bytes:
    return box(kind, struct.pack(f">HH{len(items)}H", owner, len(items), *items))


def single_frame(*more: bytes, width: int = 40, height: int = 30) -> bytes:
    """One picture with further properties."""
    return heif([ispe(width, height), *more], {1: list(range(1, len(more) + 2))}, [infe(1, b"hvc1")])


def hvcc(bits: int) -> bytes:
    return box(b"hvcC", bytes(17), bytes([0xF8 | bits - 8]), bytes(5))


@pytest.mark.parametrize("name", ["avif", "avif-alpha", "avif-sequence", "avif-vips"])
def test_heif_facts_are_those_of_libvips(name):
    data = real_files()[name]
    header, image = header_of(data), pyvips.Image.heifload_buffer(data)
    assert (header.width, header.height) == (image.width, image.height) == (WIDTH, HEIGHT)
    assert header.alpha == image.hasalpha()
    assert header.bands == image.bands
    assert header.bit_depth == image.get("bits-per-sample")
    assert header.pages == image.get("n-pages")
    assert header.sequence == (name == "avif-sequence")


@pytest.mark.parametrize("bits", [10, 12])
def test_heif_more_than_eight_bits(bits):
    image = pyvips.Image.new_from_array(np.asarray(photo()).astype(np.uint16) * 256).copy(interpretation="rgb16")
    header = header_of(image.heifsave_buffer(compression="av1", bitdepth=bits, effort=0))
    assert header.bit_depth == bits


@pytest.mark.parametrize("turn", range(1, 9))
def test_heif_size_is_the_turned_one(turn):
    data = saved("AVIF", exif=exif(turn))
    header, image = header_of(data), pyvips.Image.heifload_buffer(data)
    assert (header.width, header.height) == (image.width, image.height)
    assert header.orientation == 1


def test_heif_colour_profile_is_seen_and_bounded():
    assert header_of(saved("AVIF", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())).icc
    assert not header_of(real_files()["avif"]).icc
    assert header_of(single_frame(box(b"colr", b"prof", bytes(200)))).icc
    with pytest.raises(LimitError, match="profile"):
        header_of(single_frame(box(b"colr", b"prof", bytes(MAX_ICC_LENGTH + 1))))


def test_heif_heic():
    header = header_of(single_frame(hvcc(10)))
    assert header.format == "heic"
    assert (header.width, header.height, header.bit_depth, header.alpha) == (40, 30, 10, False)


@pytest.mark.parametrize(("angle", "size"), [(0, (40, 30)), (1, (30, 40)), (2, (40, 30)), (3, (30, 40))])
def test_heif_rotation(angle, size):
    header = header_of(single_frame(box(b"irot", bytes([angle])), box(b"imir", b"\1")))
    assert (header.width, header.height) == size


def test_heif_alpha_thumbnail_and_pages():
    alpha = full_box(b"auxC", b"urn:mpeg:hevc:2015:auxid:1\0")
    depth = full_box(b"auxC", b"urn:mpeg:hevc:2015:auxid:2\0")
    items = [infe(number, b"hvc1") for number in (1, 2, 3, 4)] + [infe(5, b"hvc1", hidden=True), infe(6, b"Exif")]
    links = reference(b"thmb", 2, 1) + reference(b"auxl", 3, 1)
    data = heif([ispe(40, 30), ispe(8, 6), alpha, depth], {1: [1], 2: [2], 3: [1, 3], 4: [1]}, items, links)
    header = header_of(data)
    assert header.alpha
    assert header.thumbnail
    assert header.exif
    assert header.pages == 2
    other = header_of(heif([ispe(40, 30), depth], {1: [1], 3: [1, 2]}, items[:3], reference(b"auxl", 3, 1)))
    assert not other.alpha
    assert not other.thumbnail


def grid(tiles: int, tile: tuple[int, int], size: tuple[int, int], spec: bytes | None = None) -> bytes:
    """A picture of tiles; ``spec``: the grid's own data."""
    numbers = range(2, 2 + tiles)
    more = b""
    if spec is not None:
        more = box(b"idat", spec) + full_box(
            b"iloc", bytes([0x44, 0x00]), struct.pack(">HHHHHII", 1, 1, 1, 0, 1, 0, len(spec)), version=1
        )
    return heif(
        [ispe(*size), ispe(*tile)],
        {1: [1], **{number: [2] for number in numbers}},
        [infe(1, b"grid"), *[infe(number, b"hvc1", hidden=True) for number in numbers]],
        reference(b"dimg", 1, *numbers),
        more=more,
    )


def spec(rows: int, columns: int, width: int, height: int) -> bytes:
    return struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)


def test_heif_grid():
    header = header_of(grid(48, (512, 512), (4032, 3024), spec(6, 8, 4032, 3024)))
    assert (header.width, header.height, header.pages) == (4032, 3024, 1)


@pytest.mark.parametrize("own", [spec(6, 7, 4032, 3024), spec(6, 8, 4032, 30240), spec(6, 8, 65535, 65535)])
def test_heif_grid_that_contradicts_itself(own):
    with pytest.raises(BrokenImageError, match="grid"):
        header_of(grid(48, (512, 512), (4032, 3024), own))


def test_heif_tiles_larger_than_their_picture():
    with pytest.raises(LimitError, match="tiles"):
        header_of(grid(40, (4096, 4096), (1000, 1000)))


def test_heif_any_picture_inside_is_held_against_the_limit():
    data = heif([ispe(40, 30), ispe(16384, 16384)], {1: [1], 2: [2]}, [infe(1, b"hvc1"), infe(2, b"hvc1")])
    with pytest.raises(LimitError):
        header_of(data)
    assert header_of(data, ImageLimits(max_src_resolution=0)).width == 40


def test_heif_avif_solid_of_eight_thousand_pixels_a_side():
    data = heif([ispe(8192, 8192)], {1: [1]}, [infe(1, b"av01")], brand=b"avif")
    with pytest.raises(LimitError):
        header_of(data)


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"heic", bytes(4)),
        box(b"ftyp", b"heic", bytes(4)) + full_box(b"meta"),
        heif([], {}, []),
        heif([ispe(0, 5)], {1: [1]}, [infe(1, b"hvc1")]),
        heif([ispe(5, 5)], {1: [9]}, [infe(1, b"hvc1")]),
        heif([ispe(5, 5)], {2: [1]}, [infe(1, b"hvc1")]),
        box(b"ftyp", b"heic", bytes(4)) + b"\0\0\0\4meta",
    ],
    ids=range(7),
)
def test_heif_nothing_to_see(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_heif_boxes_items_and_associations_without_end_are_refused():
    with pytest.raises(LimitError, match="boxes"):
        header_of(box(b"ftyp", b"heic", bytes(4)) + box(b"free") * 5000)
    with pytest.raises(LimitError, match="items"):
        header_of(heif([ispe(5, 5)], {1: [1]}, [infe(number, b"hvc1") for number in range(1, 1100)]))
    with pytest.raises(LimitError, match="associations"):
        header_of(heif([ispe(5, 5)], {number: [1] * 255 for number in range(1, 40)}, [infe(1, b"hvc1")]))


def test_h4_references_of_all_items_are_bounded():
    """A grid of 60,000 tiles with 8,160 properties each took the gate more than a hundred seconds."""
    references = [reference(b"dimg", 1, *[2] * 1_024) for _ in range(MAX_REFERENCES // 1_024)]
    items = [infe(1, b"grid"), infe(2, b"hvc1")]
    properties = [ispe(4_096, 4_096), ispe(4, 4)]
    assert header_of(heif(properties, {1: [1], 2: [2]}, items, *references)).width == 4_096
    with pytest.raises(LimitError, match="references"):
        header_of(heif(properties, {1: [1], 2: [2]}, items, *references, reference(b"cdsc", 2, 1)))
    with pytest.raises(LimitError, match="references"):
        header_of(heif(properties, {1: [1], 2: [2]}, items, reference(b"dimg", 1, *[2] * 60_000)))


def test_h4_associations_of_several_boxes_are_bounded_together():
    properties = box(b"ipco", ispe(4, 4))
    ipma = full_box(b"ipma", struct.pack(">I", 16), (b"\0\1\xff" + b"\1" * 255) * 16)
    for times, fits in ((2, True), (3, False)):
        data = heif([], {1: [1]}, [infe(1, b"hvc1")], more=box(b"iprp", properties, ipma * times))
        if fits:
            assert header_of(data).width == 4
        else:
            with pytest.raises(LimitError, match="associations"):
                header_of(data)


def test_h4_association_box_ends_where_it_says():
    """What is behind it is not read as further items."""
    ipma = full_box(b"ipma", struct.pack(">I", 1_000))
    data = heif([ispe(4, 4)], {1: [1]}, [infe(1, b"hvc1")], more=box(b"iprp", ipma * 1_000))
    lines, _ = WorkMeter("imaging/gate").measure(lambda: header_of(data))
    assert lines < 3 * len(data)


def test_h4_property_counts_once_for_an_item():
    data = heif([ispe(4, 6), box(b"irot", b"\1")], {1: [1, 2, 2, 2]}, [infe(1, b"hvc1")])
    assert header_of(data).width == 6


def iloc(*items: tuple[int, list[tuple[int, int]]], sizes: int = 0x4400) -> bytes:
    """Locations; item, and offset and length of each part."""
    body = b""
    for item, parts in items:
        body += struct.pack(">HHH", item, 0, len(parts))
        body += b"".join(struct.pack(">II", *part) if sizes else b"" for part in parts)
    return full_box(b"iloc", struct.pack(">HH", sizes, len(items)), body)


@pytest.mark.parametrize(
    ("locations", "words"),
    [
        (iloc((1, [(0, 400)] * 5_000)), "parts"),
        (iloc((1, [(0, 0)] * 5_000), sizes=0), "parts"),
        (iloc((1, [(0, 9_000)] * 1_000)), "share"),
        (iloc(*[(n, [(0, 9_000)]) for n in range(1, 900)]), "share"),
    ],
)
def test_h4_parts_of_items_are_bounded_in_number_and_length(locations, words):
    items = [infe(n, b"hvc1") for n in range(1, 900)]
    data = heif([ispe(4, 4)], {1: [1]}, items, more=locations) + box(b"free", bytes(9_000))
    with pytest.raises(LimitError, match=words):
        header_of(data)
