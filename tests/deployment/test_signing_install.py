"""The installation for signing URLs only: a few packages, as docs/adr/0010-packages-for-signing.md says."""

SIGN = """
from mememime_proxy.urls import UrlBuilder
url = UrlBuilder("https://img.example.com", key="00" * 16, salt="11" * 16, encryption_key="22" * 16)
print({builder}.build("https://example.com/a.jpg"))
"""


def sign(installation, builder):
    result = installation.run("-W", "error", "-c", SIGN.format(builder=builder))
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_signing_takes_two_packages(installation, wheel):
    installation.install("itsdangerous")
    installation.install("--no-deps", str(wheel))
    assert installation.packages() == {"itsdangerous", "mememime"}
    assert sign(installation, "url.width(640)").endswith("/plain/https://example.com/a.jpg\n")


def test_signing_with_encrypted_sources_takes_at_most_five_packages(installation, wheel):
    installation.install("itsdangerous", "cryptography")
    installation.install("--no-deps", str(wheel))
    assert len(installation.packages()) <= 5
    assert "/enc2/" in sign(installation, "url.encrypted()")
