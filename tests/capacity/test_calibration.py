"""The calibration renders real photographs in the real pool, and counts every one."""

from pathlib import Path

import pytest

from mememime_proxy.capacity.calibration import calibrate, find_originals
from mememime_proxy.errors import SettingsError, UnknownFormatError
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


def test_originals_are_the_photographs_of_a_folder(tmp_path):
    names = [path.name for path in find_originals(SAMPLES)]
    assert names == ["astronaut.jpg", "chelsea.webp", "coffee.jpg", "dandelion.jpg", "rocket.jpg"]
    (tmp_path / "text.txt").write_text("no picture")
    with pytest.raises(SettingsError):
        find_originals(tmp_path)


@pytest.fixture
async def pool():
    pool = Pool(PoolConfig(size=2, max_wait=0), RenderConfig())
    await pool.start()
    yield pool
    await pool.close(0)


async def test_each_original_is_rendered_in_each_format_as_often(pool):
    originals = find_originals(SAMPLES)[:2]
    before = pool.stats().jobs
    found = await calibrate(pool, Plan(width=64, height=64), ["jpeg", "webp"], originals, 0)
    assert pool.stats().jobs - before == 8, "one round, and once without being counted"
    assert found.original_bytes == sum(path.stat().st_size for path in originals)
    for figures in found.formats.values():
        assert figures.count == 2
        assert 0 < figures.cpu < 5
        assert 200 < figures.size < 20_000


async def test_original_that_cannot_be_read_ends_it(pool, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture at all")
    with pytest.raises(ExceptionGroup) as caught:
        await calibrate(pool, Plan(width=64), ["jpeg"], [broken], 0)
    assert isinstance(caught.value.exceptions[0], UnknownFormatError)
