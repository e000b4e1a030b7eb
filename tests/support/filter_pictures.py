"""Writer of the pictures of ``docs/filters.md`` and ``docs/detection.md``.

``python -m tests.support.filter_pictures [folder]``

Each sheet is one photograph, left as it is and under some options, in the order of the captions of the page. Faces are
found by the extra ``faces``.
"""

from __future__ import annotations

import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pyvips

from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import RenderConfig
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.parser import UrlParser
from tests.support.sample_media import SAMPLES

FOLDER = Path(__file__).parents[2] / "docs" / "filters"
SIDE = "rs:fill:200:150"
PAD = 6


def _text(markup: str) -> str:
    return "wm:1:soea:8:8/wmt:" + urlsafe_b64encode(markup.encode()).decode().rstrip("=")


TITLE = _text("<span size='20pt' foreground='#fff'><b>Espresso</b></span>")
STAMP = _text("<span size='15pt' foreground='#fff'>proof</span>").replace("wm:1:soea:8:8", "wm:0.6:ch:40:30")

SHEETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "colours": (
        "astronaut.jpg",
        ("", "br:40", "co:1.5", "sa:1.8", "hu:120", "gm:1.8", "norm:2:98", "sep:1", "neg:1"),
    ),
    "tones": ("coffee.jpg", ("", "mc:1", "mc:1:c0392b", "dt:1:1a2a6c:fdbb2d", "dt:0.5:1a2a6c:fdbb2d", "sa:0")),
    "sheets": (
        "dandelion.jpg",
        ("", "col:0.4:1a2a6c", "gr:0.9:000:down:0.4", "gr:0.8:fff:45", "pbl:8:up:0.3", "ba:10:0:0:0.5:1"),
    ),
    "watermarks": (
        "coffee.jpg",
        (
            TITLE,
            f"{TITLE}/wmsh:4",
            f"gr:0.8:000:down:0.5/{TITLE}",
            STAMP,
            f"{TITLE}/wmr:-30",
            f"{TITLE}/wmb:soft-light",
        ),
    ),
    "detection": (
        "astronaut.jpg",
        ("", "g:obj:face", "g:obj:face/op:no:0:8", "c_obj:1.8:face", "bd:12", "dd:1"),
    ),
    "shapes": (
        "dandelion.jpg",
        ("crn:24", "crn:max", "crn:0:60:0:60", "rotf:12", "rs:fit:110:150/ex:1/bgb:30", "pd:14/bgb:30/crn:12"),
    ),
}
"""Of each sheet: the photograph, and the options of its pictures."""


def sheet(name: str) -> bytes:
    """Return the sheet as a JPEG."""
    photograph, options = SHEETS[name]
    original = (SAMPLES / photograph).read_bytes()
    parser, renderer = UrlParser(UrlConfig(allow_unsigned=True)), Renderer(RenderConfig())
    pictures = []
    for option in options:
        plan = parser.parse(f"/_/{SIDE}/{option + '/' if option else ''}plain/local:///x@png")
        picture = pyvips.Image.new_from_buffer(renderer.render(original, plan).body, "")
        picture = picture.flatten(background=[255, 255, 255]) if picture.hasalpha() else picture
        pictures.append(picture.colourspace("srgb"))
    across = 3
    joined = pyvips.Image.arrayjoin(pictures, across=across, shim=PAD, background=[255, 255, 255], halign="centre")
    body: bytes = joined.jpegsave_buffer(Q=72, strip=True)
    return body


def main() -> None:
    """Write all sheets."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHEETS:
        (folder / f"{name}.jpg").write_bytes(sheet(name))


if __name__ == "__main__":
    main()
