"""A real Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import psutil
import pytest

_START = 30.0
_ANSWER = 30.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def program() -> str:
    """Path of a Chromium. Skips without one, and fails in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return (pytest.fail if "CI" in os.environ else pytest.skip)("Chromium is missing: apt-get install chromium")


class Browser:
    """A Chromium that takes every host name for this machine and keeps to it; ended when the block ends."""

    def __enter__(self) -> Self:
        chromium = program()
        self._home = Path(tempfile.mkdtemp(prefix="mememime-chromium-"))
        # The sandbox needs a user other than root; what is shown here is our own.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self._home / 'profile'}",
                 "--host-resolver-rules=MAP * 127.0.0.1", "--no-proxy-server", "--no-first-run", "--disable-gpu",
                 "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                 "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", *sandbox, "about:blank"],
                stdout=log, stderr=log, env=os.environ | {"HOME": str(self._home)},
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing but a system call
            )  # fmt: skip
        told, deadline = self._home / "profile" / "DevToolsActivePort", time.monotonic() + _START
        while not (told.exists() and len(lines := told.read_text().splitlines()) == 2):
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self._home / "log").read_text(errors="replace")
                self._end()
                raise RuntimeError(f"Chromium did not start: {log_text}")
            time.sleep(0.02)
        self.address = f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        running = [self._process.pid] if self._process.poll() is None else []
        children = [child for pid in running for child in psutil.Process(pid).children(recursive=True)]
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        _, alive = psutil.wait_procs(children, timeout=5)
        for child in alive:
            child.kill()
        psutil.wait_procs(alive, timeout=5)
        # A process that has just ended may still have been writing when its folder was listed.
        shutil.rmtree(self._home, ignore_errors=True)


class Tab:
    """A visitor without history: one window of ``width`` x ``height`` CSS pixels at a device scale factor.

    ``errors`` holds warnings and errors of the console and requests that failed, ``requests`` every address asked
    for, in order, and ``responses`` what came back for it.
    """

    def __init__(self, browser: Browser, scale: float, width: int = 800, height: int = 600) -> None:
        self._browser = browser
        self._metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None
        self._loaded = asyncio.Event()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.responses: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession()
        self._socket = await self._client.ws_connect(self._browser.address, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        self._context = (await self._call("Target.createBrowserContext"))["browserContextId"]
        target = await self._call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = await self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._call(f"{domain}.enable")
        await self._call("Emulation.setDeviceMetricsOverride", **self._metrics)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        await self._call("Target.disposeBrowserContext", browserContextId=self._context)
        await self._socket.close()
        await self._reader
        await self._client.close()

    async def open(self, url: str) -> None:
        """Goes there and waits for the page's load event."""
        self._loaded.clear()
        await self._call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), _ANSWER)

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited where it is a promise."""
        answer = await self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def choose(self, selector: str, paths: list[Path]) -> None:
        """Puts files into the first input that ``selector`` finds, as a visitor's choice."""
        root = (await self._call("DOM.getDocument"))["root"]["nodeId"]
        found = (await self._call("DOM.querySelector", nodeId=root, selector=selector))["nodeId"]
        await self._call("DOM.setFileInputFiles", nodeId=found, files=[str(path) for path in paths])

    async def screenshot(self) -> bytes:
        """The window in device pixels, as PNG."""
        return base64.b64decode((await self._call("Page.captureScreenshot", format="png"))["data"])

    async def body(self, url: str) -> bytes:
        """The bytes that came for an address."""
        answer = await self._call("Network.getResponseBody", requestId=self._ids[url])
        return base64.b64decode(answer["body"]) if answer["base64Encoded"] else answer["body"].encode()

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = len(self._waiting)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json(message if self._session is None else message | {"sessionId": self._session})
        return await asyncio.wait_for(answer, _ANSWER)

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" not in said:
                self._note(said["method"], said["params"])
            elif "error" in said:
                self._waiting[said["id"]].set_exception(RuntimeError(str(said["error"])))
            else:
                self._waiting[said["id"]].set_result(said["result"])

    def _note(self, event: str, told: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Network.responseReceived":
            self.responses[told["response"]["url"]] = told["response"]
            self._ids[told["response"]["url"]] = told["requestId"]
        elif event == "Network.loadingFailed":
            self.errors.append(told["errorText"])
        elif event == "Log.entryAdded" and told["entry"]["level"] in {"error", "warning"}:
            self.errors.append(told["entry"]["text"])
        elif event == "Runtime.consoleAPICalled" and told["type"] in {"error", "warning", "assert"}:
            self.errors.append(str(told["args"]))
        elif event == "Runtime.exceptionThrown":
            self.errors.append(str(told["exceptionDetails"]))


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
