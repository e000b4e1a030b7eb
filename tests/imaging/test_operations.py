"""In processes of their own: what is blocked cannot be allowed again for other tests."""

import subprocess
import sys

SCRIPT = """
import os, pyvips
from mememime_proxy.imaging.operations import prepare

prepare()
print('threads', len(os.listdir('/proc/self/task')))
image = pyvips.Image.black(8, 8)
png = image.pngsave_buffer()
print('png', pyvips.Image.pngload_source(pyvips.Source.new_from_memory(png)).width)
image.pngsave('{path}')
attempts = {{
    'guess': lambda: pyvips.Image.new_from_file('{path}'),
    'file': lambda: pyvips.Image.pngload('{path}'),
    'raw': lambda: pyvips.Image.rawload('{path}', 1, 1, 1),
    'buffer': lambda: pyvips.Image.new_from_buffer(png, ''),
}}
for name, load in attempts.items():
    try:
        load()
        print(name, 'loaded')
    except pyvips.Error:
        print(name, 'blocked')
"""


def test_prepare_starts_no_thread_and_leaves_only_the_named_decoders(tmp_path):
    script = SCRIPT.format(path=tmp_path / "a.png")
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.splitlines() == [
        "threads 1",
        "png 8",
        "guess blocked",
        "file blocked",
        "raw blocked",
        "buffer blocked",
    ]
