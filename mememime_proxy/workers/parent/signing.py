"""Signatures of C2PA manifests: the key stays in the service, which signs what a worker has built.

A worker that a hostile original has taken over could have claims of its own signed, at most one for each job; it cannot
have anything else signed, and never has the key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mememime_proxy.errors import SettingsError
from mememime_proxy.formats.output_rules import SigningAlgorithm, SigningIdentity

MAX_TO_SIGN: Final = 1 << 13
"""Bytes. A claim has some 500, a chain of certificates 800 to 4,000."""
MAX_SIGNATURES: Final = 2
"""Of a job: an original whose manifest cannot be taken over needs a second one."""
_PREFIX: Final = b"\x84\x6aSignature1"
"""A CBOR array of four whose first item is the context of a COSE_Sign1 (RFC 9052, 4.4), which nothing else signs."""
_CURVES: Final = {"es256": "secp256r1", "es384": "secp384r1", "es512": "secp521r1"}


class RefusedSignatureError(Exception):
    """What is to be signed is no manifest."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its certificates. A signature takes 20 to 200 microseconds."""

    identity: SigningIdentity
    certificate: bytes = field(repr=False)
    """Of the signer, in DER."""
    _key: Any = field(repr=False, compare=False)  # it belongs to the first certificate

    def sign(self, data: bytes) -> bytes:
        """Return the signature of what COSE calls a Sig_structure, in its form. Raises RefusedSignatureError."""
        # The header of a manifest's signature has the certificates in it: C2PA 2.2, 13.2.
        if len(data) > MAX_TO_SIGN or not data.startswith(_PREFIX) or self.certificate not in data:
            raise RefusedSignatureError
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - most services sign nothing
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415

        if self.identity.algorithm == "ed25519":
            signature: bytes = self._key.sign(data)
            return signature
        digests = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "es512": hashes.SHA512()}
        size = (self._key.key_size + 7) // 8
        numbers = decode_dss_signature(self._key.sign(data, ECDSA(digests[self.identity.algorithm])))
        return b"".join(number.to_bytes(size, "big") for number in numbers)


def load_key(certificate: str, key: str, algorithm: SigningAlgorithm) -> SigningKey:
    """Return the key in the PEM file ``key`` with the certificates in another one. Raises SettingsError."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key  # noqa: PLC0415

    chain = _read("MEMEMIME_C2PA_CERTIFICATE", certificate)
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise SettingsError(f"MEMEMIME_C2PA_CERTIFICATE: expected certificates in PEM in {certificate!r}") from error
    try:
        private = load_pem_private_key(_read("MEMEMIME_C2PA_PRIVATE_KEY", key), None)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"MEMEMIME_C2PA_PRIVATE_KEY: expected a key in PEM without a password in {key!r}"
        ) from error
    if algorithm == "ed25519":
        fits = isinstance(private, Ed25519PrivateKey)
    else:
        fits = isinstance(private, EllipticCurvePrivateKey) and private.curve.name == _CURVES[algorithm]
    if not fits:
        raise SettingsError(f"MEMEMIME_C2PA_PRIVATE_KEY: expected a key for {algorithm}, MEMEMIME_C2PA_ALGORITHM")
    if private.public_key() != certificates[0].public_key():
        raise SettingsError("MEMEMIME_C2PA_PRIVATE_KEY: expected the key of the first certificate")
    leaf = certificates[0].public_bytes(Encoding.DER)
    return SigningKey(SigningIdentity(chain.decode(), algorithm), leaf, private)


def _read(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"{name}: found {path!r}, expected a readable file ({error.strerror})") from error
