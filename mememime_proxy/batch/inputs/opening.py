"""Which input ``--from`` names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mememime_proxy.batch.inputs.bucket import BucketInput
from mememime_proxy.batch.inputs.local import (
    MANIFEST_SUFFIXES,
    LocalInput,
    read_access_log,
    read_folder,
    read_manifest,
)
from mememime_proxy.batch.inputs.model import BatchInput
from mememime_proxy.batch.inputs.service import ServiceInput
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.settings.settings import Settings


def open_input(text: str, settings: Settings) -> tuple[BatchInput, Settings]:
    """Return the input, and the settings with which its sources are read. BatchUsageError, SettingsError.

    A folder outside of any configuration is its own root: ``local:///`` names are relative to it then.
    """
    kind, colon, argument = text.partition(":")
    if text == "assets":
        return ServiceInput(settings, "assets"), settings
    if "://" in text:
        return BucketInput(settings, text), settings
    if colon and kind in {"alias", "tag"}:
        return ServiceInput(settings, kind, argument), settings
    path = Path(argument if colon and kind == "log" else text)
    if not path.exists():
        raise BatchUsageError(
            f"--from: found {text!r}, expected a manifest ({', '.join(MANIFEST_SUFFIXES)}), a folder, alias:PREFIX,"
            " tag:NAME, assets, s3://bucket/prefix or log:FILE"
        )
    if path.is_dir():
        root = Path(settings.local_filesystem_root or path)
        if not path.resolve().is_relative_to(root.resolve()):
            raise BatchUsageError(
                f"--from: found {text!r}, expected a folder in MEMEMIME_LOCAL_FILESYSTEM_ROOT ({root}), whose pictures"
                " the proxy serves"
            )
        settings = settings.model_copy(update={"local_filesystem_root": str(root.resolve())})
        return LocalInput(partial(read_folder, path, root)), settings
    if colon and kind == "log":
        return LocalInput(partial(read_access_log, path), path), settings
    if path.suffix not in MANIFEST_SUFFIXES:
        raise BatchUsageError(f"--from: found {path.name!r}, expected the extension {', '.join(MANIFEST_SUFFIXES)}")
    return LocalInput(partial(read_manifest, path), path), settings
