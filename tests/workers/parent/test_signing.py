"""The key of C2PA manifests: what it signs, and for whom."""

import asyncio
import os
import socket

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from mememime_proxy.errors import SettingsError
from mememime_proxy.workers import wire
from mememime_proxy.workers.parent.signing import MAX_SIGNATURES, MAX_TO_SIGN, RefusedSignatureError, load_key
from mememime_proxy.workers.parent.worker_process import Worker, WorkerState
from tests.support.signing_certificates import write_chain

HASHES = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "es512": hashes.SHA512()}


def claim(key, rest=b"claim"):
    return b"\x84\x6aSignature1" + key.certificate + rest


@pytest.mark.parametrize("algorithm", ["es256", "es384", "es512", "ed25519"])
def test_signature_has_the_form_of_cose_and_holds(algorithm, tmp_path):
    paths = write_chain(tmp_path, algorithm)
    key = load_key(*paths, algorithm)
    (leaf, _) = load_pem_x509_certificates(key.identity.certificates.encode())
    assert leaf.public_bytes(Encoding.DER) == key.certificate
    data, public = claim(key), leaf.public_key()
    signature = key.sign(data)
    if algorithm == "ed25519":
        public.verify(signature, data)
        return
    half = len(signature) // 2
    assert half == (public.key_size + 7) // 8
    numbers = (int.from_bytes(each, "big") for each in (signature[:half], signature[half:]))
    public.verify(encode_dss_signature(*numbers), data, ECDSA(HASHES[algorithm]))


def test_nothing_but_a_manifest_of_these_certificates_is_signed(tmp_path):
    key = load_key(*write_chain(tmp_path), "es256")
    other = load_key(*write_chain(tmp_path), "es256")
    for data in (b"", b"GET /", key.certificate, claim(other), claim(key)[1:], claim(key, bytes(MAX_TO_SIGN))):
        with pytest.raises(RefusedSignatureError):
            key.sign(data)


def test_key_is_not_shown_and_not_part_of_what_processes_are_sent(tmp_path):
    key = load_key(*write_chain(tmp_path), "es256")
    assert "PrivateKey" not in repr(key)
    setup = wire.encode(wire.Sign(b"")) + repr(key.identity).encode()
    assert key._key.private_numbers().private_value.to_bytes(32, "big") not in setup
    assert load_key(*(str(tmp_path / name) for name in ("es256.pem", "es256.key")), "es256") == key


def test_files_that_do_not_fit_are_named(tmp_path):
    certificate, key = write_chain(tmp_path)
    other, other_key = write_chain(tmp_path, "es384")
    for paths, algorithm, text in (
        ((str(tmp_path / "none"), key), "es256", r"C2PA_CERTIFICATE: found .*none.*readable"),
        ((key, key), "es256", "C2PA_CERTIFICATE: expected certificates in PEM"),
        ((certificate, certificate), "es256", "C2PA_PRIVATE_KEY: expected a key in PEM"),
        ((certificate, key), "es384", "C2PA_PRIVATE_KEY: expected a key for es384"),
        ((certificate, key), "ed25519", "expected a key for ed25519"),
        ((certificate, other_key), "es384", "expected the key of the first certificate"),
        ((other, other_key), "es256", "expected a key for es256"),
    ):
        with pytest.raises(SettingsError, match=text):
            load_key(*paths, algorithm)


class Observer:
    """Notes what becomes of a worker."""

    def __init__(self):
        self.lost = asyncio.Event()

    def worker_lost(self, worker, received):
        self.lost.set()

    def worker_gone(self, worker, end):
        self.reason = end.reason


async def asked(sign, *messages):
    """Return the replies to a busy worker's messages, and why it was given up: '' where it was not."""
    observer, loop = Observer(), asyncio.get_running_loop()
    worker = Worker(loop, observer, sign)
    connection = socket.socket(fileno=os.dup(worker.descriptors()[0]))
    worker.close_worker_socket()
    worker.state = WorkerState.BUSY
    replies = []
    with connection:
        for message in messages:
            wire.send(connection, wire.encode(message))
            reply, _ = await asyncio.to_thread(wire.receive, connection, wire.MAX_MESSAGE)
            if not reply:
                break
            replies.append(wire.decode_signed(reply).signature)
    if worker.state is WorkerState.BUSY:
        worker.kill("test")
        worker._disconnect(received=True)
    await observer.lost.wait()
    return replies, observer.reason if observer.reason == "protocol" else ""


async def test_worker_gets_the_signatures_of_its_job_and_no_more(tmp_path):
    key = load_key(*write_chain(tmp_path), "es256")
    message = wire.Sign(claim(key))
    replies, reason = await asked(key.sign, *[message] * MAX_SIGNATURES)
    assert [len(each) for each in replies] == [64] * MAX_SIGNATURES
    assert reason == ""
    replies, reason = await asked(key.sign, *[message] * (MAX_SIGNATURES + 1))
    assert (len(replies), reason) == (MAX_SIGNATURES, "protocol")
    for sign, data in ((key.sign, b"GET /"), (None, claim(key))):
        assert await asked(sign, wire.Sign(data)) == ([], "protocol")
