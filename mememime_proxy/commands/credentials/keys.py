"""``mememime keys``: make, show and rotate keys and salts; API keys of the resource service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from mememime_proxy.client.catalogue.credentials import Credentials
from mememime_proxy.commands import next_steps
from mememime_proxy.commands.client.service import json_option, print_json, print_table, run, service_options
from mememime_proxy.commands.credentials import key_rings
from mememime_proxy.commands.credentials.key_rings import RINGS, Step
from mememime_proxy.commands.credentials.lifetimes import LIFETIME


@click.group()
def keys() -> None:
    """Make, show and rotate keys and salts. Create, list and revoke API keys of the resource service."""


@keys.command()
@click.argument("kinds", nargs=-1, metavar="[KIND]...", type=click.Choice(list(RINGS)))
@click.option("--write", "file", type=click.Path(dir_okay=False, path_type=Path),
              help="Add the lines to this file, which only its owner can read, in place of printing them.")  # fmt: skip
def new(kinds: tuple[str, ...], file: Path | None) -> None:
    """Make new keys, as lines of a file of environment variables.

    KIND: url (MEMEMIME_KEY and MEMEMIME_SALT, the default), token, purge, admin, encryption.
    """
    lines = [f"{name}={value}" for kind in kinds or ("url",) for name, value in RINGS[kind].new().items()]
    if file is None:
        click.echo("\n".join(lines))
        next_steps.show("put these lines into the environment of the service and of the sites that sign")
        return
    try:
        key_rings.append(file, lines)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"added {', '.join(line.partition('=')[0] for line in lines)} to {file}", err=True)
    next_steps.show(next_steps.command("keys", "show", "--env-file", str(file)))


@keys.command()
@json_option
def show(as_json: bool) -> None:
    """Show which keys this environment has: how many, how long, and a fingerprint of each, never the key itself.

    Two machines have the same key if they show the same fingerprint.
    """
    found = [fact for ring in RINGS.values() for fact in ring.facts(os.environ)]
    if as_json:
        print_json(found)
        return
    if not found:
        next_steps.show(f"there are no keys; make some: {next_steps.command('keys', 'new', '--write', '.env')}")
        return
    rows = [(fact["variable"], str(fact["number"]), f"{fact['bits']} bits", fact["fingerprint"], fact["use"])
            for fact in found]  # fmt: skip
    print_table([("variable", "number", "length", "fingerprint", "use"), *rows])


@keys.command()
@click.argument("kind", type=click.Choice([name for name, ring in RINGS.items() if ring.rotates]))
@click.option("--step", type=click.Choice([step.value for step in Step]), default=Step.ACCEPT.value, show_default=True,
              help="accept: add a new key; sign: put it first; retire: drop the old one.")  # fmt: skip
def rotate(kind: str, step: str) -> None:
    """Print the variables for one step of a rotation in which no valid URL or token is ever refused.

    KIND: url (key and salt), token or purge. After each step all services get the values and are reloaded.
    """
    ring = RINGS[kind]
    try:
        values = ring.rotated(os.environ, Step(step))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    for name, value in values.items():
        click.echo(f"{name}={value}")
    following = Step(step).following
    command = next_steps.command("keys", "rotate", kind, "--step", following.value) if following else ""
    next_steps.show(f"{Step(step).advice} {command}".strip())


@keys.group()
def api() -> None:
    """Create, list and revoke API keys of the resource service; needs a key with the role admin."""


@api.command("list")
@click.option("--tenant", default="", help="Only those of this tenant.")
@json_option
@service_options
def list_keys(tenant: str, as_json: bool, server: str, key: str) -> None:
    """List API keys, without their secrets."""
    found = run(server, key, lambda session: Credentials(session).list_keys(tenant))
    if as_json:
        print_json(found)
        return
    rows = [
        (each["id"], each["tenant"], each["role"], each["prefix"], each["label"], each["created"], _state(each))
        for each in found
    ]
    if rows:
        print_table([("id", "tenant", "role", "prefix", "label", "created", "state"), *rows])
    else:
        next_steps.show(next_steps.command("keys", "api", "create", "--role", "write"))


@api.command()
@click.option("--role", type=click.Choice(["read", "write", "admin"]), required=True, help="What it may do.")
@click.option("--tenant", default=None, help="Tenant; default: default.")
@click.option("--prefix", default=None, help="Aliases that it may write begin with this.")
@click.option("--label", default=None, help="A note for people.")
@click.option("--expires-in", type=LIFETIME, default=None, help="Lifetime: 90d, 12h, 30m, or seconds.")
@json_option
@service_options
def create(
    role: str, tenant: str | None, prefix: str | None, label: str | None, expires_in: int | None,
    as_json: bool, server: str, key: str,
) -> None:  # fmt: skip
    """Create an API key. Its text is printed now, and cannot be read again."""
    fields = {"role": role, "tenant": tenant, "prefix": prefix, "label": label, "expires_in": expires_in}
    _print_new(run(server, key, lambda session: Credentials(session).create_key(**fields)), as_json=as_json)


@api.command()
@click.argument("key_id", metavar="ID")
@service_options
def revoke(key_id: str, server: str, key: str) -> None:
    """Revoke the API key ID."""
    run(server, key, lambda session: Credentials(session).revoke_key(key_id))
    click.echo(f"revoked {key_id}")


@api.command()
@click.argument("key_id", metavar="ID")
@click.option("--expires-in", type=LIFETIME, default=None, help="Lifetime of the new key: 90d, 12h, 30m, or seconds.")
@json_option
@service_options
def replace(key_id: str, expires_in: int | None, as_json: bool, server: str, key: str) -> None:
    """Create an API key with the rights of the key ID, which stays valid until it is revoked."""
    document = run(server, key, lambda session: Credentials(session).replace_key(key_id, expires_in))
    _print_new(document, as_json=as_json)
    next_steps.show(f"when all clients have the new key: {next_steps.command('keys', 'api', 'revoke', key_id)}")


def _print_new(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    click.echo(document["key"])
    click.echo(f"id {document['id']}, role {document['role']}, tenant {document['tenant']}", err=True)
    next_steps.show("keep the key now; give it to a client as MEMEMIME_RESOURCES_API_KEY")


def _state(key: dict[str, Any]) -> str:
    if key.get("revoked"):
        return f"revoked {key['revoked']}"
    return f"until {key['expires']}" if key.get("expires") else "valid"
