"""Which addresses originals may be fetched from: global unicast, unless an operator allows more.

An IPv6 address that carries an IPv4 address is judged by both. The carriers are IPv4-mapped (RFC 4291 2.5.5.2),
IPv4-compatible (2.5.5.1), 6to4 (RFC 3056), NAT64 with its well-known and its local prefix (RFC 6052, RFC 8215), Teredo
(RFC 4380, server and client) and ISATAP (RFC 5214).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_ISATAP, _ISATAP_MASK = 0x00005EFE, 0xFCFFFFFF
"""The interface identifier's upper half; the two bits left out say universal and group, RFC 5214 6.1."""

_PRIVATE: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("100.64.0.0/10"),  # carrier-grade NAT, RFC 6598; cloud metadata of some providers
    IPv6Network("fc00::/7"),
    IPv6Network("fec0::/10"),  # site-local, deprecated but routed where it is
)
_LINK_LOCAL: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("169.254.0.0/16"),
    IPv4Network("224.0.0.0/4"),
    IPv6Network("fe80::/10"),
    IPv6Network("ff00::/8"),
)
_LOOPBACK: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("0.0.0.0/8"),  # "this network": connects to the machine itself
    IPv6Network("::1/128"),
    IPv6Network("::/128"),
)
_RESERVED: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("240.0.0.0/4"),
    IPv6Network("100::/64"),
    # Protocol assignments (RFC 2928), except for Teredo, which is judged by what it carries.
    *IPv6Network("2001::/23").address_exclude(IPv6Network("2001::/32")),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)


class Kind(enum.Enum):
    """What sort of address one is."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    PRIVATE = "private"
    RESERVED = "reserved"


def classify(address: IPv4Address | IPv6Address) -> Kind:
    """The sort of ``address`` itself, whatever it may carry."""
    for kind, networks in (
        (Kind.LOOPBACK, _LOOPBACK),
        (Kind.LINK_LOCAL, _LINK_LOCAL),
        (Kind.PRIVATE, _PRIVATE),
        (Kind.RESERVED, _RESERVED),
    ):
        if any(address in network for network in networks if network.version == address.version):
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST and not list(_carried(address)):
        return Kind.RESERVED
    return Kind.PUBLIC


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside an IPv6 address."""
    number = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _COMPATIBLE and number > 0xFFFF:
        yield IPv4Address(number & 0xFFFFFFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address in _NAT64:
        yield IPv4Address(number & 0xFFFFFFFF)
    if address in _NAT64_LOCAL:
        yield from _translated(number)
    if address.teredo is not None:
        yield from address.teredo
    if (number >> 32) & _ISATAP_MASK == _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)


def _translated(number: int) -> Iterator[IPv4Address]:
    """What a translator with a prefix of 96, 64, 56 or 48 bits reads in an address; RFC 6052 2.2.

    Only the operator of the network knows which it is: where the bits between prefix and end say that it can be another
    than 96, all readings count. Bits 64 to 71 are skipped by the shorter ones.
    """
    yield IPv4Address(number & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFFFFFF:
        joined = (number >> 64 & 0xFFFF) << 56 | number & (1 << 56) - 1
        for shift in (40, 32, 24):
            yield IPv4Address(joined >> shift & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Guard:
    """The operator's policy."""

    allow_loopback: bool = False
    allow_link_local: bool = False
    allow_private: bool = False

    def permits(self, address: str) -> bool:
        """Whether a connection to ``address`` may be opened. Text that is no address is not permitted."""
        try:
            outer = ip_address(address)
        except ValueError:
            return False
        if isinstance(outer, IPv6Address):
            if outer.scope_id is not None and not self.allow_link_local:
                return False
            outer = IPv6Address(int(outer))
            inner = list(_carried(outer))
            # A carrier without meaning of its own (mapped, compatible) is what it carries.
            if inner and (outer.ipv4_mapped is not None or outer in _COMPATIBLE):
                return all(self._allows(classify(each)) for each in inner)
            return self._allows(classify(outer)) and all(self._allows(classify(each)) for each in inner)
        return self._allows(classify(outer))

    def _allows(self, kind: Kind) -> bool:
        match kind:
            case Kind.PUBLIC:
                return True
            case Kind.LOOPBACK:
                return self.allow_loopback
            case Kind.LINK_LOCAL:
                return self.allow_link_local
            case Kind.PRIVATE:
                return self.allow_private
            case Kind.RESERVED:
                return False
