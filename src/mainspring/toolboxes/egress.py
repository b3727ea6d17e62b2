"""Owns where tool boxes may connect to: addresses of the public internet, and what the operator names.

A name is looked up once; every address it stands for is checked; the connection goes to a checked address, not to the
name. So a name whose answer changes between the check and the connection (DNS rebinding) leads nowhere. Addresses are
judged as numbers, so spellings like `0x7f.1` or `2130706433` are what they mean.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_SIXTOFOUR: Final = ipaddress.IPv6Network("2002::/16")
_CLOSED: Final[tuple[Network, ...]] = (
    ipaddress.IPv4Network("0.0.0.0/8"),
    ipaddress.IPv4Network("100.64.0.0/10"),
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv4Network("198.18.0.0/15"),
    ipaddress.IPv6Network("100::/64"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("fec0::/10"),
)
"""Closed although the library calls some of them global."""


HINT: Final = "The setting `egress_allow` can permit it."


class Forbidden(OSError):
    """A connection that the operator has not allowed; the text names the address and the setting that would."""


class Lookup(Protocol):
    """Looks a host name up."""

    async def __call__(self, host: str, port: int, /) -> list[str]:
        """Its addresses, in order of preference. Raises `OSError`."""
        ...


async def system_lookup(host: str, port: int, /) -> list[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, also when it wraps another one (IPv4-mapped, NAT64, 6to4)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
    closed = any(address in network for network in _CLOSED if network.version == address.version)
    return address.is_global and not (closed or address.is_multicast or address.is_reserved)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIXTOFOUR:
        return address.sixtofour
    if any(address in network for network in _NAT64) or int(address) >> 32 == 0:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks and single addresses (`10.0.0.0/8`, `127.0.0.1`); raises `ValueError` for what is none."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


class Egress:
    """What may be connected to: public addresses, and `allowed` networks."""

    def __init__(self, allowed: Iterable[Network] = (), *, lookup: Lookup = system_lookup) -> None:
        self._allowed = tuple(allowed)
        self._lookup = lookup

    def permits(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        return is_public(address) or self._is_listed(address)

    def _is_listed(self, address: Address) -> bool:
        plain = _wrapped(address) if isinstance(address, ipaddress.IPv6Address) else None
        return any(
            one in network
            for one in (address, plain)
            if one is not None
            for network in self._allowed
            if network.version == one.version
        )

    async def addresses(self, host: str, port: int, *, secure: bool) -> list[str]:
        """The addresses of a host, all permitted. Raises `Forbidden` if one is not, `OSError` if there is none.

        One forbidden answer among good ones refuses the host: nobody honest mixes them. What is not `secure` (without
        TLS) goes only where the operator allows it by address.
        """
        bare = host.strip("[]").partition("%")[0]
        found = [bare] if _literal(bare) is not None else await self._lookup(bare, port)
        if not found:
            raise OSError(f"{host} has no address.")
        for text in found:
            address = _literal(text.partition("%")[0])
            if address is None or not self.permits(address):
                raise Forbidden(f"{host} is {text}, which is not a public address. {HINT}")
            if not secure and not self._is_listed(address):
                raise Forbidden(
                    f"{host} is {text}, a public address: without https nobody is safe there. {HINT}"
                )
        return found


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
