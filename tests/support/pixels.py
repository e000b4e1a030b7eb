"""Pictures with pixels that identify their position, and expected pixels in plain Python."""

import pyvips

from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.picture import Picture, orientation
from mememime_proxy.plan import Plan, RenderConfig


def image_of(rows, space="srgb", kind="uchar"):
    """An image from rows of pixels, each a tuple of bands."""
    height, width, bands = len(rows), len(rows[0]), len(rows[0][0])
    size = {"uchar": 1, "ushort": 2}[kind]
    data = b"".join(band.to_bytes(size, "little") for row in rows for pixel in row for band in pixel)
    return pyvips.Image.new_from_memory(data, width, height, bands, kind).copy(interpretation=space)


def rows_of(image):
    """The pixels of an image as rows of tuples."""
    size = {"uchar": 1, "ushort": 2}[image.format]
    width, height, bands = image.width, image.height, image.bands
    data = image.write_to_memory()
    values = [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]
    pixels = [tuple(values[i : i + bands]) for i in range(0, len(values), bands)]
    return [pixels[i : i + width] for i in range(0, width * height, width)]


def places(width, height):
    """Rows whose pixels are (x, y, 7): where a pixel came from can be read off it."""
    return [[(x, y, 7) for x in range(width)] for y in range(height)]


def rotated(rows, angle):
    for _ in range(angle // 90):
        rows = [list(row) for row in zip(*rows[::-1], strict=True)]
    return rows


def mirrored(rows, *, horizontal=False, vertical=False):
    if horizontal:
        rows = [row[::-1] for row in rows]
    return rows[::-1] if vertical else rows


def flat(width, height, color):
    return [[tuple(color)] * width for _ in range(height)]


def picture_of(image, plan=None, *, format_="png", config=None, **more):
    """A picture that is decoded already, as the steps after loading see it."""
    plan = plan or Plan()
    picture = Picture(
        decoded=image,
        geometry=calculate(image.width, image.height, orientation(image), plan),
        plan=plan,
        config=config or RenderConfig(),
        format=format_,
        original=None,
        orientation=orientation(image),
    )
    return picture.with_changes(**more)


def near(actual, expected, tolerance=1):
    """Whether two pixels differ by no more than ``tolerance`` in any band."""
    return len(actual) == len(expected) and all(abs(a - b) <= tolerance for a, b in zip(actual, expected, strict=True))


def all_near(actual, expected, tolerance=1):
    """The same for rows of pixels."""
    return [len(row) for row in actual] == [len(row) for row in expected] and all(
        near(a, b, tolerance)
        for found_row, expected_row in zip(actual, expected, strict=True)
        for a, b in zip(found_row, expected_row, strict=True)
    )
