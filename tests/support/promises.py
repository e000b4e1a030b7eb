"""What the resource service promises, row by row, and the tests that prove it.

``python -m tests.support.promises`` (``make docs``) writes the table of docs/promises.md from the rows here and from
the tests that carry ``@pytest.mark.promise("G7")``.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
_MARK = "<!-- Written by `make docs` from tests/support/promises.py and the tests' markers. -->\n"


@dataclass(frozen=True)
class Promise:
    """One row: what happens to the service, and what was measured beside the tests."""

    id: str
    threat: str
    long_run: str = ""
    """A run that is too long for the suite, and its result."""
    not_run: str = ""
    """What no test does, and why."""


PROMISES = (
    Promise(
        "G1",
        "A client dies at each 4 KiB of 64 KiB, and at offsets of large uploads.",
        long_run="`python -m tests.support.crash_trials`: 200 random offsets of 64 MiB, 0 divergences",
    ),
    Promise(
        "G2",
        "The service is killed with `kill -9` before each write, sync, rename, statement and commit of create, patch,"
        " finish, put, a batch, move and delete, and at random moments. (The tests run a sample.)",
        long_run="`python -m tests.support.crash_trials`: 202 kills, one before each durable operation of eight"
        " requests; ENOSPC and EIO from each call; 200 kills at random moments of a request, 16 of them after its"
        " response: 0 divergences. Batches, added later: 60 kills, one before each durable operation, and ENOSPC and"
        " EIO from each call: 0 divergences; of 200 kills at random moments 63 were made",
    ),
    Promise(
        "G3",
        "Power fails.",
        not_run="no file system here loses what was not synced. The service relies on fsync of file and folder before"
        " a response, and on the databases' own durability (`synchronous=FULL`, `fsync=on`)",
    ),
    Promise(
        "G4", "A tmpfs under assets, temporary files and database is full; each call in turn fails with ENOSPC or EIO."
    ),
    Promise("G5", "Several clients send at one offset; a connection is dead and the client does not know it."),
    Promise("G6", "The same on two processes with one PostgreSQL and one S3; one process is killed."),
    Promise("G7", "Checksums of chunks and digests of complete uploads are wrong."),
    Promise("G8", "A hundred requests finish one upload at once, in one process and in two."),
    Promise(
        "G9", "Parts go straight to the storage: responses are lost, parts are exchanged, the original is another."
    ),
    Promise("G10", "Bits flip; objects are lost or cut short."),
    Promise(
        "G11",
        "Tokens are changed, used up, expired, of another key, for another type or size; a hundred requests use a token"
        " for one upload.",
    ),
    Promise(
        "G12",
        "A thousand requests claim one name, on two processes three hundred; versions are stale, names are confusable"
        " or have a tombstone.",
    ),
    Promise("G13", "An alias moves under load, through NGINX."),
    Promise(
        "G14",
        "Forms are malformed, come byte by byte, or have part headers without an end.",
        not_run="a corpus of a fuzzer",
    ),
    Promise("G15", "Uploads are too large, announced or not; bodies end early; an upload is cancelled during a write."),
    Promise(
        "G16",
        "PostgreSQL crashes during an upload; SQLite is locked for longer than any timeout; database and storage"
        " differ in random ways.",
        not_run="a failover to another server",
    ),
    Promise(
        "G17",
        "10,000 of 60,000 uploads are abandoned.",
        long_run="removed in 7.5 s (SQLite) and 13 s (PostgreSQL), no transaction longer than 26 and 58 ms, the event"
        " loop never late by more than 67 ms (two cores)",
    ),
    Promise(
        "G18",
        "A state machine compares the service with a model, with restarts and kills during requests.",
        long_run="`python -m tests.support.upload_machine --steps 20000 --database sqlite`: 20,016 steps, 89 kills, 75"
        " of them during a request, 19 stops, 0 divergences; `--database postgres`: 20,008 steps, 95 kills, 70 during a"
        " request, 18 stops, 0 divergences. With batches (SQLite): 1,058 steps, 92 of them batches, 5 kills,"
        " 0 divergences",
    ),
    Promise("G19", "Clients of other projects upload."),
    Promise(
        "G20",
        "Workers of jobs, the resource service and PostgreSQL are killed while a job runs; a chunk ends its worker"
        " whenever it runs.",
        long_run="`python -m tests.support.job_trials --kills 20`: 1,600 items in 80 chunks, a kill every one to three"
        " seconds; SQLite: 19 kills of workers and one of the service, nothing missing, 84 items ran twice;"
        " `--database postgres`: 12 kills of workers, 7 of PostgreSQL and one of the service, nothing missing, 99 ran"
        " twice",
    ),
)


def marked_tests() -> dict[str, list[str]]:
    """Return the tests of each promise by id, each as ``path::name``, from the decorators in the tests' files."""
    tests = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "mark.promise(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for promise in _marks(node):
                    tests[promise].append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return dict(tests)


def _marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        argument.value
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.promise"
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def page(text: str) -> str:
    """Return the page with today's table in place of the one that ``text`` ends with."""
    tests = marked_tests()
    rows = ["| Row | What happens | Evidence |", "|---|---|---|"]
    for promise in PROMISES:
        evidence = [f"`{test}`" for test in tests.get(promise.id, [])]
        evidence += [f"long run: {promise.long_run}"] * bool(promise.long_run)
        evidence += [f"not run: {promise.not_run}"] * bool(promise.not_run)
        rows.append(f"| {promise.id} | {promise.threat} | {'<br>'.join(evidence)} |")
    introduction, mark, _ = text.partition(_MARK)
    return introduction + mark + "\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
