"""NGINX configuration from templates."""

from __future__ import annotations

import re
import string
from functools import cache
from pathlib import Path

from mememime_proxy.cdn.config import EdgeConfig
from mememime_proxy.formats import accept_pattern
from mememime_proxy.urls.options.table import BY_NAME

_TEMPLATES = Path(__file__).parent / "templates"
_EXTRA_TIMEOUT = 5
"""Seconds by which the timeout of NGINX is longer than that of the service, so that the service reports it."""
_BURST = 20
_RETRIES = [
    "# Where a process or host is down, the next one answers. A slow request is not repeated.",
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream_tries 2;",
    "proxy_next_upstream_timeout 5s;",
]
_SIZES = "|".join(name for option in ("resize", "size", "width", "height") for name in BY_NAME[option].names)
_HINTS = (("dpr", "Sec-CH-DPR", "DPR"), ("width", "Sec-CH-Width", "Width"))


class _Template(string.Template):
    """Placeholders ``%{name}``: NGINX's own variables begin with a dollar sign."""

    delimiter = "%"
    idpattern = None  # type: ignore[assignment]
    braceidpattern = "[a-z_]+"


@cache
def _template(name: str) -> _Template:
    return _Template((_TEMPLATES / name).read_text("utf-8"))


def http(edge: EdgeConfig, access_log: str = "/var/log/nginx/mememime.json") -> str:
    """Return the contents of ``http {}``."""
    return _template("http.conf").substitute(
        cache_path=edge.cache_path,
        cache_size=edge.cache_size,
        real_ip=_real_ip(edge),
        prefix=edge.prefix,
        prefix_pattern=re.escape(edge.prefix),
        named=_named(edge),
        named_comment="; $mm_named,\n# the format that it names, if any." if _by_name(edge) else ".",
        cells=_cells(edge),
        servers=_servers(edge),
        listen=f"{edge.listen} ssl http2" if edge.certificate else edge.listen,
        tls=_tls(edge),
        access_log=access_log,
        purge=_purge(edge),
        mirrored="" if edge.has_names else _mirrored(edge),
        uncached="\n".join(_uncached(f"{edge.prefix}/{name}") for name in ("", "health", "ready")),
        request_headers=_indented(_request_headers(edge), 4),
        separator=re.escape(edge.separator),
        truly_raw=f"raw{re.escape(edge.separator)}(?:1|t|T|true|TRUE|True)/",
        large=_large(re.escape(edge.separator)),
        options="[^/]*/" if edge.only_presets else f"(?:[^/]*{re.escape(edge.separator)}[^/]*+/)*+",
        keepalive=f"{max(1, edge.keep_alive // 2)}s",
        stale=_indented(_stale(edge), 4),
        patience=edge.timeout + _EXTRA_TIMEOUT,
        allowed=" ".join(f"allow {network};" for network in edge.lan),
        raw=_raw(edge),
        behind="mememime_misses" if edge.miss_rate else "mememime_service",
        limit=_limit(edge),
        misses=_misses(edge),
        front_retries="" if edge.miss_rate else _indented(_RETRIES, 4) + "\n",
    )


def standalone(edge: EdgeConfig) -> str:
    """Return a complete configuration file, for an NGINX with all its files below ``edge.state``."""
    inside = http(edge, f"{edge.state}/access.log")
    indented = "".join(f"    {line}" if line.strip() else line for line in inside.splitlines(keepends=True))
    return _template("standalone.conf").substitute(state=edge.state, http=indented.rstrip("\n"))


def _large(separator: str) -> str:
    """Return the pattern of a URL with a width or height of 600 to 99,999 pixels."""
    return f"/(?:{_SIZES}){separator}(?:[^/]*?{separator})?(?:[6-9][0-9]{{2}}|[1-9][0-9]{{3,4}})(?:/|{separator})"


def _real_ip(edge: EdgeConfig) -> str:
    if not edge.trusted:
        return ""
    lines = [f"set_real_ip_from {network};" for network in edge.trusted]
    return _indented([*lines, "real_ip_header X-Forwarded-For;", "real_ip_recursive on;"], 4) + "\n"


def _tls(edge: EdgeConfig) -> str:
    if not edge.certificate:
        return ""
    return (
        f"    ssl_certificate {edge.certificate};\n"
        f"    ssl_certificate_key {edge.certificate_key};\n"
        "    ssl_protocols TLSv1.2 TLSv1.3;\n"
        "    ssl_session_cache shared:mememime_tls:10m;\n"
    )


def _by_name(edge: EdgeConfig) -> bool:
    """Return whether the cache key depends on a format in the URL."""
    return bool(edge.negotiated) and not edge.enforced


def _named(edge: EdgeConfig) -> str:
    """Return the map lines for URLs with a format: after an @, or as the extension of an encoded source."""
    if not _by_name(edge):
        return ""
    start = rf'"~^(?<mm_path>{re.escape(edge.prefix)}/[^/?]*(?<mm_unsigned>/(?:(?!plain/)[^/?]*+/)*+'
    lines = [rf'{start}plain/[^?]+(?<mm_named>@[a-z0-9]+)))(?:\?|$)" "";']
    if not edge.file_names:
        lines.append(rf'{start}[A-Za-z0-9_-]+(?<mm_named>\.[a-z0-9]+)))(?:\?|$)" "";')
    return _indented(lines, 4) + "\n"


def _cells(edge: EdgeConfig) -> str:
    """Return the maps from request headers to the few values that select a variant."""
    lines = [
        "# Thousands of Accept headers are mapped to a few cells, by the same rule as in the service. The service gets",
        "# the Accept header of the cell. A URL that names its format has one cell.",
    ]
    for name in edge.negotiated:
        lines += [
            f"map $http_accept $mm_{name} {{",
            '    default "";',
            f'    "~*{accept_pattern(name)}" "image/{name},";',
            "}",
        ]
    formats = "".join(f"${{mm_{name}}}" for name in edge.negotiated)
    name = "mm_formats" if edge.hints else "mm_cell"
    input_value, pattern = ('"$mm_parsed$mm_named"', '""') if _by_name(edge) else ('""', "default")
    lines += [f"map {input_value} ${name} {{", f'    {pattern} "{formats}";', "}"]
    if edge.hints:
        hints: list[str] = []
        lines += ["# Client hints are used where they are plain numbers."]
        for hint, new, old in _HINTS:
            first, second = (f"$http_{header.lower().replace('-', '_')}" for header in (new, old))
            lines += [
                f'map "{first}|{second}" $mm_{hint} {{',
                '    default "";',
                rf'    "~^(?<mm_{hint}1>[0-9]{{1,5}}(?:\.[0-9]{{1,3}})?)\|" $mm_{hint}1;',
                rf'    "~^\|(?<mm_{hint}2>[0-9]{{1,5}}(?:\.[0-9]{{1,3}})?)$" $mm_{hint}2;',
                "}",
            ]
            hints.append(f"|${{mm_{hint}}}")
        lines += ['map "" $mm_cell {', f'    default "${{{name}}}{"".join(hints)}";', "}"]
    lines += [
        'map "" $mm_accept {',
        f'    default "${{{name}}}*/*";',
        "}",
        "# For URLs with an expiry time: only for responses that may be cached.",
        "map $upstream_http_cache_control $mm_ending {",
        '    default "no-cache";',
        '    ""      "";',
        '    "~*max-age=[1-9]" "public";',
        "}",
        "",
    ]
    return "\n".join(lines)


def _indented(lines: list[str], spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in lines)


def _request_headers(edge: EdgeConfig) -> list[str]:
    """Return the headers of requests to the service. A location that sets one header has to set all of them.

    Other request headers, and those that identify a client, are dropped: the response is cached for all clients.
    """
    headers = {
        "Connection": "",
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Request-Id": "$request_id",
        "Accept": "$mm_accept",
        "Accept-Encoding": "",
        "Authorization": f"Bearer {edge.secret}" if edge.secret else "",
        **({} if edge.cookies else {"Cookie": ""}),
        **({new: f"$mm_{name}" for name, new, _ in _HINTS} if edge.hints else {}),
        **({old: "" for _, _, old in _HINTS} if edge.hints else {}),
        **dict.fromkeys(
            ("X-Real-IP", "CF-Connecting-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL"), ""
        ),
    }
    return [f'proxy_set_header {name} "{value}";' for name, value in headers.items()]


def _stale(edge: EdgeConfig) -> list[str]:
    if edge.presets_expire:
        return [
            "# A preset contains an expiry time: no stale response is served, because the path does not show it.",
            "proxy_cache_use_stale off;",
        ]
    return [
        "proxy_cache_use_stale updating error timeout invalid_header http_429 http_500 http_502 http_503 http_504;",
        "proxy_cache_background_update on;",
    ]


def _raw(edge: EdgeConfig) -> str:
    if not edge.slices:
        return (
            _indented(
                ["# Without the slice module, ranges of large files are sent to the service.", "proxy_cache off;"], 12
            )
            + "\n"
        )
    lines = [
        "sendfile on;                            # these are large",
        "slice 2m;",
        'proxy_cache_key "$mm_parsed$mm_path|$mm_cell|$slice_range";',
        *_request_headers(edge),
        "proxy_set_header Range $slice_range;",
        "proxy_cache_background_update off;      # does not work with slices",
    ]
    if not edge.presets_expire:
        lines.append("proxy_cache_use_stale error timeout http_429 http_500 http_502 http_503 http_504;")
    return _indented(lines, 12) + "\n"


def _host(upstream: str) -> str:
    return f"{upstream}:" if upstream.startswith("unix:") else upstream  # a colon ends a socket's path


def _uncached(path: str) -> str:
    return f"    location = {path} {{\n        proxy_cache off;\n        proxy_pass http://mememime_service;\n    }}\n"


def _servers(edge: EdgeConfig) -> str:
    """Return the servers of the upstream; addresses of names are looked up while NGINX runs (1.27.3 and later)."""
    lines = [f"resolver {' '.join(edge.resolvers)} valid=5s;"] if edge.has_names else []
    for upstream in edge.upstreams:
        name = upstream.removeprefix("dns+").removeprefix("http://")
        lines.append(f"server {name}{' resolve' if upstream != name else ''} max_fails=0;")
    return _indented(lines, 4)


def _purge(edge: EdgeConfig) -> str:
    """Return what happens to a purge: every process gets it, or, where NGINX does not know which there are, none."""
    if edge.has_names:
        text = "Purges are not sent to processes behind a name: they read them (MEMEMIME_PURGE_FEED)."
        return _indented([f'return 501 "{text}\\n";'], 8)
    mirrors = [f"mirror /purge-{number};" for number in range(1, len(edge.upstreams))]
    return _indented([*mirrors, f"proxy_pass http://{edge.upstreams[0]};"], 8)


def _mirrored(edge: EdgeConfig) -> str:
    """Return the locations that send a purge to the other processes too: each has its own caches."""
    return "".join(
        f"\n    location = /purge-{number} {{\n        internal;\n        proxy_cache off;\n"
        f"        proxy_pass http://{_host(upstream)}{edge.prefix}/purge;\n    }}\n"
        for number, upstream in enumerate(edge.upstreams)
        if number
    )


def _limit(edge: EdgeConfig) -> str:
    """Return the limit of misses and its upstream: only a server behind the cache sees misses alone."""
    if not edge.miss_rate:
        return ""
    lines = ["geo $http_x_forwarded_for $mm_near {", "    default 0;", *(f"    {net} 1;" for net in edge.lan), "}"]
    lines += ["map $mm_near $mm_misser {", "    0 $http_x_forwarded_for;", '    1 "";', "}"]
    lines += [f"limit_req_zone $mm_misser zone=mememime_misses:10m rate={edge.miss_rate}r/s;", ""]
    server = f"    server unix:{edge.miss_socket};"
    upstream = ["", "upstream mememime_misses {", server, "    keepalive 1024;", "}", ""]
    return "\n".join(upstream + lines)


def _misses(edge: EdgeConfig) -> str:
    """Return the server behind the cache; none without a limit, because each byte passes through it."""
    if not edge.miss_rate:
        return ""
    return _template("misses.conf").substitute(
        miss_socket=edge.miss_socket,
        burst=_BURST * edge.miss_rate,
        patience=edge.timeout + _EXTRA_TIMEOUT,
        retries=_indented(_RETRIES, 8),
    )
