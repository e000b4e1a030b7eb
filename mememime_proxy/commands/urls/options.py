"""``mememime options``: the options of the URL language, from the table that the parser has."""

from __future__ import annotations

import json

import click

from mememime_proxy.console.option_documents import option_documents


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object for each option with its arguments.")
def options(as_json: bool) -> None:
    """List the options of URLs, with what they do and an example of each."""
    documents = option_documents()
    if as_json:
        click.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    width = max(len(document["example"]) for document in documents)
    for document in documents:
        short = f" (short {', '.join(document['aliases'])})" if document["aliases"] else ""
        click.echo(f"{document['example'].ljust(width)}  {document['meaning']}{short}")
