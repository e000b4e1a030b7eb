"""Renders of one original share its pixels, wait where that is cheaper, and give what each would give alone."""

import asyncio
import io
import os
import signal
from functools import partial
from itertools import count

import pytest
from PIL import Image, ImageFilter

from mememime_proxy.decoded import LoadedPixels, LoadKey
from mememime_proxy.errors import BrokenImageError, RenderTimeoutError, WorkerKilledError
from mememime_proxy.memfd import memfd, seal
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.plan import Crop, Plan, RenderConfig
from mememime_proxy.proxy.cache.pixels import PixelCache
from mememime_proxy.proxy.model import Epoch
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.families import Families
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import Flow, JobResult, Pool, PoolConfig, WorkerJob
from tests.support.provider_chain import make_request

MIB = 1 << 20
STATE = SourceState('"1"')
WIDTH = 2000


class Render:
    """One render of the test's worker: it can be held up, and tells what it was given."""

    def __init__(self, width):
        self.width, self.pixels, self.gate = width, None, asyncio.Event()


class Trial:
    """Families over a worker that shrinks an original of 2000 pixels by 8, 4 or 2, as a JPEG's decoder does."""

    def __init__(self, size=256, limit=0, seconds=0.05, body=b"x" * 300_000, held=False):
        self.budget = MemoryBudget(limit * MIB)
        self.cache = PixelCache(size * MIB, ProxyMetrics(), self.budget)
        self.families = Families(self.cache, RenderConfig())
        self.descriptor = memfd("original", body)
        self.renders = []
        self.held = held
        self.seconds = seconds
        self.error = None
        self.seals = True
        self.changed = asyncio.Event()

    async def run(self, plan, pixels):
        render = Render(plan.width)
        render.pixels = pixels
        self.renders.append(render)
        self.changed.set()
        if self.held:
            await render.gate.wait()
        if self.error is not None:
            raise self.error
        variant = Variant("jpeg", plan.width, 1)
        if pixels is None:
            return JobResult(variant, 0, 0)
        shrinks = (8, 4, 2)
        reduction = WIDTH / plan.width
        key = LoadKey(next((each for each in shrinks if reduction >= each), 1))
        decoded = LoadedPixels(
            key, 8 * MIB // key.shrink**2, self.seconds, reduction, shrinks, is_given=key in pixels.given
        )
        if not decoded.is_given and pixels.hand_back >= decoded.size:
            os.ftruncate(pixels.file, decoded.size)
            if self.seals:
                seal(pixels.file)
            decoded = LoadedPixels(key, decoded.size, self.seconds, reduction, shrinks, is_handed_back=True)
        return JobResult(variant, 0, 0, decoded=decoded)

    async def get(self, width, seconds=5.0, state=STATE, epoch="", flow=Flow(), **more):  # noqa: B008 - a tuple
        plan = Plan(source="http://h/a.jpg", width=width, **more)
        request = make_request(plan, seconds, state=state, epoch=Epoch(epoch), flow=flow)
        await self.families.render(request, plan, self.descriptor, partial(self.run, plan))
        return self.renders[-1]

    def start(self, *widths, **more):
        return [asyncio.create_task(self.get(width, **more)) for width in widths]

    async def until_begun(self, number):
        async with asyncio.timeout(10):
            while len(self.renders) < number:
                self.changed.clear()
                await self.changed.wait()

    async def idle(self):
        """Let every task that can go on go on."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def trial():
    made = []

    def make(**more):
        made.append(Trial(**more))
        return made[-1]

    yield make
    for each in made:
        os.close(each.descriptor)


@pytest.mark.parametrize(
    ("options", "state"), [({"size": 0}, STATE), ({}, SourceState()), ({"body": b"small" * 100}, STATE)]
)
async def test_render_of_what_is_not_held_goes_without_pixels(trial, options, state):
    renders = trial(**options)
    for width in (100, 200):
        assert (await renders.get(width, state=state)).pixels is None


async def test_second_render_hands_pixels_back_and_the_third_is_given_them(trial):
    renders = trial()
    first, second, third = [await renders.get(width) for width in (1100, 1200, 1300)]
    assert (first.pixels.hand_back, first.pixels.given) == (0, {})
    assert second.pixels.hand_back >= 8 * MIB
    assert set(third.pixels.given) == {LoadKey(1)}
    assert renders.budget.used_by[Use.PIXELS] == renders.cache.used == 8 * MIB


async def test_each_reduction_has_pixels_of_its_own(trial):
    renders = trial()
    found = [await renders.get(width) for width in (1100, 1200, 600, 700, 300, 1300, 620)]
    assert [set(each.pixels.given) for each in found] == [
        set(), set(), set(), {LoadKey(2)}, set(), {LoadKey(1)}, {LoadKey(2)},
    ]  # fmt: skip


async def test_siblings_wait_for_one_decode_of_each_reduction(trial):
    renders = trial(held=True)
    tasks = renders.start(1100, 1200, 600, 700, 1300)
    await renders.until_begun(1)
    await renders.idle()
    assert [each.width for each in renders.renders] == [1100]
    assert renders.renders[0].pixels.file >= 0, "the job waited for a worker when the second one came"
    renders.renders[0].gate.set()
    await renders.until_begun(4)
    await renders.idle()
    assert [each.width for each in renders.renders] == [1100, 1200, 600, 1300]
    assert renders.renders[1].pixels.given
    assert renders.renders[3].pixels.given
    renders.renders[2].gate.set()
    await renders.until_begun(5)
    assert set(renders.renders[4].pixels.given) == {LoadKey(2)}
    for each in renders.renders:
        each.gate.set()
    await asyncio.gather(*tasks)


async def test_render_that_has_begun_without_a_file_is_not_waited_for(trial):
    renders = trial(held=True)
    first = renders.start(1100)
    await renders.until_begun(1)
    renders.renders[0].pixels.has_begun = True
    others = renders.start(1200, 1300)
    await renders.until_begun(2)
    await renders.idle()
    assert [each.width for each in renders.renders] == [1100, 1200]
    assert renders.renders[1].pixels.file >= 0
    renders.held = False
    for each in renders.renders:
        each.gate.set()
    await asyncio.gather(*first, *others)
    assert set(renders.renders[2].pixels.given) == {LoadKey(1)}


async def test_renders_of_unknown_shape_are_not_made_to_wait(trial):
    renders = trial()
    await renders.get(1100)
    renders.held = True
    tasks = renders.start(1200, 1300, 1400, crop=Crop(width=500))
    await renders.until_begun(4)
    renders.held = False
    for each in renders.renders:
        each.gate.set()
    await asyncio.gather(*tasks)


async def test_quick_decodes_are_neither_held_nor_waited_for(trial):
    renders = trial(seconds=0.001)
    await renders.get(1100)
    renders.held = True
    tasks = renders.start(1200, 1300, 1400)
    await renders.until_begun(4)
    for each in renders.renders:
        each.gate.set()
    await asyncio.gather(*tasks)
    assert renders.cache.used == 0


async def test_render_that_fails_leaves_the_others_to_decode(trial):
    renders = trial(held=True)
    tasks = renders.start(1100, 1200, 1300, 1400)
    await renders.until_begun(1)
    renders.error = BrokenImageError("on purpose")
    renders.held = False
    renders.renders[0].gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, BrokenImageError) for each in found)
    assert len(renders.renders) == 4
    assert renders.renders[-1].pixels.hand_back == 0
    assert renders.budget.used == 0


async def test_render_that_is_cancelled_is_followed_by_one_that_waited(trial):
    renders = trial(held=True)
    first, second = renders.start(1100, 1200)
    await renders.until_begun(1)
    await renders.idle()
    first.cancel()
    await renders.until_begun(2)
    renders.renders[1].gate.set()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_wait_ends_at_the_deadline(trial):
    renders = trial(held=True)
    first = renders.start(1100)
    await renders.until_begun(1)
    with pytest.raises(RenderTimeoutError):
        await renders.get(1200, seconds=0.05)
    renders.renders[0].gate.set()
    await asyncio.gather(*first)


async def test_h12_file_that_is_not_sealed_is_not_held(trial):
    renders = trial()
    renders.seals = False
    for width in (1100, 1200, 1300):
        assert not (await renders.get(width)).pixels.given
    assert renders.cache.used == 0


@pytest.mark.parametrize("other", [{"state": SourceState('"2"')}, {"epoch": "purged"}])
async def test_pixels_of_another_state_or_epoch_are_not_given(trial, other):
    renders = trial()
    for width in (1100, 1200):
        await renders.get(width)
    assert not (await renders.get(1300, **other)).pixels.given


async def test_first_render_of_a_host_whose_originals_are_asked_for_again_hands_back_at_once(trial):
    renders = trial()
    flow = Flow(0, "h")
    for number in range(40):
        await renders.get(1100, state=SourceState(f'"{number // 10}"'), flow=flow)
    assert (await renders.get(1100, state=SourceState('"new"'), flow=flow)).pixels.file >= 0
    assert (await renders.get(1100, state=SourceState('"new"'), flow=Flow(0, "other"))).pixels is not None
    assert (await renders.get(1100, state=SourceState('"newer"'), flow=Flow(0, "other"))).pixels.file == -1


async def test_h13_memory_is_within_the_budget_while_strangers_ask_for_many_originals_once(trial):
    renders = trial(size=64, limit=100)
    for width in (1100, 1200, 1300):
        await renders.get(width)
    number = count()
    for _ in range(500):
        await renders.get(1100, state=SourceState(f'"s{next(number)}"'), flow=Flow(0, "stranger"))
        assert renders.budget.used <= 100 * MIB
    assert set((await renders.get(1400)).pixels.given) == {LoadKey(1)}


def photograph(seed=0, format_="JPEG"):
    noise = Image.frombytes("RGB", (1500, 1000), os.urandom(4_500_000))
    file = io.BytesIO()
    noise.filter(ImageFilter.GaussianBlur(2 + seed)).save(file, format_)
    return file.getvalue()


class Service:
    """Families over real workers."""

    def __init__(self, pool, size=64):
        self.pool = pool
        self.cache = PixelCache(size * MIB, ProxyMetrics(), MemoryBudget(0))
        self.families = Families(self.cache, pool_render_config)
        self.decoded = []

    async def get(self, data, plan, validator='"1"', operation="render"):
        descriptor = memfd("original", data)
        request = make_request(plan, 60.0, state=SourceState(validator))

        async def run(pixels):
            job = await self.pool.run(WorkerJob(operation, plan), descriptor, 60.0, pixels=pixels)
            self.decoded.append(job.decoded)
            return job

        try:
            return (await self.families.render(request, plan, descriptor, run)).variant
        finally:
            os.close(descriptor)


pool_render_config = RenderConfig()


@pytest.fixture
async def pool():
    pool = Pool(PoolConfig(size=2, max_wait=0), pool_render_config)
    await pool.start()
    yield pool
    await pool.close(0)


def plans():
    widths = (160, 450, 900)
    return [
        Plan(source="http://h/a.jpg", width=width, format=format_) for width in widths for format_ in ("jpeg", "webp")
    ]


async def test_variants_of_real_workers_are_equal_with_and_without_pixels(pool):
    data, wanted = photograph(), plans()
    without, having = Service(pool, 0), Service(pool)
    expected = [await without.get(data, plan) for plan in wanted]
    assert await asyncio.gather(*(having.get(data, plan) for plan in wanted)) == expected
    assert [await having.get(data, plan) for plan in wanted] == expected
    assert sum(each.is_given for each in having.decoded) >= len(wanted)
    having.cache.drop_source("http://h/a.jpg")
    assert [await having.get(data, plan) for plan in wanted] == expected
    other = photograph(seed=1)
    changed = [await without.get(other, plan) for plan in wanted]
    assert changed != expected
    assert [await having.get(other, plan, '"2"') for plan in wanted] == changed
    # A source whose validator is wrong: its bytes differ.
    assert [await having.get(other, plan) for plan in wanted] == changed


async def test_variants_are_equal_while_entries_leave_and_workers_are_killed(pool):
    data, wanted = photograph(), plans()
    without, having = Service(pool, 0), Service(pool)
    expected = [await without.get(data, plan) for plan in wanted]
    tasks = [asyncio.create_task(having.get(data, plan)) for plan in wanted * 2]
    for _ in range(40):
        await asyncio.sleep(0)
        having.cache.clear()
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for variant, equal in zip(found, expected * 2, strict=True):
        assert isinstance(variant, WorkerKilledError) or variant == equal
    assert [await having.get(data, plan) for plan in wanted] == expected
