"""The load of a client that costs next to nothing: ``wrk`` (Debian package), one thread, connections that are kept."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

_SCRIPT = """\
local paths = {{ {paths} }}
local number = 0
function request()
  number = number + 1
  return wrk.format("GET", paths[(number - 1) % #paths + 1])
end
"""


@dataclass(frozen=True)
class Rate:
    """What came back, and how fast."""

    requests: int
    per_second: float


def run(
    base: str, paths: Sequence[str], clients: int, seconds: int, accept: str = "", within: Sequence[str] = ()
) -> Rate:
    """Asks for ``paths`` below ``base``, one after another and again and again, saying ``accept`` if anything.

    ``within``: a command that runs the client somewhere else. RuntimeError for any answer but 200.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is missing: apt-get install wrk")
    command = [*within, program, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", base + paths[0]]
    if accept:
        command += ["-H", f"Accept: {accept}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if len(paths) > 1:  # a script for every request costs wrk a third of its speed
            script.write(_SCRIPT.format(paths=", ".join(map(json.dumps, paths))))
            script.flush()
            command += ["-s", script.name]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    return Rate(int(re.findall(r"(\d+) requests in", told)[0]), float(re.findall(r"Requests/sec: *([0-9.]+)", told)[0]))
