"""The record of an option of the URL language.

The interpreter applies it, the error texts and ``docs/options.md`` are made from it, and the tests walk over all of
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mememime_proxy.urls.draft import is_of_request
from mememime_proxy.urls.options.arguments import Argument, ArgumentGroup


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option. It is implemented by ``steps`` of the pipeline, or else by ``obeyed_by``."""

    name: str
    aliases: tuple[str, ...] = ()
    section: str
    meaning: str
    arguments: tuple[Argument | ArgumentGroup, ...]
    example: str
    default: str
    steps: tuple[str, ...] = ()
    """Names of functions in ``mememime_proxy.imaging.pipeline.STEPS``."""
    obeyed_by: str = ""
    """The part of the service that implements an option without steps."""
    security: bool = False
    """It changes a limit that protects the service: only with MEMEMIME_ALLOW_SECURITY_OPTIONS."""
    permission: str = ""
    """The setting, without its prefix, that has to be on."""
    ignored_arguments: int = 0
    """Further arguments that are accepted and ignored."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)

    @cached_property
    def limit(self) -> int | None:
        """The largest number of arguments; None: any number."""
        total = self.ignored_arguments
        for argument in self.arguments:
            if isinstance(argument, Argument):
                total += 1
            elif argument.limit is None:
                return None
            else:
                total += argument.limit
        return total

    @property
    def is_of_request(self) -> bool:
        """Whether a URL has it once, however many pipelines it chains; a preset is applied to one of them."""
        fields = [each for argument in self.arguments if (each := getattr(argument, "field", ""))]
        return self.name != "preset" and all(is_of_request(each) for each in fields)

    @property
    def shape(self) -> str:
        """The option as it is written: ``name:argument[:argument]``."""
        parts = [argument.name if isinstance(argument, Argument) else argument.shape for argument in self.arguments]
        return f"{self.name}:{parts[0]}" + "".join(f"[:{part}" for part in parts[1:]) + "]" * (len(parts) - 1)
