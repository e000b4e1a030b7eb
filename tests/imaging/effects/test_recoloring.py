import pytest

from mememime_proxy.formats.effects_plan import Colorize, Duotone, Effects, Gradient, Monochrome, ProgressiveBlur
from mememime_proxy.imaging.effects.recoloring import changes_colors, recolored
from tests.support.pixels import all_near, flat, image_of, rows_of

EACH = [
    Effects(normalize=(1, 99)),
    Effects(brightness=30),
    Effects(contrast=1.5),
    Effects(saturation=2),
    Effects(hue=90),
    Effects(gamma=2),
    Effects(sepia=1),
    Effects(monochrome=Monochrome(0.5, (255, 0, 0))),
    Effects(duotone=Duotone(0.5, (0, 0, 99), (255, 255, 0))),
    Effects(negate=True),
]


@pytest.mark.parametrize("effects", EACH)
def test_every_effect_changes_colours_and_never_transparency(effects):
    rows = [[(20, 60, 90, 0), (200, 120, 30, 128), (90, 90, 180, 255)]]
    result = rows_of(recolored(image_of(rows), effects))
    assert changes_colors(effects)
    assert [pixel[3] for pixel in result[0]] == [0, 128, 255]
    assert [pixel[:3] for pixel in result[0]] != [pixel[:3] for pixel in rows[0]]


@pytest.mark.parametrize(
    "effects",
    [
        Effects(),
        Effects(progressive_blur=ProgressiveBlur(3)),
        Effects(gradient=Gradient(1)),
        Effects(colorize=Colorize(1)),
        Effects(background_alpha=0.5),
    ],
)
def test_effects_of_sheets_change_no_colours(effects):
    assert not changes_colors(effects)


def test_effects_have_one_order():
    result = recolored(image_of(flat(2, 2, (10, 10, 10))), Effects(brightness=90, contrast=2.0, negate=True))
    assert all_near(rows_of(result), flat(2, 2, (182, 182, 182)), 1)


def test_normalize_stretches_to_black_and_white():
    ladder = image_of([[(v, v, v) for v in range(100, 151)]])
    row = rows_of(recolored(ladder, Effects(normalize=(0, 100))))[0]
    assert (row[0], row[-1]) == ((0, 0, 0), (255, 255, 255))
