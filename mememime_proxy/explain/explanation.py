"""Explain a URL with the settings of a service: parser, interpreter, negotiation and source checks are the proxy's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from mememime_proxy.errors import MemberError, MememimeError, OptionError, SecurityOptionError, SignatureError, UrlError
from mememime_proxy.explain.model import Cause, Explanation, Refusal, UrlPart
from mememime_proxy.explain.options import OptionTrace, option_cause
from mememime_proxy.explain.results import check_format, describe_format
from mememime_proxy.explain.signature import diagnose, fitting_key
from mememime_proxy.explain.sources import source_cause, source_parts
from mememime_proxy.explain.target import Segment, Target
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.registry import Sources
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls import grammar
from mememime_proxy.urls.grammar import ParsedUrl
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.urls.path import MAX_LENGTH, SignedPath, repair, split_member
from mememime_proxy.urls.signature import KeyPair
from mememime_proxy.urls.source.source import decode_source

_HTML = "the URL has &amp; in it: it was copied from HTML, where & is written so"


def explain(
    text: str,
    settings: Settings,
    *,
    headers: Mapping[str, str] | None = None,
    signer: tuple[KeyPair, ...] = (),
    now: float | None = None,
    is_trusted: bool = True,
) -> Explanation:
    """Return what the URL ``text`` means to a service with these settings.

    ``headers``: of the request, for the negotiation. ``signer``: keys and salts of the site that signed it. Files below
    the local root are looked at; no other machine is asked. ``is_trusted``: whether who asks may learn from a URL that
    is signed wrongly how it is wrong, and which files there are. Raises SettingsError where the settings are invalid.
    """
    now = time.time() if now is None else now
    return _Explainer(text, settings, headers or {}, signer, now, is_trusted).run()


class _Explainer:
    """One explanation in the making. The first refusal is the one that the service answers with."""

    def __init__(
        self,
        text: str,
        settings: Settings,
        headers: Mapping[str, str],
        signer: tuple[KeyPair, ...],
        now: float,
        is_trusted: bool,
    ) -> None:
        self._settings, self._signer, self._now, self._is_trusted = settings, signer, now, is_trusted
        self._parser = UrlParser(sections.url_config(settings))
        self._negotiation = Negotiation(settings)
        self._initial = self._negotiation.apply(sections.base_plan(settings), headers)
        self._target = Target(text)
        self._parts: list[UrlPart] = []
        self._refusal: Refusal | None = None
        self._decoded = ""

    def run(self) -> Explanation:
        target = self._target
        if target.address:
            self._parts.append(UrlPart(kind="address", text=target.address, meaning="", end=len(target.address)))
        plan = self._explain_path()
        notes = list(target.notes)
        if "&amp;" in target.url:
            notes.append(_HTML)
        if target.query:
            notes.append(f"the query {'?' + target.query!r} is ignored; a ? that belongs to a source is written %3F")
        if self._settings.secret:
            notes.append("the request needs the header Authorization: Bearer with MEMEMIME_SECRET")
        return Explanation(
            url=target.url,
            parts=tuple(self._parts),
            refusal=self._refusal,
            notes=tuple(notes),
            source=plan.source if plan else self._decoded,
            format=describe_format(plan, self._settings) if plan and self._refusal is None else "",
            vary=self._negotiation.vary_of(plan) if plan else "",
        )

    def _explain_path(self) -> Plan | None:
        target, config = self._target, self._parser.config
        try:
            path = self._parser.split(target.request)
            stream, member = split_member(path)
        except MemberError as error:
            self._refuse(error, self._member_cause(error, ""))
            return None
        except MememimeError as error:
            self._refuse(error, self._path_cause(error))
            return None
        segments = target.segments(path)
        signed = self._verify(path, segments)
        # Behind the signed path there may be the name of a member of a stream.
        rest = target.segments(path)[1 : stream.removeprefix("/").count("/") + 1]
        try:
            parsed = grammar.parse(signed.path, config.arguments_separator, only_presets=config.only_presets)
        except MememimeError as error:
            self._refuse(error, self._grammar_cause(error, signed.path, rest))
            return None
        trace = OptionTrace(self._parser, self._initial, self._now)
        self._parts.extend(trace.parts(parsed, rest))
        first = len(parsed.options) + sum(map(bool, parsed.presets)) + max(0, len(parsed.presets) - 1)
        source = rest[first:] or rest[-1:]
        try:
            plan = self._parser.plan(signed, self._initial, now=self._now)
        except MememimeError as error:
            is_member = isinstance(error, MemberError)
            cause = self._member_cause(error, member) if is_member else self._plan_cause(error, parsed, rest, source)
            self._refuse(error, cause)
            return None
        self._parts.extend(source_parts(parsed.source, source, config))
        if member:
            end = target.end_of_path
            meaning = "a member of the stream, which the signature does not cover"
            self._parts.append(UrlPart(kind="member", text=member, meaning=meaning, start=end - len(member), end=end))
        plan = self._negotiation.normalize(plan)
        try:
            check_format(plan, self._settings)
            if self._is_trusted or self._refusal is None:
                asyncio.run(self._check_source(plan.source))
        except MememimeError as error:
            self._refuse(error, source_cause(error, parsed.source, source, target, plan.source, self._settings))
        return plan

    def _verify(self, path: str, segments: Sequence[Segment]) -> SignedPath:
        config, first = self._parser.config, segments[0]
        try:
            signed = self._parser.verify(path)
        except MememimeError as error:
            cause = self._signature_cause(error, path, first)
            self._refuse(error, cause)
            meaning = "does not fit"
            # What follows is explained as if it was signed.
            stream, member = split_member(path)
            _, _, rest = stream.removeprefix("/").partition("/")
            signed = SignedPath(repair(rest).removeprefix("/"), first.text, verified=False, member=member)
        else:
            fit = fitting_key(signed.path, first.text, config) if signed.verified else ""
            meaning = f"fits: {fit}" if fit else "not checked: URLs without a signature are allowed"
        self._parts.append(
            UrlPart(kind="signature", text=first.text, meaning=meaning, start=first.start, end=first.end)
        )
        return signed

    def _signature_cause(self, error: MememimeError, path: str, first: Segment) -> Cause:
        if not isinstance(error, SignatureError) or not self._parser.config.key_pairs:
            return Cause(
                id="signature.missing",
                text=f"found {first.text[:40]!r} where a signature, or unsafe, is expected",
                remedy="Put unsafe/ in front of the options.",
                start=first.start,
                end=first.end,
            )
        if path.startswith("//") or "//" in path[:2] or path.partition(f"{first.text}/")[2].startswith("/"):
            return Cause(
                id="url.slashes_doubled",
                text=error.detail,
                remedy="Write one slash in front of the signature and one behind it.",
                start=first.start,
                end=first.end,
            )
        if not self._is_trusted:
            return Cause(
                id="signature.not_verified",
                text=f"the signature was made with another key or salt, or not for the path {_signed_text(path)!r}",
                remedy="Sign the path that is shown, as it is. An administrator is told which mistake explains it.",
                start=first.start,
                end=first.end,
            )
        cause = diagnose(path, self._target, self._parser.config, self._signer)
        return Cause(id=cause.id, text=cause.text, remedy=cause.remedy, start=first.start, end=first.end)

    def _path_cause(self, error: MememimeError) -> Cause:
        target, prefix = self._target, self._parser.config.path_prefix.strip("/")
        start = len(target.address)
        if prefix and not target.path.startswith(f"/{prefix}/"):
            return Cause(
                id="path.prefix_missing",
                text=f"the path is not below /{prefix}, which is MEMEMIME_PATH_PREFIX",
                remedy=f"Begin the path with /{prefix}/.",
                start=start,
                end=start + len(target.path),
            )
        return Cause(
            id="path.too_long",
            text=error.detail,
            remedy=f"Write it in at most {MAX_LENGTH} characters: move options into a preset, shorten the source.",
            start=start,
            end=len(target.url),
        )

    def _member_cause(self, error: MememimeError, member: str) -> Cause:
        end = self._target.end_of_path
        return Cause(
            id="member.unknown",
            text=error.detail,
            remedy="Take the names of members from the playlists of the stream; its ladder says which there are.",
            start=end - len(member),
            end=end,
        )

    def _grammar_cause(self, error: MememimeError, path: str, segments: Sequence[Segment]) -> Cause:
        start, end = (segments[0].start, segments[-1].end) if segments else (0, 0)
        if "basic URL format" in error.detail:
            return Cause(
                id="path.basic_format",
                text=error.detail,
                remedy="Write rs:fill:300:200/plain/SOURCE in place of fill/300/200/….",
                start=start,
                end=end,
            )
        return Cause(
            id="source.missing",
            text=error.detail,
            remedy="Write the source behind the options: plain/https://example.com/cat.jpg.",
            start=start,
            end=end,
        )

    def _plan_cause(
        self, error: MememimeError, parsed: ParsedUrl, rest: Sequence[Segment], source: Sequence[Segment]
    ) -> Cause:
        config = self._parser.config
        try:
            self._parser.interpreter.apply(self._initial, parsed.options, parsed.presets, self._now)
        except (UrlError, SecurityOptionError) as first:
            return option_cause(first, parsed, rest, config)
        try:
            self._decoded, _ = decode_source(
                parsed.source, drop_filename=config.base64_url_includes_filename, key=config.source_url_encryption_key
            )
            if not isinstance(error, OptionError):
                self._parts.extend(source_parts(parsed.source, source, config))
        except UrlError:
            pass
        url = self._parser.rewrite(self._decoded) if self._decoded else ""
        return source_cause(error, parsed.source, source, self._target, url, self._settings)

    async def _check_source(self, url: str) -> None:
        storages = Storages(sections.storages_config(self._settings, writes_assets=False))
        sources = Sources(sections.sources_config(self._settings), storages=storages)
        await sources.start()
        try:
            await sources.check(url)
        finally:
            await sources.close()

    def _refuse(self, error: MememimeError, cause: Cause) -> None:
        if self._refusal is not None:
            self._target.notes.append(f"rightly signed, it would be refused, too: {cause.text} ({cause.id})")
            return
        self._refusal = Refusal(
            status=error.status, code=error.code, public=error.public, detail=error.detail, cause=cause
        )


def _signed_text(path: str) -> str:
    """Return what has to be signed: the path behind the signature."""
    stream, _ = split_member(path)
    return "/" + repair(stream.removeprefix("/").partition("/")[2])
