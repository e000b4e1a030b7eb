"""The records of hostile files: what each is, how it is made, and what may come of it.

A file is code, never a blob in the repository. ``Hostile.body`` makes it, once a process and machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

MIB = 1 << 20
ANSWERED = (200, 422)
"""An original is rendered, or refused as what it is."""


@dataclass(frozen=True)
class Hostile:
    """One file, and the request that makes it hurt."""

    name: str
    row: str
    """Row of docs/security.md."""
    extension: str
    build: Callable[[int], bytes]
    size: int
    """Argument of ``build``: entries, frames, pixels a side … The larger the worse."""
    options: str = "rs:fit:160:160"
    """Processing options of the URL."""
    format: str = "jpeg"
    """Of the result."""
    statuses: tuple[int, ...] = ANSWERED
    """Statuses of a quiet proxy with its defaults."""
    cpu: float = 2.0
    """CPU seconds that a request may cost, the gate among them."""
    memory: int = 512 * MIB
    """Bytes that its worker may have on top of an idle one's."""
    legal: bool = False
    """A large picture or plan with nothing wrong in it: the estimate counts in place of ``cpu`` and ``memory``."""

    def body(self) -> bytes:
        """Return the file. What takes time to make is written to a folder of the machine's, by what makes it."""
        folder = Path(tempfile.gettempdir()) / f"mememime-hostile-{os.getuid()}"
        path = folder / f"{_name_of(self.build)}-{self.size}-{_digest(_module_of(self.build))}"
        if path.exists():
            return path.read_bytes()
        body = self.build(self.size)
        folder.mkdir(exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_bytes(body)
        part.rename(path)
        return body

    def sized(self, size: int) -> Hostile:
        """Return the same file with another size."""
        return replace(self, size=size)

    def path(self, source: str, number: int = 0, signature: str = "unsafe") -> str:
        """Return the path of a request; ``number`` makes it another one, in no cache."""
        return f"/{signature}/{self.options}/cb:{number}/plain/{source}@{self.format}"


def _name_of(build: object) -> str:
    """Return a name for what makes files, with the arguments that are fixed: records may share a file."""
    if isinstance(build, partial):
        fixed = (*build.args, *build.keywords.items())
        return "-".join([_name_of(build.func), *(_name_of(value) for value in fixed)])
    if callable(build):
        return f"{build.__module__.rpartition('.')[2]}.{getattr(build, '__qualname__', '')}"
    return re.sub(r"\W+", "_", repr(build))


def _module_of(build: object) -> str:
    return _module_of(build.func) if isinstance(build, partial) else build.__module__


@cache
def _digest(module: str) -> str:
    """Digest of the code that makes files: what another version has written is never used."""
    folder = Path(__file__).parent / "files"
    sources = [folder / f"{name}.py" for name in (module.rpartition(".")[2], "containers", "heif_writer")]
    return hashlib.blake2b(b"".join(path.read_bytes() for path in sources), digest_size=6).hexdigest()
