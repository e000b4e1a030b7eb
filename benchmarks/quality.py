"""How near a result is to the ideal one: MS-SSIM against a lossless picture of the same size (1 = equal)."""

from __future__ import annotations

import io

from PIL import Image


def reference(path: str, width: int, height: int) -> Image.Image:
    """The original resized without haste: full decode, lanczos3."""
    import pyvips

    image = pyvips.Image.new_from_file(path)
    small = image.resize(width / image.width, vscale=height / image.height)
    return Image.open(io.BytesIO(small.pngsave_buffer(compression=1, keep=pyvips.ForeignKeep.NONE))).convert("RGB")


def ms_ssim(found: Image.Image, ideal: Image.Image) -> float:
    """MS-SSIM of two pictures of equal size."""
    from blazediff_ssim import compare_rgba  # type: ignore[import-untyped]

    width, height = ideal.size
    one, two = (picture.convert("RGBA").tobytes() for picture in (found, ideal))
    return float(compare_rgba(one, two, width, height, metric="ms-ssim").score)


def of_answer(body: bytes, path: str) -> tuple[float, tuple[int, int]]:
    """MS-SSIM and size of an answer for the original at ``path``."""
    found = Image.open(io.BytesIO(body)).convert("RGB")
    return ms_ssim(found, reference(path, *found.size)), found.size
