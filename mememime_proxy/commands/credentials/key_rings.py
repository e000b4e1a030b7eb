"""The keys in an environment, by what they are for: new ones, facts about them, steps of a rotation."""

from __future__ import annotations

import enum
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mememime_proxy.service.development.run_file import PREFIXES

_BYTES = 32


class Step(enum.Enum):
    """Steps of a rotation. The first key of a list signs, and each of them is accepted."""

    ACCEPT = "accept"
    SIGN = "sign"
    RETIRE = "retire"

    @property
    def advice(self) -> str:
        """What to do with the values of this step."""
        return _ADVICE[self.value]

    @property
    def following(self) -> Step | None:
        """The next step; None after the last one."""
        return {Step.ACCEPT: Step.SIGN, Step.SIGN: Step.RETIRE}.get(self)


_ADVICE = {
    "accept": "give these values to all services and reload them; sites go on signing with the old key. Then:",
    "sign": "give these values to all services and reload them, and the first ones to all sites that sign. When no page"
    " and no cache has old URLs any more:",
    "retire": "give these values to all services and reload them; what the old key signed is refused from now on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """Variables that hold keys for one purpose. ``names``: without prefix; several are rotated together."""

    names: tuple[str, ...]
    use: str
    rotates: bool = False
    """Whether the variables hold lists, the first entry of which signs."""
    size: int = _BYTES
    is_hexadecimal: bool = True

    def new(self) -> dict[str, str]:
        """Return new keys."""
        return {f"MEMEMIME_{name}": secrets.token_hex(self.size) for name in self.names}

    def values(self, environ: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the keys of an environment by their variables."""
        found = {}
        for name in self.names:
            variable = next((prefix + name for prefix in PREFIXES if environ.get(prefix + name)), "")
            if variable:
                text = environ[variable]
                pieces = text.split(",") if self.rotates else [text]
                found[variable] = [piece.strip() for piece in pieces if piece.strip()]
        return found

    def facts(self, environ: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return a row for each key: its variable, number, length and fingerprint."""
        return [
            {
                "variable": variable,
                "number": number,
                "bits": 8 * len(self._bytes(text)),
                "fingerprint": hashlib.sha256(b"mememime fingerprint\0" + self._bytes(text)).hexdigest()[:12],
                "use": self.use + (" (signs)" if number == 1 and len(texts) > 1 else ""),
            }
            for variable, texts in self.values(environ).items()
            for number, text in enumerate(texts, 1)
        ]

    def rotated(self, environ: Mapping[str, str], step: Step) -> dict[str, str]:
        """Return the variables after a step. Raises ValueError where the step before was not done."""
        values = self.values(environ)
        if len(values) < len(self.names):
            missing = ", ".join(f"MEMEMIME_{name}" for name in self.names)
            raise ValueError(f"{missing}: found nothing to rotate; `mememime keys new` makes the first ones")
        counts = {len(texts) for texts in values.values()}
        if len(counts) > 1:
            raise ValueError(f"{', '.join(values)}: found lists of different lengths")
        if step is not Step.ACCEPT and counts == {1}:
            raise ValueError("there is one key only: begin with --step accept")
        return {variable: ",".join(self._rotate(texts, step)) for variable, texts in values.items()}

    def _rotate(self, texts: list[str], step: Step) -> list[str]:
        match step:
            case Step.ACCEPT:
                return [*texts, secrets.token_hex(self.size)]
            case Step.SIGN:
                return [texts[-1], *texts[:-1]]
            case Step.RETIRE:
                return texts[:-1]

    def _bytes(self, text: str) -> bytes:
        try:
            return bytes.fromhex(text) if self.is_hexadecimal else text.encode()
        except ValueError:
            return text.encode()


RINGS = {
    "url": KeyRing(names=("KEY", "SALT"), use="URLs", rotates=True),
    "token": KeyRing(names=("TOKEN_KEY",), use="upload tokens", rotates=True),
    "purge": KeyRing(names=("PURGE_KEY",), use="purge tokens", rotates=True),
    "admin": KeyRing(names=("ADMIN_API_KEY",), use="first API keys", is_hexadecimal=False),
    "encryption": KeyRing(names=("SOURCE_URL_ENCRYPTION_KEY",), use="encrypted sources"),
}
"""All keys, by the word for them on the command line."""


def append(path: Path, lines: list[str]) -> None:
    """Add variables to a file that only its owner can read. Raises OSError; ValueError where it has one of them."""
    names = {line.partition("=")[0] for line in lines}
    text = path.read_text("utf-8") if path.exists() else ""
    present = {line.removeprefix("export ").partition("=")[0].strip() for line in text.splitlines()} & names
    if present:
        raise ValueError(f"{path} has {', '.join(sorted(present))} already; `mememime keys rotate` replaces keys")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(("" if not text or text.endswith("\n") else "\n") + "".join(f"{line}\n" for line in lines))
