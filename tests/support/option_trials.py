"""Random combinations of three options over pictures of every kind: no worker is lost, nothing is an error of ours.

``python -m tests.support.option_trials --requests 100000``; ``make trials`` runs it. Options and their values come from
the option table, so that a new option is among them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from mememime_proxy.formats import BEST, FORMATS
from mememime_proxy.urls.options.arguments import (
    Argument,
    Choice,
    DecimalNumber,
    Flag,
    HexColor,
    RightAngle,
    ValueType,
    WholeNumber,
)
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import OPTIONS
from tests.support.malformed_images import real_files
from tests.support.photographs import SAMPLES
from tests.support.proxy_process import ProxyProcess

DATA = Path(__file__).parents[1] / "data"
OF_PICTURE = frozenset({"watermark_url", "mask", "fallback_image_url"})
"""Options whose value is the address of a picture."""
FINE = frozenset({200, 403, 404, 422})
"""The result, or what is wrong with the URL or the original. 403: an option that a setting has to allow."""
_CHAINED = 0.15
_CLIENTS, _ATTEMPTS = 2, 30
_LARGEST = 700
"""Numbers without a limit of their own are mostly below it, so that results stay small."""
_TIMEOUT = 60
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass
class OptionTrialResult:
    """What came of a trial."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    """Status, path and text of answers that are not fine."""
    ended: Counter[str] = field(default_factory=Counter)
    """Workers that ended while they worked, by reason."""
    seconds: float = 0

    @property
    def lost(self) -> int:
        """Workers that ended by a fault. One that a render took beyond its grant is not: the render is repeated."""
        return sum(count for reason, count in self.ended.items() if reason != "over-cpu")


def write_pictures(folder: Path) -> list[str]:
    """Write pictures of all formats, depths, colours and frames; return their names."""
    files = {path.name: path.read_bytes() for path in (*SAMPLES.iterdir(), *DATA.glob("*.heic"))}
    files |= {f"small-{name}": body for name, body in real_files().items()}
    names = [name for name in files if Path(name).suffix not in (".md", ".mp4", ".flac")]
    for name in names:
        (folder / name).write_bytes(files[name])
    return names


class Combinations:
    """Random paths, the same ones for the same seed."""

    def __init__(self, names: list[str], seed: int) -> None:
        self._names, self._random = names, random.Random(seed)
        self._formats = ["", BEST, *(name for name, format_ in FORMATS.items() if format_.writable)]
        self._pictures = [name for name in names if not name.startswith("small-")]

    def path(self) -> str:
        """Return a path with three options."""
        chance = self._random
        parts = [self._option(chance.choice(OPTIONS)) for _ in range(3)]
        if chance.random() < _CHAINED:
            parts.insert(chance.randrange(4), "-")
        parts.append(f"f:{name}" if (name := chance.choice(self._formats)) else "")
        return "/".join(("/unsafe", *filter(None, parts), "plain", f"local:///{chance.choice(self._names)}"))

    def _option(self, option: Option) -> str:
        texts = option.example.split(":")
        if all(isinstance(each, Argument) for each in option.arguments):
            count = self._random.randint(1, len(option.arguments))
            known = texts[1:]
            values = [
                self._value(option, each.type, known[index] if index < len(known) else "")
                for index, each in enumerate(option.arguments[:count])
                if isinstance(each, Argument)
            ]
            return ":".join((texts[0], *values))
        return ":".join((texts[0], *(self._varied(text) for text in texts[1:])))

    def _value(self, option: Option, kind: ValueType, example: str) -> str:
        chance = self._random
        if chance.random() < 0.05:
            return ""
        if option.name in OF_PICTURE:
            url = f"local:///{chance.choice(self._pictures)}"
            return urlsafe_b64encode(url.encode()).decode().rstrip("=")
        makers: dict[type[ValueType], Callable[[], str]] = {
            Flag: lambda: chance.choice("01"),
            RightAngle: lambda: str(90 * chance.randint(-4, 4)),
            HexColor: lambda: f"{chance.randrange(1 << 24):06x}",
        }
        if maker := makers.get(type(kind)):
            return maker()
        if isinstance(kind, Choice):
            return chance.choice(list(kind.values))
        if isinstance(kind, WholeNumber):
            return str(int(self._number(kind.minimum, kind.maximum)))
        if isinstance(kind, DecimalNumber):
            return f"{self._number(kind.minimum, kind.maximum):.4g}"
        return self._varied(example)

    def _number(self, minimum: float, maximum: float) -> float:
        """Return a number of a range: an end of it, a small one, or any up to where results stay small."""
        chance = self._random
        low, high = max(minimum, -_LARGEST), min(maximum, _LARGEST)
        ends = [low, high, low + 1, minimum, maximum]
        return chance.choice([*ends, 0, 1, chance.uniform(low, min(high, low + 4)), chance.uniform(low, high)] * 2)

    def _varied(self, text: str) -> str:
        """Return a text of an example, whose number is another one in half of the cases."""
        chance = self._random
        if not _NUMBER.fullmatch(text) or chance.random() < 0.5:
            return text
        return f"{float(text) * chance.choice([0, 0.01, 0.5, -1, 2, 10]):.4g}"


async def run(requests: int, seed: int, folder: Path) -> OptionTrialResult:
    """Ask a proxy with its default limits for ``requests`` combinations."""
    pictures = folder / "pictures"
    pictures.mkdir()
    combinations, result = Combinations(write_pictures(pictures), seed), OptionTrialResult()
    paths = iter([combinations.path() for _ in range(requests)])
    started = time.monotonic()
    with ProxyProcess(
        folder,
        allow_unsigned="1",
        local_filesystem_root=str(pictures),
        watermark_path=str(pictures / "watermark.svg"),
        allow_security_options="1",
        allow_bypass_cache="1",
        timeout=str(_TIMEOUT),
        variants_cache_size="0",
        log_level="info",
    ) as proxy:
        async with aiohttp.ClientSession(proxy.base) as session:
            await asyncio.gather(*(_ask(session, paths, result) for _ in range(_CLIENTS)))
        lines = proxy.lines()
    result.ended.update(line["reason"] for line in lines if line["event"] == "worker.ended")
    # A render that its worker did not survive is a 422 to the client.
    result.failures += [
        f"{line['status']} {line['options']} {line['source']} {line['error']} {line['detail'][-200:]}"
        for line in lines
        if str(line.get("error")).startswith("worker.") and line["event"] == "request.refused"
    ]
    result.seconds = time.monotonic() - started
    return result


async def _ask(session: aiohttp.ClientSession, paths: Iterator[str], result: OptionTrialResult) -> None:
    for path in paths:
        for _ in range(_ATTEMPTS):
            async with session.get(URL(path, encoded=True)) as response:
                body, wait = await response.read(), response.headers.get("Retry-After")
            if wait is None:
                break
            await asyncio.sleep(float(wait))  # another process has the machine's cores
        result.statuses[response.status] += 1
        if response.status not in FINE or (response.status == 200 and not body):
            result.failures.append(f"{response.status} {path} {body[:200].decode('utf-8', 'replace')}")


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(run(arguments.requests, arguments.seed, Path(folder)))
    print(
        f"{sum(result.statuses.values())} requests in {result.seconds:.0f} s: {dict(sorted(result.statuses.items()))}"
    )
    print(f"workers that ended early: {dict(result.ended)}")
    for failure in result.failures:
        print(failure)
    return 1 if result.failures or result.lost else 0


if __name__ == "__main__":
    sys.exit(_main())
