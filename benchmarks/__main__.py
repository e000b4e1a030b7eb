"""``python -m benchmarks``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from benchmarks import alike as alike_scenario
from benchmarks import batch as batch_scenario
from benchmarks import budget as budget_scenario
from benchmarks import bulk as bulk_scenario
from benchmarks import c2pa as c2pa_scenario
from benchmarks import caches as cache_scenario
from benchmarks import catalogue as catalogue_scenario
from benchmarks import cdn as cdn_scenario
from benchmarks import corpus, report, scenarios
from benchmarks import encoders as encoder_scenario
from benchmarks import family as family_scenario
from benchmarks import family_peers as peer_scenario
from benchmarks import filters as filter_scenario
from benchmarks import jpegli as jpegli_scenario
from benchmarks import plain as plain_scenario
from benchmarks import sound as sound_scenario
from benchmarks import storage as storage_scenario
from benchmarks import stream as stream_scenario
from benchmarks import svg as svg_scenario
from benchmarks import transcode as transcode_scenario
from benchmarks import writes as writes_scenario
from benchmarks import zipf as zipf_scenario
from benchmarks.autoquality import curves, fitting, photographs, training
from benchmarks.autoquality import scenario as autoquality_scenario
from benchmarks.cost import scenario as cost_scenario
from benchmarks.cost.pictures import SIZES
from benchmarks.load import films as film_scenario
from benchmarks.load import hostile as hostile_scenario
from benchmarks.load import overload as overload_scenario
from benchmarks.load import soak as soak_scenario
from benchmarks.load.beside import beside
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
    own: list[Server] = [Ours(corpus.SET), OursProgressive(corpus.SET), Thumbor(corpus.SET), Ipx(corpus.SET)]
    return [*own, *_running(urls, key, salt)]


def _running(urls: tuple[str, ...], key: str, salt: str) -> list[Running]:
    found = []
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
    help="A server that runs already on the same files, as http://…/{signature}/…/cb:{unique}/plain/…{name}@{format} "
    "(for peers with {width}, and {folder} before {name}); PID is its process.",
)
_KEY = click.option("--key", default="", help="For {signature}, hexadecimal.")
_SALT = click.option("--salt", default="", help="For {signature}, hexadecimal.")


@main.group(name="autoquality", invoke_without_command=True)
@click.pass_context
def autoquality_commands(context: click.Context) -> None:
    """Measure how near results of autoquality are to their target, on photographs that no model was fitted to."""
    if context.invoked_subcommand is None:
        photographs.fetch()
        _finish("autoquality", "autoquality", autoquality_scenario.measure(), {})


@autoquality_commands.command()
def train() -> None:
    """Measure the photographs that are not measured yet, fit the models and draw the curves of the page."""
    training.measure(photographs.fetch())
    fitting.write(training.data())
    curves.draw(training.data())


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
@click.option("--rounds", default=15, show_default=True, help="Rounds; they alternate between the sides.")
def filters(rounds: int) -> None:
    """CPU of filters, shapes and texts beside bare libvips operations."""
    _finish("filters", f"filters --rounds {rounds}", {"filters": filter_scenario.measure(rounds)}, {})


@main.command()
@_ROUNDS
@click.option("--count", default=60, show_default=True, help="Requests of a round; more of those that take little.")
@click.option("--only", default="", help="Part of the names of kinds of requests; default: all.")
@click.option(
    "--old",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another checkout of this project, with its environment in .venv.",
)
@click.option("--page/--no-page", default=True, help="Write the results, or print them as JSON.")
def plain(rounds: int, count: int, only: str, old: Path, page: bool) -> None:
    """CPU of plain requests beside another checkout."""
    found = plain_scenario.plain(old, rounds, count, only)
    if page:
        _finish("plain", f"plain --rounds {rounds} --count {count} --old CHECKOUT", {"plain": found}, {})
    else:
        click.echo(json.dumps(found, indent=1))


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
@click.option("--budget", "budgets", multiple=True, type=int, default=(1536, 3072), show_default=True, help="MiB.")
@click.option("--workers", multiple=True, type=int, default=(2, 8), show_default=True)
def budget(budgets: tuple[int, ...], workers: tuple[int, ...]) -> None:
    """Memory of the process tree, memory files included, while sixteen worst cases and 100 originals come at once."""
    command = " ".join([*(f"--budget {size}" for size in budgets), *(f"--workers {number}" for number in workers)])
    _finish("budget", f"budget {command}", {"budget": budget_scenario.budgets(budgets, workers)}, {})


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
@click.option("--count", default=corpus.COUNT, show_default=True, help="Photographs.")
@click.option("--only", default="", help="Part of the names of what is asked for; default: all.")
@click.option("--page/--no-page", default=True, help="Write the results, or print them as JSON.")
def family(count: int, only: str, page: bool) -> None:
    """Eight widths of each photograph, with and without its pixels in memory."""
    _ready()
    found = family_scenario.family(count, only)
    if page:
        _finish("family", f"family --count {count}", {"family": found}, {})
    else:
        click.echo(json.dumps(found, indent=1))


@main.command()
@click.option("--count", default=corpus.COUNT, show_default=True, help="Photographs, the first one not counted.")
@click.option("--only", default="", help="Part of the names of what is asked for; default: all.")
@click.option("--page/--no-page", default=True, help="Write the results, or print them as JSON.")
@_URLS
@_KEY
@_SALT
def peers(count: int, only: str, page: bool, urls: tuple[str, ...], key: str, salt: str) -> None:
    """Eight widths of each photograph, beside thumbor and ipx."""
    _ready()
    found = peer_scenario.peers(count, _running(urls, key, salt), only)
    if page:
        versions = {server.name: str(server.version) for server in (Thumbor, Ipx)}
        _finish("peers", f"peers --count {count}", {"peers": found}, versions)
    else:
        click.echo(json.dumps(found, indent=1))


@main.command()
@click.option("--requests", default=100_000, show_default=True, help="Requests of the trace.")
@click.option("--originals", default=5_000, show_default=True, help="Photographs of 1600 px.")
@click.option("--strangers", default=1_000, show_default=True, help="Originals of 12 Mpx that are asked for once each.")
def zipf(requests: int, originals: int, strangers: int) -> None:
    """A trace of many originals with and without pixels in memory, then a stranger; memory."""
    _ready()
    found = zipf_scenario.zipf(requests, originals, strangers)
    _finish("zipf", f"zipf --requests {requests} --originals {originals} --strangers {strangers}", {"zipf": found}, {})


@main.command()
@click.option("--count", default=corpus.COUNT, show_default=True, help="Photographs.")
def jpegli(count: int) -> None:
    """JPEG by jpegli beside libvips' encoder: bytes at equal SSIMULACRA2, CPU."""
    _ready()
    _finish("jpegli", f"jpegli --count {count}", {"jpegli": jpegli_scenario.compare(count)}, {})


@main.command()
@_ROUNDS
def c2pa(rounds: int) -> None:
    """Manifests: CPU and bytes of signing, by format."""
    _finish("c2pa", f"c2pa --rounds {rounds}", {"c2pa": c2pa_scenario.measure(rounds)}, {})


@main.command()
@click.option("--count", default=corpus.COUNT, show_default=True, help="Photographs.")
def encoders(count: int) -> None:
    """CPU, bytes and MS-SSIM of encoders' settings."""
    _ready()
    _finish("encoders", f"encoders --count {count}", {"encoders": encoder_scenario.encoders(count)}, {})


@main.command()
@_ROUNDS
def sound(rounds: int) -> None:
    """Seconds of sound in a CPU second: peaks, loudness and encoders, beside bare PyAV."""
    _finish("sound", f"sound --rounds {rounds}", {"sound": sound_scenario.sound(rounds)}, sound_scenario.libraries())


@main.command()
@_ROUNDS
def transcode(rounds: int) -> None:
    """Frames, short films and segments: CPU beside the ffmpeg program."""
    found = transcode_scenario.transcode(rounds)
    _finish("transcode", f"transcode --rounds {rounds}", {"transcode": found}, sound_scenario.libraries())


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
@click.option("--count", default=1_000_000, show_default=True, help="Assets.")
@click.option("--questions", default=40, show_default=True, help="For each distance.")
@click.option(
    "--database", "dialects", multiple=True, type=click.Choice(alike_scenario.DIALECTS), default=alike_scenario.DIALECTS
)
def alike(count: int, questions: int, dialects: tuple[str, ...]) -> None:
    """Look-alikes among many assets, on both databases: time by distance."""
    found = alike_scenario.alike(count, questions, dialects)
    command = f"alike --count {count} --questions {questions}" + "".join(f" --database {each}" for each in dialects)
    _finish("alike", command, {"alike": found}, {})


@main.command()
@click.option("--count", default=1_000_000, show_default=True, help="Assets.")
@click.option("--distance", "distances", multiple=True, type=click.IntRange(0, 7), default=(3, 6), show_default=True)
@click.option(
    "--database", "dialects", multiple=True, type=click.Choice(alike_scenario.DIALECTS), default=("postgresql",)
)
def twins(count: int, distances: tuple[int, ...], dialects: tuple[str, ...]) -> None:
    """Near-duplicates: all pairs and groups among many assets, as `mememime batch twins` finds them."""
    found = alike_scenario.twins(count, distances, dialects)
    words = [
        f"--count {count}",
        *(f"--distance {each}" for each in distances),
        *(f"--database {each}" for each in dialects),
    ]
    _finish("twins", f"twins {' '.join(words)}", {"twins": found}, {})


@main.command()
@click.option("--items", default=10_000, show_default=True, help="Small variants.")
@click.option("--photographs", default=1000, show_default=True, help="Variants of photographs.")
@click.option("--enqueued", default=1_000_000, show_default=True, help="Items of a manifest.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of a batch beside a proxy under load.")
def batch(items: int, photographs: int, enqueued: int, rounds: int) -> None:
    """Batches: the engine's CPU time, a worker's memory, enqueueing, a batch beside a proxy under load."""
    words = f"batch --items {items} --photographs {photographs} --enqueued {enqueued} --rounds {rounds}"
    found = batch_scenario.batch(items, photographs, enqueued) if items else {}
    _finish("batch", words, {"batch": found, "beside": beside(rounds)}, {})


@main.command()
@click.option("--count", default=1_000_000, show_default=True, help="Assets.")
@click.option("--pages", default=300, show_default=True, help="Pages of each list, at random places.")
@click.option(
    "--database",
    "dialects",
    multiple=True,
    type=click.Choice(alike_scenario.DIALECTS),
    default=alike_scenario.DIALECTS,
    show_default=True,
)
def catalogue(count: int, pages: int, dialects: tuple[str, ...]) -> None:
    """Lists of assets: a page at any place, by number and by cursor, on both databases."""
    words = f"catalogue --count {count} --pages {pages}"
    _finish("catalogue", words, {"catalogue": catalogue_scenario.catalogue(count, pages, dialects)}, {})


@main.command()
def writes() -> None:
    """Writes to the variant store and renders, by CACHE_WRITE_POLICY, on traces of a million requests."""
    _finish("writes", "writes", {"writes": writes_scenario.writes()}, {})


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


@main.command()
@click.option("--seconds", default=15.0, show_default=True, help="Of each load.")
@click.option("--side", default=2040, show_default=True, help="Pixels of the originals.")
@click.option("--box", default=512, show_default=True, help="Pixels of the variants.")
@click.option("--load", "loads", multiple=True, type=float, help="Times the capacity; may be repeated.")
def overload(seconds: float, side: int, box: int, loads: tuple[float, ...]) -> None:
    """Up to ten times the capacity in an open loop: goodput, latencies, cost of a refusal."""
    found = overload_scenario.overload(seconds, side, box, loads or overload_scenario.LOADS)
    _finish("overload", f"overload --seconds {seconds:g} --side {side} --box {box}", {"overload": found}, {})


@main.command()
@click.option("--size", "sizes", multiple=True, type=click.Choice(tuple(SIZES)), default=("small", "medium", "large"))
@click.option("--only", default="", help="Part of the names of jobs; default: all.")
@click.option("--page/--no-page", default=True, help="Write the results, or print them as JSON.")
def cost(sizes: tuple[str, ...], only: str, page: bool) -> None:
    """Estimates of jobs beside what they take: every format, content, option and encoder."""
    found = cost_scenario.cost(sizes, only)
    if page:
        _finish("cost", "cost " + " ".join(f"--size {size}" for size in sizes), {"cost": found}, {})
    else:
        click.echo(json.dumps(found))


@main.command()
@_ROUNDS
@click.option("--seconds", default=10.0, show_default=True, help="Of each phase.")
def films(rounds: int, seconds: float) -> None:
    """Pictures beside a crowd of films, and films beside a crowd of pictures: p99."""
    found = film_scenario.films(rounds, seconds)
    _finish("films", f"films --rounds {rounds} --seconds {seconds:g}", {"films": found}, sound_scenario.libraries())


@main.command()
@click.option("--only", default="", help="Parts of names of attacks, with commas between; default: all.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each phase.")
@click.option("--workers", default=2, show_default=True)
@click.option("--setting", "settings", multiple=True, metavar="NAME=VALUE", help="A setting that is not the default.")
def hostile(only: str, seconds: float, workers: int, settings: tuple[str, ...]) -> None:
    """Good thumbnails beside each hostile file: p99, errors, restarts, memory."""
    from tests.hostile.catalogue import select

    changed = dict(setting.split("=", 1) for setting in settings)
    found = hostile_scenario.hostile(select(only), seconds, workers, **changed)
    command = f"hostile --seconds {seconds:g} --workers {workers}" + f" --only {only}" * bool(only)
    _finish("hostile", " ".join([command, *(f"--setting {s}" for s in settings)]), {"hostile": found}, {})


@main.command()
@click.option("--minutes", default=40.0, show_default=True)
def soak(minutes: float) -> None:
    """Mixed traffic with one hostile request in a hundred: what grows. Exits with 1 where something does."""
    found = soak_scenario.soak(minutes)
    _finish("soak", f"soak --minutes {minutes:g}", {"soak": found}, {})
    report.chart("soak", soak_scenario.picture(found))
    if not found["pass"]:
        raise click.ClickException("something grew, or failed")


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
