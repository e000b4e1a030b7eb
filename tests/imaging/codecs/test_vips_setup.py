"""Set-up of libvips, in child processes: blocked loaders cannot be allowed again for other tests."""

import subprocess
import sys
from pathlib import Path

import pyvips

SCRIPT = """
import os, sys, pyvips
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.codecs.vips_setup import prepare

prepare()
print('threads', len(os.listdir('/proc/self/task')))
extras = [format_.module for format_ in FORMATS.values() if format_.module and format_.readable]
print('imported', all(module in sys.modules for module in extras))
image = pyvips.Image.black(8, 8)
png = image.pngsave_buffer()
print('png', pyvips.Image.pngload_source(pyvips.Source.new_from_memory(png)).width)
attempts = {{
    'guess': lambda: pyvips.Image.new_from_file('{path}'),
    'file': lambda: pyvips.Image.pngload('{path}'),
    'raw': lambda: pyvips.Image.rawload('{path}', 1, 1, 1),
    'buffer': lambda: pyvips.Image.new_from_buffer(png, ''),
    'save to a file': lambda: image.pngsave('{path}.2'),
    'save raw': lambda: image.rawsave_buffer(),
    'save to a target': lambda: image.write_to_target(pyvips.Target.new_to_memory(), '.png'),
}}
for name, load in attempts.items():
    try:
        load()
        print(name, 'loaded')
    except pyvips.Error:
        print(name, 'blocked')
"""


def test_vips_setup_prepare_starts_no_thread_and_blocks_other_loaders(tmp_path):
    script = SCRIPT.format(path=tmp_path / "a.png")
    pyvips.Image.black(8, 8).pngsave(str(tmp_path / "a.png"))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert found.stdout.splitlines() == [
        "threads 1",
        "imported True",
        "png 8",
        "guess blocked",
        "file blocked",
        "raw blocked",
        "buffer blocked",
        "save to a file blocked",
        "save raw blocked",
        "save to a target blocked",
    ]


RENDERS = """
import sys
sys.path.insert(0, {here!r})
from tests.imaging.codecs.jpeg.test_gain_map import ultra_hdr
from tests.support.pixels import image_of, places
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.plan import Plan, RenderConfig, Trim

image = image_of(places(64, 48))
originals = {{suffix: image.write_to_buffer(suffix) for suffix in ('.jpg', '.png', '.webp', '.gif', '.tif', '.avif')}}
originals['svg'] = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><path d="M0 0h20v20z"/></svg>'
originals['ultra hdr'] = ultra_hdr()
for name in ('bmp', 'ico'):
    originals[name] = Renderer(RenderConfig()).render(originals['.png'], Plan(format=name)).body
renderer = Renderer(RenderConfig(), watermark=originals['.png'])
renderer.prepare()
plan = dict(width=30, preserve_hdr=True, watermark=Watermark(0.5), blur=1, trim=Trim(1.0))
for name, original in originals.items():
    for format_ in ('jpeg', 'png', 'webp', 'gif', 'avif', 'tiff', 'bmp', 'ico'):
        variant = renderer.render(original, Plan(format=format_, **plan))
        assert (variant.format, variant.width) == (format_, 30), (name, format_, variant)
hdr = renderer.render(originals['ultra hdr'], Plan(format='jpeg', preserve_hdr=True, width=96)).body
print('gain map' if b'hdrgm' in hdr or b'21496' in hdr else 'none')
"""


def test_vips_setup_allowed_loaders_read_and_write_every_format():
    script = RENDERS.format(here=str(Path(__file__).parents[3]))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert found.stdout == "gain map\n", found.stderr
