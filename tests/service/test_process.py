import os
import subprocess
import sys

import pytest

HEAP = """
import os, random, sys
from mememime_proxy.service.process import _limit_heap
if sys.argv[1] == "limited":
    _limit_heap()
random.seed(1)
results, others = [], []
for number in range(3000):
    is_large = random.random() < 0.2
    sizes = [300_000, 3_000_000, 12_000_000, 30_000_000] if is_large else [20_000, 60_000, 120_000]
    results.append(b"x" * random.choice(sizes))
    others.append(bytes(6000))
    if number % 3 == 0:
        others.pop(random.randrange(len(others)))
    while sum(map(len, results)) > 200_000_000 or len(results) > 150:
        results.pop(random.randrange(len(results)))
results.clear()
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20)
"""


def resident(mode, **variables):
    """MiB that a process has after many large results came and went."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")} | variables
    command = [sys.executable, "-c", HEAP, mode]
    return int(subprocess.run(command, env=environment, stdout=-1, check=True).stdout)


@pytest.mark.skipif("glibc" not in os.confstr("CS_GNU_LIBC_VERSION"), reason="other C libraries have no such settings")
def test_h5_memory_of_large_results_goes_back_to_the_kernel():
    before, after = resident("default"), resident("limited")
    assert after < before / 2
    assert resident("limited", MALLOC_ARENA_MAX="4") > after
