"""The manifest of an original, for its description."""

from __future__ import annotations

import io
import re
from typing import Any, Final

from mememime_proxy.formats.output_rules import SigningIdentity
from mememime_proxy.imaging.provenance import library
from mememime_proxy.memfd import Buffer

_LABEL: Final = re.compile(rb"c2pa")
"""Every store of manifests has it in the clear: C2PA 2.2, 11.1.4."""
_VALID: Final = "Valid"
_TRUSTED: Final = "Trusted"
_MAX_ACTIONS: Final = 256
_MAX_TEXT: Final = 256


def manifest_of(data: Buffer, format_: str, identity: SigningIdentity) -> dict[str, Any]:
    """Return what the manifest in an original says and whether it holds: ``c2pa`` of a description.

    ``valid``: nothing of the file was changed since it was signed. ``trusted``: by an issuer of ``identity``. A
    manifest that cannot be read is present and not valid. Raises MissingC2paError.
    """
    c2pa = library.load()
    if not _LABEL.search(data):  # in a fraction of the time that the library takes
        return {"present": False}
    try:
        reader = c2pa.Reader.try_create(
            library.mime_of(format_), io.BytesIO(data), context=library.context(identity.certificates)
        )
        if reader is None:
            return {"present": False}
        with reader:
            document = library.document_of(reader)
    except c2pa.C2paError:
        return {"present": True, "valid": False, "trusted": False}
    state = document.get("validation_state")
    manifest = document.get("manifests", {}).get(document.get("active_manifest"), {})
    generators = [each for each in manifest.get("claim_generator_info", []) if each.get("name")]
    found: dict[str, Any] = {"present": True, "valid": state in (_VALID, _TRUSTED), "trusted": state == _TRUSTED}
    if generators:
        name = " ".join(str(generators[0][part]) for part in ("name", "version") if generators[0].get(part))
        found["generator"] = name[:_MAX_TEXT]
    return found | {"actions": _actions(manifest)}


def _actions(manifest: dict[str, Any]) -> list[str]:
    assertions = [each for each in manifest.get("assertions", []) if str(each.get("label")).startswith("c2pa.actions")]
    actions = [action for each in assertions for action in each.get("data", {}).get("actions", [])]
    return [str(action.get("action", ""))[:_MAX_TEXT] for action in actions[:_MAX_ACTIONS]]
