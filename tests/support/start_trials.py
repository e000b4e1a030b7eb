"""Trials of a cold start: how long until the service listens, and what its first requests take (F11).

``python -m tests.support.start_trials --starts 20`` prints seconds to the first accepted connection, and the time of
the first request beside that of warm ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
_WARM = 30


def one(folder: Path) -> tuple[float, float, list[float]]:
    """Return seconds until it listens, of the first request, and of warm ones; each request renders."""
    begin = time.monotonic()
    with ProxyProcess(folder, key=KEY, salt=SALT, local_filesystem_root=str(SAMPLES)) as service:
        ready = time.monotonic() - begin
        url = UrlBuilder(service.base, key=KEY, salt=SALT)
        times = []
        for width in range(300, 301 + _WARM):
            start = time.monotonic()
            urlopen(url.resize("fit", width).build("local:///dandelion.jpg", "webp"), timeout=60).read()
            times.append(time.monotonic() - start)
    return ready, times[0], times[1:]


def main() -> int:
    """Run the trial; return 1 where a bar is missed: 2 s until it listens, twice the time of warm requests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [one(Path(folder) / str(number)) for number in range(options.starts)]
    ready = max(result[0] for result in results)
    first = max(result[1] for result in results)
    warm = sorted(each for result in results for each in result[2])
    p99 = warm[int(0.99 * len(warm))]
    print(
        f"{options.starts} cold starts: ready after {ready:.2f} s at most; "
        f"first request {1000 * first:.0f} ms at most, p99 of warm ones {1000 * p99:.0f} ms"
    )
    return int(ready > 2 or first > 2 * p99)


if __name__ == "__main__":
    sys.exit(main())
