"""What the gallery does to many pictures at once: one archive, names by a pattern."""

from __future__ import annotations

import zipfile

from tests.support.browser import Browser
from tests.support.console_visit import site, visit
from tests.support.numbered_png import numbered_png
from tests.support.waiting import wait_until

BUTTON = "[...document.querySelectorAll('.selection button')].find((each) => each.textContent === '{}').click()"


async def test_selection_is_downloaded_and_named(tmp_path):
    bodies = {f"cup {number}.png": numbered_png(number) for number in range(3)}
    folder = tmp_path / "downloads"
    folder.mkdir()
    with site(tmp_path / "site") as place, Browser() as browser:
        for name, body in bodies.items():
            place.resources.request("PUT", f"/assets?filename={name.replace(' ', '%20')}", body)
        async with visit(browser, place) as tab:
            await tab.accept_downloads(folder)
            await tab.open(f"{place.console}/?q=type:png+cup")
            await tab.wait("document.querySelectorAll('[role=gridcell]').length === 3")
            await tab.run("document.querySelector('[role=gridcell]').focus()")
            await tab.press("x")
            await tab.wait("document.querySelector('.selection') !== null")
            await tab.run("document.querySelector('.selection button').click()")
            await tab.wait("document.querySelectorAll('[aria-selected=true]').length === 3")
            await tab.run(BUTTON.format("Download"))
            file = folder / "assets.zip"
            await wait_until(file.exists)
            await tab.run(BUTTON.format("Name"))
            await tab.wait("document.querySelector('dialog input')?.value === '{name}'")
            await tab.wait("document.querySelector('dialog code')?.textContent.startsWith('cup-')")
            await tab.run("document.querySelector('dialog input').select()")
            await tab.write("bulk/{name}")
            await tab.press("Enter")
            await tab.wait("document.querySelector('.notices').textContent.includes('3 names given')")
            assert tab.errors == []
        with zipfile.ZipFile(file) as found:
            assert {name: found.read(name) for name in found.namelist()} == bodies
        names = place.resources.request("GET", "/aliases?prefix=bulk/").json["aliases"]
        assert [each["name"] for each in names] == ["bulk/cup-0", "bulk/cup-1", "bulk/cup-2"]
