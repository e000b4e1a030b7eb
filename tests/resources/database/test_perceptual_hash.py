import random

import pytest
import pyvips
from sqlalchemy import text

from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from mememime_proxy.resources.database.perceptual_hash import band_candidates, bit_distance, from_hex, mirrored
from tests.support.hashed_assets import signed
from tests.test_mirror import ROOT

SAMPLES = sorted((ROOT / "config" / "samples").glob("*.jpg"))


def hash_of(image):
    return from_hex(inspect(image.jpegsave_buffer(Q=85), ImageLimits(), RenderConfig()).phash)


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("0000000000000000", 0),
        ("7fffffffffffffff", (1 << 63) - 1),
        ("8000000000000000", -(1 << 63)),
        ("ffffffffffffffff", -1),
        ("", None),
        ("ffff", None),
        ("FFFFFFFFFFFFFFFF", None),
        ("-fffffffffffffff", None),
        ("00000000000000000", None),
    ],
)
def test_from_hex_is_a_signed_number_or_none(digits, number):
    assert from_hex(digits) == number


def test_mirrored_turns_and_inverts_each_row():
    one = from_hex("0000000000000001")
    assert mirrored(one) == from_hex("ffffffffffffff7f")
    assert mirrored(mirrored(one)) == one


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_mirrored_is_near_the_hash_of_the_mirrored_picture(path):
    image = pyvips.Image.new_from_file(str(path))
    found = hash_of(image)
    assert bit_distance(mirrored(found), hash_of(image.fliphor())) <= 6
    assert bit_distance(found, hash_of(image.resize(0.4))) <= 6


def test_band_candidates_share_a_band_with_every_neighbour():
    source = random.Random(5)
    for distance in range(8):
        for _ in range(300):
            value = source.getrandbits(64)
            other = value ^ sum(1 << bit for bit in source.sample(range(64), distance))
            bands = [other >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
            wanted = band_candidates(signed(value), distance)
            assert any(band in values for band, values in zip(bands, wanted, strict=True))
            assert [len(values) for values in wanted] == [17 if distance > 3 else 1] * 4


async def test_bit_distance_counts_in_the_database_as_here(database):
    source = random.Random(6)
    pairs = [(0, -1), (-1, -1), (-(1 << 63), 0), *((signed(source.getrandbits(64)), 5) for _ in range(20))]
    in_sql = (
        "bit_distance(:one, :other)"
        if database.dialect == "sqlite"
        else "bit_count(CAST(CAST(:one AS bigint) # CAST(:other AS bigint) AS bit(64)))"
    )
    async with database.read() as tx:
        for one, other in pairs:
            found = (await tx.execute(text(f"SELECT {in_sql}"), {"one": one, "other": other})).scalar()
            assert found == bit_distance(one, other)
