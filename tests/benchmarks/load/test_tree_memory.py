import os
import subprocess
import sys

from benchmarks.load.tree_memory import count_memory_files, memory_files, tree_bytes

PROGRAM = """
import os
private = bytearray(os.urandom(1 << 20) * 20)
file = os.memfd_create("x")
os.write(file, b"y" * (30 << 20))
print("ready", flush=True)
input()
"""


def test_private_memory_and_memory_files_are_counted_once():
    base = tree_bytes(os.getpid())
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert 30 << 20 <= memory_files([process.pid]) <= 31 << 20
        assert count_memory_files(process.pid) == 1
        assert 50 << 20 <= tree_bytes(process.pid) <= 75 << 20
        assert tree_bytes(os.getpid()) - base >= 40 << 20
        process.communicate(b"\n")
