"""``mememime alias``: list, show, set, move, roll back and delete aliases."""

from __future__ import annotations

from typing import Any

import click

from mememime_proxy.client.catalogue.aliases import AliasCatalogue, bare_name
from mememime_proxy.client.uploader import AliasAttributes
from mememime_proxy.commands import next_steps
from mememime_proxy.commands.client.service import json_option, print_json, print_table, run, service_options


@click.group()
def alias() -> None:
    """List, show, set, move, roll back and delete aliases, the human names of assets (docs/aliases.md)."""


@alias.command("list")
@click.argument("prefix", required=False, default="")
@click.option("--tag", default="", help="Only those with this tag.")
@click.option("--contains", default="", metavar="TEXT", help="Only those whose name contains TEXT.")
@json_option
@service_options
def list_aliases(prefix: str, tag: str, contains: str, as_json: bool, server: str, key: str) -> None:
    """List aliases, those that begin with PREFIX if it is given."""

    async def fetch(session: Any) -> list[dict[str, Any]]:
        pages = AliasCatalogue(session).pages(prefix=bare_name(prefix), tag=tag, text=contains)
        return [each async for each in pages]

    found = run(server, key, fetch)
    if as_json:
        print_json(found)
        return
    rows = [
        (each["name"], each["asset"]["media_type"], _sides(each["asset"]), f"v{each['version']}", each["changed"])
        for each in found
    ]
    if rows:
        print_table([("name", "type", "pixels", "version", "changed"), *rows])
        next_steps.show(next_steps.command("alias", "show", rows[0][0]))
    else:
        next_steps.show(next_steps.command("upload", "FOLDER", "--alias", "products/{stem}"))


@alias.command()
@click.argument("name")
@json_option
@service_options
def show(name: str, as_json: bool, server: str, key: str) -> None:
    """Show the alias NAME: its asset, focal point, preset and tags."""
    name = bare_name(name)
    _print(run(server, key, lambda session: AliasCatalogue(session).get(name)), as_json=as_json)
    if not as_json:
        next_steps.show(next_steps.command("sign", f"alias://{name}", "rs:fit:300"))


@alias.command("set")
@click.argument("name")
@click.argument("target")
@click.option("--tag", "tags", multiple=True, help="Tag; repeatable. Replaces the tags that it has.")
@click.option("--focal", type=(click.FloatRange(0, 1), click.FloatRange(0, 1)), default=None, metavar="X Y",
              help="Focal point, 0 to 1 from the left and from the top.")  # fmt: skip
@click.option("--preset", default="", help="Preset of URLs without options.")
@json_option
@service_options
def set_alias(
    name: str, target: str, tags: tuple[str, ...], focal: tuple[float, float] | None, preset: str,
    as_json: bool, server: str, key: str,
) -> None:  # fmt: skip
    """Create the alias NAME, or change it. TARGET: the SHA-256 of an asset, or another alias, for its asset."""
    attributes = AliasAttributes(tags=tags, focal=focal, preset=preset)
    _change(name, lambda aliases: aliases.set(bare_name(name), target, attributes), server, key, as_json=as_json)


@alias.command()
@click.argument("name")
@click.argument("target")
@json_option
@service_options
def move(name: str, target: str, as_json: bool, server: str, key: str) -> None:
    """Point the existing alias NAME at another asset. TARGET: its SHA-256, or another alias, for its asset."""
    _change(name, lambda aliases: aliases.set(bare_name(name), target, must_exist=True), server, key, as_json=as_json)


@alias.command()
@click.argument("name")
@json_option
@service_options
def history(name: str, as_json: bool, server: str, key: str) -> None:
    """Show the versions of the alias NAME, the newest first."""
    name = bare_name(name)
    versions = run(server, key, lambda session: AliasCatalogue(session).history(name))
    if as_json:
        print_json(versions)
        return
    rows = [
        (str(each["version"]), each["action"], (each["sha256"] or "deleted")[:16], each["changed"], each["by"])
        for each in versions
    ]
    print_table([("version", "action", "asset", "changed", "by"), *rows])
    if len(rows) > 1:
        next_steps.show(next_steps.command("alias", "rollback", name, "--to", rows[1][0]))


@alias.command()
@click.argument("name")
@click.option("--to", "version", type=click.IntRange(1), help="Version; default: the one before the present one.")
@json_option
@service_options
def rollback(name: str, version: int | None, as_json: bool, server: str, key: str) -> None:
    """Restore an earlier version of the alias NAME, as a new version."""
    _change(name, lambda aliases: aliases.roll_back(bare_name(name), version or 0), server, key, as_json=as_json)


@alias.command()
@click.argument("name")
@service_options
def delete(name: str, server: str, key: str) -> None:
    """Delete the alias NAME. Its asset stays, and its name is reserved for MEMEMIME_TOMBSTONE_TIME."""
    name = bare_name(name)
    run(server, key, lambda session: AliasCatalogue(session).delete(name))
    click.echo(f"deleted {name}")
    next_steps.show(f"to undo it: {next_steps.command('alias', 'rollback', name)}")


def _change(name: str, change: Any, server: str, key: str, *, as_json: bool) -> None:
    _print(run(server, key, lambda session: change(AliasCatalogue(session))), as_json=as_json)
    if not as_json:
        next_steps.show(next_steps.command("alias", "history", bare_name(name)))


def _print(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    asset, focal = document["asset"], document["focal"]
    rows = {
        "name": document["name"],
        "asset": document["sha256"],
        "picture": f"{asset['media_type']}, {_sides(asset)}, {asset['size']} bytes, {asset['state']}",
        "version": f"{document['version']}, changed {document['changed']}",
        "focal": f"{focal['x']} {focal['y']}" if focal else "",
        "preset": document["preset"],
        "tags": ", ".join(document["tags"]),
        "tenant": document["tenant"],
    }
    for label, text in rows.items():
        if text:
            click.echo(f"{click.style(label.ljust(8), bold=True)} {text}")


def _sides(asset: dict[str, Any]) -> str:
    return f"{asset['width']}×{asset['height']}" if asset.get("width") else ""
