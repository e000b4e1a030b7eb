"""What grows is found; and two minutes of the real run."""

from dataclasses import asdict

import pytest

from benchmarks.load import soak
from benchmarks.load.soak import Sample


def _samples(worker=lambda minute: 100.0, zombies=0, **counts):
    return [
        Sample(minute / 4, [worker(minute / 4)] * 2, 90.0, 3.0, minute, counts.get("descriptors", 40), 9,
               counts.get("threads", 7) + (minute > 150 and counts.get("more_threads", 0)), zombies)
        for minute in range(160)
    ]  # fmt: skip


def test_level_memory_with_peaks_does_not_grow():
    found = soak.growth(_samples(lambda minute: 100.0 + 300 * (minute * 4 % 3 == 0)))
    assert (found["worker_mib"], soak.level(found)) == (0.0, True)


def test_memory_before_the_second_half_does_not_count():
    assert soak.level(soak.growth(_samples(lambda minute: min(200.0, 50 + 10 * minute))))


def test_growing_memory_is_found():
    found = soak.growth(_samples(lambda minute: 100.0 + 0.3 * minute))
    assert 5 <= found["worker_mib"] <= 7
    assert not soak.level(found)


def test_growing_threads_and_zombies_are_found():
    assert not soak.level(soak.growth(_samples(zombies=1)))
    samples = _samples()
    for number, item in enumerate(samples):
        item.threads += number // 8
    assert not soak.level(soak.growth(samples))


def test_picture_is_a_drawing():
    import pyvips

    found = {"minutes": 40, "samples": [asdict(item) for item in _samples()]}
    image = pyvips.Image.svgload_buffer(soak.picture(found).encode())
    assert (image.width, image.height) == (1000, 834)


@pytest.mark.slow
def test_f9_two_minutes_with_hostile_requests_leave_nothing_behind():
    found = soak.soak(2, "self-pointers,itxt,heif-references,scans,frames-webp,svg-blur")
    assert set(found["answers"]) <= {"200", "404", "422", "503"}
    assert int(found["answers"]["200"]) > 100
    growth = found["growth"]
    assert growth["zombies"] == 0
    assert abs(growth["threads"]) <= 5
    assert abs(growth["descriptors"]) <= 10
    assert growth["front_mib"] < 40
