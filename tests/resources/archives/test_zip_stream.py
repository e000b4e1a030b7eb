from __future__ import annotations

import io
import subprocess
import zipfile

from mememime_proxy.resources.archives.zip_stream import ZipStream

FILES = {"cup.jpg": b"", "Küche (2).png": bytes(range(256)) * 3000, "leer 😀.txt": b"x"}


def archive(files):
    stream, parts, largest = ZipStream(), [], 0
    for name, content in files.items():
        stream.begin(name, len(content), 1_764_547_200_000)
        for start in range(0, len(content), 10_000):
            stream.write(content[start : start + 10_000])
            parts.append(stream.take())
            largest = max(largest, len(parts[-1]))
        stream.end()
    stream.close()
    return b"".join([*parts, stream.take()]), largest


def test_archive_is_read_by_python_and_by_unzip(tmp_path):
    content, largest = archive(FILES)
    assert largest < 11_000
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == FILES
        assert found.infolist()[0].date_time == (2025, 12, 1, 0, 0, 0)
    file = tmp_path / "assets.zip"
    file.write_bytes(content)
    subprocess.run(["unzip", "-q", file, "-d", tmp_path / "out"], check=True, env={"LC_ALL": "C.UTF-8"})
    assert {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()} == FILES


def test_times_that_the_format_has_not_are_the_nearest_year():
    stream = ZipStream()
    stream.begin("old", 0, 0)
    stream.close()
    with zipfile.ZipFile(io.BytesIO(stream.take())) as found:
        assert found.infolist()[0].date_time[0] == 1980


def test_large_files_have_sizes_of_64_bits():
    stream = ZipStream()
    stream.begin("large", 5 << 30, 0)
    head = stream.take()
    assert head[4:6] == bytes((45, 0))  # version 4.5 of the format
