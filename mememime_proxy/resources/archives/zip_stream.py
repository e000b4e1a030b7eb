"""A ZIP archive as a stream: files come one after the other, and none is in memory as a whole."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from typing import IO, Final, cast

_YEARS: Final = (1980, 2107)
"""That the format's times can have."""


class _Sink:
    """Takes what the archive's writer writes, until it is taken away."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def write(self, data: bytes) -> int:
        self.bytes += data
        return len(data)

    def flush(self) -> None:
        """Keep what there is: it is taken away by ``ZipStream``."""


class ZipStream:
    """Makes an archive of files without compression: pictures, films and sound are compressed already.

    Sizes and checksums stand behind each file, as readers of streams expect, and in the directory at the end.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast(IO[bytes], self._sink), "w", zipfile.ZIP_STORED)
        self._file: IO[bytes] | None = None

    def begin(self, name: str, size: int, created: int) -> None:
        """Begin a file of ``size`` bytes, at most; ``created``: milliseconds since 1970."""
        time = datetime.fromtimestamp(created / 1000, UTC)
        year = min(max(time.year, _YEARS[0]), _YEARS[1])
        entry = zipfile.ZipInfo(name, (year, time.month, time.day, time.hour, time.minute, time.second))
        entry.external_attr = 0o644 << 16
        entry.file_size = size
        self._file = self._zip.open(entry, "w")

    def write(self, data: bytes) -> None:
        """Append to the file that was begun."""
        if self._file is None:
            raise ValueError("no file was begun")
        self._file.write(data)

    def end(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """End the archive."""
        self.end()
        self._zip.close()

    def take(self) -> bytes:
        """Return the bytes of the archive that have come since the last call."""
        taken, self._sink.bytes = bytes(self._sink.bytes), bytearray()
        return taken
