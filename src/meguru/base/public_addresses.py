"""Tells addresses of the open internet from those that only some machines reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one of the open internet, also when it is wrapped in another kind."""
    if isinstance(address, IPv6Address):
        # Against SSRF: ::ffff:127.0.0.1, 2002:7f00:1:: and 64:ff9b::7f00:1 all lead to 127.0.0.1 somewhere.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast
