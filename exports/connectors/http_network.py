"""Where a source may stand: not inside our own network, unless sources.yaml says so. The address looked at is the one used."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from exports.connectors.base import SourceUnreachable

INSIDE = "It cannot be reached: its name leads into a private network, and sources.yaml does not say `private: true`."
UNKNOWN = "It cannot be reached: its name is not known."
CONNECT_SECONDS = 10


def is_public(address: str) -> bool:
    """Whether an address is one of the open network; an IPv4 address inside an IPv6 one is looked at too."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


def addresses_of(host: str, port: int) -> list[str]:
    """What a name stands for now."""
    try:
        return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError):
        raise SourceUnreachable(UNKNOWN) from None


class Guarded(httpcore.NetworkBackend):
    """Looks a name up once, refuses what is private, and connects to what it looked at: a name cannot change its mind in between."""

    def __init__(self, *, private: bool) -> None:
        self._private, self._inner = private, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to an allowed address of this name; raises SourceUnreachable when one of them is not allowed."""
        found = addresses_of(host, port)
        if not self._private and not all(is_public(address) for address in found):
            raise SourceUnreachable(INSIDE)
        for number, address in enumerate(found, 1):
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(found):
                    raise
        raise SourceUnreachable(UNKNOWN)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Whom we believe: the usual authorities, or those that SSL_CERT_FILE names. Read once, it takes its time."""
    return httpx.create_ssl_context()


class Transport(httpx.HTTPTransport):
    """HTTP over guarded connections: no proxy of the environment, no redirect, no second try of its own."""

    def __init__(self, *, private: bool) -> None:
        trusted = _trusted()
        super().__init__(verify=trusted, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(ssl_context=trusted, network_backend=Guarded(private=private))


def client_for(*, private: bool, timeout: int) -> httpx.Client:
    """A client that follows no redirect and keeps no cookie of another session."""
    limits = httpx.Timeout(timeout, connect=CONNECT_SECONDS)
    return httpx.Client(transport=Transport(private=private), timeout=limits, follow_redirects=False, trust_env=False)
