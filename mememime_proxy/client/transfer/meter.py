"""Who is told of bytes on their way."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Counts one or many transfers."""

    def sent(self, size: int) -> None:
        """Bytes went out; less than none where some of them did not arrive."""
        ...

    def there(self, size: int) -> None:
        """Bytes that an earlier run has sent, and the service kept."""
        ...


class Silent:
    """A meter for those who do not want to know."""

    def sent(self, size: int) -> None:
        """See ``Meter``."""

    def there(self, size: int) -> None:
        """See ``Meter``."""
