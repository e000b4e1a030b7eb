"""Manifests of results. They are built in a worker; the signature comes from the service, which has the key."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from mememime_proxy import __version__
from mememime_proxy.errors import LimitError, WorkerError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_rules import C2paMode, OriginalPolicy, SigningIdentity
from mememime_proxy.geometry.geometry import Geometry
from mememime_proxy.imaging.provenance import library
from mememime_proxy.imaging.provenance.actions import actions_of
from mememime_proxy.imaging.provenance.reading import manifest_of
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

Sign = Callable[[bytes], bytes]
"""From the bytes to sign to the signature. Raises WorkerError and ConnectionError."""
MAX_ADDED: Final = 4 << 20
"""Bytes of a manifest, those of its parents among them."""
_GENERATOR: Final = [{"name": "Mememime", "version": __version__}]


def _no_signature(_data: bytes) -> bytes:
    raise WorkerError("C2PA: nobody signs here")


@dataclass(frozen=True, slots=True)
class ManifestSigner:
    """Gives results a manifest, as the operator has chosen."""

    mode: C2paMode
    identity: SigningIdentity
    sign: Sign = _no_signature

    def add(
        self, variant: Variant[Buffer], original: Buffer, plan: Plan, pipelines: Iterable[tuple[Plan, Geometry]]
    ) -> Variant[Buffer]:
        """Return the variant with a manifest, if it is to have one.

        Raises MissingC2paError, LimitError, and WorkerError where there is no signature.
        """
        if self.mode == "off" or not self._wants(variant, original, plan):
            return variant
        signed = self._signed(variant, original, pipelines)
        digest = hashlib.blake2b(variant.body, digest_size=16).digest()
        return msgspec.structs.replace(variant, body=signed, unsigned_digest=digest)

    def _wants(self, variant: Variant[Buffer], original: Buffer, plan: Plan) -> bool:
        """Whether a result gets a manifest.

        That of an original is part of those of its results, so that one whose private metadata is held back has none.
        """
        library.load()
        if variant.format not in library.WRITTEN or plan.original_policy is not OriginalPolicy.ALLOW:
            return False
        if self.mode == "always":
            return True
        return bool(manifest_of(original, variant.source_format, self.identity)["present"])

    def _signed(self, variant: Variant[Buffer], original: Buffer, pipelines: Iterable[tuple[Plan, Geometry]]) -> bytes:
        """Return the file with a manifest: what was done to which original. Two calls return different bytes.

        A manifest of the original that cannot be read is not taken over: the original counts as a file of unknown
        kind.
        """
        c2pa = library.load()
        definition = {
            "claim_generator_info": _GENERATOR,
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": [{"action": each} for each in actions_of(pipelines)]}}
            ],
        }
        algorithm = c2pa.C2paSigningAlg[self.identity.algorithm.upper()]
        result = b""
        failure: Exception | None = None
        for mime in dict.fromkeys((library.mime_of(variant.source_format), library.OPAQUE)):
            calls = _Calls(self.sign)
            try:
                signer = c2pa.Signer.from_callback(calls, algorithm, self.identity.certificates)
                result = _embed(c2pa, definition, signer, mime, original, FORMATS[variant.format].mime, variant.body)
                break
            except c2pa.C2paError as error:
                failure = error
                if calls.error is not None:
                    raise calls.error from error
        if not result:
            raise WorkerError(f"C2PA: no manifest could be made: {failure}") from failure
        if len(result) - len(memoryview(variant.body)) > MAX_ADDED:
            raise LimitError(f"the C2PA manifests of the original have more than {MAX_ADDED} bytes")
        return result


class _Calls:
    """The call of the library for a signature. It takes an exception for a failure without telling of it."""

    def __init__(self, sign: Sign) -> None:
        self.error: Exception | None = None
        self._sign = sign

    def __call__(self, data: bytes) -> bytes:
        try:
            return self._sign(data)
        except (WorkerError, ConnectionError) as error:
            self.error = error
            return b""


def _embed(
    c2pa: Any, definition: dict[str, Any], signer: Any, source_mime: str, original: Buffer, mime: str, body: Buffer
) -> bytes:
    target = io.BytesIO()
    with signer, c2pa.Builder(definition, context=library.context("")) as builder:
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        builder.add_ingredient({"relationship": "parentOf"}, source_mime, io.BytesIO(original))
        builder.sign(signer, mime, io.BytesIO(body), target)
    return target.getvalue()
