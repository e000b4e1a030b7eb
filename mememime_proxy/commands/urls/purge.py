"""``mememime purge``: remove every variant of a source from all caches."""

from __future__ import annotations

import http.client
from http import HTTPStatus
from urllib.parse import urlsplit

import click

from mememime_proxy.commands import next_steps
from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.settings.values import hex_keys

_TIMEOUT = 60.0
"""Seconds: a purge waits for the store and for NGINX's files."""
_MAX_ANSWER = 1 << 20


@click.command()
@click.argument("source")
@click.option(
    "--url",
    "urls",
    multiple=True,
    envvar="MEMEMIME_PUBLIC_URL",
    default=("http://127.0.0.1:8080",),
    show_default=True,
    help="URL of a service, with its PATH_PREFIX. Repeat it for services that share no store.",
)
@click.option(
    "--key",
    envvar=["MEMEMIME_PURGE_KEY", "IMGPROXY_PURGE_KEY"],
    help="The service's PURGE_KEY, hexadecimal; the first one signs. Prefer the variable: others can see arguments.",
)
@click.option("--token", "only_token", is_flag=True, help="Print a token, valid for five minutes, and send no request.")
def purge(source: str, urls: tuple[str, ...], key: str | None, only_token: bool) -> None:
    """Remove every variant of SOURCE from memory, the store and NGINX. SOURCE: a source URL, as in signed URLs."""
    try:
        keys = hex_keys(key or "")
    except ValueError as error:
        raise click.ClickException(f"MEMEMIME_PURGE_KEY: expected hexadecimal digits ({error})") from None
    if not keys:
        raise click.ClickException("MEMEMIME_PURGE_KEY: found nothing, expected the service's key")
    token = PurgeTokens(keys).issue(source)
    if only_token:
        click.echo(token)
        return
    failed = False
    for url in urls:
        try:
            with next_steps.first_word(url):
                click.echo(f"{url} {_send(url, token)}")
        except OSError as error:
            failed = True
            click.echo(f"{url} {error}", err=True)
    if failed:
        raise SystemExit(1)


def _send(url: str, token: str) -> str:
    """Return what a service answers to a purge, in JSON. Raises OSError that says what went wrong."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise click.ClickException(f"found {url!r}, expected http://… or https://…")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/purge", token)
        response = connection.getresponse()
        text = " ".join(response.read(_MAX_ANSWER).decode("utf-8", "replace").split())
    except (OSError, http.client.HTTPException) as error:
        raise OSError(f"cannot be reached: {error}. Is the proxy running there? --url names another address") from error
    finally:
        connection.close()
    if response.status == HTTPStatus.OK and text.startswith("{"):
        return text
    if location := response.headers.get("Location"):
        raise OSError(f"answered {response.status}, a redirect to {location}: name the proxy's own address by --url")
    raise OSError(f"answered {response.status}, which is no answer of a purge: {text[:200]}{_advice(response.status)}")


def _advice(status: int) -> str:
    if status == HTTPStatus.FORBIDDEN:
        return ". Compare MEMEMIME_PURGE_KEY on both sides (mememime keys show), and the clocks"
    return ". MEMEMIME_PURGE_KEY of the proxy enables purges" if status == HTTPStatus.NOT_FOUND else ""
