"""What people do in the console, from the beginning to the end: with the mouse, and by the keyboard alone."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.support.browser import Browser
from tests.support.console_visit import SAMPLES, site, visit
from tests.support.numbered_png import numbered_png

OVER = "document.querySelector('.over') !== null"
POINT = "document.querySelector('.point')"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("tasks")) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


async def click(tab, text):
    """Press the button or link with a text, once it is there."""
    await tab.wait(
        "(() => { const found = [...document.querySelectorAll('dialog[open] button, dialog[open] a')"
        f", ...document.querySelectorAll('button, a')].find((each) => each.textContent.trim() === {json.dumps(text)}"
        " && !each.disabled); found?.click(); return Boolean(found); })()"
    )


async def clipboard(tab):
    """Keep what the page copies: ``copied`` of the window."""
    await tab.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }, true")


async def delete_named(tab):
    """Delete the asset that is shown, and its name."""
    await click(tab, "Delete")
    await tab.wait("document.querySelector('dialog[open]')?.textContent.includes('tasks/third')")
    await click(tab, "Delete")
    await tab.wait("document.querySelector('.state')?.textContent === 'Deleted'")


async def test_tasks_of_a_new_user(browser, place, tmp_path):
    files = [tmp_path / f"photo {number}.png" for number in range(10)]
    for number, file in enumerate(files):
        file.write_bytes(numbered_png(1000 + number))
    replacement = tmp_path / "another.jpg"
    replacement.write_bytes((SAMPLES / "rocket.jpg").read_bytes())
    async with visit(browser, place) as tab:
        await clipboard(tab)
        # Upload ten photographs: dropped on the gallery.
        await tab.drop("main", files, OVER)
        await tab.wait("document.querySelectorAll('tr.done').length === 10")
        await click(tab, "Look at them")
        await tab.wait("document.querySelectorAll('[role=gridcell][aria-label^=photo]').length === 10")
        await tab.run("document.querySelector('[aria-label^=\"photo 3\"]').click()")
        # Set its focus: without a name the page asks for one.
        await click(tab, "Focal point")
        await tab.wait("document.activeElement.matches('.line input')")
        await tab.write("tasks/third")
        await tab.press("Enter")
        await tab.wait("document.querySelector('.names a') !== null")
        await click(tab, "Copy srcset")
        await tab.wait("window.copied?.includes('srcset=')")
        url = await tab.run('/src="([^"]+)/.exec(copied)[1]')
        assert "/plain/asset://" in url
        with urllib.request.urlopen(url) as answer:  # noqa: ASYNC210 - our own proxy
            assert answer.status == 200
        await click(tab, "Focal point")
        await tab.wait(f"document.activeElement === {POINT}")
        await tab.press("ArrowLeft")
        await click(tab, "Save focal point")
        await tab.wait("document.querySelectorAll('.strip li').length === 2")
        # Another picture under the name, the way back, the name deleted and back.
        await tab.drop(".focus", [replacement], OVER)
        await tab.wait("document.querySelectorAll('.strip li').length === 3")
        await click(tab, "Go back to it")
        await tab.wait("document.querySelectorAll('.strip li').length === 4")
        assert place.resources.request("GET", "/aliases/tasks/third").json["focal"] == {"x": 0.49, "y": 0.5}
        await click(tab, "Delete this name")
        await click(tab, "Delete")
        await tab.wait("document.querySelector('.state') !== null")
        assert place.resources.request("GET", "/aliases/tasks/third").status == 404
        await click(tab, "Go back to it")
        await tab.wait(f"{POINT} !== null")
        # Delete and undo, with its names; then delete, find what was deleted, and restore it.
        await click(tab, "← Asset")
        await delete_named(tab)
        await click(tab, "Undo")
        await tab.wait("document.querySelector('.names a')?.textContent === 'tasks/third'")
        await delete_named(tab)
        await click(tab, "← Gallery")
        await tab.wait("document.querySelector('.tools select') !== null")
        await tab.run(
            "(() => { const show = document.querySelector('.tools select'); show.value = 'state:deleted';"
            " show.dispatchEvent(new Event('change')); })()"
        )
        await tab.wait("document.querySelector('.note')?.textContent === 'Deletedphoto 3.png'")
        await tab.run("document.querySelector('.tick').click()")
        await click(tab, "Restore")
        await tab.wait("document.querySelectorAll('[role=gridcell]').length === 0")
        assert set(tab.errors) <= {"net::ERR_ABORTED"}  # what a page that is left had asked for
