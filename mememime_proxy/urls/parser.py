"""From a request target to a plan: verify first, then parse exactly what was verified."""

from __future__ import annotations

import time
from dataclasses import replace

from mememime_proxy.errors import PathError, SettingsError, SignatureError, UnsignedError
from mememime_proxy.plan import DELIVERY_FIELDS, GravityType, Plan
from mememime_proxy.urls import grammar
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.draft import Draft
from mememime_proxy.urls.options.interpreter import Interpreter
from mememime_proxy.urls.options.kinds import FormatName
from mememime_proxy.urls.options.option import read
from mememime_proxy.urls.path import SignedPath, repair, split
from mememime_proxy.urls.presets import parse_presets
from mememime_proxy.urls.signature import Signer
from mememime_proxy.urls.source.rewriting import AllowedSources, replacements, rewrite
from mememime_proxy.urls.source.source import decode_source, is_resource_url

UNSIGNED = frozenset({"unsafe", "insecure", "_"})
"""What stands in a signature's place where keys are set and unsigned URLs are allowed too."""


class UrlParser:
    """Parses the URLs of one service. All settings are checked when it is made; it raises SettingsError then.

    It does no I/O and keeps no state, one instance serves all threads.
    """

    def __init__(self, config: UrlConfig) -> None:
        self.config = config
        if not config.key_pairs and not config.allow_unsigned:
            raise SettingsError("no signing keys, and unsigned URLs are not allowed")
        if not config.arguments_separator:
            raise SettingsError("the arguments separator is empty")
        if len(config.source_url_encryption_key) not in {0, 16, 24, 32}:
            raise SettingsError("the source encryption key is not 16, 24 or 32 bytes long")
        self._signer = (
            Signer(config.key_pairs, config.signature_size, config.trusted_signatures) if config.key_pairs else None
        )
        self._interpreter = Interpreter(
            parse_presets(config.presets, config.arguments_separator),
            allowed=config.allowed_options,
            allow_security=config.allow_security_options,
        )
        self._interpreter.check_presets()
        self._replacements = replacements(config.url_replacements)
        self._allowed_sources = AllowedSources(config.allowed_sources)

    def parse(self, target: str, *, now: float | None = None, initial: Plan | None = None) -> Plan:
        """The plan of a raw request target: ``split``, ``verify`` and ``plan`` in one."""
        signed = self.verify(self.split(target))
        return self.plan(signed, self.config.base_plan if initial is None else initial, now=now)

    def split(self, target: str) -> str:
        """The path of a raw request target, without the service's prefix. Raises PathError."""
        return split(target, self.config.path_prefix)

    def verify(self, path: str) -> SignedPath:
        """``path`` (from ``split``), if it may be parsed. Raises SignatureError or PathError.

        Where keys are set, a signed path has one spelling, but for the repairs of :mod:`mememime_proxy.urls.path`.
        """
        if self._signer is None:
            return self._unsigned(path)
        signature, _, rest = path.removeprefix("/").partition("/")
        if not rest:
            raise SignatureError("nothing follows the signature")
        repaired = repair(rest)
        if signature in UNSIGNED and self.config.allow_unsigned:
            return SignedPath(repaired.removeprefix("/"), signature, verified=False)
        # The signer would not tell these apart from the path with one slash, which is the spelling that was signed.
        if not path.startswith("/") or rest.startswith("/"):
            raise SignatureError("the path has a slash too many or too few")
        self._signer.verify(signature, repaired)
        return SignedPath(repaired, signature, verified=True)

    def plan(self, signed: SignedPath, initial: Plan, *, now: float | None = None) -> Plan:
        """What the URL asks for, on top of ``initial`` (``base_plan``, and what the client's headers say).

        ``now``: Unix seconds, the system's clock by default. Raises UrlError, SecurityOptionError, or
        SourceForbiddenError.
        """
        config = self.config
        parsed = grammar.parse(signed.path, config.arguments_separator, only_presets=config.only_presets)
        draft = self._interpreter.draft(initial, time.time() if now is None else now)
        if config.only_presets:
            draft.use_presets(parsed.presets)
        else:
            self._interpreter.apply(draft, parsed.options)
        url, extension = decode_source(
            parsed.source,
            drop_filename=config.base64_url_includes_filename,
            key=config.source_url_encryption_key,
        )
        if extension and not draft.get("raw"):
            draft.set("format", read("extension", "format", FormatName(), extension))
        source = self.rewrite(url)
        self._allowed_sources.check(source)
        plan = draft.finish(source)
        if not is_resource_url(source):
            return plan
        return replace(
            plan,
            follows_focus=_follows_focus(plan, draft),
            takes_preset=not parsed.options and not parsed.presets,
        )

    def dressed(self, plan: Plan, preset: str) -> Plan:
        """``plan``, which takes the preset of its source, with that preset's options. Raises PresetError.

        What its URL said besides options holds: where it names a format, that is the format. Options for delivery have
        no effect, as the answer has begun to take shape without them.
        """
        draft = self._interpreter.continued(plan, time.time())
        draft.use_presets((preset,))
        dressed = draft.finish(plan.source)
        return replace(
            dressed,
            takes_preset=False,
            follows_focus=_follows_focus(dressed, draft),
            format=plan.format or dressed.format,
            **{name: getattr(plan, name) for name in DELIVERY_FIELDS},
        )

    def rewrite(self, url: str) -> str:
        """What a source's URL, as it stands in an address, becomes by the operator's replacements and base URL."""
        return rewrite(url, self._replacements, self.config.base_url)

    def _unsigned(self, path: str) -> SignedPath:
        signature, _, rest = path.removeprefix("/").partition("/")
        if not signature or not rest:
            raise PathError("the path needs a first segment (`unsafe`, for example) and something after it")
        if ":" in signature:
            raise UnsignedError(f"found {signature[:80]!r} where a signature or `unsafe` is expected")
        return SignedPath(repair(rest).removeprefix("/"), signature, verified=False)


def _follows_focus(plan: Plan, draft: Draft) -> bool:
    """Whether nothing names a place that is to stay in view, or something asks for whatever catches the eye."""
    return plan.gravity.type is GravityType.SMART or not draft.changes("gravity")
