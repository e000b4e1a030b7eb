"""What a C2PA manifest adds to a result: CPU time and bytes, by format. The signature is made in the same process."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import pyvips

from benchmarks.statistics import median
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.provenance.library import WRITTEN
from mememime_proxy.imaging.provenance.signing import ManifestSigner
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.parent.signing import load_key
from tests.support.signing_certificates import write_chain

BAR_MS = 5.0
PHOTOGRAPH = Path(__file__).parents[1] / "config" / "samples" / "astronaut.jpg"
_SIDE = 512
_CALLS = 5


def measure(rounds: int) -> dict[str, Any]:
    """Return rows by format: for an original without a manifest, and for one with one."""
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    with tempfile.TemporaryDirectory() as folder:
        key = load_key(*write_chain(Path(folder)), "es256")
    signer, renderer = ManifestSigner("always", key.identity, key.sign), Renderer(RenderConfig())
    original, plan = PHOTOGRAPH.read_bytes(), Plan(format="jpeg", quality=90)
    pipelines = [(plan, calculate(_SIDE, _SIDE, 1, plan))]
    signed = bytes(signer.add(renderer.render(original, plan), original, plan, pipelines).body)
    rows = {}
    for name in sorted(WRITTEN):
        plan = Plan(width=_SIDE, format=name)
        row: dict[str, Any] = {}
        for label, data in (("", original), (", parent", signed)):
            variant, seconds, size = renderer.render(data, plan), [], 0
            for _ in range(rounds):
                begun = time.process_time()
                for _ in range(_CALLS):
                    size = len(signer.add(variant, data, plan, pipelines).body)
                seconds.append((time.process_time() - begun) / _CALLS)
            row[f"ms{label}"] = round(1000 * median(seconds), 1)
            row[f"kB{label}"] = round((size - len(variant.body)) / 1000, 1)
        rows[name] = row | {"bar, ms": BAR_MS}
    return rows
