"""Protection against SSRF: which addresses a server may fetch over HTTP.

What is declared is read by the server, which reaches what its users may not: other servers of its network,
the metadata of its machine. So an address of a source is public, or its host is named by the setting
``MEGURU_SOURCE_HOSTS``. Whoever reads in their own process reaches nothing else than before (``*``); but a
public address never leads on to a private one, for them neither.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from meguru.base.public_addresses import is_public
from meguru.errors import InvalidInput, Unreachable


class Hop(NamedTuple):
    """One address on the way: where it was looked up to be (None: it may move), and whether it is public."""

    url: str
    pinned: str | None
    public: bool


def first_hop(url: str, hosts: list[str]) -> Hop:
    """Return where a read begins.

    Raises
    ------
    InvalidInput
        If it is no address of HTTP, or one that may not be asked.
    """
    return _hop(url, hosts, any_host="*" in hosts)


def next_hop(before: Hop, url: str, hosts: list[str]) -> Hop:
    """Return where a redirect leads, if it may be followed."""
    return _hop(url, hosts, any_host="*" in hosts and not before.public)


def _hop(url: str, hosts: list[str], *, any_host: bool) -> Hop:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:  # a server may redirect to anything
        raise InvalidInput("an address can't be read", why=str(error)[:200], field="files") from error
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidInput(
            "an address leads to something else than HTTP", why=f"to {url[:200]}", field="files"
        )
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port or 80, type=socket.SOCK_STREAM)]
    except UnicodeError as error:
        raise InvalidInput(f"{host[:100]!r} is no name of a host", field="files") from error
    except OSError as error:
        if any_host:  # a proxy may know it
            return Hop(url, None, public=True)
        raise Unreachable(f"the host {host[:100]!r} is not known", why=str(error)) from error
    public = all(is_public(ip_address(each.partition("%")[0])) for each in found)
    if not (public or any_host or host.lower() in {each.lower() for each in hosts}):
        raise InvalidInput(
            f"{host[:100]!r} is an address that is not public",
            why="what a server reads for its users must not lead to what only the server reaches",
            hint=f"MEGURU_SOURCE_HOSTS={host[:100]} allows it, where the server runs",
            field="files",
        )
    # Pinned: the name is not looked up a second time, or DNS could give another address after the check.
    return Hop(url, None if any_host else found[0], public)
