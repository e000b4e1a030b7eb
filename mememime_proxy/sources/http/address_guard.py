"""SSRF guard: originals are fetched from global unicast addresses only, unless the operator allows others.

An IPv6 address that contains an IPv4 address is checked by both. These are IPv4-mapped (RFC 4291 2.5.5.2),
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
"""Upper half of the interface identifier, without the bits for universal and group (RFC 5214 6.1)."""

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
    # Protocol assignments (RFC 2928), except for Teredo, which is checked by what it contains.
    *IPv6Network("2001::/23").address_exclude(IPv6Network("2001::/32")),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)


class AddressKind(enum.Enum):
    """Class of an IP address."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    PRIVATE = "private"
    RESERVED = "reserved"


def classify(address: IPv4Address | IPv6Address) -> AddressKind:
    """Return the class of ``address`` itself, without the addresses that it contains."""
    for kind, networks in (
        (AddressKind.LOOPBACK, _LOOPBACK),
        (AddressKind.LINK_LOCAL, _LINK_LOCAL),
        (AddressKind.PRIVATE, _PRIVATE),
        (AddressKind.RESERVED, _RESERVED),
    ):
        if any(address in network for network in networks if network.version == address.version):
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST and not list(_embedded(address)):
        return AddressKind.RESERVED
    return AddressKind.PUBLIC


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses in an IPv6 address."""
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
        yield from _nat64_readings(number)
    if address.teredo is not None:
        yield from address.teredo
    if (number >> 32) & _ISATAP_MASK == _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)


def _nat64_readings(number: int) -> Iterator[IPv4Address]:
    """Yield what translators with a prefix of 96, 64, 56 or 48 bits read in an address (RFC 6052 2.2).

    Only the operator of the network knows the length: where the bits after the prefix allow another one than 96, all
    readings count. The shorter prefixes skip bits 64 to 71.
    """
    yield IPv4Address(number & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFFFFFF:
        joined = (number >> 64 & 0xFFFF) << 56 | number & (1 << 56) - 1
        for shift in (40, 32, 24):
            yield IPv4Address(joined >> shift & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Policy of the operator: which classes of addresses are permitted."""

    allow_loopback: bool = False
    allow_link_local: bool = False
    allow_private: bool = False

    def permits(self, address: str) -> bool:
        """Return whether a connection to ``address`` may be opened. A text that is no address is not permitted."""
        try:
            outer = ip_address(address)
        except ValueError:
            return False
        if isinstance(outer, IPv6Address):
            if outer.scope_id is not None and not self.allow_link_local:
                return False
            outer = IPv6Address(int(outer))
            inner = list(_embedded(outer))
            # A mapped or compatible address has no class of its own.
            if inner and (outer.ipv4_mapped is not None or outer in _COMPATIBLE):
                return all(self._allows(classify(each)) for each in inner)
            return self._allows(classify(outer)) and all(self._allows(classify(each)) for each in inner)
        return self._allows(classify(outer))

    def _allows(self, kind: AddressKind) -> bool:
        match kind:
            case AddressKind.PUBLIC:
                return True
            case AddressKind.LOOPBACK:
                return self.allow_loopback
            case AddressKind.LINK_LOCAL:
                return self.allow_link_local
            case AddressKind.PRIVATE:
                return self.allow_private
            case AddressKind.RESERVED:
                return False
