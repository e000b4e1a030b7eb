"""Client of the resource service: uploads files, one or many; the commands ``upload`` and ``verify`` use it.

async with Uploader("https://uploads.example.com", key) as uploader:
    uploaded = await uploader.upload(Path("front.jpg"), alias="products/42/front")
    async for outcome in upload_all(uploader, files("photographs", Filter()), Order(template=Template("p/{path}"))):
        print(outcome.path, outcome.state)
"""

from mememime_proxy.client.bulk import Order
from mememime_proxy.client.errors import AnswerError, ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.inputs.scan import Entry, files, local
from mememime_proxy.client.outcome_stream import upload_all
from mememime_proxy.client.results import Outcome
from mememime_proxy.client.uploader import Transfer, Uploaded, Uploader

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
