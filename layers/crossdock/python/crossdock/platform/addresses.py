"""Where a request may go: to addresses of the open internet, spelt in one way only.

Whoever may say where we deliver could otherwise make us call what only we can reach: the instance's metadata, the
neighbours in our network, ourselves. Sources: the WHATWG URL standard (hosts that end in a number are IPv4 addresses,
however they are written), the IANA registries of special-purpose addresses, and the OWASP page on server-side request
forgery.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, as texts, for a TCP port. Raises OSError when there are none."""

_HTTPS: Final = 443
_HTTP: Final = 80
_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
# A last label like this makes readers of URLs take the whole host for an IPv4 address: 127.1, 0x7f000001, 017700000001.
_NUMBER: Final = re.compile(r"([0-9]+|0[xX][0-9A-Fa-f]*)")
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_NAME: Final = 253
# What Python's `is_global` has judged differently from version to version, and what leads to an IPv4 address inside.
_CLOSED: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "168.63.129.16/32",  # Azure's own services for a machine
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefusedError(ValueError):
    """Requests do not go there; the message says why."""


def check_url(url: str, *, local: bool = False) -> SplitResult:
    """The parts of a URL that a request may go to, as far as its text says.

    `local` permits http:// and addresses of this machine and its network. Raises AddressRefusedError.
    """
    if _UNSEEN.search(url) or not url.isascii():
        raise AddressRefusedError("it has blanks, backslashes or letters beyond ASCII; write the host in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise AddressRefusedError(f"it is no URL: {exc}") from exc
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise AddressRefusedError(f"it must begin with https://{' or http://' if local else ''}")
    if "@" in parts.netloc:
        raise AddressRefusedError("it must not carry a user name or a password")
    if "#" in url:
        raise AddressRefusedError("it must not carry a fragment (#)")
    if port == 0 or parts.netloc.endswith(":"):
        raise AddressRefusedError("its port must be a number from 1 to 65535")
    literal = _literal(parts)
    if literal is not None:
        check_address(literal, local=local)
    return parts


def _literal(parts: SplitResult) -> Address | None:
    """The address that the host is, or None for a name. Raises AddressRefusedError for any other spelling of either."""
    host = parts.hostname or ""
    if "[" in parts.netloc:
        inner = _without_zone(host)
        try:
            return ipaddress.IPv6Address(inner)
        except ValueError as exc:
            raise AddressRefusedError(f"[{host}] is no IPv6 address") from exc
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        try:
            return ipaddress.IPv4Address(host)
        except ValueError as exc:
            raise AddressRefusedError(
                f"the host {host} is an IPv4 address in an odd spelling; write four decimal numbers, or its name"
            ) from exc
    if len(host) > _LONGEST_NAME or not _NAME.fullmatch(host):
        raise AddressRefusedError(f"{host[:60]!r} is no host name; write it without a dot at its end")
    return None


def _without_zone(host: str) -> str:
    if "%" in host:
        raise AddressRefusedError("an IPv6 address with a zone is one of this machine's network")
    return host


def check_address(address: Address, *, local: bool = False) -> None:
    """Raises AddressRefusedError unless an address is one of the open internet, or `local` and of this network."""
    inside = _inside(address)
    if local and (inside.is_loopback or _in_house(inside)):
        return
    closed = any(inside.version == network.version and inside in network for network in _CLOSED)
    if closed or not inside.is_global or inside.is_multicast or inside.is_reserved:
        raise AddressRefusedError(f"{address} is not an address of the open internet ({_kind(inside)})")


def _inside(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does: mapped, or through NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _in_house(address: Address) -> bool:
    return address.is_private and not (address.is_link_local or address.is_multicast or address.is_unspecified)


def _kind(address: Address) -> str:
    for kind in ("loopback", "link_local", "multicast", "unspecified", "private"):
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    return "set apart"


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a host in the resolver's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_addresses(host: str, port: int, resolve: Resolve, *, local: bool = False) -> list[str]:
    """The addresses of a host, every one of which a request may go to.

    One that may not closes all: a name that has a public and an inner address is made to be tried twice. Raises
    AddressRefusedError, or OSError when the host has no address.
    """
    found = list(resolve(host, port))
    for text in found:
        check_address(ipaddress.ip_address(_without_zone(text)), local=local)
    return found


def port_of(parts: SplitResult) -> int:
    """The port that a URL leads to."""
    return parts.port or (_HTTPS if parts.scheme == "https" else _HTTP)
