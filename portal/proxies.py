"""Whose word is taken for who asks: the organisation's own reverse proxies, and nobody else."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


class ProxiesRefused(Exception):
    """The setting cannot be used; the sentence names the entry and the reason."""


def networks(text: str) -> tuple[Network, ...]:
    """The addresses and networks of HABEAS_TRUSTED_PROXIES. Raises `ProxiesRefused`."""
    return tuple(_network(word.strip()) for word in text.split(",") if word.strip())


def is_among(address: str, trusted: Sequence[Network]) -> bool:
    """Whether this address belongs to one of them."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(known, "ipv4_mapped", None)
    return any((mapped or known) in network for network in trusted)


def _network(word: str) -> Network:
    try:
        network = ip_network(word)
    except ValueError:
        hint = "write an address like 127.0.0.1 or a network like 10.0.3.0/24, whose last bits are zero"
        raise ProxiesRefused(
            f"HABEAS_TRUSTED_PROXIES: {word!r} is neither an address nor a network; {hint}. Nothing was started."
        ) from None
    if network.prefixlen == 0:
        raise ProxiesRefused(f"HABEAS_TRUSTED_PROXIES: {word!r} is everybody, and anybody could say to be anybody. Nothing was started.")
    return network
