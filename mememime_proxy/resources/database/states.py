"""The values of the columns that say in which state a row is, or of what kind."""

from __future__ import annotations

import enum
from typing import Final


class UploadKind(enum.StrEnum):
    """How the bytes of an upload come."""

    TUS = "tus"
    """One resumable upload."""
    PARTIAL = "partial"
    """A resumable upload that others can be concatenated with."""
    JOINED = "joined"
    """A partial upload that belongs to a final one."""
    FINAL = "final"
    """The concatenation of several."""
    MULTIPART = "multipart"
    """Parts that the client sends straight to the storage."""


class UploadState(enum.StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    TERMINATED = "terminated"
    EXPIRED = "expired"


OPEN_UPLOADS: Final = (UploadState.RECEIVING, UploadState.VERIFYING)
"""States of uploads that can still become an asset."""


class AssetState(enum.StrEnum):
    """Whether an asset can be served.

    While its object is deleted an asset is ``removing``. An upload of the same bytes waits then, and no asset becomes
    ready out of that state.
    """

    RECEIVING = "receiving"
    VERIFYING = "verifying"
    READY = "ready"
    QUARANTINED = "quarantined"
    DELETED = "deleted"
    REMOVING = "removing"


OPEN_ASSETS: Final = (AssetState.RECEIVING, AssetState.VERIFYING)
"""States of assets that an upload is at work on."""


class AliasState(enum.StrEnum):
    """Whether an alias names an asset, or is a tombstone."""

    ACTIVE = "active"
    DELETED = "deleted"


class AliasAction(enum.StrEnum):
    """Actions that create a version of an alias."""

    SET = "set"
    ROLLBACK = "rollback"
    DELETE = "delete"
