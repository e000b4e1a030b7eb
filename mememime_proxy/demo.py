"""``mememime demo``: the service on a folder of photographs, with a key made once, and signed URLs to open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import socket
from pathlib import Path

import click
import uvloop

from mememime_proxy import logs
from mememime_proxy.environment import with_file
from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.proxy import app
from mememime_proxy.settings import Settings, load
from mememime_proxy.urls import UrlBuilder

_PORT = 8080


def _key_file(path: Path) -> None:
    """Writes a key and a salt, once, for nobody else to read."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"MEMEMIME_KEY={secrets.token_hex(32)}\nMEMEMIME_SALT={secrets.token_hex(32)}\n")
        click.echo(f"Made a signing key: {path}")


def _free_address() -> str:
    """Port 8080 of this machine, or any other where that one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _PORT))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return "127.0.0.1:0"
    return f"127.0.0.1:{_PORT}"


def _settings(folder: Path, key_file: Path) -> Settings:
    variables = with_file(os.environ, str(key_file))
    watermark = folder / "watermark.svg"
    defaults = {
        "MEMEMIME_BIND": _free_address(),
        "MEMEMIME_LOCAL_FILESYSTEM_ROOT": str(folder),
        "MEMEMIME_LOG_LEVEL": "warning",
        **({"MEMEMIME_WATERMARK_PATH": str(watermark)} if watermark.exists() else {}),
    }
    return load(defaults | variables)


def _pictures(folder: Path) -> list[str]:
    wanted = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"}
    # The largest first: it shows a resize best.
    found = sorted(folder.iterdir(), key=lambda path: -path.stat().st_size)
    names = [path.name for path in found if path.suffix.lower() in wanted]
    if not names:
        raise SettingsError(f"{folder} has no pictures")
    return names


def _announce(settings: Settings, names: list[str], base: str) -> None:
    url = UrlBuilder(base, key=settings.key[0].hex(), salt=settings.salt[0].hex()) if settings.key else UrlBuilder(base)
    wide = f"local:///{names[0]}"
    face = f"local:///{'astronaut.jpg' if 'astronaut.jpg' in names else names[-1]}"
    shown = {
        "a resize": url.resize("fit", 640).build(wide),
        "a smart crop": url.resize("fill", 300, 400).gravity("sm").build(face),
        "an AVIF": url.resize("fit", 400).build(face, extension="avif"),
        "a watermark": url.resize("fit", 640).watermark(0.8, "soea", 16, 16, 0.3).build(wide),
    }
    width = max(map(len, shown))
    click.secho(f"\nMememime serves {len(names)} photographs at {base}. Open one of these:\n", bold=True)
    for title, address in shown.items():
        click.echo(f"  {title:<{width}}  {address}")
    click.echo("\n  a srcset, for your page:\n")
    candidates = url.srcset(wide, widths=(320, 640, 1280))
    click.echo(
        f'  <img sizes="50vw" src="{shown["a resize"]}"\n       srcset="{candidates}">'.replace(
            ", ", ",\n               "
        )
    )
    click.echo("\nCtrl-C stops it.\n")


@click.command()
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="config/samples",
    show_default=True,
    help="Pictures to serve.",
)
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="Where the signing key is kept; made where there is none.",
)
def demo(folder: Path, key_file: Path) -> None:
    """Serve a folder of pictures and print signed URLs to open. MEMEMIME_ variables change how."""
    try:
        _key_file(key_file)
        settings = _settings(folder.resolve(), key_file)
        names = _pictures(folder)
        logs.configure(settings)
        uvloop.run(_serve(settings, names))
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except OSError as error:
        raise click.ClickException(f"cannot start: {error.strerror or error}") from None


async def _serve(settings: Settings, names: list[str]) -> None:
    ready: asyncio.Future[app.Proxy] = asyncio.get_running_loop().create_future()
    service = asyncio.ensure_future(app.serve(settings, ready))
    await asyncio.wait((service, ready), return_when=asyncio.FIRST_COMPLETED)
    if ready.done():
        _announce(settings, names, f"http://{ready.result().addresses[0]}{settings.path_prefix}")
    await service
