import pytest
import pyvips

from mememime_proxy.formats.effects_plan import Duotone, Monochrome
from mememime_proxy.imaging.effects import tables
from mememime_proxy.imaging.effects.tables import TableRun
from tests.support.pixels import all_near, flat, image_of, rows_of

COLORS = [[(r, g, b) for r in (0, 40, 200, 255) for g in (0, 90, 255) for b in (0, 130, 255)]]
GREY_LADDER = [[(v, v, v) for v in range(256)]]


def run_of(rows):
    return TableRun(image_of(rows))


def test_brightness_and_contrast_are_the_linear_operation_of_libvips():
    run = run_of(COLORS)
    run.apply(tables.brightness_contrast(30, 1.4))
    expected = image_of(COLORS).linear(1.4, (30 - 127.5) * 1.4 + 127.5 + 0.5, uchar=True)
    assert all_near(rows_of(run.image()), rows_of(expected), 1)


def test_gamma_keeps_black_and_white_and_lightens_what_is_between():
    run = run_of(GREY_LADDER)
    run.apply(tables.gamma_curve(2.0))
    values = [pixel[0] for pixel in rows_of(run.image())[0]]
    assert (values[0], values[64], values[255]) == (0, 128, 255)


def test_monochrome_of_a_grey_gives_plain_greys_of_the_same_lightness():
    run = run_of(GREY_LADDER)
    run.tone(tables.monochrome_tones(Monochrome(1.0)), 1.0)
    assert all_near(rows_of(run.image()), GREY_LADDER, 1)


@pytest.mark.parametrize("color", [(255, 0, 0), (20, 40, 200), (0, 0, 0), (255, 255, 255)])
def test_monochrome_shows_its_colour_where_the_picture_is_as_light(color):
    grey = round(tables.lightness(color))
    run = run_of(flat(2, 2, (grey,) * 3))
    run.tone(tables.monochrome_tones(Monochrome(1.0, color)), 1.0)
    assert all_near(rows_of(run.image()), flat(2, 2, color), 3)


def test_duotone_goes_from_the_dark_to_the_light_colour():
    run = run_of([[(0, 0, 0), (255, 255, 255)]])
    run.tone(tables.duotone_tones(Duotone(1.0, (10, 20, 90), (250, 200, 30))), 1.0)
    assert rows_of(run.image()) == [[(10, 20, 90), (250, 200, 30)]]


@pytest.mark.parametrize("intensity", [0.25, 0.5, 0.9])
def test_tones_are_mixed_by_their_intensity(intensity):
    tones = tables.duotone_tones(Duotone(1.0, (200, 0, 0), (0, 0, 200)))
    full, part = run_of(COLORS), run_of(COLORS)
    full.tone(tones, 1.0)
    part.tone(tones, intensity)
    expected = [
        [
            tuple(a + (b - a) * intensity for a, b in zip(old, new, strict=True))
            for old, new in zip(COLORS[0], rows_of(full.image())[0], strict=True)
        ]
    ]
    assert all_near(rows_of(part.image()), expected, 1)


def test_tables_of_a_run_are_those_of_single_passes():
    def steps(run):
        yield lambda: run().apply(tables.brightness_contrast(20, 1.2))
        yield lambda: run().tone(tables.monochrome_tones(Monochrome(1.0, (90, 140, 30))), 1.0)
        yield lambda: run().tone(tables.duotone_tones(Duotone(1.0, (0, 0, 90), (255, 200, 0))), 0.6)
        yield lambda: run().negate()

    fused = run_of(COLORS)
    for step in steps(lambda: fused):
        step()
    singles = [run_of(COLORS)]
    for step in steps(lambda: singles[-1]):
        step()
        singles.append(TableRun(singles[-1].image()))
    assert all_near(rows_of(fused.image()), rows_of(singles[-1].image()), 2)


def test_run_is_one_pass_over_the_pixels(monkeypatch):
    passes = []
    apply = pyvips.Image.maplut
    monkeypatch.setattr(pyvips.Image, "maplut", lambda *a, **k: passes.append(1) or apply(*a, **k), raising=False)
    run = run_of(COLORS)
    for curve in (tables.brightness_contrast(9, 1.1), tables.gamma_curve(1.3)):
        run.apply(curve)
    run.negate()
    run.image()
    assert len(passes) == 1
