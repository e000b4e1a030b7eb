"""At each boundary to a library or the operating system, every error of theirs becomes one of ours.

What each of them means is tested beside the boundary; here the lists of their classes are complete.
"""

import asyncio
import builtins
import errno

import aiohttp
import pytest
import pyvips
import sqlalchemy.exc
from aiohttp.http_exceptions import HttpProcessingError
from botocore import exceptions as boto

from mememime_proxy.errors import DatabaseError, ImageError, SourceError, StorageError, WorkerError
from mememime_proxy.imaging.vips_errors import map_vips_error
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.sources.http import errors as web
from mememime_proxy.storage.local.os_errors import translate_os_error
from mememime_proxy.storage.s3 import errors as s3


def tree(*roots):
    """The classes below the roots that their own library has defined."""
    found = set()
    for root in roots:
        package = root.__module__.partition(".")[0]
        queue = [root]
        while queue:
            cls = queue.pop()
            queue += cls.__subclasses__()
            if cls.__module__.partition(".")[0] == package:
                found.add(cls)
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


OS = sorted(
    {cls for cls in vars(builtins).values() if isinstance(cls, type) and issubclass(cls, OSError)},
    key=lambda cls: cls.__name__,
)
AIOHTTP = tree(aiohttp.ClientError, HttpProcessingError)
BOTOCORE = tree(boto.BotoCoreError)
SQLALCHEMY = tree(sqlalchemy.exc.SQLAlchemyError)
names = {"ids": lambda cls: cls.__qualname__}


@pytest.fixture
def make(monkeypatch):
    """Make an error of a class without the arguments that its constructor needs."""

    def make(cls):
        error = cls.__new__(cls)
        if cls not in OS:
            monkeypatch.setattr(cls, "__str__", lambda _: "text")
        return error

    return make


def test_lists_of_classes_are_complete():
    assert len(OS) > 15
    assert len(AIOHTTP) > 25
    assert len(BOTOCORE) > 80
    assert len(SQLALCHEMY) > 40
    assert asyncio.TimeoutError in OS


@pytest.mark.parametrize("cls", [*OS, *AIOHTTP], **names)
def test_error_of_a_download_is_a_source_error(cls, make):
    assert isinstance(web.translate_error(make(cls)), SourceError)


@pytest.mark.parametrize("cls", [*OS, *AIOHTTP, *BOTOCORE], **names)
def test_error_of_s3_is_a_storage_error(cls, make):
    assert isinstance(s3.translate_error(make(cls), "get"), StorageError)


@pytest.mark.parametrize("number", errno.errorcode, ids=errno.errorcode.get)
@pytest.mark.parametrize("writing", [False, True], ids=["read", "write"])
def test_error_of_a_local_file_is_a_storage_error(number, writing):
    assert isinstance(translate_os_error(OSError(number, "text"), writing=writing), StorageError)


@pytest.mark.parametrize("message", ["", "pngload: broken", "out of memory", "too large", "resize: bad argument"])
def test_error_of_libvips_is_an_image_or_worker_error(message):
    assert isinstance(map_vips_error(pyvips.Error(message)), ImageError | WorkerError)


@pytest.mark.parametrize("transaction", ["read", "write"])
async def test_error_of_a_transaction_is_a_database_error(transaction, make, tmp_path):
    database = Database(f"sqlite:///{tmp_path}/test.sqlite")
    await database.start()
    try:
        for cls in [*OS, *SQLALCHEMY]:
            error = make(cls)
            if isinstance(error, sqlalchemy.exc.DBAPIError):
                error.orig = OSError("text")
            with pytest.raises(DatabaseError) as caught:
                async with getattr(database, transaction)():
                    raise error
            assert caught.value.__cause__ is error
    finally:
        await database.close()
