"""Uploads many files to the resource service: ``mememime upload``, ``mememime verify``, and the same as a Python API.

async with Uploader("https://uploads.example.com", key) as uploader:
    done = await uploader.upload(Path("front.jpg"), alias="products/42/front")
"""

from mememime_proxy.client.failures import AnswerError, ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.upload import Uploaded, Uploader

__all__ = ["AnswerError", "ClientError", "FileError", "RefusedError", "UnreachableError", "Uploaded", "Uploader"]
