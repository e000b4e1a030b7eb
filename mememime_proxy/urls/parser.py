"""The parser of URLs, from a request target to a plan: it verifies first, then parses exactly the verified text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from mememime_proxy.errors import MemberError, OptionError, PathError, SettingsError, SignatureError, UnsignedError
from mememime_proxy.formats.effects_plan import NO_MARK, NO_SHAPE
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.formats.stream_members import MARK, MASTERS, STREAM_FORMAT, TREES, parse_member
from mememime_proxy.plan import DELIVERY_FIELDS, MAX_PICTURES, GravityType, Plan
from mememime_proxy.urls import grammar
from mememime_proxy.urls.alternate import stream_path
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import FormatName, read_value
from mememime_proxy.urls.options.interpreter import OptionInterpreter, build_plan
from mememime_proxy.urls.options.media_rules import check_media
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.path import SignedPath, repair, split, split_member
from mememime_proxy.urls.presets import parse_presets
from mememime_proxy.urls.signature import Signer
from mememime_proxy.urls.source.rewriting import SourceRules
from mememime_proxy.urls.source.source import RESOURCE_SCHEMES, decode_source
from mememime_proxy.urls.storyboard import STORYBOARD_MEMBERS, storyboard_plan

UNSIGNED = frozenset({"unsafe", "insecure", "_"})
"""Words in place of a signature, where keys are set and unsigned URLs are allowed too."""


_FORMAT = FormatName(outputs=True)


class UrlParser:
    """Parser of the URLs of one service. It does no I/O and has no state; one instance serves all threads.

    All settings are checked when it is made. Raises SettingsError then.
    """

    def __init__(self, config: UrlConfig, table: Mapping[str, Option] = BY_NAME) -> None:
        """``table``: the options that URLs may use, by their names and aliases."""
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
        self.interpreter = OptionInterpreter(
            parse_presets(config.presets, config.arguments_separator),
            allowed=config.allowed_options,
            allow_security=config.allow_security_options,
            max_pipelines=config.max_chained_pipelines,
            permissions=config.permissions,
            table=table,
        )
        self.interpreter.check_presets()
        self._source_rules = None
        if config.url_replacements or config.base_url or config.allowed_sources:
            self._source_rules = SourceRules(
                replacements=config.url_replacements, base_url=config.base_url, allowed=config.allowed_sources
            )

    def parse(self, target: str, *, now: float | None = None, initial: Plan | None = None) -> Plan:
        """Return the plan of a raw request target: ``split``, ``verify`` and ``plan`` in one."""
        signed = self.verify(self.split(target))
        return self.plan(signed, self.config.base_plan if initial is None else initial, now=now)

    def parse_with_options(self, target: str, *, initial: Plan) -> tuple[Plan, str, int]:
        """Return the plan as ``parse``, the options of the URL, or its presets, as they are written there, and its key.

        The key is that of ``SignedPath``.
        """
        signed = self.verify(self.split(target))
        return self.plan(signed, initial), self._options_text(signed), signed.key

    def split(self, target: str) -> str:
        """Return the path of a raw request target, without the service's prefix. Raises PathError."""
        return split(target, self.config.path_prefix)

    def verify(self, path: str) -> SignedPath:
        """Return ``path`` (from ``split``), if it may be parsed. Raises SignatureError or PathError.

        Where keys are set, a signed path has one spelling, but for the repairs of :mod:`mememime_proxy.urls.path`. Of a
        member of a stream, the signature covers the path of the stream. Raises MemberError.
        """
        path, member = split_member(path)
        signed = self._verify(path)
        return replace(signed, member=member) if member else signed

    def _verify(self, path: str) -> SignedPath:
        if self._signer is None:
            return self._accept_unsigned(path)
        signature, _, rest = path.removeprefix("/").partition("/")
        if not signature and self.config.allow_unsigned and _without_slashes(path).partition("/")[0] in UNSIGNED:
            signature, _, rest = _without_slashes(path).partition("/")
        if not rest:
            raise SignatureError("nothing follows the signature")
        repaired = repair(rest)
        if signature in UNSIGNED and self.config.allow_unsigned:
            return SignedPath(repaired.removeprefix("/"), signature, verified=False)
        # The signer would not tell these apart from the path with one slash, which is the spelling that was signed.
        if not path.startswith("/") or rest.startswith("/"):
            raise SignatureError("the path has a slash too many or too few")
        return SignedPath(repaired, signature, verified=True, key=self._signer.verify(signature, repaired))

    def plan(self, signed: SignedPath, initial: Plan, *, now: float | None = None) -> Plan:
        """Return the plan of a URL, on top of ``initial`` (``base_plan`` and the preferences of the client's headers).

        ``now``: Unix seconds, the system's clock by default. Raises UrlError, SecurityOptionError, or
        SourceForbiddenError.
        """
        config = self.config
        parsed = grammar.parse(signed.path, config.arguments_separator, only_presets=config.only_presets)
        draft = self.interpreter.apply(initial, parsed.options, parsed.presets, time.time() if now is None else now)
        url, extension = decode_source(
            parsed.source,
            drop_filename=config.base64_url_includes_filename,
            key=config.source_url_encryption_key,
        )
        changes = draft.pipelines[0]
        if extension and not changes.get("raw", initial.raw):
            changes["format"] = read_value("extension", "format", _FORMAT, extension)
        source = url if self._source_rules is None else self._source_rules.apply(url)
        if source.startswith(RESOURCE_SCHEMES):
            changes["follows_focus"] = _follows_focus(draft)
            changes["takes_preset"] = not parsed.options and not parsed.presets
        plan = check_media(self._with_files(self._with_pictures(build_plan(draft, source), initial), initial), initial)
        if plan.output_kind is OutputKind.STORYBOARD and not signed.member:
            return storyboard_plan(plan, parse_member(MASTERS[plan.format], ()), "")
        return _member_plan(plan, signed.member) if signed.member else plan

    def stream_target(self, target: str) -> str:
        """Return the request target of the stream that shows what this one does; '' where none does. See ``alternate``.

        ``target``: a raw one, which ``parse`` accepts.
        """
        signed = self.verify(self.split(target))
        path = (
            ""
            if self.config.only_presets
            else stream_path(signed.path, self.plan(signed, self.config.base_plan), self.config.arguments_separator)
        )
        if not path:
            return ""
        signature = signed.signature if self._signer is None or not signed.verified else self._signer.sign(path)
        prefix = self.config.path_prefix.strip("/")
        return f"{prefix and '/'}{prefix}/{signature}/{path}"

    def apply_preset(self, plan: Plan, preset: str) -> Plan:
        """Return ``plan``, which takes the preset of its source, with that preset's options. Raises PresetError.

        A format that its URL names stays. Options for delivery have no effect: they change headers, which are made
        before the source has answered.
        """
        draft = self.interpreter.continue_from(plan, preset, time.time())
        result = build_plan(draft, plan.source)
        changed = replace(
            result,
            takes_preset=False,
            follows_focus=_follows_focus(draft),
            format=plan.format or result.format,
            **{name: getattr(plan, name) for name in DELIVERY_FIELDS},
        )
        changed = self._with_files(self._with_pictures(changed, plan), plan)
        return check_media(changed, self.config.base_plan)

    def has_only_presets(self, options: str) -> bool:
        """Whether the options of a URL, from ``parse_with_options``, are presets, and options for delivery alone."""
        if self.config.only_presets:
            return bool(options)
        names = [part.partition(self.config.arguments_separator)[0] for part in options.split("/") if options]
        found = [BY_NAME[name] for name in names if name != grammar.NEXT_PIPELINE]
        changing = [option for option in found if not _fields(option) or _fields(option) - DELIVERY_FIELDS]
        return bool(changing) and all(option.name == "preset" for option in changing)

    def rewrite(self, url: str) -> str:
        """Return a source's URL, as it is written in a request, after the operator's replacements and base URL."""
        return url if self._source_rules is None else self._source_rules.rewrite(url)

    def _with_files(self, plan: Plan, initial: Plan) -> Plan:
        """Return ``plan`` with the URL of its fallback picture as it is fetched, if its colour profile exists.

        Raises SourceForbiddenError and OptionError.
        """
        profile = plan.saving.color_profile
        if profile and profile not in self.config.color_profiles:
            raise OptionError(f"color_profile: found {profile[:80]!r}, and there is no profile of that name")
        url, rules = plan.saving.fallback_url, self._source_rules
        if not url or url == initial.saving.fallback_url or rules is None:
            return plan
        check = rules.apply if self.config.fallback_image_preprocess_url else rules.checked
        return replace(plan, saving=replace(plan.saving, fallback_url=check(url)))

    def _with_pictures(self, plan: Plan, initial: Plan) -> Plan:
        """Return ``plan`` with the URLs of its watermarks as they are fetched; those of ``initial`` are so already.

        Raises SourceForbiddenError, and OptionError for too many.
        """
        if (plan.mark is NO_MARK and plan.shape is NO_SHAPE and not plan.chain) or plan.pictures == initial.pictures:
            return plan
        if len(plan.pictures) > MAX_PICTURES:
            raise OptionError(f"found {len(plan.pictures)} pictures of watermarks and masks, expected {MAX_PICTURES}")
        if (rules := self._source_rules) is None:
            return plan
        check = rules.apply if self.config.watermark_preprocess_url else rules.checked

        def checked(each: Plan) -> Plan:
            if each.mark.url:
                each = replace(each, mark=replace(each.mark, url=check(each.mark.url)))
            return replace(each, shape=replace(each.shape, mask=check(each.shape.mask))) if each.shape.mask else each

        return replace(checked(plan), chain=tuple(checked(each) for each in plan.chain))

    def _options_text(self, signed: SignedPath) -> str:
        segments, separator = signed.path.removeprefix("/").split("/"), self.config.arguments_separator
        parse = grammar.parse_preset_names if self.config.only_presets else grammar.parse_options
        _, source = parse(segments, separator)
        return "/".join(segments[: len(segments) - len(source)])

    def _accept_unsigned(self, path: str) -> SignedPath:
        signature, _, rest = _without_slashes(path).partition("/")
        if not signature or not rest:
            raise PathError("the path needs a first segment (`unsafe`, for example) and something after it")
        if ":" in signature:
            raise UnsignedError(f"found {signature[:80]!r} where a signature or `unsafe` is expected")
        return SignedPath(repair(rest).removeprefix("/"), signature, verified=False)


def _member_plan(plan: Plan, name: str) -> Plan:
    """Return the plan of a member of a stream. Those of HLS and of DASH are the same ones. Raises MemberError."""
    if plan.output_kind not in TREES:
        raise MemberError(f"found {MARK!r}, and only streams (`m3u8`, `mpd`) and storyboards (`vtt`) have members")
    member = parse_member(name, plan.media.ladder)
    if member.kind in STORYBOARD_MEMBERS:
        return storyboard_plan(plan, member, name)
    if plan.output_kind is not OutputKind.STREAM:
        raise MemberError(f"a storyboard has no member {name[:80]!r}")
    return replace(plan, format=STREAM_FORMAT, media=replace(plan.media, member=name))


def _without_slashes(path: str) -> str:
    """Return ``path`` without the slash at its start, and without a second one, which imgproxy drops, too."""
    return path.removeprefix("/").removeprefix("/")


def _follows_focus(draft: PlanDraft) -> bool:
    """Return whether no option sets a gravity, or the gravity is smart."""
    draft.select(0)
    if not any(field.startswith("gravity.") for field in draft.changes):
        return True
    return draft.get("gravity.type") is GravityType.SMART


def _fields(option: Option) -> set[str]:
    """Return the fields of a plan that an option sets; none for one that stands for others."""
    return {field for argument in option.arguments if (field := getattr(argument, "field", ""))}
