"""``mememime purge``: remove every variant of a source from all caches."""

from __future__ import annotations

import urllib.error
import urllib.request

import click

from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.settings.values import hex_keys

_TIMEOUT = 60.0


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
        if not url.startswith(("http://", "https://")):
            raise click.ClickException(f"found {url!r}, expected http://… or https://…")
        request = urllib.request.Request(f"{url.rstrip('/')}/purge", token.encode(), method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - checked above
                click.echo(f"{url} {answer.read().decode()}")
        except urllib.error.HTTPError as error:
            failed = True
            click.echo(f"{url} answered {error.code}: {error.read(200).decode('utf-8', 'replace')}", err=True)
        except OSError as error:
            failed = True
            click.echo(f"{url} cannot be reached: {error}", err=True)
    if failed:
        raise SystemExit(1)
