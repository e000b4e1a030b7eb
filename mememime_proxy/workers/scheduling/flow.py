"""The flow that a job belongs to, which has a fair share of the workers."""

from __future__ import annotations

from typing import Final, NamedTuple

_MAX_HOST: Final = 255


class Flow(NamedTuple):
    """Whose job it is, from the widest to the narrowest. Shares are fair on each level."""

    key: int = 0
    """The signing key that its URL was verified with, by its place in the settings."""
    host: str = ""
    """Where its original is."""
    source: int = 0
    """Hash of the URL of its original, whatever its query."""

    @classmethod
    def of(cls, key: int, url: str) -> Flow:
        """Return the flow of a request for the original at ``url``."""
        path, _, _ = url.partition("?")
        _, _, rest = path.partition("://")
        return cls(key, rest.partition("/")[0][:_MAX_HOST].lower(), hash(path))


NO_FLOW: Final = Flow()
