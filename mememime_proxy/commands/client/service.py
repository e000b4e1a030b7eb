"""Options and errors of the commands that send single requests to the resource service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import click

from mememime_proxy.client.errors import AnswerError, ClientError, RefusedError, UnreachableError
from mememime_proxy.client.transfer.retries import Retries
from mememime_proxy.client.transfer.session import Session

_ATTEMPTS = 4
"""Three waits of 0.5, 1 and 2 seconds at most: a person waits."""
_TIMEOUT = 20.0
"""Seconds after which a command without any progress gives up."""
_ADVICE = {403: "A key with another role, or of another tenant, is needed."}
T = TypeVar("T")


def service_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which service is meant, and by which key."""
    for option in (
        click.option(
            "--key",
            envvar="MEMEMIME_RESOURCES_API_KEY",
            required=True,
            help="API key. Prefer the variable: other users can see arguments.",
        ),
        click.option("--server", envvar="MEMEMIME_RESOURCES_URL", required=True, help="URL of the resource service."),
    ):
        command = option(command)
    return command


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def run(
    server: str,
    key: str,
    action: Callable[[Session], Awaitable[T]],
    *,
    timeout: float | None = _TIMEOUT,
    advice: Mapping[int, str] = MappingProxyType({}),
) -> T:
    """Return what ``action`` returns for a session with the service.

    Its errors end the command: status 3 where the service does not respond, 1 where it refuses. ``timeout`` None: for
    actions that show their progress. ``advice``: what to do, by the status of a refusal.
    """
    try:
        return asyncio.run(_run(server, key, action, timeout))
    except AnswerError as error:
        hint = advice.get(error.status) or _ADVICE.get(error.status, "")
        raise click.ClickException(f"{error}{'. ' * bool(hint)}{hint}") from None


async def _run(server: str, key: str, action: Callable[[Session], Awaitable[T]], timeout: float | None) -> T:  # noqa: ASYNC109
    try:
        session = Session(
            server, key.strip(), retries=lambda: Retries(_ATTEMPTS), on_silence=lambda text: click.echo(text, err=True)
        )
        async with session, asyncio.timeout(timeout):
            return await action(session)
    except TimeoutError:
        raise _unreachable(f"{server} has not answered within {timeout:.0f} s") from None
    except UnreachableError as error:
        raise _unreachable(str(error)) from None
    except RefusedError as error:
        raise click.ClickException(f"{error}. Is MEMEMIME_RESOURCES_API_KEY of this service?") from None
    except AnswerError:
        raise
    except ClientError as error:
        raise click.ClickException(str(error)) from None


class _UnreachableService(click.ClickException):
    """The service does not respond; the exit status is that of `upload` and `verify`."""

    exit_code = 3


def _unreachable(text: str) -> click.ClickException:
    return _UnreachableService(
        f"{text}. Is it running? `mememime serve` starts one; --server or MEMEMIME_RESOURCES_URL names another."
    )


def print_json(value: Any) -> None:
    """Print a document as the service gave it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
