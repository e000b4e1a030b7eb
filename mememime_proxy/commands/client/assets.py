"""``mememime assets``: list, show, find look-alikes of, get, delete and restore originals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mememime_proxy.client.catalogue.aliases import AliasCatalogue, bare_name, is_digest
from mememime_proxy.client.catalogue.assets import AssetCatalogue, extension
from mememime_proxy.client.transfer.session import Session
from mememime_proxy.commands import next_steps
from mememime_proxy.commands.client.service import json_option, print_json, print_table, run, service_options

_STATES = ("receiving", "verifying", "ready", "quarantined", "deleted")


@click.group()
def assets() -> None:
    """List, show, compare, get, delete and restore assets (uploaded originals). An ASSET is its SHA-256 or an alias."""


@assets.command("list")
@click.option("--state", type=click.Choice(_STATES), default=None, help="Only those in this state.")
@json_option
@service_options
def list_assets(state: str | None, as_json: bool, server: str, key: str) -> None:
    """List assets by their digests."""

    async def fetch(session: Session) -> list[dict[str, Any]]:
        return [each async for each in AssetCatalogue(session).pages(state or "")]

    found = run(server, key, fetch)
    if as_json:
        print_json(found)
        return
    if not found:
        next_steps.show(next_steps.command("upload", "FOLDER"))
        return
    rows = [(each["sha256"], each["state"], each.get("media_type", ""), str(each["size"])) for each in found]
    print_table([("sha256", "state", "type", "bytes"), *rows])
    next_steps.show(next_steps.command("assets", "show", rows[0][0]))


@assets.command()
@click.argument("asset")
@json_option
@service_options
def show(asset: str, as_json: bool, server: str, key: str) -> None:
    """Show what the service knows of ASSET."""
    document = run(server, key, lambda session: _find(session, asset))
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        if name != "facts":
            click.echo(f"{click.style(name.ljust(14), bold=True)} {value}")
    for name, value in (document.get("facts") or {}).items():
        click.echo(f"{click.style(name.ljust(14), bold=True)} {value}")
    next_steps.show(next_steps.command("assets", "get", document["sha256"]))


@assets.command()
@click.argument("asset")
@click.option("--distance", type=click.IntRange(0, 7), default=6, show_default=True,
              help="Bits of the perceptual hash, of 64, that may differ.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Assets at most.")
@json_option
@service_options
def alike(asset: str, distance: int, limit: int, as_json: bool, server: str, key: str) -> None:
    """List assets that look like ASSET, the nearest first, also mirrored ones.

    Copies in other sizes, formats and qualities are found; turned and cropped ones are not.
    """

    async def fetch(session: Session) -> dict[str, Any]:
        digest = await AliasCatalogue(session).resolve(asset)
        return await AssetCatalogue(session).alike(digest, distance, limit)

    found = run(server, key, fetch)
    if as_json:
        print_json(found["assets"])
        return
    rows = [
        (
            each["asset"]["sha256"],
            str(each["distance"]),
            "yes" if each["mirrored"] else "no",
            each["asset"].get("media_type", ""),
            str(each["asset"]["size"]),
        )
        for each in found["assets"]
    ]
    print_table([("sha256", "distance", "mirrored", "type", "bytes"), *rows])
    if found["more"]:
        click.echo(f"there are more than {limit}: use a smaller --distance or a larger --limit", err=True)


@assets.command()
@click.argument("asset", required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write; default: named after ASSET.")
@click.option("--prefix", default=None, metavar="PREFIX", help="Get the assets of all aliases that begin with it.")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default="here",
              help="Folder for --prefix.")  # fmt: skip
@service_options
def get(asset: str | None, output: Path | None, prefix: str | None, folder: Path, server: str, key: str) -> None:
    """Write the stored bytes of ASSET to a file, or those of all aliases below a prefix to a folder.

    \b
    mememime assets get products/42/front
    mememime assets get --prefix products/ --to backup/

    The bytes are compared with their digest. A file that has them already is not fetched again, so that an
    interrupted command can be repeated.
    """
    if (asset is None) == (prefix is None):
        raise click.UsageError("name an asset or an alias, or --prefix")
    if asset is not None:
        path, was_sent = run(server, key, lambda session: _get_one(session, asset, output), timeout=None)
        click.echo(f"{path}" if was_sent else f"{path} is there already")
        return
    prefix = bare_name(prefix or "")
    count, sent = run(server, key, lambda session: _get_all(session, prefix, folder), timeout=None)
    click.echo(f"{count} files, {sent} fetched, {count - sent} were there already", err=True)
    if not count:
        raise click.ClickException(f"there is no alias that begins with {prefix!r}")


@assets.command()
@click.argument("asset")
@click.option("--force", is_flag=True, help="Also if an alias points at it; for administrators.")
@service_options
def delete(asset: str, force: bool, server: str, key: str) -> None:
    """Delete ASSET. It can be restored for MEMEMIME_DELETE_GRACE."""

    async def remove(session: Session) -> str:
        digest = await AliasCatalogue(session).resolve(asset)
        await AssetCatalogue(session).delete(digest, force=force)
        return digest

    advice = {409: "Delete the alias or move it (mememime alias), or use --force with an administrator's key."}
    digest = run(server, key, remove, advice=advice)
    click.echo(f"deleted {digest}")
    next_steps.show(f"to undo it: {next_steps.command('assets', 'restore', digest)}")


@assets.command()
@click.argument("asset")
@service_options
def restore(asset: str, server: str, key: str) -> None:
    """Take back the deletion of ASSET, given by its SHA-256."""
    digest = bare_name(asset, "asset")
    if not is_digest(digest):
        raise click.UsageError(f"found {asset!r}, expected the 64 digits of a SHA-256")
    document = run(server, key, lambda session: AssetCatalogue(session).restore(digest))
    click.echo(f"{document['sha256']} is {document['state']}")


async def _find(session: Session, asset: str) -> dict[str, Any]:
    return await AssetCatalogue(session).get(await AliasCatalogue(session).resolve(asset))


async def _get_one(session: Session, asset: str, output: Path | None) -> tuple[Path, bool]:
    document = await _find(session, asset)
    if document["state"] != "ready":
        raise click.ClickException(f"the asset is {document['state']}, so that it has no bytes to get")
    name = asset.rpartition("/")[2]
    path = output or Path(f"{name}{extension(document['media_type'])}")
    return path, await AssetCatalogue(session).download(document, path)


async def _get_all(session: Session, prefix: str, folder: Path) -> tuple[int, int]:
    count = sent = 0
    async for alias in AliasCatalogue(session).pages(prefix=prefix):
        path, was_sent = await AssetCatalogue(session).download_alias(alias, folder)
        count, sent = count + 1, sent + was_sent
        click.echo(str(path))
    return count, sent
