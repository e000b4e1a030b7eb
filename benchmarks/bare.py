"""The ceiling: libvips in a loop, without any server. Two processes take turns at the same pictures as the clients.

Each render opens the header, decodes at the shrink that the compatible geometry asks for (JPEG 2, 4, 8; WebP any),
resizes with lanczos3 and writes with the server's default arguments.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOX = 512


@dataclass(frozen=True)
class Bare:
    """CPU seconds and bytes of each render."""

    cpu: list[float]
    sizes: list[int]


def run(folder: Path, names: list[str], format_name: str, processes: int, decoder: str = "libvips") -> Bare:
    """Renders ``names`` into a box of 512 px; ``decoder`` is ``libvips`` or, for AVIF, ``pillow``."""
    shares = [names[number::processes] for number in range(processes)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in shares
    ]
    for process, share in zip(started, shares, strict=True):
        asked = {"folder": str(folder), "names": share, "format": format_name, "decoder": decoder}
        assert process.stdin
        process.stdin.write(json.dumps(asked))
        process.stdin.close()
    found = []
    for process in started:
        with process:
            assert process.stdout
            found.append(json.loads(process.stdout.read()))
    return Bare([c for part in found for c in part["cpu"]], [s for part in found for s in part["sizes"]])


def _loop(folder: Path, names: list[str], format_name: str, decoder: str) -> dict[str, Any]:
    import time

    import pyvips

    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    render = _RENDERS[format_name, decoder]
    render((folder / names[0]).read_bytes())  # what is loaded once is not counted
    cpu, sizes = [], []
    for name in names:
        begun = time.process_time()
        sizes.append(len(render((folder / name).read_bytes())))
        cpu.append(time.process_time() - begun)
    return {"cpu": cpu, "sizes": sizes}


def _scale(width: int, height: int) -> float:
    return min(BOX / width, BOX / height)


def _jpeg(data: bytes) -> bytes:
    import pyvips

    head = pyvips.Image.jpegload_buffer(data)
    width, height = head.width, head.height
    scale = _scale(width, height)
    shrink = next((step for step in (8, 4, 2) if step <= 1 / scale), 1)
    image = pyvips.Image.jpegload_buffer(data, shrink=shrink, access="sequential")
    image = image.resize(scale * width / image.width, vscale=scale * height / image.height)
    return image.jpegsave_buffer(Q=80, optimize_coding=True, keep=pyvips.ForeignKeep.NONE)


def _png(data: bytes) -> bytes:
    import pyvips

    image = pyvips.Image.pngload_buffer(data, access="sequential")
    return image.resize(_scale(image.width, image.height)).pngsave_buffer(
        filter=pyvips.ForeignPngFilter.ALL, keep=pyvips.ForeignKeep.NONE
    )


def _webp(data: bytes) -> bytes:
    import pyvips

    head = pyvips.Image.webpload_buffer(data)
    width, height = head.width, head.height
    scale = _scale(width, height)
    image = pyvips.Image.webpload_buffer(data, scale=scale, access="sequential")
    if image.width != round(width * scale) or image.height != round(height * scale):
        image = image.resize(scale * width / image.width, vscale=scale * height / image.height)
    return image.webpsave_buffer(Q=79, effort=4, keep=pyvips.ForeignKeep.NONE)


def _avif_end(image: Any) -> bytes:
    import pyvips

    small = image.resize(_scale(image.width, image.height))
    found: bytes = small.heifsave_buffer(Q=63, compression="av1", effort=1, keep=pyvips.ForeignKeep.NONE)
    return found


def _avif(data: bytes) -> bytes:
    import pyvips

    return _avif_end(pyvips.Image.heifload_buffer(data, access="sequential"))


def _avif_pillow(data: bytes) -> bytes:
    import io

    import pyvips
    from PIL import AvifImagePlugin, Image

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    picture = Image.open(io.BytesIO(data))
    pixels, (width, height) = picture.tobytes(), picture.size
    image = pyvips.Image.new_from_memory(pixels, width, height, len(picture.getbands()), "uchar")
    return _avif_end(image.copy(interpretation="srgb"))


_RENDERS = {
    ("jpeg", "libvips"): _jpeg,
    ("png", "libvips"): _png,
    ("webp", "libvips"): _webp,
    ("avif", "libvips"): _avif,
    ("avif", "pillow"): _avif_pillow,
}

if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    json.dump(_loop(Path(wanted["folder"]), wanted["names"], wanted["format"], wanted["decoder"]), sys.stdout)
