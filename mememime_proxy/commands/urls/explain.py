"""``mememime explain``: what each part of a URL means, and why the proxy would refuse it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click

from mememime_proxy.commands import next_steps
from mememime_proxy.errors import SettingsError
from mememime_proxy.explain.answers import Answer, ask
from mememime_proxy.explain.explanation import explain as explain_url
from mememime_proxy.explain.model import Cause, Explanation
from mememime_proxy.explain.target import Target
from mememime_proxy.settings.environment import with_file
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.urls.signature import KeyPair

_WIDTH = 100


def _headers(_context: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for value in values:
        name, colon, text = value.partition(":")
        if not colon:
            raise click.BadParameter(f"found {value!r}, expected 'Name: value'")
        headers[name.strip().title().replace("Dpr", "DPR").replace("Ch-", "CH-")] = text.strip()
    return headers


@click.command()
@click.argument("url")
@click.option("--accept", default="", metavar="TYPES", help="Accept header of the client: 'image/avif,image/webp'.")
@click.option("--header", "headers", multiple=True, callback=_headers, metavar="'NAME: VALUE'",
              help="Another header of the request, for client hints. Repeatable.")  # fmt: skip
@click.option("--signer-env-file", "signer_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Variables of the site that signed the URL: tells a wrong key from a wrong salt.")  # fmt: skip
@click.option("--ask", "asks", is_flag=True, help="Also request it from the address in URL, or MEMEMIME_PUBLIC_URL.")
@click.option("--server", default="", metavar="ADDRESS", help="Also request it from this service.")
@click.option("--timeout", default=10.0, show_default=True, help="Seconds to wait for the service.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(
    url: str,
    accept: str,
    headers: dict[str, str],
    signer_file: Path | None,
    asks: bool,
    server: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Say what each part of URL means to a service with these settings, and why it would be refused.

    \b
    mememime explain 'http://localhost:8080/…/rs:fit:300/plain/local:///cat.jpg' --accept image/avif
    mememime explain '/…/rs:fit:300/plain/local:///cat.jpg' --server http://localhost:8080

    Files below MEMEMIME_LOCAL_FILESYSTEM_ROOT are looked at; no other machine is asked without --ask or --server. Exit
    status: 0 the URL is served, 1 it is refused.
    """
    request_headers = headers | ({"Accept": accept} if accept else {})
    try:
        settings = load()
        explanation = explain_url(url, settings, headers=request_headers, signer=_signer(signer_file))
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    answer = None
    if asks or server:
        answer = _ask(url, server, settings, request_headers, timeout)
    if as_json:
        result = dataclasses.asdict(explanation) | ({"answer": dataclasses.asdict(answer)} if answer else {})
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(explanation, answer)))
    if explanation.refusal is not None or (answer is not None and answer.status >= 300):
        raise SystemExit(1)
    if answer is None and not as_json:
        next_steps.show("add --ask to request it from the running service")


def _signer(path: Path | None) -> tuple[KeyPair, ...]:
    if path is None:
        return ()
    settings = load(with_file({}, str(path)), keys_needed=False)
    return tuple(zip(settings.key, settings.salt, strict=True))


def _ask(url: str, server: str, settings: Settings, headers: dict[str, str], timeout: float) -> Answer:
    target = Target(url)
    address = server or target.address or settings.public_url
    if not address:
        raise click.UsageError("name the service: --server http://host:port")
    secret = {}
    if settings.secret:
        # A URL that somebody else wrote names any service: the secret goes to one that the operator named.
        if server or not target.address or _origin(target.address) == _origin(settings.public_url):
            secret = {"Authorization": f"Bearer {settings.secret}"}
        else:
            click.echo(f"MEMEMIME_SECRET is not sent to {address}: --server or MEMEMIME_PUBLIC_URL names it", err=True)
    try:
        with next_steps.first_word(address):
            return ask(address, target.request, headers | secret, timeout)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"{address} cannot be reached: {error}. Is it running? `mememime serve` starts one; --server names another."
        ) from None


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()


def _lines(explanation: Explanation, answer: Answer | None) -> Iterator[str]:
    refusal = explanation.refusal
    yield explanation.url
    if refusal is not None and refusal.cause.end > refusal.cause.start:
        yield " " * refusal.cause.start + "^" * (refusal.cause.end - refusal.cause.start)
    yield ""
    for part in explanation.parts:
        if part.kind == "address":
            continue
        sets = ", ".join(f"{name}={value}" for name, value in part.sets.items())
        yield f"  {click.style(part.kind.ljust(9), bold=True)}  {part.text}"
        for text in filter(None, (part.meaning, f"sets {sets}" if sets else "")):
            yield click.wrap_text(text, _WIDTH, " " * 13, " " * 13)
    if explanation.source and refusal is None:
        yield from _field("original", explanation.source)
    if explanation.format:
        yield from _field("result", explanation.format)
        if explanation.vary:
            yield from _field("vary", explanation.vary)
    for note in explanation.notes:
        yield from _field("note", note)
    yield ""
    if refusal is None:
        yield click.style("Served", fg="green", bold=True) + ", unless the original cannot be read or rendered."
    else:
        yield click.style("Refused", fg="red", bold=True) + f": {refusal.status} {refusal.code}, {refusal.public!r}"
        yield from _cause(refusal.cause)
    if answer is not None:
        yield from _answer(answer, explanation)


def _cause(cause: Cause) -> Iterator[str]:
    place = f", characters {cause.start + 1} to {cause.end}" if cause.end > cause.start else ""
    yield from _field("cause", f"{cause.text} ({cause.id}{place})")
    yield from _field("remedy", cause.remedy)


def _answer(answer: Answer, explanation: Explanation) -> Iterator[str]:
    yield ""
    yield f"The service answered {answer.status}" + (f": {answer.text}" if answer.text else "")
    width = max(map(len, answer.headers), default=0)
    for name, value in answer.headers.items():  # in one line each, to be copied
        yield f"  {click.style(name.ljust(width), bold=True)}  {value}"
    expected = explanation.refusal.status if explanation.refusal else 200
    if (answer.status >= 300 or explanation.refusal is not None) and answer.status != expected:
        yield (
            f"These settings would give {expected}: the service has other settings, or the original cannot be read or"
            " rendered (look for the request id in its log)."
        )


def _field(name: str, text: str) -> Iterator[str]:
    label = click.style(name.ljust(9), bold=True)
    first, *rest = click.wrap_text(text, _WIDTH, "", " " * 13).split("\n")
    yield f"  {label}  {first}"
    yield from rest
