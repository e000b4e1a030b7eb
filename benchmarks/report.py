"""Results as JSON and as a page: what ran, on what, by which command."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import corpus

RESULTS = Path(__file__).parent / "results"
_SCALING = ("one_per_second", "two_per_second", "ratio", "ratios")
_LIBRARIES = ("aiohttp", "uvloop", "pyvips", "pyvips-binary", "pillow", "blazediff-ssim")


def machine() -> dict[str, Any]:
    """What it ran on; no names."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory), "kernel": platform.release()}


def versions(servers: dict[str, str]) -> dict[str, str]:
    """Versions of all that took part."""
    import pyvips

    found = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    found["libvips"] = ".".join(str(pyvips.version(part)) for part in range(3))
    found["python"] = platform.python_version()
    return found | servers


def commit() -> str:
    """The commit that was measured, marked where the tree differed from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else "")


def write(name: str, command: str, results: dict[str, Any], servers: dict[str, str]) -> Path:
    """Writes ``results/DATE-NAME.json`` and ``.md``; returns the page."""
    document = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(servers),
        "corpus": corpus.packages(),
        "licences": corpus.licences() if corpus.installed() else [],
        "results": results,
    }
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / f"{document['date']}-{name}"
    stem.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
    page = stem.with_suffix(".md")
    page.write_text(text(document))
    return page


def chart(name: str, svg: str) -> Path:
    """Writes the chart beside today's results of that name."""
    path = RESULTS / f"{datetime.now(UTC).date().isoformat()}-{name}.svg"
    path.write_text(svg)
    return path


def text(document: dict[str, Any]) -> str:
    """The page of a document."""
    where = document["machine"]
    lines = [
        f"# Results of {document['date']}",
        "",
        f"`{document['command']}` at commit {document['commit']}, on {where['cores']} cores ({where['cpu']}), "
        f"{where['memory_gib']} GiB, Linux {where['kernel']}.",
        "",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in document["versions"].items()) + ".",
    ]
    if document["corpus"]:
        lines += [
            "",
            f"Photographs: 24 of 2040 px from {', '.join(document['corpus'])} ({', '.join(document['licences'])}).",
        ]
    for scenario, found in document["results"].items():
        lines += ["", f"## {scenario}", "", *_section(scenario, found)]
    return "\n".join(lines) + "\n"


def _section(scenario: str, found: dict[str, Any]) -> list[str]:
    if scenario == "formats":
        lines: list[str] = []
        for format_name, rows in found.items():
            columns = ["per_cpu_second", "cpu_ms", "spread", "per_second", "p50_ms", "p95_ms", "p99_ms", "pss_mib",
                       "bytes", "ms_ssim"]  # fmt: skip
            lines += [f"### {format_name}", "", *table(rows, columns), ""]
        return lines
    if scenario == "workers":
        return table(found, [f"{who}_{what}" for who in ("served", "bare") for what in _SCALING])
    if scenario == "caches":
        columns = ["per_cpu_second", "cpu_ms", "spread", "per_second", "p50_ms", "p95_ms", "p99_ms", "renders"]
        return table(found, columns)
    if scenario == "family":
        columns = ["first_ms", "first_with_ms", "further_ms", "further_with_ms", "ratio", "pss_mib", "pss_with_mib"]
        columns += ["bare_ms", "without_ms", "with_ms", "without_by_bare", "with_by_bare"]
        return table(found, columns)
    if scenario == "bulk":
        columns = ["seconds", "files_per_second", "mb_per_second", "uploaded", "sent_mib", "there_before"]
        columns += ["client_cpu_s", "client_rss_mib", "service_cpu_s", "ms_cpu_per_file", "load"]
        return table(found, columns)
    if scenario == "budget":
        columns = ["peak_mib", "peak_share", "group_peak_mib", "samples", "before_mib", "after_mib", "seconds"]
        return table(found, [*columns, "worst", "slow", "passed"])
    if scenario == "sound":
        return table(found, ["seconds_per_cpu_second", "spread", "goal", "cpu_by_bare"])
    if scenario == "transcode":
        return table(found, ["cpu_ms", "spread", "cpu_by_ffmpeg", "goal"])
    if scenario == "films":
        columns = ["per_second", "p99_alone_ms", "p99_beside_ms", "ratio", "spread", "refused", "bar"]
        return table(found, columns)
    if scenario == "filters":
        return table(found, ["cpu_ms", "bare_cpu_ms", "ratio", "spread", "bar"])
    if scenario.startswith("autoquality"):
        return table(found, list(next(iter(found.values()))))
    if scenario == "storage":
        return table(found, ["cpu_ms", "spread", "ratio", "per_second"])
    if scenario == "alike":
        return table(found, ["assets", "p50_ms", "p95_ms", "found", "equal", "filled_s"])
    if scenario == "writes":
        columns = [f"{what}_{policy}" for what in ("writes", "renders") for policy in ("all", "second")]
        return table(found, [*columns, "fewer_writes_percent", "more_renders_percent"])
    if scenario == "twins":
        columns = ["assets", "seconds", "cpu_s", "peak_mib", "pairs", "groups", "grouped", "common", "equal"]
        return table(found, columns)
    if scenario == "stream":
        columns = [
            "gib",
            "before_mib",
            "growth_mib",
            "bar_mib",
            "mib_per_second",
            "cpu_s_per_gib",
            "read_for_1_mib_mib",
        ]
        return table(found, columns)
    if scenario == "overhead":
        columns = ["bare_cpu_ms", "cpu_ms", "front_ms", "ratio", "bar", "bare_bytes", "bytes"]
        return table(found, columns)
    if scenario == "memory":
        lines = ["| requests | front MiB | workers MiB |", "|---|---|---|"]
        for point in found["points"]:
            lines.append(
                f"| {point['requests']} | {point['front_mib']} | {', '.join(map(str, point['workers_mib']))} |"
            )
        front, worker = found["front_growth_mib_per_1000"], found["worker_growth_mib_per_1000"]
        return [*lines, "", f"Growth after the first quarter, MiB a thousand requests: front {front}, worker {worker}."]
    if scenario == "svg":
        return svg_section(found)
    if scenario == "soak":
        return [f"* {name}: {value}" for name, value in found.items() if name != "samples"]
    if scenario == "hostile":
        return hostile_section(found)
    if scenario == "cost":
        return cost_section(found)
    if scenario == "overload":
        return overload_section(found)
    if scenario == "plain":
        return plain_section(found)
    return [f"* {name}: {value}" for name, value in found.items()]


def svg_section(found: dict[str, Any]) -> list[str]:
    """Lines of the comparison of drawings."""
    lines = [
        f"{found['equal']} of {found['files']} files ({found['share']}) are equal within {found['tolerance']} of 255.",
        "",
        "The others, by what was removed from them or why they were refused:",
        "",
    ]
    for reason, files in found["others"].items():
        lines.append(f"* {reason}: {', '.join(files)}")
    lines += ["", "What the sanitiser removes, in how many files:", "", "| removed | files |", "|---|---|"]
    return lines + [f"| {name} | {number} |" for name, number in found["removed"].items()]


def hostile_section(found: dict[str, Any]) -> list[str]:
    """Lines of the attacks, those beyond the bar first."""
    columns = ["row", "pass", "quiet_p50_ms", "quiet_p99_ms", "eight_p50_ms", "eight_p99_ms", "eight_errors"]
    columns += ["slow_p50_ms", "slow_p99_ms", "slow_errors", "ratio", "eight_attack", "slow_attack", "restarts"]
    columns += ["peak_mib", "attack_cpu_s", "others_cores"]
    rows = dict(sorted(found["rows"].items(), key=lambda item: (item[1]["pass"], item[0])))
    beyond = ", ".join(found["beyond"]) or "none"
    return [f"{found['attacks']} attacks; beyond the bar: {beyond}.", "", *table(rows, columns)]


def cost_section(found: dict[str, Any]) -> list[str]:
    """Lines of the estimates beside what jobs took."""
    columns = ["jobs", "hold", "cpu_least", "cpu_median", "cpu_p90", "memory_least", "memory_median", "memory_p90"]
    lines = [
        "Estimate divided by usage. A job holds if its CPU time is at most twice the estimate and its memory, what it "
        "is granted of mappings, and its result are at most the estimate.",
        "",
        *table(found["groups"], [*columns, "grant_least"]),
    ]
    if found["broken"]:
        fault = ["fault", "cpu_ms", "estimate_ms", "mib", "estimate_mib", "mapped_mib", "result", "error"]
        lines += ["", "Jobs that do not hold:", "", *table(found["broken"], fault)]
    return lines


def plain_section(found: dict[str, Any]) -> list[str]:
    """Lines of plain requests beside those of another checkout."""
    columns = ["requests", "old_cpu_ms", "cpu_ms", "ratio", "spread", "old_front_ms", "front_ms", "ratios"]
    beyond = ", ".join(found["beyond"]) or "none"
    lines = [f"Beside commit {found['old_commit']}; more than {found['bar']} times its CPU: {beyond}.", ""]
    return lines + table(found["rows"], [*columns, "other_cpu_s"])


def overload_section(found: dict[str, Any]) -> list[str]:
    """Lines of the loads, and whether each is within the bar."""
    columns = ["capacity", "offered_per_second", "good_per_second", "refused_share", "errors", "without_retry_after"]
    columns += ["admitted_p50_ms", "admitted_p99_ms", "refused_p50_ms", "refused_p99_ms", "cpu_s", "front_cpu_s"]
    columns += ["front_cpu_ms_a_refusal", "client_cpu_share", "client_late_ms", "others_cores"]
    lines = [*table(found["rows"], columns), ""]
    return lines + [f"* {name}: {value}" for name, value in found["verdict"].items()]


def table(rows: dict[str, dict[str, Any]], columns: list[str]) -> list[str]:
    """Lines of a table; a cell without a value stays empty."""
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join(str(row.get(column, "")) for column in columns) + " |")
    return lines
