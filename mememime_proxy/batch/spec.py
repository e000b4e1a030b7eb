"""What a batch is asked for, as values that a job carries: command, parameters, limits; and its name."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Self

import msgspec

from mememime_proxy import __version__
from mememime_proxy.errors import BatchUsageError

JOB_KIND = "batch"
"""Kind of the jobs that batches are."""
_NAME_BYTES = 8


class Shard(msgspec.Struct, frozen=True):
    """A part of the input: items whose source falls to ``index`` of ``count``. The same on every machine."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard of ``I/N``, with I from 0 to N - 1. BatchUsageError."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if match is None or int(match[1]) >= int(match[2]):
            raise BatchUsageError(f"--shard: found {text!r}, expected I/N with I from 0 to N-1, like 0/4")
        return cls(int(match[1]), int(match[2]))

    def contains(self, source: str) -> bool:
        """Whether the original at ``source`` belongs to this shard."""
        if self.count == 1:
            return True
        digest = hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest) % self.count == self.index


class ErrorLimit(msgspec.Struct, frozen=True):
    """How many units may fail before a batch stops: a number, or a share."""

    count: int = -1
    """-1 = the share decides."""
    share: float = 0.01

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limit of ``12`` or ``1%``. BatchUsageError."""
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(%?)", text)
        if match is None or (not match[2] and "." in match[1]) or (match[2] and float(match[1]) > 100):
            raise BatchUsageError(f"--max-errors: found {text!r}, expected a number like 20 or a share like 1%")
        return cls(share=float(match[1]) / 100) if match[2] else cls(count=int(match[1]), share=0.0)

    def is_exceeded(self, failed: int, ended: int) -> bool:
        """Whether ``failed`` of ``ended`` units are too many. A share is judged from two hundred units on."""
        if self.count >= 0:
            return failed > self.count
        return ended >= _LEAST_JUDGED and failed > self.share * ended


_LEAST_JUDGED = 200


class BatchSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A batch: what its job carries for all chunks."""

    command: str
    parameters: Any
    """Of the command, as JSON."""
    input: str
    """Where its items come from, as it was written."""
    name: str = ""
    rate: float = 0.0
    """Units a second that one worker makes at most; 0 = no limit."""
    max_errors: ErrorLimit = ErrorLimit()

    def with_name(self, digest: str, configuration: bytes) -> Self:
        """Return the batch with its name: the digest of its input, its parameters and the configuration.

        ``digest``: of the input's content, where it has one. The same command has the same name, and goes on.
        """
        parts = (self.command, self.parameters, self.input, digest, configuration, __version__)
        name = hashlib.blake2b(msgspec.msgpack.encode(parts), digest_size=_NAME_BYTES).hexdigest()
        return msgspec.structs.replace(self, name=f"{self.command}-{name}")
