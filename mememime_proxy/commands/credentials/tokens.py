"""``mememime tokens``: upload tokens, purge tokens, and what is in one."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from mememime_proxy.client.catalogue.credentials import Credentials
from mememime_proxy.commands import next_steps
from mememime_proxy.commands.client.service import json_option, print_json, run, service_options
from mememime_proxy.commands.credentials.key_rings import RINGS
from mememime_proxy.commands.credentials.lifetimes import LIFETIME
from mememime_proxy.commands.credentials.token_contents import inspect_token
from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.service.tokens import PURGE_SCOPE, UPLOAD_SCOPE
from mememime_proxy.settings.values import hex_keys


@click.group()
def tokens() -> None:
    """Make upload and purge tokens, and decode one."""


@tokens.command()
@click.option("--expires-in", type=LIFETIME, default="1h", show_default=True, help="Like 90m, 12h, 2d, or seconds.")
@click.option("--prefix", default=None, help="Aliases that it may write begin with this.")
@click.option("--max-size", type=click.IntRange(0), default=None, help="Bytes of one upload.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Media type that it may upload; repeatable.")
@click.option("--count", type=click.IntRange(0), default=None, help="Uploads that it may be used for; 0 = any number.")
@click.option("--sha256", default=None, help="The only content that it may upload; needs --count.")
@click.option("--subject", default=None, help="A word for whom it is: the next token of the same one goes on.")
@click.option("--upload", "upload_id", default=None, metavar="ID", help="The only upload that it is for.")
@json_option
@service_options
def upload(
    expires_in: int, prefix: str | None, max_size: int | None, types: tuple[str, ...], count: int | None,
    sha256: str | None, subject: str | None, upload_id: str | None, as_json: bool, server: str, key: str,
) -> None:  # fmt: skip
    """Get an upload token from the resource service, for a browser."""
    fields = {
        "expires_in": expires_in, "prefix": prefix, "max_size": max_size, "types": list(types) or None, "count": count,
        "sha256": sha256,
        "subject": subject,
        "upload": upload_id,
    }  # fmt: skip
    document = run(server, key, lambda session: Credentials(session).issue_token(**fields))
    if as_json:
        print_json(document)
        return
    click.echo(document["token"])
    next_steps.show(f"valid until {document['expires']}; send it as Authorization: Bearer (docs/uploads.md)")


@tokens.command()
@click.argument("source")
@click.option(
    "--key",
    envvar=["MEMEMIME_PURGE_KEY", "IMGPROXY_PURGE_KEY"],
    required=True,
    help="The proxy's PURGE_KEY, hexadecimal. Prefer the variable: other users can see arguments.",
)
def purge(source: str, key: str) -> None:
    """Make a purge token for SOURCE, a source URL as in signed URLs. It is valid for five minutes."""
    try:
        secrets = hex_keys(key)
    except ValueError as error:
        raise click.ClickException(f"MEMEMIME_PURGE_KEY: expected hexadecimal digits ({error})") from None
    click.echo(PurgeTokens(secrets).issue(source))
    next_steps.show("POST it as the body to …/purge of each proxy, or let `mememime purge` do so")


@tokens.command()
@click.argument("token")
@json_option
def decode(token: str, as_json: bool) -> None:
    """Show what is in TOKEN, which key of this environment made it, and whether it has expired.

    Exit status: 0 a key of this environment made it and it is valid now, 1 otherwise.
    """
    keys = {UPLOAD_SCOPE: _secrets("token"), PURGE_SCOPE: _secrets("purge")}
    try:
        facts = inspect_token(token, keys)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    document: dict[str, Any] = {
        "scope": facts.scope,
        "key": facts.key,
        "issued": facts.issued.isoformat(),
        "claims": facts.claims,
        "problem": facts.problem,
    }
    if as_json:
        print_json(document)
    else:
        click.echo(f"scope    {facts.scope or 'unknown'}")
        click.echo(f"key      {facts.key or 'none of this environment'}")
        click.echo(f"issued   {facts.issued:%Y-%m-%d %H:%M:%S} UTC")
        click.echo(f"claims   {json.dumps(facts.claims, ensure_ascii=False)}")
        click.echo(f"valid    {'yes' if not facts.problem else f'no: {facts.problem}'}")
    if facts.problem:
        raise SystemExit(1)


def _secrets(kind: str) -> list[bytes]:
    texts = [text for values in RINGS[kind].values(os.environ).values() for text in values]
    try:
        return list(hex_keys(",".join(texts)))
    except ValueError as error:
        name = RINGS[kind].names[0]
        raise click.ClickException(f"MEMEMIME_{name}: expected hexadecimal digits ({error})") from None
