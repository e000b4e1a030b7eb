"""The rendered configuration: equal to what is shipped, accepted by NGINX, of one mind with the service."""

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import Edge, shared
from mememime_proxy.cli import main
from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.negotiation import Negotiation
from mememime_proxy.settings import load
from tests.cdn.program import has_slices, program

ROOT = Path(__file__).parents[2]
SHIPPED = {
    "one-host.conf": ["--upstream", "127.0.0.1:8080", "--listen", "80"],
    "pair.conf": ["--upstream", "proxy-1:8080", "--upstream", "proxy-2:8080", "--listen", "80", "--lan", "10.0.0.0/8"],
}
NEGOTIATING = {"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_AUTO_WEBP": "1", "MEMEMIME_AUTO_AVIF": "1"}


def printed(arguments, **settings):
    variables = NEGOTIATING | {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    found = CliRunner().invoke(main, ["nginx-config", *arguments], env=variables)
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_are_what_the_command_prints(name):
    assert (ROOT / "nginx" / name).read_text() == printed(SHIPPED[name])


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {}),
        (["--no-slice", "--miss-rate", "0"], {"auto_webp": "0", "auto_avif": "0"}),
        (["--upstream", "unix:/run/a.sock", "--upstream", "[::1]:80", "--trusted-proxy", "10.0.0.0/8"],
         {"enforce_jxl": "1", "enable_client_hints": "1", "path_prefix": "/img.v1", "secret": "a+b=c",
          "arguments_separator": "|", "presets": "soon=exp|1", "only_presets": "1"}),
        ([], {"cookie_passthrough": "1", "auto_jxl": "1"}),
    ],
)  # fmt: skip
def test_nginx_accepts_it(arguments, settings, tmp_path):
    if not has_slices() and "--no-slice" not in arguments:
        arguments = [*arguments, "--no-slice"]
    state, cache = tmp_path / "state", tmp_path / "cache"
    state.mkdir()
    text = printed(
        ["--standalone", "--listen", "127.0.0.1:0", "--state", str(state), "--cache-path", str(cache), *arguments],
        **settings,
    )
    path = tmp_path / "nginx.conf"
    path.write_text(text.replace("127.0.0.1:0;", "unix:" + str(state / "front.sock") + ";"))
    found = subprocess.run(
        [program(), "-t", "-e", str(state / "error.log"), "-p", str(state), "-c", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize(
    "options",
    [
        {"upstreams": ()},
        {"upstreams": ("a b:80",)},
        {"listen": "80; return 200"},
        {"cache_path": "relative"},
        {"cache_path": "/a;b"},
        {"cache_size": "40 GB"},
        {"prefix": '/a"b'},
        {"lan": ("everybody",)},
        {"certificate": "/etc/cert.pem"},
        {"secret": 'a"; return 200; #'},
    ],
)
def test_what_would_break_the_file_is_refused(options):
    with pytest.raises(SettingsError, match="expected"):
        Edge(**({"upstreams": ("a:80",)} | options))


def test_every_process_is_told_of_a_purge():
    text = nginx.http(Edge(upstreams=("a:80", "unix:/run/b.sock", "c:80"), prefix="/p"))
    assert re.findall(r"mirror /purge-(\d);", text) == ["1", "2"]
    assert "proxy_pass http://unix:/run/b.sock:/p/purge;" in text
    assert "proxy_pass http://c:80/p/purge;" in text


def maps(text):
    """The maps of a configuration as pairs of pattern and value, in their order."""
    found = {}
    for asked, name, body in re.findall(r"map (\S+) \$(\w+) \{\n(.*?)\n\}", text, re.DOTALL):
        lines = re.findall(r'^ *(?:"([^"]*)"|(\S+)) +"?([^"\n]*?)"?;$', body, re.MULTILINE)
        found[name] = (asked.strip('"'), [(quoted or plain, value) for quoted, plain, value in lines])
    return found


def look_up(table, name, **variables):
    asked, lines = table[name]
    for variable, value in variables.items():
        asked = asked.replace(f"${variable}", value)
    default = ""
    for pattern, value in lines:
        if pattern == "default":
            default = variables.get(value.lstrip("$"), value)
        elif pattern.startswith("~"):
            flags = re.IGNORECASE if pattern.startswith("~*") else re.NOFLAG
            python = pattern.lstrip("~*").replace("(?<mm", "(?P<mm")
            if match := re.search(python, asked, flags | re.ASCII):
                return re.sub(r"\$(mm_\w+)", lambda use, at=match: at[use[1]] or "", value)
        elif pattern == asked:
            return value
    return default


TABLE = maps(nginx.http(Edge(upstreams=("a:80",), **shared(load(NEGOTIATING)))))
NEGOTIATION = Negotiation(load(NEGOTIATING))
ranges = st.sampled_from(
    ["image/avif", "image/webp", "IMAGE/WebP", "image/jxl", "image/*", "*/*", "image/avifx", "text/html"]
)
qualities = st.sampled_from(["", ";q=0", ";q=0.0", "; q=0.5", ";q=1", ";q=x", ";v=b3;q=0.9", ";v=b3;q=0", " ; Q=0.1 "])
accepts = st.lists(st.tuples(ranges, qualities), max_size=5).map(lambda items: ", ".join(a + b for a, b in items))


@given(st.one_of(accepts, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)))
@example("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8")
def test_the_service_decides_the_same_for_what_nginx_makes_of_a_header(accept):
    cell = "".join(look_up(TABLE, f"mm_{name}", mm_named="0", http_accept=accept) for name in ("avif", "webp"))
    assert NEGOTIATION.preference(cell + "*/*") == NEGOTIATION.preference(accept)


@pytest.mark.parametrize(
    ("path", "named", "source"),
    [
        ("/sig/rs:fit:1:1/plain/local:///a.jpg", "0", "local:///a.jpg"),
        ("/sig/rs:fit:9:9/g:sm/plain/local:///a.jpg@webp", "1", "local:///a.jpg"),
        ("/sig/plain/https://x.org/plain/b@2x.png", "0", "https://x.org/plain/b@2x.png"),
        ("/sig/rs:fit:1:1/bG9jYWw6Ly8vYS5qcGc", "0", "bG9jYWw6Ly8vYS5qcGc"),
        ("/sig/rs:fit:2:2/bG9jYWw6Ly8vYS5qcGc.png", "1", "bG9jYWw6Ly8vYS5qcGc"),
        ("/sig/w:1/enc/bG9jYWw6/Ly8vYS5qcGc.avif", "1", "enc/bG9jYWw6/Ly8vYS5qcGc"),
        ("/health", "0", "/health"),
    ],
)
def test_what_a_path_is_taken_for(path, named, source):
    assert look_up(TABLE, "mm_named", mm_path=path) == named
    assert look_up(TABLE, "mm_source", mm_path=path) == source


def test_a_signature_is_not_logged():
    assert look_up(TABLE, "mm_logged", mm_path="/sig/w:1/plain/local:///a.jpg") == "/-/w:1/plain/local:///a.jpg"
