import pytest

from mememime_proxy.cost import SMALL_RESERVE
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.checks import check_all, check_memory
from mememime_proxy.settings.memory import largest_render, least_memory
from mememime_proxy.settings.settings import load


def settings(**variables):
    return load({f"MEMEMIME_{name}": str(value) for name, value in variables.items()}, keys_needed=False)


def test_all_faults_are_reported_at_once_and_each_once():
    def check(*lines):
        def fail(_):
            raise SettingsError("\n".join(lines))

        return fail

    with pytest.raises(SettingsError) as error:
        check_all(settings(), [check("a", "b"), lambda _: None, check("b", "c")])
    assert error.value.detail == "a\nb\nc"
    check_all(settings(), [lambda _: None])


def test_memory_that_is_too_little_for_the_workers_is_an_error_that_names_what_is_needed():
    with pytest.raises(SettingsError) as error:
        check_memory(settings(MEMORY_BUDGET=460, WORKERS=8))
    assert error.value.detail == (
        "MEMEMIME_MEMORY_BUDGET, MEMEMIME_WORKERS: found 460 MiB for 8 workers, expected 727 MiB or more,"
        " or fewer workers"
    )
    check_memory(settings(MEMORY_BUDGET=727, WORKERS=8))
    with pytest.raises(SettingsError, match="found 100 MiB for 1 workers, expected 295 MiB"):
        check_memory(settings(MEMORY_BUDGET=100))


def test_number_of_workers_that_is_not_set_fits_in_the_memory():
    for size in (295, 460, 900, 4000, 64_000):
        check_memory(settings(MEMORY_BUDGET=size))
    assert settings(MEMORY_BUDGET=295).worker_count == 1


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_least_memory_leaves_room_for_a_small_job_beside_all_that_originals_may_have(workers):
    assert largest_render(least_memory(workers), workers) >= SMALL_RESERVE
