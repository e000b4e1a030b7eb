"""What people do in the console, from the beginning to the end: with the mouse, by the keyboard, on a bad line."""

from __future__ import annotations

import base64
import json
import re

import aiohttp
import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.browser import Browser
from tests.support.console_visit import SAMPLES, show, site, visit
from tests.support.numbered_png import numbered_png
from tests.support.proxy_process import KEY, SALT
from tests.support.waiting import wait_until

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


async def body(url):
    """Return the bytes of an address that has to answer with them."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == 200, url
        return await answer.read()


async def gives(url, content):
    """Return whether an address answers with these bytes."""
    return await body(url) == content


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
        assert await body(url)
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


def of_text(text, within="main"):
    """Return the expression of a button or link with a text."""
    return (
        f"[...document.querySelectorAll('{within} button, {within} a')]"
        f".find((each) => each.textContent.trim() === {json.dumps(text)})"
    )


async def enter(tab, what):
    """Go to an element by the keyboard, see that it is marked, and press Enter."""
    await tab.wait(what)
    await tab.reach(what)
    assert await tab.run(
        "((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none')"
        "(getComputedStyle(document.activeElement))"
    ), what
    await tab.press("Enter")


async def test_every_flow_by_keyboard_alone(browser, place):
    sha256 = place.resources.upload(numbered_png(1100), "hands/one")
    place.resources.upload(numbered_png(1101), "hands/one")
    dialog = "document.querySelector('dialog[open]')"
    cell = "document.activeElement.matches('[role=gridcell]')"
    async with visit(browser, place) as tab:
        # Gallery: tags, help, deletion; the keyboard returns to the cell.
        await show(tab, place, "/?q=alias:hands/")
        await tab.reach("document.querySelector('[role=gridcell]')")
        place_of_cell = await tab.run(
            "[document.activeElement.ariaColIndex, document.activeElement.parentElement.ariaRowIndex]"
        )
        assert place_of_cell == ["1", "1"]
        for key in "t?":
            await tab.press(key)
            await tab.wait(dialog)
            await tab.press("Escape")
            await tab.wait(f"{dialog} === null && {cell}")
        await tab.press("t")
        await tab.wait(dialog)
        await tab.write("by-hand")
        await tab.press("Enter")
        await tab.wait(f"{dialog} === null && {cell}")
        assert place.resources.request("GET", "/aliases/hands/one").json["tags"] == ["by-hand"]
        # Focal point, versions, the way back.
        await tab.press("e")
        await tab.wait(f"document.activeElement === {POINT}")
        await tab.press("ArrowRight")
        await enter(tab, of_text("Save focal point"))
        await tab.wait("document.querySelectorAll('.strip li').length === 4")
        await enter(tab, of_text("Compare"))
        await tab.wait(f"{dialog}?.querySelectorAll('img').length === 2")
        await tab.reach(f"{dialog}.querySelector('input[type=range]')")
        await tab.press("ArrowRight")
        await tab.wait("document.activeElement.value === '51'")
        await tab.press("Escape")
        await tab.wait(f"document.activeElement === {of_text('Compare')}")
        await enter(tab, "[...document.querySelectorAll('.strip button')].at(-1)")
        await tab.wait("document.querySelectorAll('.strip li').length === 5")
        assert place.resources.request("GET", "/aliases/hands/one").json["asset"]["sha256"] == sha256
        # Asset: another name, deletion and the way back by the notice.
        await enter(tab, of_text("← Asset"))
        await tab.wait("document.querySelector('.line input')")
        await tab.reach("document.querySelector('.line input')")
        await tab.write("hands/two")
        await tab.press("Enter")
        await tab.wait("document.querySelectorAll('.names a[href*=aliases]').length === 2")
        await enter(tab, of_text("Delete"))
        await tab.wait(f"{dialog} && document.activeElement.textContent === 'Delete'")
        await tab.press("Enter")
        await enter(tab, of_text("Undo", ".notices"))
        await tab.wait("document.querySelectorAll('.names a[href*=aliases]').length === 2")
        # Playground: another option by its name; code is reached.
        await enter(tab, of_text("Playground"))
        await tab.wait("document.querySelector('.add select')")
        await tab.reach("document.querySelector('.add select')")
        for key in "blur":
            await tab.press(key)
        await tab.wait("document.activeElement.value === 'blur'")
        await tab.press("Tab")
        await tab.press("Enter")
        await tab.wait("new URLSearchParams(location.search).getAll('o').some((each) => each.startsWith('bl'))")
        await tab.wait("document.querySelector('pre.code')?.textContent.includes('/bl:')")
        await tab.reach("document.querySelector('pre.code')")
        # Upload: the choice of files is reached; operation: a purge.
        for path, what in (("/upload", "input[type=file]"), ("/explain", "textarea"), ("/operation", "form input")):
            await show(tab, place, path)
            await tab.reach(f"document.querySelector('main {what}')")
        await tab.write("alias://hands/one")
        await tab.press("Enter")
        await tab.wait("document.querySelector('main').textContent.includes('Dropped of alias://hands/one')")
        # The first Tab of a page skips the header.
        await show(tab, place, "/upload")
        await tab.run("document.activeElement.blur()")
        await tab.press("Tab")
        await tab.press("Enter")
        assert await tab.run("document.activeElement === document.querySelector('main')")


async def test_zoom_forced_colors_and_reduced_motion(browser, place):
    """200 % of 1280 x 800; what is chosen is not shown by a colour alone; nothing moves by itself."""
    async with visit(browser, place, width=640, height=400, scale=2) as tab:
        await tab.prefer(forced_colors="active", prefers_reduced_motion="reduce")
        for path in (
            "/",
            "/upload",
            "/aliases/samples/coffee",
            "/playground?source=alias://samples/coffee",
            "/explain",
            "/keys",
        ):
            await show(tab, place, path)
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), path
            assert await tab.run(
                "[...document.querySelectorAll('*')]"
                ".every((each) => getComputedStyle(each).transitionDuration === '0s')"
            ), path
            current = "[...document.querySelectorAll('[aria-current]')]"
            assert await tab.run(f"{current}.every((each) => getComputedStyle(each).outlineStyle === 'solid')"), path
        await show(tab, place, "/")
        assert await tab.run("document.querySelector('.grid').clientHeight") > 120
        await tab.reach("document.querySelector('[role=gridcell]')")
        await tab.press("x")
        await tab.wait("getComputedStyle(document.querySelector('[aria-selected=true]')).outlineWidth === '4px'")


async def test_thumbnail_that_cannot_be_shown_says_why_and_is_asked_for_again(browser, place):
    async with visit(browser, place) as tab:
        await tab.block("*rs:fill*")
        await show(tab, place, "/?q=alias:samples/coffee")
        await tab.wait("document.querySelector('.refused')?.textContent.includes('could not show it')")
        assert "No preview" in await tab.run("document.querySelector('[role=gridcell]').ariaLabel")
        await tab.block()
        await click(tab, "Try again")
        await tab.wait("document.querySelector('.cell img')?.naturalWidth > 0")


async def test_previews_are_the_crops_of_the_saved_focal_point(browser, place):
    """Each preview is what the public URL gives as soon as the focal point is saved, though that was in the cache."""
    name = "crops/one"
    place.resources.upload((SAMPLES / "dandelion.jpg").read_bytes(), name)
    sizes = [(240, 240), (240, 180), (240, 135), (135, 240), (240, 103)]
    async with visit(browser, place) as tab:
        public = [
            UrlBuilder(place.proxy.base, KEY, SALT).resize("fill", *sides).build(f"alias://{name}", extension="webp")
            for sides in sizes
        ]
        before = [await body(url) for url in public]
        await show(tab, place, f"/aliases/{name}")
        await tab.drag(".focus", (0.5, 0.5), (0.82, 0.3))
        point = "[...document.querySelectorAll('.crop img')].every((each) => each.src.includes('g:fp:0.82'))"
        await tab.wait(f"document.querySelectorAll('.crop img').length === 5 && {point}")
        previews = [
            await body(url)
            for url in await tab.run("[...document.querySelectorAll('.crop img')].map((each) => each.src)")
        ]
        await click(tab, "Save focal point")
        await tab.wait("document.querySelector('.notice') !== null")
        for url, preview in zip(public, previews, strict=True):
            await wait_until(lambda url=url, preview=preview: gives(url, preview))
        assert sum(former != preview for former, preview in zip(before, previews, strict=True)) >= 4


@pytest.mark.slow
async def test_many_files_over_a_line_that_is_cut(browser, place, tmp_path):
    """200 files, three of them broken; the line is cut twice, and the page loaded again in between."""
    files = []
    for number in range(200):
        file = tmp_path / f"file {number}.png"
        file.write_bytes(b"broken" if number % 70 == 30 else numbered_png(2000 + number))
        files.append(file)
    ended = "document.querySelectorAll('tr.done, tr.there, tr.failed').length"
    async with visit(browser, place) as tab:
        await show(tab, place, "/upload")
        await tab.choose("input[type=file]", files)
        await tab.wait(f"{ended} >= 20")
        await tab.cut(True)
        await tab.wait("document.querySelectorAll('tr.hashing, tr.sending').length === 3")
        await tab.cut(False)
        await tab.wait(f"{ended} >= 60")
        done = await tab.run("[...document.querySelectorAll('tr.done th')].map((each) => each.textContent)")
        await show(tab, place, "/upload")
        tab.sent.clear()
        await tab.choose("input[type=file]", files)
        await tab.wait(f"{ended} >= 100")
        await tab.cut(True)
        await tab.wait("document.querySelectorAll('tr.hashing, tr.sending').length === 3")
        await tab.cut(False)
        await tab.wait(f"{ended} >= 150")
        await tab.wait(f"{ended} === 200")
        reasons = await tab.run("[...document.querySelectorAll('tr.failed .error')].map((each) => each.textContent)")
        assert len(reasons) == 3
        assert all("image" in reason.lower() for reason in reasons)
        begun = [
            base64.b64decode(re.search(r"filename ([^,]+)", request["headers"]["Upload-Metadata"])[1]).decode()
            for request in tab.sent
            if request["method"] == "POST" and request["url"].endswith("/uploads")
        ]
        assert not set(done) & set(begun), "what was there was sent again"
    known = place.resources.request("GET", "/assets?q=file&limit=1000&state=ready").json["assets"]
    assert len([asset for asset in known if asset["filename"].startswith("file ")]) == 197
