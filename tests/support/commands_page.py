"""The reference of the commands: docs/commands.md. ``python -m tests.support.commands_page`` writes it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from mememime_proxy.commands.env_file import EnvFile
from mememime_proxy.commands.group import SECTIONS, CommandEntry, main
from tests.support.wrong_urls import WRONG_URLS

PATH = Path(__file__).parents[2] / "docs" / "commands.md"
_HEAD = """# Commands

The option `--help` of the program lists the commands; that of a command shows what it takes. In a clone the command
is `.venv/bin/mememime`. Results go to standard output; what to do next (`Next: …`), progress and errors go to
standard error.

## Where settings come from

Options of the command line win over variables of the environment, and these win over a file of variables.
`--env-file FILE` names a file for any command, as `MEMEMIME_ENV_LOCAL_FILE_PATH` does.

While `mememime serve` or `mememime demo` (`make run`) runs, all its variables are in `.mememime/env`. Commands in
that folder find this file, or a `.env` with settings, without being told, and say which one they took. Such a file
adds settings alone (no other variables), and never a part of what belongs together: with
`MEMEMIME_RESOURCES_API_KEY` in the environment, its `MEMEMIME_RESOURCES_URL` is not taken; the same holds for key
and salt, and for `MEMEMIME_PUBLIC_URL` and `MEMEMIME_SECRET`. `explain --ask` sends the secret only to the address in
`MEMEMIME_PUBLIC_URL` or `--server`. `proxy`, `resources`, `migrate` and `reconcile` read a file only if it is named.

## Exit status

0: done. 1: refused, different or failed. 2: the command line or a file it names is wrong. 3: the resource service
does not respond (`alias`, `assets`, `keys api`, `tokens upload`, `upload`, `verify`), or database or storage do not
(`reconcile`). 130: interrupted. A command says within two seconds that the
service does not respond, and ends after twenty; `upload` and `verify` have [a time of their own](client.md).

## Why is this URL refused?

`mememime explain URL` takes the settings of the service, reads the URL with the parser of the service, and says what
each part means and sets, which key the signature fits, and what the result would be for an `--accept` header. For a
refused URL it marks the place and names status, code and cause. `--ask` or `--server` also request it.

```
$ mememime explain 'http://localhost:8080/…/rs:fil:300/plain/local:///cat.jpg'
http://localhost:8080/…/rs:fil:300/plain/local:///cat.jpg
                           ^^^
  signature  …
             fits: key 1 of 1

Refused: 404 url.option_invalid, 'Invalid URL'
  cause      resize: type: found 'fil', expected one of `fit`, `fill`, … (option.argument_invalid, characters 28 to 30)
  remedy     Write it as resize:type[:width[:height[…]]], for example rs:fill:300:200.
```

A signature says nothing about the key that made it. The command makes the usual mistakes on purpose and compares: a
signature that was cut, padded, or written in another alphabet; key or salt not decoded, exchanged, left out; an
option or a format changed after signing; a URL that was escaped, unescaped or cleaned on its way. With the variables
of the signing site (`--signer-env-file`) it also tells a wrong key from a wrong salt. Causes:

{causes}

## Rotate keys

`mememime keys show` prints a fingerprint of each key, by which two machines are compared. The first key of a list
signs, and all are accepted. `mememime keys rotate url` (or `token`, `purge`) prints the variables for three steps:

1. `--step accept` puts a new key and salt behind the old ones. Give the values to all services and reload them
   (`mememime reload`). Nothing else changes.
2. `--step sign`, with these values in the environment, puts the new ones first. Give the values to all services, and
   the first key and salt to all sites that sign.
3. `--step retire` drops the old ones, when no page, feed or cache has old URLs any more.

An API key of the resource service is replaced by `mememime keys api replace ID`, and revoked when all clients have
the new one.
"""
_VARIABLE = re.compile("MEMEMIME_[A-Z_]+")
_ENV_FILES = {
    EnvFile.FOUND: "",
    EnvFile.NAMED: "Reads a file of variables only if `--env-file` names it.",
    EnvFile.PATH: "Reads a file of variables only if `--env-file` names it, and again at SIGHUP.",
    EnvFile.OWN: "",
}


def leaves(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that can be run, with its words."""
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from leaves(command.commands[name], (*words, name))
    else:
        yield words, command


def _text(text: str) -> str:
    """Return a help text as Markdown: one line for a paragraph, examples as code."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            examples = paragraph.removeprefix("\b").strip("\n")
            paragraphs.append(f"```sh\n{examples}\n```")
        else:
            paragraphs.append(" ".join(paragraph.split()))
    return "\n\n".join(paragraphs)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def _default(param: click.Option) -> str:
    value: Any = param.default
    if not param.show_default or isinstance(param.show_default, str):
        return f" Default: {param.show_default}." if isinstance(param.show_default, str) else ""
    if isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    if param.is_flag:
        return ""
    return f" Default: `{value}`."


def _option(param: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    variables = [param.envvar] if isinstance(param.envvar, str) else list(param.envvar or ())
    ours = [name for name in variables if name.startswith("MEMEMIME_")]
    named = f" Variable: {', '.join(f'`{name}`' for name in ours)}." if ours else ""
    return f"| {names} | {_cell((param.help or '') + _default(param) + named)} |"


def _section(words: tuple[str, ...], command: click.Command) -> Iterator[str]:
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    shown = " ".join(param.make_metavar(click.Context(command)) for param in arguments)
    yield f"#### `mememime {' '.join(words)}{' ' + shown if shown else ''}`\n"
    yield _text(command.help or "") + "\n"
    options = [param for param in command.params if isinstance(param, click.Option) and param.name != "env_file"]
    if options:
        yield "| option | |\n|---|---|"
        yield from map(_option, options)
        yield ""


def _code(match: re.Match[str]) -> str:
    return f"`{match[0]}`"


def _reference(name: str, entry: CommandEntry) -> Iterator[str]:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    yield f"### {name}\n"
    facts = [
        f"Needs the extra `{entry.extra}`." if entry.extra else "",
        _ENV_FILES[entry.env_file],
        f"Variables: {_VARIABLE.sub(_code, entry.variables)}." if entry.variables else "",
    ]
    if any(facts):
        yield " ".join(filter(None, facts)) + "\n"
    for words, each in leaves(command, (name,)):
        yield from _section(words, each)


def _causes() -> str:
    rows = ["| cause | for example | status |", "|---|---|---|"]
    ordered = sorted(WRONG_URLS, key=lambda wrong: wrong.cause)
    for cause, found in groupby(ordered, key=lambda wrong: wrong.cause):
        group = list(found)
        statuses = ", ".join(sorted({str(wrong.status) for wrong in group}))
        rows.append(f"| `{cause}` | {'; '.join(_cell(wrong.name) for wrong in group)} | {statuses} |")
    return "\n".join(rows)


def page() -> str:
    """Return docs/commands.md."""
    lines = [_HEAD.replace("{causes}", _causes()), "## Reference\n"]
    lines.append("Every command also takes `--env-file` and `--help`.\n")
    for title, entries in SECTIONS.items():
        lines.append(f"**{title}**: {', '.join(f'[{name}](#{name})' for name in entries)}\n")
    for entries in SECTIONS.values():
        for name, entry in entries.items():
            lines += _reference(name, entry)
    return "\n".join(lines)


if __name__ == "__main__":
    PATH.write_text(page(), "utf-8")
