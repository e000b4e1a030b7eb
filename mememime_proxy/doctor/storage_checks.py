"""Checks of folders and buckets by real operations. A probe object is written, read, listed and removed again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import MememimeError, ObjectNotFoundError, StorageDeniedError, StorageError
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.folders import used_folders
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.protocol import Reader, Storage
from mememime_proxy.storage.registry import Storages

_TIMEOUT = 20.0
"""Seconds for one storage."""
_PROBE = b"mememime doctor wrote this object, and removes it again\n"
_PREFIX = "mememime-doctor/"
_SCARCE = 0.05
"""Share of free bytes below which a file system is nearly full."""
GIB = 1 << 30


def check_folders_exist(settings: Settings) -> Iterator[Finding]:
    """Check each folder of the settings: whether it can be used, and how much room there is."""
    for name, path in used_folders(settings).items():
        if name == "database_url":
            continue
        folder = next((each for each in (path, *path.parents) if each.exists()), path)
        mode = os.R_OK | os.X_OK if name == "local_filesystem_root" else os.R_OK | os.W_OK | os.X_OK
        subject = f"{variable(name)} {path}"
        if not folder.is_dir():
            yield wrong("folders.usable", subject, f"{str(folder)!r} is no folder")
        elif name == "assets_storage" and not os.access(folder, os.W_OK) and os.access(folder, os.R_OK | os.X_OK):
            yield ok("folders.usable", subject, "can be read, not written: enough for the proxy")
        elif not os.access(folder, mode):
            yield wrong("folders.usable", subject, f"user {os.geteuid()} may not use {str(folder)!r}")
        else:
            yield _room(subject, folder)


def _room(subject: str, folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    files = os.statvfs(folder)
    found = f"{usage.free / GIB:.1f} of {usage.total / GIB:.1f} GiB free"
    if usage.total and usage.free < _SCARCE * usage.total:
        return note("folders.room", subject, f"{found}: nearly full")
    if files.f_files and files.f_favail < _SCARCE * files.f_files:
        return note("folders.room", subject, f"{files.f_favail} of {files.f_files} inodes free: nearly full")
    return ok("folders.usable", subject, found)


def check_spool_room(settings: Settings) -> Iterator[Finding]:
    """Check whether the spool has room for as many of the largest uploads as may be finished at once."""
    folder = next((path for name, path in used_folders(settings).items() if name == "spool_path"), None)
    if folder is None or not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    needed = settings.uploads_at_once * settings.upload_max_size
    found = (
        f"{free / GIB:.1f} GiB free; {settings.uploads_at_once} uploads at once of {settings.upload_max_size / GIB:.2f}"
        f" GiB are up to {needed / GIB:.1f} GiB"
    )
    if free < settings.upload_max_size:
        yield note("folders.spool", f"{variable('spool_path')} {folder}", f"{found}: not even one fits")
    elif free < needed:
        yield note("folders.spool", f"{variable('spool_path')} {folder}", f"{found}: later ones are answered 507")
    else:
        yield ok("folders.spool", f"{variable('spool_path')} {folder}", found)


async def check_writable(check: str, subject: str, storage: Storage) -> AsyncIterator[Finding]:
    """Write, read, list and remove a probe object."""
    key = f"{_PREFIX}{uuid.uuid4().hex}"
    step = "written"
    try:
        async with asyncio.timeout(_TIMEOUT):
            await storage.put(key, _PROBE)
            step = "read"
            async with await storage.open(key, timeout=_TIMEOUT) as body:
                content = b"".join([chunk async for chunk in body])
            if content != _PROBE:
                yield wrong(check, subject, f"the probe object {key} was read with other bytes than were written")
                return
            step = "listed"
            listed = [info.key async for info in storage.list(key)]
            if listed != [key]:
                yield note(check, subject, f"the probe object {key} is not listed: the listing is not consistent")
            step = "removed"
            await storage.delete(key)
        yield ok(check, subject, "a probe object was written, read, listed and removed")
    except TimeoutError:
        yield wrong(check, subject, f"no answer within {_TIMEOUT:.0f} s when a probe object was to be {step}")
    except StorageError as error:
        yield wrong(check, subject, f"the probe object {key} could not be {step}: {error.detail}")
    finally:
        if step != "written":
            with contextlib.suppress(MememimeError, TimeoutError):
                async with asyncio.timeout(_TIMEOUT):
                    await storage.delete(key)


async def check_readable(check: str, subject: str, reader: Reader) -> AsyncIterator[Finding]:
    """Look for an object that is not there, which needs the permissions of reading, and list if there is a listing."""
    key = f"{_PREFIX}{uuid.uuid4().hex}"
    try:
        async with asyncio.timeout(_TIMEOUT):
            with contextlib.suppress(ObjectNotFoundError):
                await reader.head(key)
            # HEAD answers 404 without saying whether it is the object or the bucket that is missing.
            if (listing := getattr(reader, "list", None)) is not None:
                async for _ in listing(key):
                    break
        yield ok(check, subject, "answers, and can be read and listed")
    except TimeoutError:
        yield wrong(check, subject, f"no answer within {_TIMEOUT:.0f} s")
    except ObjectNotFoundError as error:
        yield wrong(check, subject, f"there is no such bucket: {error.detail}")
    except StorageDeniedError as error:
        detail = "; reading needs s3:GetObject, and s3:ListBucket to tell a missing object from a denied one"
        yield wrong(check, subject, f"access is denied: {error.detail}{detail if 's3://' in subject else ''}")
    except StorageError as error:
        yield wrong(check, subject, error.detail)


async def check_sources(settings: Settings, storages: Storages) -> AsyncIterator[Finding]:
    """Check each bucket that is named in a list of allowed ones; patterns cannot be tried."""
    for scheme, allowed, used in (
        ("s3", settings.s3_allowed_buckets, settings.use_s3),
        ("gs", settings.gcs_allowed_buckets, settings.use_gcs),
        ("abs", settings.abs_allowed_buckets, settings.use_abs),
    ):
        if not used:
            continue
        names = [name for name in allowed if "*" not in name]
        for name in names:
            if (reader := storages.reader(scheme, name)) is not None:
                async for finding in check_readable("storage.sources", f"{scheme}://{name}", reader):
                    yield finding
        if not names:
            yield note("storage.sources", f"{scheme}://", "any bucket may be read: none is named, so none was tried")
