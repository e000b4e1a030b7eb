"""Both services with the console and some photographs, and a browser that is signed in."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.service.tokens import SIGN_IN_SCOPE, Tokens
from tests.support.browser import Browser, Tab
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import TOKEN_KEY, ResourceProcess

PURGE_KEY = "ef" * 32
SAMPLES = Path(__file__).parents[2] / "config" / "samples"


@dataclass(frozen=True)
class Site:
    """Running services; the console is at ``console``."""

    resources: ResourceProcess
    proxy: ProxyProcess

    @property
    def console(self) -> str:
        """The address of the gallery."""
        return f"{self.resources.base}/console"

    def link(self) -> str:
        """Return an address that signs in once."""
        token = Tokens(bytes.fromhex(TOKEN_KEY), SIGN_IN_SCOPE).issue({"id": secrets.token_hex(16)})
        return f"{self.console}/#sign-in={token}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def site(folder: Path, *, key: str = KEY, salt: str = SALT, **settings: str) -> Iterator[Site]:
    """Yield both services, with the sample photographs below ``samples/``. ``settings``: of the resource service."""
    port = _free_port()
    proxy_url = f"http://127.0.0.1:{port}"
    with ResourceProcess(
        folder / "resources",
        console="true",
        purge_key=PURGE_KEY,
        purge_urls=proxy_url,
        public_url=proxy_url,
        **settings,
    ) as resources:
        for path in sorted(SAMPLES.glob("*.*")):
            if path.suffix in {".jpg", ".webp", ".png"}:
                resources.upload(path.read_bytes(), f"samples/{path.stem}")
        with ProxyProcess(
            folder / "proxy",
            key=key,
            salt=salt,
            bind=f"127.0.0.1:{port}",
            purge_key=PURGE_KEY,
            **resources.proxy_settings(),
        ) as proxy:
            yield Site(resources, proxy)


@contextlib.asynccontextmanager
async def visit(
    browser: Browser, place: Site, *, theme: str = "light", width: int = 1280, height: int = 800, scale: float = 1
) -> AsyncIterator[Tab]:
    """Yield a tab that is signed in and shows the gallery."""
    async with Tab(browser, scale, width, height) as tab:
        await tab.open(f"{place.console}/nowhere")
        await tab.run(f"localStorage.setItem('theme', '{theme}'), localStorage.setItem('language', 'en')")
        await tab.open(place.link())
        await tab.wait("document.querySelector('header.bar') !== null")
        tab.errors.clear()
        yield tab


async def show(tab: Tab, place: Site, path: str) -> None:
    """Go to a page of the console, and wait until it shows what it has."""
    await tab.open(f"{place.console}{path}")
    await tab.wait(
        "document.querySelector('main h1') && !document.querySelector('[aria-busy=true]')"
        " && [...document.images].every((image) => image.complete)"
    )
