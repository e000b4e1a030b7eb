"""``python -m tests.hostile [WORD,…] [--write FOLDER]``: lists hostile files, or writes them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.hostile.catalogue import select


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="?", default="")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    for record in select(options.words):
        begun = time.perf_counter()
        body = record.body()
        print(f"{record.name:44} {record.row:4} {len(body):>11,} bytes  {time.perf_counter() - begun:6.2f} s")
        if options.write:
            options.write.mkdir(parents=True, exist_ok=True)
            (options.write / f"{record.name}.{record.extension}").write_bytes(body)


if __name__ == "__main__":
    _main()
