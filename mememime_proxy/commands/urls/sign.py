"""``mememime sign``: URLs from the command line."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mememime_proxy.commands import next_steps
from mememime_proxy.errors import MememimeError, SourceUrlError
from mememime_proxy.urls.building.builder import UrlBuilder
from mememime_proxy.urls.source.rewriting import SourceRules
from mememime_proxy.urls.source.source import SourceUrl


def _variables(name: str) -> list[str]:
    return [f"MEMEMIME_{name}", f"IMGPROXY_{name}"]


def _numbers(text: str, kind: type[int] | type[float]) -> list[float]:
    try:
        return [kind(part) for part in text.split(",") if part]
    except ValueError:
        raise click.BadParameter(f"found {text!r}, expected numbers separated by commas") from None


@click.command()
@click.argument("source", required=False)
@click.argument("options", nargs=-1, metavar="[OPTION:ARGUMENT...]...")
@click.option("--path", help="Sign this path (options and source as they follow the signature) in place of SOURCE.")
@click.option("--format", "-f", "extension", default="", help="Format of the result, as extension of the URL.")
@click.option(
    "--base-url", envvar="MEMEMIME_PUBLIC_URL", default="", help="Address of the service: https://images.example.com"
)
@click.option("--srcset", "widths", help="Widths, separated by commas: print a srcset.")
@click.option("--densities", help="Pixel densities, separated by commas: print a srcset.")
@click.option("--plain", "form", flag_value="plain", help="Write the source as plain text.")
@click.option("--base64", "form", flag_value="base64", help="Write the source in base64.")
@click.option("--encrypt", "form", flag_value="enc2", help="Encrypt the source with AES-GCM-SIV.")
@click.option("--encrypt-cbc", "form", flag_value="enc", help="Encrypt the source with AES-CBC, as imgproxy does.")
@click.option("--unsigned", is_flag=True, help="Write `unsafe` in place of the signature.")
@click.option("--key", envvar=_variables("KEY"), default="", help="Signing key in hexadecimal; of several the first.")
@click.option("--salt", envvar=_variables("SALT"), default="", help="Its salt in hexadecimal.")
@click.option("--signature-size", envvar=_variables("SIGNATURE_SIZE"), default=32, show_default=True, help="Bytes.")
@click.option("--encryption-key", envvar=_variables("SOURCE_URL_ENCRYPTION_KEY"), default="", help="In hexadecimal.")
@click.option("--separator", envvar=_variables("ARGUMENTS_SEPARATOR"), default=":", help="Between arguments.")
def sign(
    source: str | None,
    options: tuple[str, ...],
    path: str | None,
    extension: str,
    base_url: str,
    widths: str | None,
    densities: str | None,
    form: str | None,
    unsigned: bool,
    key: str,
    salt: str,
    signature_size: int,
    encryption_key: str,
    separator: str,
) -> None:
    """Print the signed URL of SOURCE with processing options.

    \b
    mememime sign local:///cat.jpg rs:fill:300:200 g:sm --format webp
    mememime sign https://example.com/cat.jpg --srcset 320,640,1280
    mememime sign --path /rs:fit:300/plain/local:///cat.jpg

    SOURCE is a URL as the service reads it, or the name of a file below MEMEMIME_LOCAL_FILESYSTEM_ROOT. Keys are read
    from MEMEMIME_KEY and MEMEMIME_SALT, or IMGPROXY_KEY and IMGPROXY_SALT.
    """
    if (source is None) == (path is None):
        raise click.UsageError("give either a source or --path")
    if path is not None and (extension or widths or densities or form):
        raise click.UsageError("--path is signed as it is, the options about the source do not apply")
    if not unsigned and not (key and salt):
        raise click.UsageError("a key and a salt are needed (MEMEMIME_KEY, MEMEMIME_SALT), or --unsigned")
    try:
        builder = UrlBuilder(
            base_url,
            "" if unsigned else key,
            "" if unsigned else salt,
            signature_size=signature_size,
            encryption_key=encryption_key,
            arguments_separator=separator,
            unsigned=unsigned,
        )
        if path is not None:
            click.echo(builder.sign(path))
            return
        source = _complete(source or "")
        for option in options:
            name, *arguments = option.split(separator)
            builder = builder.option(name, *arguments)
        builder = _in_form(builder, form)
        if widths or densities:
            click.echo(
                builder.srcset(
                    source,
                    widths=[int(width) for width in _numbers(widths or "", int)],
                    densities=_numbers(densities or "", float),
                    extension=extension,
                )
            )
        else:
            click.echo(builder.build(source, extension))
    except MememimeError as error:
        raise click.ClickException(error.detail) from error


def _complete(source: str) -> str:
    """Return ``source`` as a URL that the service can read. Raises click.UsageError that says what to write."""
    rules = SourceRules(replacements=_setting("URL_REPLACEMENTS"), base_url=_setting("BASE_URL"))
    try:
        SourceUrl.parse(rules.rewrite(source))
    except SourceUrlError as error:
        if root := _setting("LOCAL_FILESYSTEM_ROOT"):
            for candidate in (Path(root, source), Path(source)):
                path = candidate.resolve()
                if path.is_file() and path.is_relative_to(Path(root).resolve()):
                    url = f"local:///{path.relative_to(Path(root).resolve())}"
                    click.echo(f"the source is {url}", err=True)
                    return url
        raise click.UsageError(_advice(source, error)) from None
    return source


def _advice(source: str, error: SourceUrlError) -> str:
    name = source.lstrip("/") or "cat.jpg"
    upload = next_steps.command("upload", source, "--alias", "{stem}")
    return (
        f"{error.detail}, so that the service would answer 404 to {source!r}. Write https://example.com/{name},"
        f" local:///{name} for a file below MEMEMIME_LOCAL_FILESYSTEM_ROOT of the service, s3://bucket/{name} for an"
        f" object, or alias://{Path(name).stem} for an upload ({upload}). MEMEMIME_BASE_URL is put in front of sources."
    )


def _setting(name: str) -> str:
    return next((os.environ[each] for each in _variables(name) if os.environ.get(each)), "")


def _in_form(builder: UrlBuilder, form: str | None) -> UrlBuilder:
    match form:
        case "plain":
            return builder.plain()
        case "base64":
            return builder.base64()
        case "enc":
            return builder.encrypted(cipher="enc")
        case "enc2":
            return builder.encrypted()
        case _:
            return builder
