"""Checks of a configuration of NGINX against the settings that it was printed from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mememime_proxy.cdn.config import check_beside_services
from mememime_proxy.cdn.reading import differences, read_edge
from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import Settings

_TIMEOUT = 20.0
_SHOWN = 3


def check_nginx(settings: Settings, path: str) -> Iterator[Finding]:
    """Check the file at ``path``: folders, ports, agreement with the settings, and ``nginx -t`` where it is there."""
    try:
        text = Path(path).read_text("utf-8")
        edge = read_edge(text, settings)
    except (OSError, UnicodeDecodeError) as error:
        yield wrong("nginx.file", path, f"cannot be read ({error})")
        return
    except SettingsError as error:
        yield note("nginx.file", path, f"{error.detail}: it is not compared with the settings")
        return
    try:
        check_beside_services(edge, settings)
        yield ok("nginx.folders", f"cache path {edge.cache_path}", f"no folder of a service, and listen {edge.listen}")
    except SettingsError as error:
        for line in error.detail.splitlines():
            yield wrong("nginx.folders", f"cache path {edge.cache_path}", line)
    if settings.nginx_cache_path not in {"", edge.cache_path}:
        detail = f"differs from the cache path {edge.cache_path}: purges do not find the files of NGINX"
        yield note("nginx.folders", f"MEMEMIME_NGINX_CACHE_PATH {settings.nginx_cache_path}", detail)
    changed = differences(text, edge)
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        detail = f"does not agree with the settings: print it again ({'; '.join(changed[:_SHOWN])}{more})"
        yield wrong("nginx.settings", path, detail)
    else:
        yield ok("nginx.settings", path, "is what these settings give")
    yield from _syntax(path, text)


def _syntax(path: str, text: str) -> Iterator[Finding]:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None or "\nhttp {" not in text:
        reason = "NGINX is not installed here" if program is None else "it is a part of another file"
        yield note("nginx.syntax", path, f"nginx -t was not run: {reason}")
        return
    done = subprocess.run(  # noqa: S603 - the program of the machine, on the file that was named
        [program, "-t", "-e", os.devnull, "-c", os.fspath(Path(path).resolve())],
        capture_output=True, text=True, timeout=_TIMEOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        yield wrong("nginx.syntax", path, f"nginx -t: {done.stderr.strip().splitlines()[0]}")
    else:
        yield ok("nginx.syntax", path, f"{program} -t accepts it")
