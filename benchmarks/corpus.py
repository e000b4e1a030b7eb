"""Real photographs from Debian's packages, scaled to one size, in four formats. Nothing of it is committed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePath

WORK = Path(__file__).parent / ".work"
SET = WORK / "set"
PACKAGES = ("lomiri-wallpapers-16.04", "lxqt-themes", "mate-backgrounds")
"""The manifest tells each file's licence, as its package's copyright file has it."""
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
        image = pyvips.Image.thumbnail(str(path), SIDE, height=SIDE, size="down", output_profile="srgb").copy_memory()
        stem = SET / f"{len(taken):02}"
        image.jpegsave(f"{stem}.jpg", Q=90, keep=pyvips.ForeignKeep.NONE)
        image.pngsave(f"{stem}.png", keep=pyvips.ForeignKeep.NONE)
        image.webpsave(f"{stem}.webp", Q=90, effort=2, keep=pyvips.ForeignKeep.NONE)
        image.heifsave(f"{stem}.avif", Q=75, compression="av1", effort=0, keep=pyvips.ForeignKeep.NONE)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entry = {"file": path.name, "sha256": digest, "width": image.width, "height": image.height}
        taken.append(entry | origin("/" + str(path.relative_to(WORK / "corpus"))))
        if len(taken) == COUNT:
            break
    if len(taken) < COUNT:
        raise RuntimeError(f"only {len(taken)} of {COUNT} photographs were found")
    manifest: dict[str, object] = {"packages": packages(), "photographs": taken}
    (SET / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def origin(installed_path: str) -> dict[str, str]:
    """Package and licence of a file of the corpus, by its path on a system."""
    for package in PACKAGES:
        listed = subprocess.run(["dpkg-deb", "-c", *(WORK / "packages").glob(f"{package}_*.deb")],
                                capture_output=True, text=True, check=True).stdout  # fmt: skip
        if f" .{installed_path}\n" in listed:
            text = (WORK / "corpus/usr/share/doc" / package / "copyright").read_text(errors="replace")
            return {"package": package, "licence": licence(text, installed_path)}
    raise RuntimeError(f"no package holds {installed_path}")


def licence(copyright_text: str, installed_path: str) -> str:
    """What a Debian copyright file says of an installed file; the last paragraph that speaks of it counts.

    The file names paths in the package's source (copyright-format 1.0), which end like the installed ones or, where the
    package moves its files about, at least in the same name.
    """
    found = ""
    for paragraph in copyright_text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in paragraph.strip().splitlines():
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')}\n{line}"
            else:
                name, _, value = line.partition(":")
                fields[name] = value
        if _speaks_of(fields.get("Files", "").split(), installed_path) and "License" in fields:
            found = fields["License"].split("\n")[0].strip()
    if not found:
        raise RuntimeError(f"no licence is given for {installed_path}")
    return found


def _speaks_of(patterns: list[str], path: str) -> bool:
    return any(
        pattern == "*" or fnmatch(path, f"*/{pattern}") or PurePath(pattern).name == PurePath(path).name
        for pattern in patterns
    )


def licences() -> list[str]:
    """The licences of the set's photographs."""
    return sorted({entry["licence"] for entry in json.loads((SET / "manifest.json").read_text())["photographs"]})


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
