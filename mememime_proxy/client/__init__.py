"""Client of the resource service: uploads files, one or many; the commands ``upload`` and ``verify`` use it.

async with Uploader("https://uploads.example.com", key) as uploader:
    uploaded = await uploader.upload(Path("front.jpg"), alias="products/42/front")
    async for outcome in upload_all(uploader, files("photographs", Filter()), Order(template=Template("p/{path}"))):
        print(outcome.path, outcome.state)

The names below load when they are first used: ``mememime alias`` or ``keys`` run without the extra that uploads need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mememime_proxy.client.bulk import Order as Order
    from mememime_proxy.client.errors import AnswerError as AnswerError
    from mememime_proxy.client.errors import ClientError as ClientError
    from mememime_proxy.client.errors import FileError as FileError
    from mememime_proxy.client.errors import RefusedError as RefusedError
    from mememime_proxy.client.errors import UnreachableError as UnreachableError
    from mememime_proxy.client.inputs.alias_template import Template as Template
    from mememime_proxy.client.inputs.name_filter import Filter as Filter
    from mememime_proxy.client.inputs.rename import Rename as Rename
    from mememime_proxy.client.inputs.scan import Entry as Entry
    from mememime_proxy.client.inputs.scan import files as files
    from mememime_proxy.client.inputs.scan import local as local
    from mememime_proxy.client.outcome_stream import upload_all as upload_all
    from mememime_proxy.client.results import Outcome as Outcome
    from mememime_proxy.client.uploader import Transfer as Transfer
    from mememime_proxy.client.uploader import Uploaded as Uploaded
    from mememime_proxy.client.uploader import Uploader as Uploader

_HOMES = {
    "AnswerError": "errors",
    "ClientError": "errors",
    "Entry": "inputs.scan",
    "FileError": "errors",
    "Filter": "inputs.name_filter",
    "Order": "bulk",
    "Outcome": "results",
    "RefusedError": "errors",
    "Rename": "inputs.rename",
    "Template": "inputs.alias_template",
    "Transfer": "uploader",
    "UnreachableError": "errors",
    "Uploaded": "uploader",
    "Uploader": "uploader",
    "files": "inputs.scan",
    "local": "inputs.scan",
    "upload_all": "outcome_stream",
}

__all__ = [
    "AnswerError",
    "ClientError",
    "Entry",
    "FileError",
    "Filter",
    "Order",
    "Outcome",
    "RefusedError",
    "Rename",
    "Template",
    "Transfer",
    "UnreachableError",
    "Uploaded",
    "Uploader",
    "files",
    "local",
    "upload_all",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
