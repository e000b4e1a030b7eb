"""What an option is: a name, its arguments, and where in the plan each argument goes.

An :class:`Option` is a declarative record. The parser applies it, the error texts and ``docs/options.md`` are made from
it, and the tests walk over all of them.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mememime_proxy.errors import OptionError
from mememime_proxy.urls.options.draft import Draft
from mememime_proxy.urls.options.kinds import Kind


class Empty(enum.Enum):
    """What an empty argument does (``rs:fill::200`` has an empty width)."""

    READ = "read like any other text"
    KEEP = "keeps what was there"
    CLEAR = "resets to the default"
    STOP = "ends the option; what follows is ignored"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an option. ``field``: dotted path of the plan's field that it fills."""

    name: str
    kind: Kind
    field: str
    meaning: str
    empty: Empty = Empty.READ
    missing: Empty = Empty.KEEP
    """What happens when the option ends before this argument: KEEP or CLEAR."""
    fill: str = ""
    """Field to copy where the argument is missing, and also where it is empty unless ``empty`` is READ."""


class Tail(ABC):
    """A rule for all remaining arguments of an option, where they depend on each other.

    ``shape`` is how they are written, ``meaning`` what they do, ``limit`` how many there may be (None: any number).
    """

    name: str
    shape: str
    meaning: str
    limit: int | None

    @abstractmethod
    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Apply ``args``, at least one. Raises UrlError."""


@dataclass(frozen=True)
class Option:
    """One option of the URL language."""

    name: str
    section: str
    meaning: str
    arguments: tuple[Argument | Tail, ...]
    example: str
    default: str
    aliases: tuple[str, ...] = ()
    security: bool = False
    """It changes a limit that protects the service: only with MEMEMIME_ALLOW_SECURITY_OPTIONS."""
    tolerated: int = 0
    """Further arguments that are accepted and ignored."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)

    @cached_property
    def limit(self) -> int | None:
        """How many arguments there may be; None: any number."""
        total = self.tolerated
        for argument in self.arguments:
            if isinstance(argument, Argument):
                total += 1
            elif argument.limit is None:
                return None
            else:
                total += argument.limit
        return total

    @property
    def shape(self) -> str:
        """How the option is written, as ``name:argument[:argument]``."""
        parts = [argument.name if isinstance(argument, Argument) else argument.shape for argument in self.arguments]
        return f"{self.name}:{parts[0]}" + "".join(f"[:{part}" for part in parts[1:]) + "]" * (len(parts) - 1)

    def apply(self, draft: Draft, args: Sequence[str]) -> None:
        """Put ``args`` into ``draft``. There is always at least one; ``w:`` has an empty one. Raises UrlError."""
        limit = self.limit
        if limit is not None and len(args) > limit:
            raise OptionError(f"{self.name}: found {len(args)} arguments, expected at most {limit}")
        for index, argument in enumerate(self.arguments):
            if not isinstance(argument, Argument):
                if index < len(args):
                    argument.read(draft, self.name, args[index:])
            elif index >= len(args):
                _stand_in(draft, argument, argument.missing)
            elif args[index] or argument.empty is Empty.READ:
                draft.set(argument.field, read(self.name, argument.name, argument.kind, args[index]))
            elif argument.empty is Empty.STOP:
                return
            else:
                _stand_in(draft, argument, argument.empty)


def read(option: str, argument: str, kind: Kind, text: str) -> object:
    """The value of one argument. Raises OptionError that says what was found and what is expected."""
    try:
        return kind.parse(text)
    except ValueError:
        raise OptionError(f"{option}: {argument}: found {text[:80]!r}, expected {kind.expected}") from None


def _stand_in(draft: Draft, argument: Argument, action: Empty) -> None:
    if argument.fill:
        draft.set(argument.field, draft.get(argument.fill))
    elif action is Empty.CLEAR:
        draft.set(argument.field, None)
