"""The path of a raw request target before its signature is verified: prefix, query, and the two repairs.

Some proxies and browsers change a path on its way: they write ``%3A`` for ``:``, or collapse ``//`` to ``/``. These
two changes, and no other, are undone before the signature is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mememime_proxy.errors import MemberError, PathError
from mememime_proxy.formats.stream_members import MARK

MAX_LENGTH = 16 * 1024
"""Characters of a path. HTTP servers refuse longer request lines by default, so no working URL is longer."""

# Go's \S, which matches more characters than Python's. Greedy and anchored: the repaired place is the *last*
# one in the first run without white space.
_COLLAPSED = re.compile(r"([^\t\n\f\r ]+):/([^/])")


@dataclass(frozen=True, slots=True)
class SignedPath:
    """A path whose signature is valid or not required.

    ``path`` is the repaired text that was verified; nothing else is parsed.
    """

    path: str
    signature: str
    verified: bool
    """Whether the signature was checked; False where unsigned URLs are allowed."""
    key: int = -1
    """The place of the key pair that signed it; −1 where none did."""
    member: str = ""
    """Of the stream at ``path``: the name of a member (``formats.stream_members``), which no signature covers."""


def split(target: str, prefix: str = "") -> str:
    """Return the path of a raw request target, without its query and without ``prefix``. It begins with ``/``.

    Nothing is decoded. Raises PathError when the target is not below the prefix, or too long.
    """
    path = target.partition("?")[0]
    base = prefix.strip("/")
    if base:
        if not path.startswith(f"/{base}/"):
            raise PathError("the path is not below the prefix")
        path = path[len(base) + 1 :]
    if len(path) > MAX_LENGTH:
        raise PathError(f"the path has {len(path)} characters, more than {MAX_LENGTH}")
    return path


def split_member(path: str) -> tuple[str, str]:
    """Return the part of a path that is signed, and the name of the member of a stream behind it; '' for none.

    Raises MemberError for a mark without a name.
    """
    signed, mark, member = path.partition(MARK)
    if mark and not member:
        raise MemberError("nothing follows `/~/`")
    return signed, member


def repair(path: str) -> str:
    """``path``, which follows the signature, with colons and slashes put back (handlers: ``redenormalizePath``).

    In front of ``plain/`` each ``%3A`` becomes ``:``. Behind it the last ``:/`` that is followed by something else than
    ``/`` becomes ``://``, or ``:///`` where all that precedes it is ``local``.
    """
    start = 0 if path.startswith("plain/") else path.find("/plain/") + 1
    if start == 0 and not path.startswith("plain/"):
        return path.replace("%3A", ":")
    start += len("plain/")
    return path[:start].replace("%3A", ":") + _restore_slashes(path[start:])


def _restore_slashes(source: str) -> str:
    match = _COLLAPSED.match(source)
    if not match:
        return source
    scheme, first = match.groups()
    return f"{scheme}:{'///' if scheme == 'local' else '//'}{first}{source[match.end() :]}"
