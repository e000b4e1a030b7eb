"""The files themselves: the same bytes each time, within the size that the bar speaks of, one name each."""

import subprocess
import sys

import pytest

from tests.hostile.catalogue import FILES, KINDS, select

LARGE = {"frames-webp-more", "heif-tiles-large"}
"""Files over a megabyte that are no large pictures."""
BAR = 1_000_000


def test_names_are_unique():
    assert sum(len(list(kind.records())) for kind in KINDS) == len(FILES)


@pytest.mark.slow
@pytest.mark.parametrize("word", ["exif", "text", "heif", "jpeg-", "frames", "tiff", "bitmap", "disguise", "svg"])
def test_files_are_small(word):
    sizes = {record.name: len(record.body()) for record in select(word) if not record.legal}
    assert not {name: size for name, size in sizes.items() if not 0 < size <= BAR and name not in LARGE}


def test_a_file_is_the_same_in_each_process():
    name = "exif-mutual-pointers-webp"
    command = [sys.executable, "-c", "import sys; from tests.hostile.catalogue import FILES;"
               f"r = FILES[{name!r}]; sys.stdout.buffer.write(r.build(r.size))"]  # fmt: skip
    record = FILES[name]
    assert subprocess.run(command, capture_output=True, check=True).stdout == record.build(record.size)


def test_a_size_changes_the_file():
    record = FILES["heif-references"]
    assert len(record.sized(100).body()) < len(record.body())


def test_path_is_another_one_for_each_number():
    record = FILES["exif-self-pointers-jpeg"]
    assert record.path("local:///a.jpg", 3) == "/unsafe/rs:fit:160:160/cb:3/plain/local:///a.jpg@jpeg"
