"""Errors of a service as a process: overload, shutdown, settings."""

from __future__ import annotations

from mememime_proxy import __version__
from mememime_proxy.errors.base import MememimeError


class OverloadError(MememimeError):
    """There are more requests than this process may serve at once."""

    code = "service.overloaded"
    status, public, kind, retry_after = 503, "Temporarily overloaded", "queue", 1
    remedy = "Add processes or machines, or raise MEMEMIME_MAX_CLIENTS."


class QueueFullError(OverloadError):
    """Too many renders wait for a worker already."""

    code = "service.queue_full"
    status, public = 429, "Too many requests"
    remedy = "Add processes or machines; raise MEMEMIME_REQUESTS_QUEUE_SIZE only for short peaks."


class MemoryBudgetError(OverloadError):
    """What the request needs does not fit in MEMEMIME_MEMORY_BUDGET now."""

    code = "service.memory_exhausted"
    remedy = (
        "Give the machine or container more memory and raise MEMEMIME_MEMORY_BUDGET, or add machines."
        " The metric memory_used_bytes names what uses it."
    )


class ShuttingDownError(OverloadError):
    """The process is stopping."""

    code = "service.shutting_down"
    public = "Shutting down"
    remedy = "Nothing: load balancers retry on another process once /ready answers 503."


class SettingsError(MememimeError):
    """A setting is invalid. The service does not start."""

    code = "settings.invalid"
    public, kind = "Invalid settings", "unexpected"
    remedy = "Correct the variable that the message names. docs/settings.md lists all of them."


def missing_extra(subject: str, extra: str) -> SettingsError:
    """Return the error for ``subject``, which needs packages that only the extra ``extra`` installs."""
    return SettingsError(missing_extra_text(subject, extra))


def missing_extra_text(subject: str, extra: str) -> str:
    """Return how to install the extra that ``subject`` needs: no package index has this program."""
    return (
        f"{subject} needs the extra {extra!r}. In a clone: pip install '.[{extra}]'."
        f" With a wheel: pip install 'mememime-{__version__}-py3-none-any.whl[{extra}]'."
    )
