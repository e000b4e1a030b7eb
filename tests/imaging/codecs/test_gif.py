"""P5: the canvas of GIF, frame by frame, beside a compositor that does what browsers do."""

import io
import random

import pytest
from PIL import Image

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.gif_writer import control, frame, screen
from tests.support.pixels import near

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GLOBAL, LOCAL = [RED, GREEN, BLUE, WHITE], [(9, 90, 200), (200, 90, 9), (90, 9, 200), (1, 2, 3)]
EMPTY = (0, 0, 0, 0)


class Drawing:
    """One frame of a test: its place, its pixels and what becomes of it."""

    def __init__(
        self, left=0, top=0, width=8, height=6, color=0, *, disposal=0, clear=None, local=False, interlaced=False
    ):
        self.place = left, top, width, height
        self.rows = color if isinstance(color, list) else [[color] * width for _ in range(height)]
        self.disposal, self.clear, self.local, self.interlaced = disposal, clear, local, interlaced

    def written(self, delay):
        left, top, width, height = self.place
        colors = LOCAL if self.local else ()
        image = frame(width, height, self.rows, left=left, top=top, colors=colors, interlaced=self.interlaced)
        return control(self.disposal, self.clear, delay) + image


def gif(width, height, *drawings, background=0):
    """The file; the delay of each frame is its number in tenths of a second."""
    frames = b"".join(drawing.written(10 * (number + 1)) for number, drawing in enumerate(drawings))
    return screen(width, height, GLOBAL, background, loop=0) + frames + b";"


def composed(width, height, drawings):
    """The canvas after each frame, as rows of RGBA: nothing drawn is transparent, nothing fills what is cleared."""
    canvas, frames = [[EMPTY] * width for _ in range(height)], []
    for drawing in drawings:
        left, top, inner_width, inner_height = drawing.place
        before = [list(row) for row in canvas]
        palette = LOCAL if drawing.local else GLOBAL
        inside = [
            (x, y) for y in range(inner_height) for x in range(inner_width) if x + left < width and y + top < height
        ]
        for x, y in inside:
            index = drawing.rows[y][x]
            if index != drawing.clear:
                canvas[top + y][left + x] = (*palette[index], 255)
        frames.append([list(row) for row in canvas])
        if drawing.disposal == 2:
            for x, y in inside:
                canvas[top + y][left + x] = EMPTY
        elif drawing.disposal in (3, 4):
            canvas = before
    return frames


def loaded(data, frames=1):
    """The frames as rows of RGBA."""
    limits = ImageLimits(max_animation_frames=max(1, frames), max_src_resolution=0)
    original = open_original(data, limits, RenderConfig())
    image = original.load(pages=frames)
    assert (image.width, image.height) == (original.header.width, original.header.height * frames)
    assert original.header.alpha in (None, bool(image.hasalpha()))
    image = image if image.hasalpha() else image.addalpha()
    pixels = list(zip(*[iter(bytes(image.write_to_memory()))] * 4, strict=True))
    pixels = [p if p[3] else EMPTY for p in pixels]
    lines = [pixels[at : at + image.width] for at in range(0, len(pixels), image.width)]
    height = original.header.height
    return [lines[at : at + height] for at in range(0, len(lines), height)]


SCREENS = [(640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200), (3000, 2100), (2049, 4)]
FULL = {"width": 20, "height": 16}
BASE = Drawing(**FULL)
DOT = Drawing(0, 0, 1, 1, 3)
GRID = [[0, 1] * 3] * 6
CASES = {
    "nothing drawn around": [Drawing(5, 4, 8, 6)],
    "drawn later": [Drawing(5, 4, 8, 6), Drawing(9, 7, 8, 6, 1)],
    "opaque cleared": [BASE, Drawing(6, 5, 7, 4, 1, disposal=2), Drawing(0, 0, 3, 3, 2)],
    "all cleared": [Drawing(n, n, 5, 4, n % 4, disposal=2) for n in range(6)],
    "all full cleared": [Drawing(**FULL, color=n % 4, disposal=2) for n in range(4)],
    "first cleared": [Drawing(**FULL, disposal=2), Drawing(2, 2, 5, 5, 1)],
    "first restored": [Drawing(**FULL, disposal=3), Drawing(2, 2, 5, 5, 1)],
    "old restored": [Drawing(**FULL, disposal=4), Drawing(2, 2, 5, 5, 1), Drawing(3, 3, 2, 2, 2)],
    "restored": [BASE, Drawing(2, 2, 5, 5, 1, disposal=3), Drawing(9, 9, 3, 3, 2), DOT],
    "restored twice": [BASE, *[Drawing(n, n, 5, 5, 1, disposal=3) for n in range(3)], DOT],
    "cleared, then restored": [BASE, Drawing(2, 2, 9, 9, 1, disposal=2), Drawing(4, 4, 9, 9, 2, disposal=3), DOT],
    "transparent cleared": [BASE, Drawing(3, 3, 6, 6, GRID, clear=0, disposal=2), DOT],
    "transparency is the background": [Drawing(**FULL, color=1), Drawing(3, 3, 6, 6, GRID, clear=0, disposal=2), DOT],
    "mixed": [
        BASE,
        Drawing(3, 3, 6, 6, 1, disposal=2),
        Drawing(1, 1, 9, 9, [[2, 3, 2] * 3] * 9, clear=3, disposal=2),
        DOT,
    ],
    "local colours": [
        Drawing(2, 2, 9, 9, 1, local=True, disposal=2),
        Drawing(4, 4, 9, 9, 2),
        Drawing(0, 0, 3, 3, 3, local=True),
    ],
    "interlaced": [Drawing(3, 2, 9, 13, [[y % 4] * 9 for y in range(13)], interlaced=True, disposal=2), DOT],
    "beyond the screen": [Drawing(2, 2, 4, 4), Drawing(15, 12, 30, 30, 1, disposal=2), Drawing(50, 50, 4, 4, 2), DOT],
    "covered": [BASE, Drawing(2, 2, 4, 4, 1)],
    "covered by more": [BASE, Drawing(**FULL, color=1, disposal=2)],
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("background", [0, 2])
def test_p5_every_frame_is_that_of_browsers(name, background):
    drawings = CASES[name]
    data = gif(20, 16, *drawings, background=background)
    expected = composed(20, 16, drawings)
    assert loaded(data) == expected[:1]
    for frames in {2, len(drawings)} & set(range(2, len(drawings) + 1)):
        assert loaded(data, frames) == expected[:frames]


@pytest.mark.parametrize("seed", range(60))
def test_p5_random_animations_are_those_of_browsers(seed):
    chance = random.Random(seed)
    width, height = chance.choice([(20, 16), (33, 9), (640, 480), (2100, 3)])
    drawings = []
    for _ in range(chance.randint(1, 7)):
        inner_width, inner_height = chance.randint(1, min(width, 24)), chance.randint(1, min(height, 18))
        left, top = chance.randint(0, width if drawings else width - inner_width), chance.randint(0, 15)
        top = min(top, height - inner_height) if not drawings else top
        rows = [[chance.randrange(4) for _ in range(inner_width)] for _ in range(inner_height)]
        drawings.append(
            Drawing(
                left, top, inner_width, inner_height, rows, disposal=chance.choice([0, 1, 2, 2, 3]),
                clear=chance.choice([None, None, 1]), local=chance.random() < 0.3,
                interlaced=chance.random() < 0.3 and top + inner_height <= height,  # libnsgif mixes up cut ones
            )
        )  # fmt: skip
    data = gif(width, height, *drawings, background=chance.randrange(4))
    assert loaded(data, len(drawings)) == composed(width, height, drawings)


@pytest.mark.parametrize(
    "size", [(640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200), (3000, 2100), (2049, 4)]
)
@pytest.mark.parametrize("animated", [False, True])
def test_p5_large_screens_and_those_of_desktops_are_whole(size, animated):
    drawings = [Drawing(0, 0, 40, 4), Drawing(10, 1, 40, 3, 1)][: 1 + animated]
    body = Renderer(RenderConfig()).render(gif(*size, *drawings), Plan(format="png")).body
    image = Image.open(io.BytesIO(bytes(body))).convert("RGBA")
    assert image.size == size
    assert image.getpixel((1, 1)) == (*RED, 255)
    assert image.getpixel((size[0] - 1, size[1] - 1))[3] == 0


def frames_of(body):
    image = Image.open(io.BytesIO(bytes(body)))
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield image.convert("RGBA"), image.info.get("duration")


@pytest.mark.parametrize("format_", ["gif", "webp"])
@pytest.mark.parametrize("name", ["opaque cleared", "all cleared", "restored", "mixed", "first cleared", "covered"])
@pytest.mark.parametrize("scale", [1, 2])
def test_p5_animated_results_have_the_frames_delays_and_transparency(format_, name, scale):
    drawings = CASES[name]
    limits = ImageLimits(max_animation_frames=20)
    plan = Plan(format=format_, limits=limits, quality=100, width=20 * scale, enlarge=True)
    body = Renderer(RenderConfig()).render(gif(20, 16, *drawings), plan).body
    found = list(frames_of(body))
    assert [delay for _, delay in found] == [100 * (number + 1) for number in range(len(drawings))]
    for (image, _), rows in zip(found, composed(20, 16, drawings), strict=True):
        for x, y in [(1, 1), (7, 6), (10, 8), (18, 14)]:
            pixel, expected = image.getpixel((x * scale, y * scale)), rows[y][x]
            if scale == 1:
                assert pixel[3] == expected[3]
                assert not pixel[3] or format_ == "webp" or near(pixel, expected, 4)


@pytest.mark.parametrize("format_", [name for name, format_ in FORMATS.items() if format_.writable])
def test_p5_still_results_in_every_format(format_):
    data = gif(40, 30, Drawing(10, 10, 12, 12, 1, disposal=2), Drawing(0, 0, 4, 4))
    plan = Plan(format=format_, quality=100, saving=Saving(dpi=96))
    body = Renderer(RenderConfig()).render(data, plan).body
    image = open_original(bytes(body), ImageLimits(), RenderConfig()).load().copy_memory()
    corner = image.getpoint(1, 1)
    assert near(corner[:3], WHITE, 8) if not FORMATS[format_].alpha else corner[3] == 0
    assert near(image.getpoint(16, 16)[:3], GREEN, 12)


def test_p5_one_frame_of_an_animation_does_not_tell_of_it():
    data = gif(20, 16, *CASES["opaque cleared"])
    body = Renderer(RenderConfig()).render(data, Plan(format="gif")).body
    assert Image.open(io.BytesIO(bytes(body))).n_frames == 1
    facts = inspect(data, ImageLimits(), RenderConfig())
    assert (facts.frames, facts.duration_ms) == (3, 600)


@pytest.mark.parametrize("name", ["covered", "transparent cleared", "covered by more"])
def test_p5_files_that_libnsgif_gets_right_are_not_copied(name):
    data = gif(20, 16, *CASES[name])
    original = open_original(data, ImageLimits(max_animation_frames=20), RenderConfig())
    assert original.data is data
    assert original.header.frame_pages == ()


def test_p5_file_that_ends_too_soon_is_mended_up_to_there():
    data = gif(20, 16, *CASES["opaque cleared"])
    for end in range(40, len(data), 7):
        limits = ImageLimits(max_animation_frames=20)
        try:
            original = open_original(data[:end], limits, RenderConfig())
        except BrokenImageError:
            continue
        assert len(original.header.frame_pages) in (0, original.header.pages)
