"""S3 accounts: server, credentials and buckets, and the TOML file that lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mememime_proxy.errors import SettingsError

DEFAULT = "default"
_CREDENTIALS = ("access_key_id", "secret_access_key", "session_token")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


_VALUES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("endpoint", "region", "role_arn", "external_id", *_CREDENTIALS), (_is_text, "text")),
    "path_style": (_is_flag, "true or false"),
    "buckets": (_is_list, "a list of patterns"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Account:
    """One server and one identity. Empty credentials: the default AWS chain (environment, profile, instance role)."""

    name: str = DEFAULT
    endpoint: str = ""
    """URL of a server other than AWS."""
    region: str = ""
    path_style: bool = True
    """With ``endpoint``: the bucket is in the path, not in the host name."""
    role_arn: str = ""
    external_id: str = ""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    buckets: tuple[str, ...] = ()
    """Patterns (``*`` for anything) of the buckets that use this account without naming it."""

    def matches(self, bucket: str) -> bool:
        """Return whether one of the patterns matches ``bucket``."""
        return any(fnmatchcase(bucket, pattern) for pattern in self.buckets)


class S3Accounts:
    """All accounts, and the choice among them by bucket."""

    def __init__(self, named: Sequence[S3Account], default: S3Account | None) -> None:
        self._named = {account.name: account for account in named}
        self._default = default

    def __iter__(self) -> Iterator[S3Account]:
        yield from self._named.values()
        if self._default is not None:
            yield self._default

    def find(self, authority: str) -> tuple[S3Account, str] | None:
        """Return account and bucket for ``bucket`` or ``name@bucket``; None where there is no account for it.

        The named account, else the first one with a pattern for the bucket, else the default one.
        """
        name, named, bucket = authority.rpartition("@")
        if named:
            account = self._named.get(name)
        else:
            account = next((each for each in self._named.values() if each.matches(bucket)), self._default)
        return (account, bucket) if account and bucket else None


def load_accounts(path: str, environ: Mapping[str, str]) -> tuple[S3Account, ...]:
    """Read the accounts from a TOML file, in its order.

    Each table ``[accounts.NAME]`` may have ``endpoint``, ``region``, ``path_style``, ``role_arn``, ``external_id``,
    ``access_key_id``, ``secret_access_key``, ``session_token`` and ``buckets``. A credential with the suffix ``_env``
    names the variable of ``environ`` that has it. Raises SettingsError that names the file and the key.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message may quote a line with a secret: only its position is passed on.
        raise SettingsError(f"{path}: not TOML{_position(str(error))}") from None
    tables = document.pop("accounts", {})
    if document:
        raise SettingsError(f"{path}: {min(document)}: unknown, expected tables [accounts.NAME]")
    if not isinstance(tables, dict):
        raise SettingsError(f"{path}: accounts: expected tables [accounts.NAME]")
    return tuple(_account(path, name, table, environ) for name, table in tables.items())


def _account(path: str, name: str, table: object, environ: Mapping[str, str]) -> S3Account:
    where = f"{path}: accounts.{name}"
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: expected a table")
    if not name or set(name) & set("@/?#:"):
        raise SettingsError(f"{where}: the name comes before the @ of s3:// URLs and may not contain one of @/?#:")
    values: dict[str, Any] = {"name": name}
    for key, value in table.items():
        plain = key.removesuffix("_env")
        if key != plain and plain in _CREDENTIALS:
            if plain in table:
                raise SettingsError(f"{where}.{key}: {plain} is set as well")
            if not isinstance(value, str) or not environ.get(value):
                raise SettingsError(f"{where}.{key}: expected the name of a variable that is set")
            values[plain] = environ[value]
        elif key not in _VALUES:
            raise SettingsError(f"{where}.{key}: unknown key")
        else:
            check, expected = _VALUES[key]
            if not check(value):
                raise SettingsError(f"{where}.{key}: expected {expected}")
            values[key] = tuple(value) if isinstance(value, list) else value
    account = S3Account(**values)
    if account.endpoint and not account.endpoint.startswith(("http://", "https://")):
        raise SettingsError(f"{where}.endpoint: expected a URL with http:// or https://")
    if bool(account.access_key_id) != bool(account.secret_access_key):
        raise SettingsError(f"{where}: access_key_id and secret_access_key belong together")
    return account


def _position(message: str) -> str:
    _, separator, position = message.rpartition("(at ")
    return f" (at {position}" if separator else ""
