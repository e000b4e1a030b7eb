"""Real photographs from Debian's packages, scaled to one size, in four formats. Nothing of it is committed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

WORK = Path(__file__).parent / ".work"
SET = WORK / "set"
PACKAGES = ("lomiri-wallpapers-16.04", "lxqt-themes", "mate-backgrounds")
"""CC-BY, CC-BY-SA, CC0; CC-BY-SA; GPL-2+: the licence of each file stands in its package's copyright file."""
COUNT = 24
SIDE = 2040
"""Longest side in pixels."""
_LEAST_BYTES = 150_000
_EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}


def names(format_name: str) -> list[str]:
    """File names of the set in a format."""
    return [f"{number:02}.{_EXTENSIONS[format_name]}" for number in range(COUNT)]


def fetch() -> None:
    """Downloads and unpacks the packages; needs apt with its lists, but not root."""
    downloads, unpacked = WORK / "packages", WORK / "corpus"
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob("*.deb")):
        subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=downloads, check=True)
    for package in downloads.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, unpacked], check=True)


def derive() -> dict[str, object]:
    """Makes the set from the unpacked packages; the same files in the same order everywhere. Returns the manifest."""
    import pyvips

    pyvips.cache_set_max(0)
    candidates = sorted(p for p in (WORK / "corpus").rglob("*.jpg") if p.stat().st_size >= _LEAST_BYTES)
    shutil.rmtree(SET, ignore_errors=True)
    SET.mkdir(parents=True)
    taken: list[dict[str, object]] = []
    for path in candidates:
        source = pyvips.Image.new_from_file(str(path))
        if max(source.width, source.height) < SIDE or source.bands != 3:
            continue
        image = pyvips.Image.thumbnail(str(path), SIDE, height=SIDE, size="down", export_profile="srgb").copy_memory()
        stem = SET / f"{len(taken):02}"
        image.jpegsave(f"{stem}.jpg", Q=90, keep="none")
        image.pngsave(f"{stem}.png", keep="none")
        image.webpsave(f"{stem}.webp", Q=90, effort=2, keep="none")
        image.heifsave(f"{stem}.avif", Q=75, compression="av1", effort=0, keep="none")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        taken.append({"file": path.name, "sha256": digest, "width": image.width, "height": image.height})
        if len(taken) == COUNT:
            break
    if len(taken) < COUNT:
        raise RuntimeError(f"only {len(taken)} of {COUNT} photographs were found")
    manifest: dict[str, object] = {"packages": packages(), "photographs": taken}
    (SET / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def packages() -> list[str]:
    """The packages with their versions, as their files are called."""
    return sorted(path.name for path in (WORK / "packages").glob("*.deb"))


def installed() -> bool:
    """Whether the set is there."""
    return (SET / "manifest.json").exists()


def sizes() -> list[tuple[int, int]]:
    """Width and height of each photograph of the set."""
    manifest = json.loads((SET / "manifest.json").read_text())
    return [(entry["width"], entry["height"]) for entry in manifest["photographs"]]
