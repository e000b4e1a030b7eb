"""The console in a real browser: pages, keyboard, uploads, versions; no request leaves the two origins."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.urls.options.table import OPTIONS
from tests.support.browser import Browser
from tests.support.console_build import axe
from tests.support.console_visit import SAMPLES, show, site, visit
from tests.support.hashed_assets import add_hashed_assets
from tests.support.numbered_png import numbered_png
from tests.support.stream_film import stream_film

PLAYGROUND = "/playground?source=alias://samples/coffee&o=rs:fill:120:80&o=q:60&format=webp&pin=rs:fill:120:80@jpg"
CELLS = "document.querySelectorAll('[role=gridcell]')"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


def new_alias(place, name, *bodies):
    for body in bodies:
        place.resources.upload(body, name)
    return name


async def violations(tab):
    """What axe finds on the page as it is now: rules and elements."""
    await tab.run(f"{axe()}; true")
    found = await tab.run(
        "axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify("
        "found.violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 160))])))"
    )
    return json.loads(found)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_pages_have_no_violation_and_ask_nobody_else(browser, place, theme, width):
    sha256 = place.resources.request("GET", "/assets?alias=samples/").json["assets"][0]["sha256"]
    async with visit(browser, place, theme=theme, width=width) as tab:
        for path in (
            "/", "/upload", f"/assets/{sha256}", "/aliases/samples/coffee", "/?q=tag:none", "/nowhere", PLAYGROUND,
            "/playground?source=alias://samples/coffee&o=rs:fill:x", "/explain?url=/unsafe/w:9/plain/alias://a",
            "/operation", "/keys",
        ):  # fmt: skip
            await show(tab, place, path)
            if path == "/":
                await tab.wait("document.querySelectorAll('.cell img').length >= 5")
            assert await violations(tab) == [], path
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), path
            assert tab.errors == [], path
        await show(tab, place, "/")
        await tab.press("?")
        await tab.wait("document.querySelector('dialog[open]') !== null")
        assert await violations(tab) == []
        origins = {
            "{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in tab.requests if not url.startswith("data:")
        }
        assert origins <= {place.resources.base, place.proxy.base, "about://"}
        await tab.press("Escape")
        await tab.run("document.querySelector('.bar .quiet').click()")
        await tab.wait("document.querySelector('#key') !== null")
        assert await violations(tab) == []


async def test_keys_work_from_the_moment_the_page_is_shown(browser, place):
    name = new_alias(place, "keys/one", (SAMPLES / "rocket.jpg").read_bytes())
    async with visit(browser, place, width=360) as tab:
        await tab.slow_down(20)  # the paint comes long after the elements
        for _ in range(3):
            await show(tab, place, "/")
            await tab.press("?")
            await tab.wait("document.querySelector('dialog[open]') !== null")
        await show(tab, place, f"/aliases/{name}")
        await tab.run("document.querySelector('.point').focus()")
        await tab.press("ArrowRight")
        await tab.wait("document.querySelectorAll('.crop img').length === 5")
        assert await tab.run("document.querySelector('.point').style.left") == "51%"


async def test_sign_in_by_key_and_out_again(browser, place):
    key = place.resources.request("POST", "/keys", {"role": "write"}).json["key"]
    async with visit(browser, place) as tab:
        await tab.run("document.querySelector('.bar .quiet').click()")
        await tab.wait("document.activeElement.id === 'key'")
        await tab.write("wrong")
        await tab.press("Enter")
        await tab.wait("document.querySelector('#sign-in-error').textContent.includes('credential')")
        await tab.wait("document.querySelector('#key').value === ''")
        await tab.run("document.querySelector('#key').focus()")
        await tab.write(key)
        await tab.press("Enter")
        await tab.wait(f"{CELLS}.length >= 5")
        stored = await tab.run("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])")
        assert key not in stored
        assert "sign-in" not in stored
        assert not any(key in url for url in tab.requests)


async def test_gallery_by_keyboard_alone(browser, place):
    async with visit(browser, place) as tab:
        await tab.wait("document.querySelectorAll('.cell img').length >= 5")
        await tab.run("document.querySelector('[role=gridcell][tabindex=\"0\"]').focus()")
        await tab.press("ArrowRight")
        await tab.wait("document.activeElement.dataset.index === '1'")
        await tab.press("x")
        await tab.wait("document.querySelectorAll('[aria-selected=true]').length === 1")
        await tab.press("End")
        await tab.wait(f"document.activeElement.dataset.index === String({CELLS}.length - 1)")
        await tab.press("Escape")
        await tab.wait("document.querySelectorAll('[aria-selected=true]').length === 0")
        await tab.press(" ")
        await tab.wait("document.querySelector('dialog[open] img') !== null")
        await tab.press("Escape")
        await tab.wait(
            "document.querySelector('dialog') === null && document.activeElement.dataset.index !== undefined"
        )
        await tab.press("/")
        await tab.wait("document.activeElement.type === 'search'")
        await tab.write("alias:samples/coffee")
        await tab.press("Enter")
        await tab.wait(f"{CELLS}.length === 1 && location.search.includes('coffee')")
        await tab.run("document.querySelector('[role=gridcell]').focus()")
        await tab.press("Enter")
        await tab.wait("location.pathname.startsWith('/console/assets/')")
        await tab.wait("document.querySelector('.names a')?.textContent === 'samples/coffee'")


async def test_upload_shows_what_was_refused_and_sends_nothing_twice(browser, place, tmp_path):
    files = {"new one.png": numbered_png(900), "there.jpg": (SAMPLES / "coffee.jpg").read_bytes(), "broken.png": b"no"}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    async with visit(browser, place) as tab:
        await show(tab, place, "/upload")
        await tab.run("document.querySelector('.template input').focus()")
        await tab.write("up/{name}")
        await tab.choose("input[type=file]", [tmp_path / name for name in files])
        await tab.wait("document.querySelectorAll('tbody tr.done, tbody tr.there, tbody tr.failed').length === 3")
        rows = await tab.run("[...document.querySelectorAll('tbody tr')].map((row) => row.className).join()")
        assert rows == "done,there,failed"
        assert "image" in (await tab.run("document.querySelector('tr.failed .error').textContent")).lower()
    for name in ("up/new-one", "up/there"):
        assert place.resources.request("GET", f"/aliases/{name}").status == 200
    asset = place.resources.request("GET", "/assets?alias=up/new-one").json["assets"][0]
    assert place.resources.request("GET", f"/assets/{asset['sha256']}").json["filename"] == "new one.png"


async def test_focal_point_is_moved_by_keys_and_saved(browser, place):
    name = new_alias(place, "focus/one", (SAMPLES / "rocket.jpg").read_bytes())
    async with visit(browser, place) as tab:
        await show(tab, place, f"/aliases/{name}")
        await tab.run("document.querySelector('.point').focus()")
        for _ in range(3):
            await tab.press("ArrowRight")
        await tab.press("ArrowUp")
        await tab.wait("document.activeElement.style.left === '53%' && document.activeElement.style.top === '49%'")
        await tab.wait("document.querySelectorAll('.crop img').length === 5")
        await tab.run("[...document.querySelectorAll('.actions .primary')].at(-1).click()")
        await tab.wait("document.querySelector('.notice') !== null")
    assert place.resources.request("GET", f"/aliases/{name}").json["focal"] == {"x": 0.53, "y": 0.49}


async def test_roll_back_and_conflict_overwrite_nothing(browser, place):
    name = new_alias(place, "back/one", numbered_png(910), numbered_png(911))
    async with visit(browser, place) as one, visit(browser, place) as other:
        for tab in (one, other):
            await show(tab, place, f"/aliases/{name}")
            await tab.wait("document.querySelectorAll('#versions ~ .strip li').length === 2")
        buttons = "[...document.querySelectorAll('.strip button')]"
        back = f"{buttons}.find((each) => each.textContent === 'Go back to it').click()"
        await one.run(back)
        await one.wait("document.querySelectorAll('.strip li').length === 3")
        assert place.resources.request("GET", f"/aliases/{name}").json["version"] == 3
        await other.run(back)
        await other.wait("document.querySelector('dialog[open]') !== null")
        assert "changed it meanwhile" in await other.run("document.querySelector('dialog h2').textContent")
        assert await violations(other) == []
        assert place.resources.request("GET", f"/aliases/{name}").json["version"] == 3


async def test_playground_has_a_form_for_every_option_and_code_for_the_result(browser, place):
    async with visit(browser, place) as tab:
        await show(tab, place, "/playground?source=alias://samples/coffee&o=rs:fill:120:80")
        await tab.wait("document.querySelector('img.result')?.naturalWidth === 120")
        names = await tab.run(
            "[...document.querySelectorAll('.add option')].map((each) => each.value).filter(Boolean).join()"
        )
        assert names.split(",") == [option.name for option in OPTIONS]
        await tab.run(
            "(() => { const width = document.querySelector('.fields input'); width.focus(); width.select(); })()"
        )
        await tab.write("140")
        await tab.wait("document.querySelector('img.result')?.naturalWidth === 140")
        assert await tab.run("new URLSearchParams(location.search).get('o')") == "rs:fill:140:80"
        await tab.run(
            "document.querySelector('.add select').value = 'blur', document.querySelector('.add button').click()"
        )
        await tab.wait("new URLSearchParams(location.search).getAll('o').length === 2")
        await tab.wait("document.querySelector('pre.code').textContent.includes('/bl:')")
        await show(tab, place, "/playground?source=alias://samples/coffee&o=rs:fill:120:80&o=q:101")
        assert "quality" in await tab.run("document.querySelector('.refusal').textContent")


async def test_explain_page_marks_what_is_wrong_and_says_what_to_do(browser, place):
    async with visit(browser, place) as tab:
        await show(tab, place, "/explain")
        await tab.run("document.querySelector('textarea').focus()")
        await tab.write(f"{place.proxy.base}/unsafe/rs:fill:120:80/plain/alias://samples/coffee")
        await tab.press("Enter")
        await tab.wait("document.querySelector('mark')?.textContent === 'unsafe'")
        text = await tab.run("document.querySelector('main').textContent")
        assert "403" in text
        assert "MEMEMIME_ALLOW_UNSIGNED" in text
        assert "resizing_type=fill" in text


async def test_key_is_shown_once_and_ends_its_programs(browser, place):
    async with visit(browser, place) as tab:
        await show(tab, place, "/keys")
        await tab.run("document.querySelector('main button.primary').click()")
        await tab.wait("document.activeElement.name === 'label'")
        await tab.write("of a test")
        await tab.press("Enter")
        key = await tab.wait("document.querySelector('dialog pre')?.textContent")
        assert await violations(tab) == []
        assert place.resources.request("GET", "/assets", key=key).status == 200
        await tab.press("Escape")
        row = "[...document.querySelectorAll('tr')].find((each) => each.textContent.includes('of a test'))"
        await tab.wait(f"document.querySelector('dialog') === null && {row}")
        assert key not in await tab.run("document.documentElement.outerHTML")
        await tab.run(f"{row}.querySelector('.danger').click()")
        await tab.wait("document.querySelector('dialog[open] .danger')")
        await tab.run("document.querySelector('dialog .danger').click()")
        await tab.wait(f"{row}.textContent.includes('revoked')")
        assert place.resources.request("GET", "/assets", key=key).status == 401


@pytest.mark.slow
async def test_film_is_played_and_a_part_of_it_chosen_by_dragging(browser, place):
    pytest.importorskip("av")
    sha256 = place.resources.upload((SAMPLES / "film.mp4").read_bytes(), "media/film")
    async with visit(browser, place) as tab:
        await show(tab, place, f"/assets/{sha256}")
        assert await violations(tab) == []
        await tab.run("document.querySelector('video').muted = true, document.querySelector('video').play()")
        await tab.wait("document.querySelector('video').currentTime > 0.1")
        await tab.run("document.querySelector('video').pause()")
        await tab.run(
            "(() => { const line = document.querySelector('.timeline'), area = line.getBoundingClientRect();"
            " const send = (kind, share, buttons) => line.dispatchEvent(new PointerEvent(kind, {bubbles: true, buttons,"
            " pointerId: 1, clientX: area.left + share * area.width}));"
            " line.setPointerCapture = () => {};"
            " send('pointerdown', 0.25, 1); send('pointermove', 0.75, 1); send('pointerup', 0.75, 0); })()"
        )
        await tab.wait("document.querySelectorAll('.media .fields input')[1].value === '9'")
        assert await tab.run("document.querySelectorAll('.media .fields input')[0].value") == "3"
        assert await tab.run("document.querySelector('.peek div').style.backgroundImage.includes('vtt:')")
        options = "new URLSearchParams([...document.querySelectorAll('.media a')].at(0).search).getAll('o').join()"
        assert await tab.run(options) == "clip:3:6"
        await tab.run("document.querySelector('.media a').click()")
        await tab.wait("document.querySelector('video.result')?.duration > 5.9")
        # A player drops requests for parts that it does not need any more: those are no errors.
        assert not any("Content Security Policy" in error for error in tab.errors)


@pytest.mark.slow
async def test_long_film_is_played_as_a_stream(browser, place):
    pytest.importorskip("av")
    sha256 = place.resources.upload(stream_film(), "media/stream")
    async with visit(browser, place) as tab:
        await show(tab, place, f"/assets/{sha256}")
        await tab.wait("document.querySelector('video').src.startsWith('blob:')")
        segments = "performance.getEntriesByType('resource').filter((each) => each.name.includes('.m4s')).length"
        assert await tab.run(segments) == 0
        await tab.run("document.querySelector('video').muted = true, document.querySelector('video').play()")
        await tab.wait("document.querySelector('video').currentTime > 0.1")
        assert await tab.run("Math.round(document.querySelector('video').duration)") == 33
        await tab.run("document.querySelector('video').currentTime = 31")
        await tab.wait(
            "document.querySelector('video').currentTime > 31 && document.querySelector('video').readyState > 2"
        )
        assert await tab.run(segments) > 0
        assert not any("Content Security Policy" in error for error in tab.errors)


async def test_texts_of_others_are_texts(browser, place):
    evil = "<img src=x onerror=alert(1)>"
    sha256 = place.resources.upload(numbered_png(920), f"evil/{evil}")
    place.resources.set_alias(f"evil/{evil}", sha256, tags=[evil, "javascript:alert(1)"])
    place.resources.request("PUT", f"/assets?filename={evil.replace(' ', '%20')}", numbered_png(921))
    async with visit(browser, place) as tab:
        for path in (
            "/",
            f"/assets/{sha256}",
            f"/aliases/evil/{evil.replace(' ', '%20')}",
            f"/?q={evil.replace(' ', '%20')}",
        ):
            await show(tab, place, path)
            assert await tab.run("document.querySelector('img[src=x]') === null"), path
        assert tab.errors == []
        assert not any(urlsplit(url).path in {"/x", "/console/x"} for url in tab.requests)


@pytest.mark.slow
async def test_last_of_many_assets_is_reached_where_browsers_end(browser, tmp_path):
    count = 100_000
    with site(tmp_path) as place:
        database = Database(place.resources.settings["MEMEMIME_DATABASE_URL"], bounded=False)
        await database.start()
        await add_hashed_assets(database, list(range(count)), ["default"])
        await database.close()
        async with visit(browser, place, scale=2) as tab:
            # Three columns: ten million pixels, more than a browser shows at this scale.
            await show(tab, place, "/?size=320&sort=newest")
            await tab.wait(
                f"Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount')) > {count // 4}"
            )
            assert await tab.run("document.querySelector('[role=grid]').clientHeight") == 8_000_000
            await tab.run("document.querySelector('.grid').scrollTop = 1e9")
            await tab.wait(f"document.querySelector('[data-index=\"{count + 4}\"]') !== null")
            assert await tab.run("document.querySelectorAll('*').length") <= 400
            last = await tab.run(
                f"(() => {{ const element = document.querySelector('[data-index=\"{count + 4}\"]');"
                " const cell = element.getBoundingClientRect();"
                " const grid = document.querySelector('.grid').getBoundingClientRect();"
                " return cell.top >= grid.top && cell.bottom <= grid.bottom + 8; })()"
            )
            assert last
