"""``mememime capacity``: what a load needs, in CPUs, requests and money, from figures of this machine."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from mememime_proxy.capacity.calibration import Calibration, calibrate, find_originals
from mememime_proxy.capacity.model import Demand, Prices
from mememime_proxy.capacity.report import CapacityReport
from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.formats import FORMATS
from mememime_proxy.proxy.variants.picture_pool import picture_pool_config, signing_key
from mememime_proxy.service import logs
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.workers.pool import Pool

_TABLE = ("jpeg", "png", "webp", "avif")
"""Formats that are measured in any case."""
_LIST_PRICES = Prices()
_TOLERANCE = 0.005
_MOST_PIXELS = 8192


class _Mix(click.ParamType[dict[str, float]]):
    """Shares of formats: ``webp=0.6,avif=0.4``."""

    name = "mix"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        if isinstance(value, dict):
            return value
        shares: dict[str, float] = {}
        for part in value.split(","):
            name, _, share = part.strip().partition("=")
            if name not in FORMATS or not FORMATS[name].writable:
                known = ", ".join(name for name, each in FORMATS.items() if each.writable)
                self.fail(f"found the format {name!r}, expected any of {known}", param, ctx)
            try:
                shares[name] = float(share)
            except ValueError:
                self.fail(f"found {part.strip()!r}, expected a format and its share, as in webp=0.6", param, ctx)
        if min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > _TOLERANCE:
            self.fail(f"found shares that make {sum(shares.values()):g}, expected 1", param, ctx)
        return shares


@click.command()
@click.option("--rps", type=click.FloatRange(0, min_open=True), default=1000, show_default=True,
              help="Requests a second at the edge.")  # fmt: skip
@click.option("--hit", type=click.FloatRange(0, 1), default=0.97, show_default=True,
              help="Share that the cache in front answers.")  # fmt: skip
@click.option("--mix", type=_Mix(), default="webp=0.6,avif=0.4", show_default=True,
              help="Share of each format in the renders.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0, 600), default=20, show_default=True,
              help="Time of the calibration; each original is rendered once in each format at least.")  # fmt: skip
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="config/samples",
              show_default=True, help="Originals like yours.")  # fmt: skip
@click.option("--box", type=click.IntRange(1, _MOST_PIXELS), default=512, show_default=True,
              help="Pixels of the side into which they are fitted.")  # fmt: skip
@click.option("--utilization", type=click.FloatRange(0, 1, min_open=True), default=0.7, show_default=True,
              help="Share of the vCPUs that may be busy.")  # fmt: skip
@click.option("--pod-cpus", type=click.IntRange(1, 1024), default=8, show_default=True, help="vCPUs of a pod.")
@click.option("--cpu-price", type=click.FloatRange(0), default=_LIST_PRICES.cpu_hour, show_default=True,
              help="Dollars for a vCPU hour.")  # fmt: skip
@click.option("--put-price", type=click.FloatRange(0), default=_LIST_PRICES.million_puts, show_default=True,
              help="Dollars for a million PUTs.")  # fmt: skip
@click.option("--get-price", type=click.FloatRange(0), default=_LIST_PRICES.million_gets, show_default=True,
              help="Dollars for a million GETs.")  # fmt: skip
@click.option("--storage-price", type=click.FloatRange(0), default=_LIST_PRICES.gigabyte_month, show_default=True,
              help="Dollars for a gigabyte and month.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def capacity(
    *, rps: float, hit: float, mix: dict[str, float], seconds: float, folder: Path, box: int, utilization: float,
    pod_cpus: int, cpu_price: float, put_price: float, get_price: float, storage_price: float, as_json: bool,
) -> None:  # fmt: skip
    """Measure renders on this machine, and print what a load needs and costs, with all assumptions.

    The machine should have nothing else to do. Quality, effort and workers are those of the settings.
    """
    demand = Demand(rate=rps, hit=hit, mix=mix, utilization=utilization, pod_cpus=pod_cpus)
    prices = Prices(cpu_hour=cpu_price, million_puts=put_price, million_gets=get_price, gigabyte_month=storage_price)
    try:
        settings = load(keys_needed=False)
        logs.configure(settings.model_copy(update={"log_level": "error"}))
        click.echo(f"Rendering the originals of {folder} for about {seconds:g} s ...", err=True)
        found = asyncio.run(_measure(settings, tuple(dict.fromkeys((*_TABLE, *mix))), folder, box, seconds))
    except SettingsError as error:
        raise click.UsageError(error.detail) from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    report = CapacityReport(calibration=found, demand=demand, prices=prices, box=box, workers=settings.worker_count)
    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
    else:
        for line in report.lines():
            click.echo(line)


async def _measure(settings: Settings, formats: tuple[str, ...], folder: Path, box: int, seconds: float) -> Calibration:
    originals = await asyncio.to_thread(find_originals, folder)
    config = picture_pool_config(settings, signing_key(settings))
    # Nobody waits for these renders: none is refused because it would wait too long.
    pool = Pool(dataclasses.replace(config, max_wait=0), sections.render_config(settings))
    await pool.start()
    try:
        plan = dataclasses.replace(sections.base_plan(settings), width=box, height=box)
        return await calibrate(pool, plan, formats, originals, seconds)
    except* MememimeError as errors:
        raise errors.exceptions[0] from None
    finally:
        await pool.close(0)
