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
from typing import Any, Self

BOX = 512


@dataclass(frozen=True)
class Bare:
    """CPU seconds and bytes of each render."""

    cpu: list[float]
    sizes: list[int]


class Loop:
    """Processes that render without a server and stay, so that they are as warm as a server's; a context manager."""

    def __init__(self, processes: int) -> None:
        command = [sys.executable, "-m", "benchmarks.bare"]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.communicate()

    def run(self, folder: Path, names: list[str], format_name: str, decoder: str = "libvips") -> Bare:
        """Renders ``names`` into a box of 512 px; ``decoder`` is ``libvips`` or, for AVIF, ``pillow``."""
        for number, process in enumerate(self._processes):
            share = names[number :: len(self._processes)]
            asked = {"folder": str(folder), "names": share, "format": format_name, "decoder": decoder}
            assert process.stdin
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        found = [json.loads(process.stdout.readline()) for process in self._processes if process.stdout]
        return Bare([c for part in found for c in part["cpu"]], [s for part in found for s in part["sizes"]])


def _loop(folder: Path, names: list[str], format_name: str, decoder: str) -> dict[str, Any]:
    import time

    render = _RENDERS[format_name, decoder]
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
    noisy = len(data) > 0.75 * image.width * image.height
    filter_ = pyvips.ForeignPngFilter.AVG if noisy else pyvips.ForeignPngFilter.ALL
    return image.resize(_scale(image.width, image.height)).pngsave_buffer(filter=filter_, keep=pyvips.ForeignKeep.NONE)


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


def _serve() -> None:
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    for line in sys.stdin:
        wanted = json.loads(line)
        print(
            json.dumps(_loop(Path(wanted["folder"]), wanted["names"], wanted["format"], wanted["decoder"])), flush=True
        )


if __name__ == "__main__":
    _serve()
