"""Uploads many files to the resource service: ``mememime upload``, ``mememime verify``, and the same as a Python API.

async with Uploader("https://uploads.example.com", key) as uploader:
    done = await uploader.upload(Path("front.jpg"), alias="products/42/front")
    async for outcome in upload_all(uploader, files("photographs", Filter()), Order(template=Template("p/{path}"))):
        print(outcome.path, outcome.state)
"""

from mememime_proxy.client.bulk import Order, upload_all
from mememime_proxy.client.failures import AnswerError, ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.outcome import Outcome
from mememime_proxy.client.scan import Entry, Filter, files, local
from mememime_proxy.client.templates import Template
from mememime_proxy.client.upload import Transfer, Uploaded, Uploader

__all__ = [
    "AnswerError",
    "ClientError",
    "Entry",
    "FileError",
    "Filter",
    "Order",
    "Outcome",
    "RefusedError",
    "Template",
    "Transfer",
    "UnreachableError",
    "Uploaded",
    "Uploader",
    "files",
    "local",
    "upload_all",
]
