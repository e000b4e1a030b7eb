"""The alias of a file: its own or that of the template, renamed, and checked by the service's rule for names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs import exif, quicktime
from mememime_proxy.client.inputs.alias_template import FileFacts, Template
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.errors import AliasNameError
from mememime_proxy.service.alias_names import normalise


def _read_date(file: BinaryIO) -> datetime | None:
    """Return when a photograph was taken or a film was made; None where the file does not tell."""
    return exif.read_date_taken(file) or quicktime.read_date_made(file)


@dataclass(frozen=True, slots=True)
class AliasChoice:
    """Chooses the aliases of files."""

    template: Template | None = None
    """Makes the aliases of files that have none of their own."""
    renames: Sequence[Rename] = ()
    """Rules that change every alias, in their order."""

    async def choose(self, entry: Entry, content: FileContent, sha256: str) -> str:
        """Return the normalised alias of a file; '' = none.

        Raises FileError where the file has no value for a field of the template, or the service refuses the name.
        """
        alias = entry.alias
        if not alias and self.template is not None:
            date_taken = None
            if self.template.needs_date:
                async with content.head() as file:
                    date_taken = await asyncio.to_thread(_read_date, file)
            alias = self.template.make_alias(FileFacts(path=entry.path, sha256=sha256, date_taken=date_taken))
        return self.rename(alias) if alias else ""

    def rename(self, alias: str) -> str:
        """Return an alias after all rules, normalised. FileError where the service refuses the name."""
        for rename in self.renames:
            alias = rename.apply(alias)
        try:
            return normalise(alias)
        except AliasNameError as error:
            raise FileError(
                f"the alias {alias!r} is not allowed: {error.detail}; use {{slug}} in the template, or --rename"
            ) from error
