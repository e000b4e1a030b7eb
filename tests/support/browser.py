"""A real Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import psutil

from tests.support.child_process import descendants, missing, start_process, stop_process, wait_for_start

_START = 30.0
_ANSWER = 30.0


def program() -> str:
    """Return the path of a Chromium; skip the test without one, and fail it in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise missing("Chromium is missing: apt-get install chromium")


class Browser:
    """A Chromium that resolves every host name to this machine; ended when the block ends. ``options``: of Chromium."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Self:
        chromium = program()
        self._home = Path(tempfile.mkdtemp(prefix="mememime-chromium-"))
        # The sandbox needs a user other than root; what is shown here is our own.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        log = self._home / "log"
        self._process = start_process(
            [chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self._home / 'profile'}",
             "--host-resolver-rules=MAP * 127.0.0.1", "--no-proxy-server", "--no-first-run", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", *self._options, *sandbox,
             "about:blank"],
            log, environment=os.environ | {"HOME": str(self._home)}, death_signal=signal.SIGTERM,
        )  # fmt: skip
        try:
            wait_for_start(self._process, self._devtools, log, _START)
        except OSError:
            shutil.rmtree(self._home, ignore_errors=True)
            raise
        port, path = self._devtools()
        self.address = f"ws://127.0.0.1:{port}{path}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = descendants(self._process)
        stop_process(self._process, seconds=10)
        _, remaining = psutil.wait_procs(children, timeout=5)
        for child in remaining:
            child.kill()
        psutil.wait_procs(remaining, timeout=5)
        # A process that has just ended may still have been writing when its folder was listed.
        shutil.rmtree(self._home, ignore_errors=True)

    def _devtools(self) -> list[str]:
        """Return the port and the path of the DevTools protocol, or nothing while they are not known."""
        file = self._home / "profile" / "DevToolsActivePort"
        lines = file.read_text().splitlines() if file.exists() else []
        return lines if len(lines) == 2 else []


class Tab:
    """A visitor without history: one window of ``width`` x ``height`` CSS pixels at a device scale factor.

    ``errors`` holds warnings and errors of the console and requests that failed, ``requests`` every address asked
    for, in order, ``sent`` these requests with method and headers, and ``responses`` what came back.
    """

    def __init__(self, browser: Browser, scale: float, width: int = 800, height: int = 600) -> None:
        self._browser = browser
        self._metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None
        self._loaded = asyncio.Event()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.sent: list[dict[str, Any]] = []
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

    async def accept_downloads(self, folder: Path) -> None:
        """Have files that are downloaded put into ``folder``, under their names once they are complete."""
        await self._call(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), browserContextId=self._context
        )

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited where it is a promise."""
        answer = await self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def choose(self, selector: str, paths: list[Path]) -> None:
        """Puts files into the first input that ``selector`` finds, as a visitor's choice."""
        root = (await self._call("DOM.getDocument"))["root"]["nodeId"]
        node = (await self._call("DOM.querySelector", nodeId=root, selector=selector))["nodeId"]
        await self._call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    async def drop(self, selector: str, paths: list[Path], accepts: str) -> None:
        """Drops files on the middle of the first element that ``selector`` finds, as from another program.

        ``accepts``: an expression that is true as soon as the page has seen them coming.
        """
        x, y = await self.run(
            f"(() => {{ const area = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [area.x + area.width / 2, area.y + area.height / 2]; })()"
        )
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "dragOver", "drop"):
            await self._call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)
            if kind == "dragOver":
                await self.wait(accepts)

    async def drag(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Presses the mouse on an element at ``start``, moves it to ``end`` and releases it; shares of its sides."""
        left, top, width, height = await self.run(
            f"(() => {{ const area = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [area.x, area.y, area.width, area.height]; })()"
        )
        for kind, (x, y), buttons in (
            ("mousePressed", start, 1), ("mouseMoved", end, 1), ("mouseReleased", end, 0)
        ):  # fmt: skip
            await self._call(
                "Input.dispatchMouseEvent", type=kind, x=left + x * width, y=top + y * height, button="left",
                buttons=buttons, clickCount=1,
            )  # fmt: skip

    async def slow_down(self, factor: float) -> None:
        """Make the page's processor slower by a factor; 1 = as it is."""
        await self._call("Emulation.setCPUThrottlingRate", rate=factor)

    async def cut(self, is_cut: bool) -> None:
        """Cut the line, or mend it."""
        await self._call(
            "Network.emulateNetworkConditions", offline=is_cut, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    async def block(self, *patterns: str) -> None:
        """Refuse requests for these addresses, ``*`` for any text; without one, none."""
        await self._call("Network.setBlockedURLs", urls=list(patterns))

    async def prefer(self, **features: str) -> None:
        """Set what a visitor prefers: ``prefers_reduced_motion="reduce"``, ``forced_colors="active"``."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self._call("Emulation.setEmulatedMedia", features=named)

    async def reach(self, what: str) -> None:
        """Press Tab until the first element that ``what``, an expression, gives has the keyboard."""
        for _ in range(150):
            if await self.run(f"document.activeElement === ({what})"):
                return
            await self.press("Tab")
        raise AssertionError(f"the keyboard does not reach {what}")

    async def press(self, key: str) -> None:
        """Presses one key of the keyboard: a letter, or a name such as ``Enter``."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
                "Home": 36, "End": 35, "Delete": 46, " ": 32}.get(key, ord(key[0].upper()))  # fmt: skip
        for kind in ("keyDown", "keyUp"):
            fields = text if kind == "keyDown" else {}
            await self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **fields)

    async def write(self, text: str) -> None:
        """Writes a text where the keyboard is."""
        await self._call("Input.insertText", text=text)

    async def wait(self, condition: str) -> Any:
        """Waits until an expression is true, and returns its value."""
        return await self.run(
            f"new Promise((resolve, reject) => {{ const end = performance.now() + {1000 * _ANSWER - 2000};"
            f" const look = () => {{ const found = ({condition}); if (found) resolve(found);"
            " else if (performance.now() > end) reject(new Error('it did not become true'));"
            " else setTimeout(look, 30); }; look(); })"
        )

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
            reply = json.loads(message.data)
            if "id" not in reply:
                self._note(reply["method"], reply["params"])
            elif "error" in reply:
                self._waiting[reply["id"]].set_exception(RuntimeError(str(reply["error"])))
            else:
                self._waiting[reply["id"]].set_result(reply["result"])

    def _note(self, event: str, fields: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Network.requestWillBeSent":
            self.requests.append(fields["request"]["url"])
            self.sent.append(fields["request"])
        elif event == "Network.responseReceived":
            self.responses[fields["response"]["url"]] = fields["response"]
            self._ids[fields["response"]["url"]] = fields["requestId"]
        elif event == "Network.loadingFailed":
            self.errors.append(fields["errorText"])
        elif event == "Log.entryAdded" and fields["entry"]["level"] in {"error", "warning"}:
            self.errors.append(fields["entry"]["text"])
        elif event == "Runtime.consoleAPICalled" and fields["type"] in {"error", "warning", "assert"}:
            self.errors.append(str(fields["args"]))
        elif event == "Runtime.exceptionThrown":
            self.errors.append(str(fields["exceptionDetails"]))
