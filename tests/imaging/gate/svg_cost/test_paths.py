"""H6: lengths, boxes and crossings of outlines, in time that is linear in the path data."""

import math
import random

import pytest

from mememime_proxy.imaging.gate.svg_cost.paths import Outline, Outlines


def outline(data: str) -> Outline:
    """The outline of path data."""
    return Outlines().of_path(data)


@pytest.mark.parametrize(
    ("data", "across", "down", "width", "height"),
    [
        ("M0 0L10 0L10 20z", 20, 40, 10, 20),
        ("M0 0h10v20z", 20, 40, 10, 20),
        ("M5 5l10,0 0-20", 20, 40, 10, 20),
        ("m1 1l2 2m5 5l1 1", 6, 6, 8, 8),
        ("M1 2 3 4 5 6", 8, 8, 4, 4),
        ("M0 0H10V5H0z", 20, 10, 10, 5),
        ("M0 0c1 1 2 2 3 3s1 1 2 2", 10, 10, 5, 5),
        ("M0 0C1 1 2 2 3 3Q4 4 5 5", 10, 10, 5, 5),
        ("M0 0L10 10M100 100L90 90", 40, 40, 100, 100),
        ("", 0, 0, 0, 0),
        ("z", 0, 0, 0, 0),
        ("M5", 0, 0, 0, 0),
    ],
)
def test_sums_and_box(data, across, down, width, height):
    found = outline(data)
    assert (found.across, found.down, found.width, found.height) == (across, down, width, height)


@pytest.mark.parametrize("data", ["M1e400 0L1 1", "M0 0L1e300 1e300", "M0 0T5 5 10 10"])
def test_unknown_size_is_infinite(data):
    assert math.isinf(outline(data).width)


def test_arcs_and_curves_are_at_least_as_long_as_they_are():
    assert outline("M0 0a5 5 0 1 1 10 0").length > math.pi * 5
    assert outline("M0 0C0 100 100 100 100 0").edges > 2


def test_h6_crossings_are_estimated_by_pairs():
    generator = random.Random(5)
    edges = 2000

    def scribble(side: int) -> str:
        return "M0 0" + "".join(f"L{generator.randint(0, side)} {generator.randint(0, side)}" for _ in range(edges))

    for side in (1000, 10):
        crossings = outline(scribble(side) + "M1000 1000").crossings
        assert 0.1 * edges * edges / 2 < crossings < 0.5 * edges * edges / 2
    coast = "M0 0" + "".join(f"l1 {(-1) ** n}" for n in range(edges))
    assert outline(coast).crossings < edges
    islands = "".join(f"M{generator.random() * 1000} {generator.random() * 1000}l1 1 2 0z" for _ in range(edges))
    assert outline(islands).crossings < edges


def test_h6_part_of_a_long_path_stands_for_it():
    outlines = Outlines()
    short = outline("M0 0" + "l1 1" * 5000)
    long = outlines.of_path("M0 0" + "l1 1" * 250_000)
    assert long.across == pytest.approx(50 * short.across, rel=0.1)
    assert long.edges == pytest.approx(50 * short.edges, rel=0.1)
    assert outlines.of_path("M0 0" + "l1 1" * 250_000) is long


def test_h6_later_paths_are_looked_at_by_samples_that_stand_for_all():
    outlines = Outlines()
    stood_for = 0.0
    read = 0
    for number in range(40_000):
        data = f"M{number} 0l1 1z"
        times = outlines.sample(data)
        stood_for += times
        if times:
            read += 1
            outlines.of_path(data)
    assert read < 20_000
    assert stood_for == pytest.approx(40_000, rel=0.2)


@pytest.mark.parametrize("letter", ["L", "l", ""])
def test_h6_part_begins_with_whole_points(letter):
    points = "".join(f"{letter or ' '}{10 * (n % 2)},{1000 * (n % 2) if letter != 'l' else 0}" for n in range(60_000))
    found = Outlines().of_path(f"M0,0 {points}z")
    # The edge that closes a path which only goes to the right is as long as all others.
    assert found.across == pytest.approx(10 * 60_000, rel=0.1)
    assert found.down == pytest.approx(1000 * 60_000 if letter != "l" else 0, rel=0.1)


def test_h6_part_without_a_separator():
    assert Outlines().of_path("M0 0l" + "1" * 900_000).edges < 100
    assert Outlines().of_path("z" * 900_000).edges < 100
