"""Reading of a configuration that this package has printed: the values of its options, and what has changed since."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import EdgeConfig, shared_fields
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import Settings

_STANDALONE = re.compile(r"^http \{$", re.MULTILINE)


def read_edge(text: str, settings: Settings) -> EdgeConfig:
    """Return the configuration with the options of ``text`` and these settings. SettingsError for another's file."""
    cache = re.search(r"proxy_cache_path (\S+) .*max_size=(\S+)", text)
    service = re.search(r"upstream mememime_service \{(.*?)\}", text, re.DOTALL)
    listen = re.findall(r"^ *listen (?!unix:.*miss\.sock)(\S+?)( ssl http2)?;", text, re.MULTILINE)
    networks = re.search(r"limit_except GET HEAD OPTIONS \{((?: allow \S+;)*) deny all; \}", text)
    if cache is None or service is None or networks is None or len(listen) != 1:
        raise SettingsError("this file was not printed by mememime nginx-config")
    socket = re.search(r"server unix:(\S+/miss\.sock);", text)
    state = str(PurePosixPath(socket[1]).parent) if socket else _first(r"^pid (\S+)/nginx\.pid;", text)
    fields: dict[str, Any] = {
        "upstreams": tuple(
            f"dns+http://{name}" if resolved else name
            for name, resolved in re.findall(r"server (\S+)( resolve)? max_fails=0;", service[1])
        ),
        "resolvers": tuple(_first(r"^ *resolver (.*) valid=5s;", service[1]).split()),
        "listen": listen[0][0],
        "certificate": _first(r"ssl_certificate (\S+);", text),
        "certificate_key": _first(r"ssl_certificate_key (\S+);", text),
        "cache_path": cache[1],
        "cache_size": cache[2],
        "slices": "slice 2m;" in text,
        "miss_rate": int(_first(r"zone=mememime_misses:\S+ rate=(\d+)r/s;", text) or 0),
        "lan": tuple(re.findall(r"allow (\S+);", networks[1])),
        "trusted": tuple(re.findall(r"set_real_ip_from (\S+);", text)),
    }
    if state:
        fields["state"] = state
    return EdgeConfig(**fields, **shared_fields(settings))


def differences(text: str, edge: EdgeConfig) -> list[str]:
    """Return the lines of ``text`` that ``edge`` would not have, and the other way round, marked by ``-`` and ``+``."""
    printed = nginx.standalone(edge) if _STANDALONE.search(text) else nginx.http(edge)
    found, expected = (_lines(each) for each in (text, printed))
    return [f"- {line}" for line in found if line not in expected] + [
        f"+ {line}" for line in expected if line not in found
    ]


def _lines(text: str) -> dict[str, None]:
    """Return the directives, without comments and spaces, in their order."""
    lines = (re.sub(r"\s+#.*", "", line).strip() for line in text.splitlines())
    return dict.fromkeys(line for line in lines if line and not line.startswith(("#", "access_log ")))


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else ""
