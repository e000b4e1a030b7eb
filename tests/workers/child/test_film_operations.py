"""The operations of workers that read films."""

import os
from collections import Counter
from random import Random

import msgspec
import pytest

from mememime_proxy.errors import MememimeError, RenderTimeoutError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.workers.child.film_operations import operations
from mememime_proxy.workers.child.worker import PartialOriginal
from mememime_proxy.workers.pool import WorkerJob
from tests.support.films import CONTAINERS, container_film, number_in

MUTATIONS = 30


def run(name, content, plan=None):
    descriptor = memfd("film", content)
    try:
        return operations(FilmConfig())[name].run(PartialOriginal(descriptor, len(content)), plan or Plan())
    finally:
        os.close(descriptor)


def test_frame_is_a_picture():
    variant = run("frame", container_film("mkv"), Plan(video_moment=VideoMoment(value=0.5)))
    assert (variant.format, variant.source_format) == ("png", "mkv")
    assert number_in(variant.body) == 12


def test_info_is_a_description():
    variant = run("film_info", container_film("mkv"))
    assert variant.format == "json"
    assert msgspec.json.decode(variant.body)["mime_type"] == "video/matroska"


def test_picture_is_no_film():
    with pytest.raises(UnsupportedFormatError):
        run("frame", b"\xff\xd8\xff\xe0")


async def test_workers_of_films_are_confined_and_read_no_pictures(open_pool):
    observed = await open_pool(size=1, film=FilmConfig())
    assert set(observed.pool.libraries) == {"FFmpeg", "PyAV"}
    assert {"limits", "privileges"} <= set(observed.pool.sandbox)
    descriptor = memfd("film", container_film("mp4"))
    try:
        with pytest.raises(MememimeError, match="no operation 'render'"):
            await observed.pool.run(WorkerJob("render"), descriptor, 30)
        file = await observed.pool.run_to_file(WorkerJob("frame"), descriptor, 30)
        assert number_in(os.pread(file.descriptor, file.size, 0)) == 25
        os.close(file.descriptor)
    finally:
        os.close(descriptor)


async def test_h3_mutated_films_cost_a_worker_at_most(open_pool):
    """Bytes of films are changed at random places: each job ends with a picture or an error, and the next one runs."""
    observed = await open_pool(size=1, film=FilmConfig())
    random = Random(1)
    outcomes = Counter()
    for name in CONTAINERS:
        for _ in range(MUTATIONS):
            content = bytearray(container_film(name))
            for _ in range(random.choice((1, 4, 64))):
                content[random.randrange(12, len(content))] = random.randrange(256)
            descriptor = memfd("film", bytes(content))
            try:
                variant = (await observed.pool.run(WorkerJob("frame"), descriptor, 30)).variant
                assert variant.body.startswith(b"\x89PNG")
                outcomes["frame"] += 1
            except RenderTimeoutError:
                pytest.fail(f"{name}: the deadline had to end it")
            except MememimeError as error:
                outcomes[error.code] += 1
            finally:
                os.close(descriptor)
    assert observed.pool.healthy
    assert outcomes["frame"] > MUTATIONS, outcomes
    assert outcomes["worker.failed"] == 0, outcomes
    result = await run_film(observed.pool, container_film("mp4"))
    assert number_in(result) == 25


async def run_film(pool, content):
    descriptor = memfd("film", content)
    try:
        return (await pool.run(WorkerJob("frame"), descriptor, 30)).variant.body
    finally:
        os.close(descriptor)
