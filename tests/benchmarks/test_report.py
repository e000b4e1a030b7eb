import json

from benchmarks import report
from benchmarks.bare import Loop
from benchmarks.client import asked
from benchmarks.processes import usage

DOCUMENT = {
    "command": "python -m benchmarks x",
    "date": "2026-01-02",
    "commit": "abc",
    "machine": {"cpu": "C", "cores": 2, "memory_gib": 4, "kernel": "6"},
    "versions": {"libvips": "8"},
    "corpus": ["a_1_all.deb"],
    "licences": ["CC0-1.0"],
    "results": {
        "overhead": {"jpeg": {"bare_cpu_ms": 10, "cpu_ms": 10.5, "ratio": 1.05, "bar": 1.075}},
        "formats": {"png": {"bare libvips": {"cpu_ms": 5}, "mememime": {"cpu_ms": 6, "ms_ssim": 0.99}}},
        "memory": {"points": [{"requests": 10, "front_mib": 60, "workers_mib": [30, 31]}],
                   "front_growth_mib_per_1000": 0.1, "worker_growth_mib_per_1000": 0.2},
        "stall": {"max_ms": 12},
    },
}  # fmt: skip


def test_the_page_shows_every_scenario():
    page = report.text(DOCUMENT)
    row = "| jpeg | 10 | 10.5 |  | 1.05 | 1.075 |"
    for part in (
        "`python -m benchmarks x`",
        row,
        "### png",
        "| 10 | 60 | 30, 31 |",
        "* max_ms: 12",
        "a_1_all.deb (CC0-1.0)",
    ):
        assert part in page


def test_results_are_written_with_machine_and_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    monkeypatch.setattr(report.corpus, "WORK", tmp_path)
    monkeypatch.setattr(report.corpus, "SET", tmp_path)
    (tmp_path / "manifest.json").write_text('{"photographs": [{"licence": "CC0-1.0"}, {"licence": "CC0-1.0"}]}')
    page = report.write("test", "command", {"stall": {"max_ms": 1}}, {"peer": "1.0"})
    written = json.loads(page.with_suffix(".json").read_text())
    assert written["versions"]["peer"] == "1.0"
    assert written["machine"]["cores"] > 0
    assert written["licences"] == ["CC0-1.0"]
    assert written["results"] == {"stall": {"max_ms": 1}}


def test_usage_counts_a_process_and_its_children():
    import os

    before = usage(os.getpid())
    assert sum(i * i for i in range(2_000_000))
    after = usage(os.getpid())
    assert after.cpu > before.cpu
    assert after.pss > 0


def test_the_bare_loop_renders(tmp_path):
    import pyvips

    for number in range(2):
        pyvips.Image.black(600, 400, bands=3).copy(interpretation="srgb").jpegsave(str(tmp_path / f"{number}.jpg"))
    with Loop(2) as loop:
        found = loop.run(tmp_path, ["0.jpg", "1.jpg"], "jpeg")
    assert len(found.cpu) == 2
    assert all(size > 100 for size in found.sizes)


def test_the_load_tells_of_failures():
    process = asked(["http://127.0.0.1:9/none"], 1)
    _, errors = process.communicate(timeout=30)
    assert process.returncode
    assert "127.0.0.1" in errors
