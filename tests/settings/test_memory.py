from pathlib import Path

import pytest

from mememime_proxy.settings.memory import (
    MemoryLimit,
    derive_budget,
    express_workers,
    fitting_workers,
    fixed_memory,
    largest_render,
    machine_memory,
    memory_limit,
)

MIB = 1 << 20


@pytest.fixture
def find(tmp_path):
    """Return the limit that a tree of control groups means to a process with this /proc/self/cgroup."""

    def find(membership, files):
        for name, value in files.items():
            path = tmp_path / "cgroups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{value}\n")
        own = tmp_path / "membership"
        own.write_text(membership)
        limit = memory_limit(tmp_path / "cgroups", own)
        return limit.size, limit.subject.removeprefix(f"{tmp_path}/cgroups/")

    return find


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        # A container of cgroup v2 with a namespace of its own.
        ("0::/\n", {"memory.max": 512 * MIB, "memory.high": "max"}, (512 * MIB, "memory.max")),
        ("0::/\n", {"memory.max": 512 * MIB, "memory.high": 400 * MIB}, (400 * MIB, "memory.high")),
        # Groups above, and the one that systemd or a Pod made.
        (
            "0::/pod/a/b\n",
            {"pod/a/b/memory.max": "max", "pod/a/memory.max": 700 * MIB, "pod/memory.max": 900 * MIB},
            (700 * MIB, "pod/a/memory.max"),
        ),
        ("0::/pod/a\n", {"pod/a/memory.max": 300 * MIB, "pod/memory.high": 200 * MIB}, (200 * MIB, "pod/memory.high")),
        # The path is one of the machine, what is mounted is the container's own folder.
        ("0::/../../kubepods/x\n", {"memory.max": 100 * MIB}, (100 * MIB, "memory.max")),
        ("4:memory:/docker/1234\n0::/\n", {"memory/memory.limit_in_bytes": MIB}, (MIB, "memory/memory.limit_in_bytes")),
        # cgroup v1, alone and beside v2 without controllers.
        (
            "9:name=systemd:/\n4:cpu,memory:/a/b\n0::/\n",
            {"memory/a/b/memory.limit_in_bytes": 1 << 62, "memory/a/memory.limit_in_bytes": 5 * MIB},
            (5 * MIB, "memory/a/memory.limit_in_bytes"),
        ),
        ("0::/\n", {"unified/memory.max": 9 * MIB}, (9 * MIB, "unified/memory.max")),
    ],
)
def test_lowest_limit_of_all_control_groups_above_the_process_holds(find, membership, files, expected):
    assert find(membership, files) == expected


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        ("", {}),
        ("nonsense\n", {"memory.max": "nonsense"}),
        ("0::/a\n", {"a/memory.max": "max", "memory.max": 1 << 62}),
    ],
)
def test_memory_of_the_machine_is_the_limit_where_no_group_has_one(find, membership, files):
    assert find(membership, files) == (machine_memory(), "memory of the machine")


def test_files_that_cannot_be_read_are_no_limit():
    assert memory_limit(Path("/nowhere"), Path("/nowhere")).is_machine


def test_budget_leaves_room_for_what_the_kernel_counts_and_on_a_machine_for_others():
    assert derive_budget(MemoryLimit(1000, "memory.max")) == 900
    assert derive_budget(MemoryLimit(1000, "memory of the machine", is_machine=True)) == 500


@pytest.mark.parametrize(("workers", "express"), [(1, 0), (2, 1), (3, 1), (4, 1), (8, 2), (64, 16)])
def test_share_of_the_workers_takes_small_jobs_only(workers, express):
    assert express_workers(workers) == express


def test_small_container_has_fewer_workers_than_cpus():
    assert [fitting_workers(size * MIB * 9 // 10) for size in (64, 256, 512, 1024, 4096)] == [1, 1, 2, 7, 36]
    for budget in (512 * MIB, 1 << 30, 1 << 34):
        assert fixed_memory(fitting_workers(budget)) <= budget * 0.6 < fixed_memory(fitting_workers(budget) + 1)


def test_largest_render_is_what_fixed_memory_and_originals_leave():
    assert largest_render(1 << 30, 2) == (1 << 30) - fixed_memory(2) - int(((1 << 30) - fixed_memory(2)) * 3 / 8)
    assert largest_render(300 * MIB, 8) < 0
