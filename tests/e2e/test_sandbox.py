"""Layers of the sandbox that a machine does not have: said everywhere, and no start where they are required (H10)."""

import json
import subprocess
import sys
from urllib.request import urlopen

import pytest

from mememime_proxy.urls import UrlBuilder
from mememime_proxy.workers.sandbox.confine import LAYERS
from tests.support.child_process import clean_environment
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess

RESTRICTED = "tests.support.restricted_kernel"
ABSENT = [("landlock",), ("seccomp",), ("landlock", "seccomp"), ()]


def service(kind, folder, absent, **settings):
    if kind is ProxyProcess:
        settings |= {"key": KEY, "salt": SALT, "workers": "1"}
    process = kind(folder, RESTRICTED, **settings) if kind is ResourceProcess else kind(folder, **settings)
    process.program = RESTRICTED
    process.settings["RESTRICTED_KERNEL"] = " ".join(absent)
    return process


@pytest.mark.parametrize("absent", ABSENT, ids=" ".join)
@pytest.mark.parametrize("kind", [ProxyProcess, ResourceProcess])
def test_h10_layers_that_are_in_force_are_in_log_health_and_metrics(kind, absent, tmp_path):
    layers = [layer for layer in LAYERS if layer not in absent]
    with service(kind, tmp_path, absent) as running:
        assert running.find("service.started")["sandbox"] == ", ".join(layers)
        with urlopen(f"{running.base}/health?verbose", timeout=30) as response:
            health = json.load(response)
        assert health["status"] == "ok"
        assert health["sandbox"] == {layer: layer in layers for layer in LAYERS}
        assert health["workers"]["size"] == 1
        prefix = "" if kind is ProxyProcess else "resource_"
        for layer in LAYERS:
            assert running.metric(f'{prefix}sandbox_layer{{layer="{layer}"}}') == (layer in layers)
        warning = running.find("sandbox.incomplete")
        if absent:
            assert warning["missing"] == ", ".join(absent)
            assert all(f"{layer} (needs " in warning["detail"] for layer in absent)
        else:
            assert warning is None


@pytest.mark.parametrize("absent", ABSENT[:-1], ids=" ".join)
@pytest.mark.parametrize("kind", [ProxyProcess, ResourceProcess])
def test_h10_service_that_requires_the_sandbox_does_not_start_without_and_says_what_it_needs(kind, absent, tmp_path):
    process = service(kind, tmp_path, absent, require_sandbox="true")
    result = subprocess.run(
        [sys.executable, "-m", RESTRICTED, process.command],
        env=clean_environment(**process.settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    message = result.stderr.splitlines()[-1]
    assert message.startswith("Error: MEMEMIME_REQUIRE_SANDBOX is set, and workers have no ")
    assert all(f"{layer} (needs " in message for layer in absent)
    assert "Traceback" not in result.stderr


def test_h10_service_that_requires_the_sandbox_starts_and_renders_with_it(tmp_path, pictures):
    settings = {"require_sandbox": "true", "local_filesystem_root": str(pictures)}
    with service(ProxyProcess, tmp_path, (), **settings) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(30).build("local:///coffee.jpg")
        with urlopen(url, timeout=30) as response:
            assert response.status == 200


LATER = """
import asyncio, json, os, signal
from mememime_proxy.errors import MememimeError
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob
from tests.support.restricted_kernel import take_away

async def main():
    events = []
    config = PoolConfig(size=1, require_sandbox=True, test_operations=True)
    pool = Pool(config, RenderConfig(), on_event=events.append)
    await pool.start()
    source = memfd("original", b"x")
    await pool.run(WorkerJob("echo"), source, 30)
    before = pool.sandbox
    while pool.stats().workers < 2:  # one more than the pool uses at once
        await asyncio.sleep(0.01)
    take_away("landlock")
    os.kill(pool.zygote_pid, signal.SIGKILL)
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    while pool.stats().restarts.get("unconfined", 0) < 3:
        await asyncio.sleep(0.01)
    try:
        await pool.run(WorkerJob("echo"), source, 0.5)
        outcome = "rendered"
    except MememimeError as error:
        outcome = error.code
    stats = pool.stats()
    print(json.dumps({
        "before": before, "outcome": outcome, "healthy": pool.healthy, "ready": stats.workers, "after": pool.sandbox,
        "events": [event.reason for event in events if event.kind == "sandbox-incomplete"],
    }))
    await pool.close(0)

asyncio.run(main())
"""


def test_h10_worker_forked_later_without_a_required_layer_is_not_used():
    result = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(result.stdout or "{}")
    assert found == {
        "before": list(LAYERS), "outcome": "render.timeout", "healthy": False, "ready": 0, "after": [],
        "events": ["landlock"],
    }, result.stderr  # fmt: skip
