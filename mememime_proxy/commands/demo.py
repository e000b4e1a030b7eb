"""``mememime demo``: start both services, upload a folder of pictures with aliases, print signed URLs."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from mememime_proxy.commands import next_steps
from mememime_proxy.commands.film_examples import film_examples, media_extensions
from mememime_proxy.commands.serve import announce_next_steps, run, run_option, sign_in_link
from mememime_proxy.errors import SettingsError
from mememime_proxy.service.development.environment import DevEnvironment, prepare
from mememime_proxy.service.development.supervisor import StartError
from mememime_proxy.urls import UrlBuilder

_PREFIX = "samples"


def _announce(development: DevEnvironment, aliases: list[str], folder: Path) -> None:
    settings, base = development.settings, development.proxy_url
    key, salt = (settings.key[0].hex(), settings.salt[0].hex()) if settings.key else ("", "")
    url = UrlBuilder(base, key, salt, unsigned=not key)
    wide = f"alias://{aliases[0]}"
    face = f"alias://{next((name for name in aliases if name.endswith('/astronaut')), aliases[-1])}"
    examples = {
        "a resize": url.resize("fit", 640).build(wide),
        "a smart crop": url.resize("fill", 300, 400).gravity("sm").build(face),
        "an AVIF": url.resize("fit", 400).build(face, extension="avif"),
    }
    if settings.watermark_path:
        examples["a watermark"] = url.resize("fit", 640).watermark(0.8, "soea", 16, 16, 0.3).build(wide)
    for name in aliases[1:]:
        examples[name] = url.resize("fit", 640).build(f"alias://{name}")
    films = film_examples(url, folder, base)
    width = max(map(len, (*examples, *films)))
    click.secho(
        f"\nThe resource service at {development.resources_url} stores {len(aliases)} pictures,"
        f" the proxy at {base} serves them. Open one of these URLs:\n",
        bold=True,
    )
    for title, address in examples.items():
        click.echo(f"  {title:<{width}}  {address}")
    if films:
        click.echo(f"\n  Films and sound of {folder}, as local:///…\n")
    for title, address in films.items():
        click.echo(f"  {title:<{width}}  {address}")
    click.echo("\n  HTML with a srcset:\n")
    candidates = url.srcset(wide, widths=(320, 640, 1280))
    click.echo(
        f'  <img sizes="50vw" src="{examples["a resize"]}"\n       srcset="{candidates}">'.replace(
            ", ", ",\n               "
        )
    )
    click.echo("")
    samples = (
        ("sign", wide, "rs:fit:300"),
        ("explain", examples["a smart crop"], "--accept", "image/avif", "--ask"),
        ("alias", "show", aliases[0]),
        ("alias", "history", aliases[0]),
        ("assets", "list"),
        ("purge", wide),
        ("tokens", "upload", "--expires-in", "1h"),
    )
    announce_next_steps(development, samples)
    click.secho("\nOr look at all of it, upload more, set focal points (the link signs in once):\n", bold=True)
    click.echo(f"  {sign_in_link(development)}")
    click.echo("\nCtrl-C stops both services.\n")


async def _upload(development: DevEnvironment, folder: Path, home: Path) -> list[str]:
    """Upload the folder's images and return their aliases, the largest image first."""
    table = home / "uploaded.jsonl"
    command = ["upload", str(folder), "--alias", f"{_PREFIX}/{{stem}}", "--exclude", "*.svg"]
    for extension in media_extensions(folder):
        command += ["--exclude", f"*{extension}"]
    click.secho(f"\n$ {next_steps.command(*command, *run_option(development))}", dim=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mememime_proxy", *command,
        "--server", development.resources_url, "--output", str(table), "--journal", str(home / "uploads.db"),
        env={**development.proxy, "MEMEMIME_RESOURCES_API_KEY": development.settings.admin_api_key},
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if status:
        raise StartError(f"the upload of {folder} failed")
    rows = [row for line in table.read_text("utf-8").splitlines() if (row := json.loads(line)).get("alias")]
    if not rows:
        raise SettingsError(f"{folder} contains no pictures")
    return [row["alias"] for row in sorted(rows, key=lambda row: -row["size"])]


@click.command()
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="config/samples",
    show_default=True,
    help="Pictures to upload and serve.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=".mememime",
    show_default=True,
    help="Folder for assets and the database.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="File of environment variables; missing keys are generated and added. The environment overrides it.",
)
def demo(folder: Path, home: Path, env_file: Path) -> None:
    """Start both services, upload a folder of pictures, and print signed URLs. MEMEMIME_ variables configure them."""
    watermark = folder.resolve() / "watermark.svg"
    root = {"LOCAL_FILESYSTEM_ROOT": str(folder.resolve()), "PLAYER_PAGE": "1"}
    defaults = {"LOG_LEVEL": "warning", **root, **({"WATERMARK_PATH": str(watermark)} if watermark.exists() else {})}

    async def ready(development: DevEnvironment) -> None:
        _announce(development, await _upload(development, folder, home), folder)

    run(lambda former: prepare(home, env_file, defaults, former=former), ready)
