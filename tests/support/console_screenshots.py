"""Pictures of every page of the console, in both themes and two widths: ``make screenshots`` writes them."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from mememime_proxy.urls import UrlBuilder
from tests.support.browser import Browser, Tab
from tests.support.console_visit import SAMPLES, Site, show, site, visit
from tests.support.numbered_png import numbered_png
from tests.support.proxy_process import KEY, SALT

THEMES = ("light", "dark")
WIDTHS = (1280, 360)
HEIGHT = 860
_WRONG_URL = "http://localhost:8080/unsafe/rs:fill:300:200/q:800/plain/alias://samples/coffee@webp"


def pages(place: Site) -> dict[str, str]:
    """Return the paths of all pages by names of files."""
    asset = place.resources.request("GET", "/assets?alias=samples/coffee").json["assets"][0]["sha256"]
    film = place.resources.request("GET", "/assets?alias=media/film").json["assets"][0]["sha256"]
    sound = place.resources.request("GET", "/assets?alias=media/sound").json["assets"][0]["sha256"]
    served = UrlBuilder(place.proxy.base, key=KEY, salt=SALT).resize("fill", 300, 200).build("alias://samples/coffee")
    return {
        "gallery": "/",
        "gallery-search": "/?q=type:jpg+%3E1kB",
        "gallery-nothing": "/?q=tag:none",
        "upload": "/upload",
        "asset": f"/assets/{asset}",
        "alias": "/aliases/samples/coffee",
        "playground": f"/playground?source={quote('alias://samples/coffee')}&o=rs:fill:480:320&o=g:sm&o=q:60&format=webp"
        "&pin=rs:fill:480:320/g:sm@jpg",
        "playground-error": f"/playground?source={quote('alias://samples/coffee')}&o=rs:fill:x",
        "film": f"/assets/{film}",
        "sound": f"/assets/{sound}",
        "operation": "/operation",
        "keys": "/keys",
        "explain": "/explain",
        "explain-refused": f"/explain?url={quote(_WRONG_URL, safe='')}",
        "explain-served": f"/explain?url={quote(served, safe='')}",
        "no-page": "/nowhere",
    }


async def take(browser: Browser, place: Site, folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write a PNG of each page to ``folder``; ``names``: only these. Return the files."""
    files: list[Path] = []
    chosen = set(names)
    for theme in THEMES:
        for width in WIDTHS:
            async with visit(browser, place, theme=theme, width=width, height=HEIGHT) as tab:
                for name, path in pages(place).items():
                    if chosen and name not in chosen:
                        continue
                    await show(tab, place, path)
                    if name == "film":
                        # Point at the timeline: the frame of that moment is shown.
                        await tab.run(
                            "document.querySelector('.timeline').dispatchEvent(new PointerEvent('pointermove',"
                            " {bubbles: true, clientX: innerWidth / 4}))"
                        )
                        await tab.wait(
                            "['vtt:', 'vts:'].every((option) => performance.getEntriesByType('resource')"
                            ".some((each) => each.name.includes(option)))"
                        )
                    if name == "gallery":
                        await tab.wait("document.querySelectorAll('.cell img').length >= 5")
                    if name == "operation":
                        await tab.run(
                            "(() => { const box = document.querySelector('form.line input');"
                            " box.value = 'alias://samples/coffee'; box.dispatchEvent(new Event('input'));"
                            " setTimeout(() => box.form.requestSubmit()); })()"
                        )
                        await tab.wait("document.querySelector('section [role=status] dl') !== null")
                        await tab.run("document.querySelector('form.line').scrollIntoView({block: 'center'})")
                    await _settle(tab)
                    file = folder / f"{name}-{theme}-{width}.png"
                    file.write_bytes(await tab.screenshot())
                    files.append(file)
    return files


async def _settle(tab: Tab) -> None:
    """Wait until all pictures are there and decoded, and for two frames more."""
    await tab.wait("!document.querySelector('[aria-busy=true]') && [...document.images].every((each) => each.complete)")
    await tab.run(
        "Promise.allSettled([...document.images].map((each) => each.decode())).then(() => new Promise((done) =>"
        " requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))"
    )


def add_media(place: Site) -> None:
    """Upload a film and a sound."""
    for name, file in (("film", "film.mp4"), ("sound", "music.flac")):
        place.resources.upload((SAMPLES / file).read_bytes(), f"media/{name}")


def prepare(place: Site) -> None:
    """Give the samples what pages show: tags, versions, a focal point, a name of its own."""
    name = "samples/coffee"
    place.resources.upload((SAMPLES / "rocket.jpg").read_bytes(), name)
    place.resources.upload((SAMPLES / "coffee.jpg").read_bytes(), name)
    digest = place.resources.request("GET", f"/assets?alias={name}").json["assets"][0]["sha256"]
    place.resources.set_alias(name, digest, tags=["drink", "table"], focal={"x": 0.4, "y": 0.45})
    add_media(place)
    place.resources.upload(numbered_png(7), "shop/unnamed-yet")


def main() -> None:
    """Run the services, visit all pages, print the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("names", nargs="*", help="only these pages")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as place, Browser() as browser:
        prepare(place)
        for file in asyncio.run(take(browser, place, arguments.out, arguments.names)):
            print(file)


if __name__ == "__main__":
    main()
