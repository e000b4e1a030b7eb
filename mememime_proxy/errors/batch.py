"""Errors of batch work."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class BatchError(MememimeError):
    """A batch cannot be begun, or cannot go on."""

    code = "batch.failed"
    status, public, kind = 400, "Batch failed", "request"
    remedy = "Read the detail: it says what is missing."


class BatchUsageError(BatchError):
    """An argument of `mememime batch`, or a setting that it needs, is missing or wrong."""

    code = "batch.usage_invalid"
    public = "Invalid arguments"
    remedy = "Correct the argument that the message names; `mememime batch render --help` shows all."


class BatchInputError(BatchError):
    """The input cannot be read, or a row of it is wrong."""

    code = "batch.input_invalid"
    public = "Invalid input"
    remedy = "Correct the row or the name that the message shows. docs/batch.md lists all inputs."


class NotStoredError(BatchError):
    """A variant was made and not stored: its source was purged meanwhile. It is made again."""

    code = "batch.not_stored"
    status, public = 503, "Not stored"
    remedy = "Nothing: it is tried again. Where it stays, something purges the source all the time."


class OriginalDefectError(BatchError):
    """The stored bytes of an asset are missing, or have another digest."""

    code = "batch.original_defect"
    status, public = 422, "Defective original"
    remedy = "Upload the same bytes again, or restore the object from a backup; `mememime batch verify` marks it."


class TooManyErrorsError(BatchError):
    """More units of a batch have failed than --max-errors allows; it was stopped."""

    code = "batch.too_many_errors"
    status, public = 422, "Too many errors"
    remedy = "Read the failures in the report, remove their cause, and give the same command again: it goes on."
