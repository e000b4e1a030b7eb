"""``python -m benchmarks``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmarks import bulk as bulk_scenario
from benchmarks import caches as cache_scenario
from benchmarks import cdn as cdn_scenario
from benchmarks import corpus, report, scenarios
from benchmarks import storage as storage_scenario
from benchmarks import stream as stream_scenario
from benchmarks import svg as svg_scenario
from benchmarks.servers import Ipx, Ours, OursProgressive, Running, Server, Thumbor


@click.group()
def main() -> None:
    """Measure Mememime beside bare libvips, thumbor, ipx and any imgproxy-compatible server."""


def _ready() -> None:
    if not corpus.installed():
        raise click.ClickException("there is no corpus: run `python -m benchmarks install` first")


def _finish(name: str, command: str, results: dict[str, Any], servers: dict[str, str]) -> None:
    page = report.write(name, f"python -m benchmarks {command}", results, servers)
    click.echo(page.read_text())
    click.echo(f"written: {page.relative_to(report.RESULTS.parent.parent)}")


def _servers(urls: tuple[str, ...], key: str, salt: str) -> list[Server]:
    found: list[Server] = [Ours(corpus.SET), OursProgressive(corpus.SET), Thumbor(corpus.SET), Ipx(corpus.SET)]
    for given in urls:
        name, pid, template = given.split("=", 2)
        found.append(Running(name, template, int(pid), key, salt))
    return found


_ROUNDS = click.option("--rounds", default=5, show_default=True, help="Rounds; they alternate between the sides.")
_URLS = click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="NAME=PID=TEMPLATE",
    help="A server that runs already on the same files, as http://…/{signature}/…/cb:{unique}/plain/…{name}@{format}; "
    "PID is its process.",
)
_KEY = click.option("--key", default="", help="For {signature}, hexadecimal.")
_SALT = click.option("--salt", default="", help="For {signature}, hexadecimal.")


@main.command()
def install() -> None:
    """Download photographs, thumbor and ipx into benchmarks/.work."""
    corpus.fetch()
    corpus.derive()
    Thumbor.install()
    Ipx.install()


@main.command()
@_ROUNDS
def overhead(rounds: int) -> None:
    """CPU of a request against the bare loop."""
    _ready()
    _finish("overhead", f"overhead --rounds {rounds}", {"overhead": scenarios.overhead(rounds)}, {})


@main.command()
@_ROUNDS
@_URLS
@_KEY
@_SALT
def formats(rounds: int, urls: tuple[str, ...], key: str, salt: str) -> None:
    """All servers side by side."""
    _ready()
    servers = _servers(urls, key, salt)
    found = scenarios.formats(servers, rounds)
    _finish("formats", f"formats --rounds {rounds}", {"formats": found}, {s.name: s.version for s in servers})


@main.command()
@_ROUNDS
def workers(rounds: int) -> None:
    """One worker against two."""
    _ready()
    _finish("workers", f"workers --rounds {rounds}", {"workers": scenarios.workers(rounds)}, {})


@main.command()
@click.option("--requests", default=10_000, show_default=True)
def memory(requests: int) -> None:
    """Resident memory over many requests."""
    _ready()
    _finish("memory", f"memory --requests {requests}", {"memory": scenarios.memory(requests)}, {})


@main.command()
def front() -> None:
    """The event loop: its longest stall, and what a crowd costs that asks for one picture."""
    _ready()
    found = {"stall": scenarios.stall(20), "coalesce": scenarios.coalesce(100)}
    _finish("front", "front", found, {})


@main.command()
@_ROUNDS
def caches(rounds: int) -> None:
    """What a request costs when its original, or its result, is kept."""
    _ready()
    _finish("caches", f"caches --rounds {rounds}", {"caches": cache_scenario.caches(rounds)}, {})


@main.command()
@click.option(
    "--folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with .svg files, for example the test suite of resvg.",
)
@click.option("--limit", default=0, help="Files that are compared; 0 = all.")
def svg(folder: Path, limit: int) -> None:
    """Drawings through the gate and by bare librsvg: the share that is equal, the others by reason."""
    _finish("svg", f"svg --folder {folder.name}", {"svg": svg_scenario.compare(folder, limit)}, {})


@main.command()
@_ROUNDS
@click.option("--requests", default=800, show_default=True, help="GETs of the small object in each round.")
def storage(rounds: int, requests: int) -> None:
    """CPU of a GET from S3: this client, bare aiobotocore, obstore."""
    command = f"storage --rounds {rounds} --requests {requests}"
    _finish("storage", command, {"storage": storage_scenario.storage(rounds, requests)}, {})


@main.command()
@_ROUNDS
def cdn(rounds: int) -> None:
    """NGINX in front: hits against a static file, and a crowd that asks for one cold picture."""
    _ready()
    _finish("cdn", f"cdn --rounds {rounds}", cdn_scenario.cdn(rounds), {})


@main.command()
@click.option("--files", default=20_000, show_default=True, help="Small files.")
@click.option("--photographs", default=200, show_default=True)
def bulk(files: int, photographs: int) -> None:
    """The upload client: many files, again, behind a kill -9, and s5cmd."""
    _ready()
    found = bulk_scenario.bulk(files, sorted(corpus.SET.glob("*.jpg")), photographs)
    _finish("bulk", f"bulk --files {files} --photographs {photographs}", {"bulk": found}, bulk_scenario.versions())


@main.command()
@click.option("--size", default=5.0, show_default=True, help="GiB.")
def stream(size: float) -> None:
    """Memory that a large original costs on its way through, from a file and from S3."""
    _finish("stream", f"stream --size {size:g}", {"stream": stream_scenario.stream(size)}, {})


@main.command(name="all")
@_ROUNDS
@_URLS
@_KEY
@_SALT
@click.option("--requests", default=10_000, show_default=True)
def everything(rounds: int, urls: tuple[str, ...], key: str, salt: str, requests: int) -> None:
    """Everything, into one result."""
    _ready()
    servers = _servers(urls, key, salt)
    found = {
        "overhead": scenarios.overhead(rounds),
        "formats": scenarios.formats(servers, rounds),
        "workers": scenarios.workers(rounds),
        "stall": scenarios.stall(20),
        "coalesce": scenarios.coalesce(100),
        "memory": scenarios.memory(requests),
    }
    command = f"all --rounds {rounds} --requests {requests}"
    _finish("all", command, found, {s.name: s.version for s in servers})


main(prog_name="python -m benchmarks")
