from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.sources.http.address_guard import AddressGuard, AddressKind, classify

CLOSED = AddressGuard()
OPEN = AddressGuard(allow_loopback=True, allow_link_local=True, allow_private=True)

LOOPBACK = ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"]
LINK_LOCAL = ["169.254.169.254", "169.254.0.1", "224.0.0.1", "239.255.255.250", "fe80::1", "ff02::1"]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "fd00::1",
    "fec0::1",
]
RESERVED = ["192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1", "255.255.255.255",
            "2001:db8::1", "100::1", "3fff::1", "4000::1", "5f00::1", "2001:1::1",
            "2001:2::1", "2001:4:112::1", "2001:20::1", "2001:1ff::1"]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1",
          "2001:200::1"]  # fmt: skip


def carriers(v4: str) -> list[str]:
    """Every IPv6 spelling that leads to ``v4`` somewhere."""
    n = int(IPv4Address(v4))
    flipped = n ^ 0xFFFFFFFF
    numbers = [
        0xFFFF << 32 | n,  # mapped
        n,  # compatible
        0x2002 << 112 | n << 80,  # 6to4
        0x2002 << 112 | n << 80 | 1,
        0x64FF9B << 96 | n,  # NAT64
        0x64FF9B0001 << 80 | n,  # NAT64, local prefix
        0x20010000 << 96 | n << 64 | 0x08080808 ^ 0xFFFFFFFF,  # Teredo, server
        0x20010000 << 96 | 0x08080808 << 64 | flipped,  # Teredo, client
        0x2606470047000000 << 64 | 0x00005EFE << 32 | n,  # ISATAP
        0x2606470047000000 << 64 | 0x02005EFE << 32 | n,
        0x2606470047000000 << 64 | 0x01005EFE << 32 | n,
        0x2606470047000000 << 64 | 0x03005EFE << 32 | n,
        # NAT64 with a local prefix of 48, 56 and 64 bits, and a public address where one of 96 has it
        0x64FF9B0001 << 80 | n >> 16 << 64 | (n & 0xFFFF) << 40 | (0x08080808 if n else 0),
        0x64FF9B000101 << 72 | n >> 24 << 64 | (n & 0xFFFFFF) << 32 | 0x08080808,
        0x64FF9B00010101 << 64 | n << 24 | 0x080808,
    ]
    return [str(IPv6Address(number)) for number in numbers]


@pytest.mark.parametrize("address", LOOPBACK + LINK_LOCAL + PRIVATE + RESERVED)
def test_guard_by_default_refuses_all_but_public_addresses(address):
    assert not CLOSED.permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_guard_by_default_permits_public_addresses(address):
    assert CLOSED.permits(address)
    assert classify(IPv4Address(address) if "." in address else IPv6Address(address)) is AddressKind.PUBLIC


@pytest.mark.parametrize(
    ("guard", "opened"),
    [
        (AddressGuard(allow_loopback=True), LOOPBACK),
        (AddressGuard(allow_link_local=True), LINK_LOCAL),
        (AddressGuard(allow_private=True), PRIVATE),
    ],
)
def test_guard_with_one_permission_opens_that_class_only(guard, opened):
    for address in LOOPBACK + LINK_LOCAL + PRIVATE + RESERVED:
        assert guard.permits(address) == (address in opened), address


@pytest.mark.parametrize(
    "v4", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "100.100.100.200", "192.168.0.1", "0.0.0.0"]
)
def test_guard_refuses_refused_addresses_in_ipv6_forms(v4):
    for address in carriers(v4):
        if address in {"::", "::ffff:0:0"} or v4 != "0.0.0.0":
            assert not CLOSED.permits(address), address


@pytest.mark.parametrize(
    "address", ["64:ff9b::808:808", "64:ff9b:1::808:808", "2002:808:808::1", "::ffff:8.8.8.8", "::8.8.8.8"]
)
def test_guard_permits_public_addresses_in_ipv6_forms(address):
    assert CLOSED.permits(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f000001", "fe80::1%eth0", "::1%1", "1.2.3.4:80", "[::1]"]
)
def test_guard_refuses_texts_that_are_no_address(text):
    assert not CLOSED.permits(text)


@given(st.ip_addresses(v=4))
def test_guard_permits_no_ipv6_form_of_a_refused_address(v4):
    for guard in (CLOSED, OPEN):
        if not guard.permits(str(v4)):
            assert not any(guard.permits(address) for address in carriers(str(v4)))


@given(st.ip_addresses(v=6))
def test_address_outside_global_unicast_is_not_public(v6):
    if CLOSED.permits(str(v6)):
        assert v6 in guard_global() or str(v6).startswith("64:ff9b:") or v6.ipv4_mapped or int(v6) >> 32 == 0


def guard_global():
    from ipaddress import IPv6Network

    return IPv6Network("2000::/3")
