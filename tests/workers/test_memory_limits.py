"""F8: where the kernel's limit is reached in spite of all budgets, the worker of one job ends and nothing else."""

import json
import subprocess
import sys

from tests.support.control_group import memory_group

MIB = 1 << 20
LIMIT = 260 * MIB
SCRIPT = """
import asyncio, json, os, sys
with open(sys.argv[1], "w") as group:
    group.write(str(os.getpid()))
from mememime_proxy.errors import MememimeError
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.pool import Pool, PoolConfig, WorkerJob

async def main():
    pool = Pool(PoolConfig(size=2, test_operations=True, spawn_timeout=60), RenderConfig())
    await pool.start()
    original, zygote = memfd("original", b"x" * 1000), pool.zygote_pid
    sleeping = asyncio.create_task(pool.run(WorkerJob("sleep:3"), original, 60))
    try:
        await pool.run(WorkerJob(sys.argv[2]), original, 60)
        error = ""
    except MememimeError as failure:
        error = failure.code
    after = await pool.run(WorkerJob("echo"), original, 60)
    beside = await sleeping
    print(json.dumps({
        "error": error,
        "beside": len(beside.variant.body),
        "after": len(after.variant.body),
        "zygote": pool.zygote_pid == zygote,
        "restarts": pool.stats().restarts,
    }), flush=True)
    await pool.close(0)

asyncio.run(main())
"""


def test_f8_limit_of_the_control_group_that_one_job_reaches_ends_that_job_alone():
    with memory_group(LIMIT) as group:
        # Its grant covers what it takes: only the kernel is in its way.
        operation = f"cost:large 1 {500 * MIB} 1000 allocate:{400 * MIB}"
        command = [sys.executable, "-c", SCRIPT, str(group), operation]
        run = subprocess.run(command, stdout=-1, stderr=-1, timeout=300, check=False)
        assert run.returncode == 0, run.stderr.decode()[-2000:]
        found = json.loads(run.stdout)
    restarts = found.pop("restarts")
    assert found == {"error": "worker.killed", "beside": 1000, "after": 1000, "zygote": True}
    assert restarts["killed"] == 1
