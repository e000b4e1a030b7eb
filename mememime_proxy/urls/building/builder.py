"""UrlBuilder: signed URLs, from Python, for the ``src`` and ``srcset`` of a page.

    images = UrlBuilder("https://images.example.com", key=KEY, salt=SALT)
    images.resize("fill", 300, 200).gravity("sm").build("https://example.com/cat.jpg", "webp")

A builder never changes; each call gives a new one, so that a site can keep some with its usual options. What it builds
is accepted by the parser with the same settings: each option is checked when it is added, and a value that would be
refused raises OptionError at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import compress
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

from mememime_proxy.errors import OptionError, PathError, SettingsError
from mememime_proxy.formats import BEST, by_name
from mememime_proxy.formats.outputs import OUTPUTS, OutputKind
from mememime_proxy.formats.stream_members import MARK
from mememime_proxy.urls.building.fluent_media import Value
from mememime_proxy.urls.building.media_urls import MediaUrls
from mememime_proxy.urls.building.responsive_markup import PictureElement, PictureSource
from mememime_proxy.urls.grammar import NEXT_PIPELINE
from mememime_proxy.urls.options.info.table import INFO_BY_NAME
from mememime_proxy.urls.options.interpreter import check_option
from mememime_proxy.urls.options.media_rules import is_obeyed, obeys_chain
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.path import MAX_LENGTH, split_member
from mememime_proxy.urls.signature import MAX_SIZE, Signer
from mememime_proxy.urls.source.base64url import encode
from mememime_proxy.urls.source.source import validate_source_url

if TYPE_CHECKING:
    from mememime_proxy.urls.source.encryption import CipherName

LONGEST = MAX_LENGTH - 64
"""Characters of a path without its signature."""

Form = Literal["auto", "plain", "base64", "enc", "enc2"]

_SAFE_ARGUMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:-]*", re.ASCII)
_SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_BARE = "/:!$&'()*+;="
"""Characters that a URL's path may have as they are, besides the unreserved ones (RFC 3986, 3.3)."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)


class UrlBuilder(MediaUrls):
    """Builds URLs. Immutable."""

    def __init__(
        self,
        base_url: str = "",
        key: str = "",
        salt: str = "",
        *,
        signature_size: int = MAX_SIZE,
        encryption_key: str = "",
        arguments_separator: str = ":",
        unsigned: bool = False,
    ) -> None:
        """``base_url``: where the service is, with its path prefix. ``key``, ``salt``, ``encryption_key``: hexadecimal.

        Of several keys and salts, separated by commas, the first ones sign. ``unsigned``: `unsafe` stands in place of
        the signature; a service accepts that only with MEMEMIME_ALLOW_UNSIGNED. Raises SettingsError.
        """
        self._base_url = base_url.rstrip("/")
        key, salt = _first(key), _first(salt)
        if bool(key) != bool(salt):
            raise SettingsError("a key needs a salt, and a salt a key")
        if bool(key) == unsigned:
            raise SettingsError(
                "found a key and unsigned=True, expected one of them"
                if key
                else "found no key and salt, expected both, or unsigned=True for URLs without a signature"
            )
        self._signer = Signer([(_unhex("key", key), _unhex("salt", salt))], signature_size) if key else None
        self._encryption_key = _unhex("encryption key", encryption_key)
        if len(self._encryption_key) not in {0, 16, 24, 32}:
            raise SettingsError("the encryption key is not 16, 24 or 32 bytes long")
        if not arguments_separator:
            raise SettingsError("the arguments separator is empty")
        self._separator = arguments_separator
        self._options: tuple[str, ...] = ()
        self._source = ""
        self._form: Form = "auto"

    def __repr__(self) -> str:
        return f"<UrlBuilder {self._base_url} {'/'.join(self._options)}>"

    def option(self, name: str, *arguments: Value) -> Self:
        """Add any option by its name or alias; None is an empty argument. Raises OptionError if it is not valid."""
        text = self._option_text(name, arguments, BY_NAME)
        clone = copy(self)
        clone._options = (*self._options, text)
        return clone

    def next_pipeline(self) -> Self:
        """Begin a pipeline: options that follow are for the result of those before, but for what a URL has once."""
        clone = copy(self)
        clone._options = (*self._options, NEXT_PIPELINE)
        return clone

    def filename(self, name: str, encoded: bool | None = None) -> Self:
        """Name that the browser proposes for saving; encoded where it has to be, or when ``encoded`` is true."""
        if encoded or (encoded is None and (not _SAFE_NAME.fullmatch(name) or self._separator in name)):
            return self.option("filename", encode(name.encode()), True)
        return self.option("filename", name)

    def plain(self, source: str = "") -> Self:
        """Write the source readably, with percent escapes."""
        return self._with_source(source, "plain")

    def base64(self, source: str = "") -> Self:
        """Write the source in base64."""
        return self._with_source(source, "base64")

    def encrypted(self, source: str = "", cipher: CipherName = "enc2") -> Self:
        """Hide the source: ``enc2`` is AES-GCM-SIV, ``enc`` the AES-CBC that imgproxy reads too."""
        if not self._encryption_key:
            raise SettingsError("encrypted sources need an encryption key")
        return self._with_source(source, cipher)

    def build(self, source: str = "", extension: str = "") -> str:
        """Return the URL. ``source`` may have been given before; ``extension`` is the result's format.

        Unless a form was chosen, the source is written plainly where proxies and browsers leave that alone, and in
        base64 where they might not. Raises UrlError.
        """
        source_url = validate_source_url(source or self._source)
        output = OUTPUTS.get(extension)
        if extension and extension != BEST and by_name(extension) is None and (output is None or not output.is_named):
            raise OptionError(f"unknown format {extension!r}")
        return self.sign("/".join([*self._options, self._encode_source(source_url, extension)]))

    def sign(self, path: str, route: str = "") -> str:
        """Return the URL of ``path``: options and source, as they follow the signature. ``route``: ``/info``, or ''.

        Of a member of a stream, the path of the stream is signed. Raises PathError and MemberError.
        """
        bare = path.removeprefix("/")
        stream, member = split_member(bare)
        if member:
            return f"{self.sign(stream, route)}{MARK}{member}"
        if len(bare) > LONGEST:
            raise PathError(f"the path has {len(bare)} characters, more than {LONGEST}")
        return f"{self._base_url}{route}/{self._signer.sign(bare) if self._signer else 'unsafe'}/{bare}"

    def for_kind(self, kind: OutputKind | None) -> Self:
        """Return a builder with the options that results of a kind obey; None: pictures."""
        options: list[str] = []
        is_first = True
        for each in self._options:
            name = each.partition(self._separator)[0]
            if name == NEXT_PIPELINE:
                is_first, is_wanted = False, obeys_chain(kind)
            else:
                has_place = is_first or obeys_chain(kind) or BY_NAME[name].is_of_request
                is_wanted = has_place and is_obeyed(name, kind)
            options += [each] * is_wanted
        clone = copy(self)
        clone._options = tuple(options)
        return clone

    def info(self, source: str = "", **fields: Value | Sequence[Value]) -> str:
        """Return the URL of the original's description.

        ``fields``: what it tells, by the names of its options, with their arguments: ``video_meta=False``,
        ``palette=8``, ``crop=(300, 200, "sm")``. Of this builder's options, those of moments of films, limits and
        delivery stay. Raises UrlError.
        """
        own = (each.partition(self._separator)[0] for each in self._options)
        shared = [name in INFO_BY_NAME and name != "preset" and INFO_BY_NAME[name] is BY_NAME.get(name) for name in own]
        options = list(compress(self._options, shared))
        for name, value in fields.items():
            values = value if isinstance(value, tuple | list) else (value,)
            options.append(self._option_text(name, values, INFO_BY_NAME))
        path = "/".join([*options, self._encode_source(validate_source_url(source or self._source), "")])
        return self.sign(path, "/info")

    def srcset(
        self,
        source: str = "",
        *,
        widths: Sequence[int] = (),
        densities: Sequence[float] = (),
        extension: str = "",
    ) -> str:
        """Return the value of a ``srcset`` attribute: one URL for each width (``320w``) or each density (``2x``)."""
        if bool(widths) == bool(densities):
            raise OptionError("a srcset has either widths or densities")
        entries = [f"{self.width(width).build(source, extension)} {width}w" for width in widths]
        entries += [f"{self.dpr(ratio).build(source, extension)} {_text(ratio)}x" for ratio in densities]
        return ", ".join(entries)

    def picture(
        self,
        source: str = "",
        *,
        formats: Sequence[str] = ("avif", "webp"),
        fallback: str = "jpeg",
        widths: Sequence[int] = (),
        densities: Sequence[float] = (),
        sizes: str = "",
    ) -> PictureElement:
        """Return the parts of a ``<picture>``: a ``<source>`` for each of ``formats``, best first, and an ``<img>``.

        ``sizes`` says how wide the picture is shown, in CSS, and is needed with ``widths``.
        """
        if widths and not sizes:
            raise OptionError("widths need sizes, or browsers assume the whole window's width")
        sets = {
            name: self.srcset(source, widths=widths, densities=densities, extension=name)
            for name in (*formats, fallback)
        }
        media_types = {name: format_.mime for name in formats if (format_ := by_name(name))}
        widest = self.width(max(widths)) if widths else self
        return PictureElement(
            tuple(PictureSource(mime, sets[name], sizes) for name, mime in media_types.items()),
            src=widest.build(source, fallback),
            srcset=sets[fallback],
            sizes=sizes,
        )

    def _with_source(self, source: str, form: Form) -> Self:
        clone = copy(self)
        clone._source, clone._form = source or self._source, form
        return clone

    def _option_text(self, name: str, arguments: Sequence[Value], table: Mapping[str, Option]) -> str:
        texts = [_text(value) for value in arguments]
        while len(texts) > 1 and not texts[-1]:
            texts.pop()
        for text in texts:
            if not _SAFE_ARGUMENT.fullmatch(text) or self._separator in text:
                raise OptionError(f"{name}: {text!r} cannot be written as an argument")
        check_option(name, texts, table)
        return self._separator.join([name, *texts])

    def _encode_source(self, source: str, extension: str) -> str:
        form = self._form
        if form in {"enc", "enc2"}:
            from mememime_proxy.urls.source.encryption import encrypt  # noqa: PLC0415 - cryptography loads slowly

            payload = encode(encrypt(source, self._encryption_key, "enc" if form == "enc" else "enc2"))
            return f"{form}/{payload}" + (f".{extension}" if extension else "")
        if form == "base64" or (form == "auto" and _fragile(source)):
            payload = encode(source.encode())
            if self._separator not in payload:
                return payload + (f".{extension}" if extension else "")
            if form == "base64":
                raise OptionError("the base64 of this source has the arguments separator in it")
        return f"plain/{_escaped(source)}" + (f"@{extension}" if extension else "")


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _first(keys: str) -> str:
    return keys.partition(",")[0].strip()


def _unhex(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise SettingsError(f"{name}: found {len(text)} characters, expected hexadecimal digits") from None


def _after_scheme(source: str) -> int:
    scheme = _SCHEME.match(source)
    return scheme.end() if scheme else 0


def _fragile(source: str) -> bool:
    """Whether something on the way might change this source's path.

    Dot segments and double slashes get resolved; an escaped ``@``, comma or colon is unescaped, since a path may have
    them bare. But a bare ``@`` begins the extension, a comma at the end cuts a srcset, and ``:/`` is where the parser
    puts slashes back.
    """
    start = _after_scheme(source)
    if "@" in source or "," in source or ":/" in source[start:]:
        return True
    segments = source[start:].split("/")
    # local:///x begins with an empty segment too; the parser repairs that one.
    doubled = "" in segments[1:-1] or (not segments[0] and source[:start] != "local://")
    return doubled or any(segment in {".", ".."} for segment in segments)


def _escaped(source: str) -> str:
    """``source`` for the plain form. What a path may have bare stays bare: URL libraries would make it so anyway."""
    start = _after_scheme(source)
    escaped = quote(source[start:], safe=_BARE).replace(":/", "%3A/")
    # Members of streams follow a bare one.
    return source[:start] + re.sub("/~(?=/)", "/%7E", escaped)
