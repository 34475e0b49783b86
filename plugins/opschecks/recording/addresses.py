"""IP addresses as other ones: two that share a network still share one of the same size, private ones stay private."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from ipaddress import IPv4Network, IPv6Network

_KEPT_V4 = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
_KEPT_V6 = ("::/96", "fe80::/10", "ff00::/8")
"""Addresses that are the same everywhere: this host, link-local ones (the metadata of ECS and EC2), multicast."""
_PRIVATE_V4 = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
_PRIVATE_V6 = ("fc00::/7", "2001:db8::/32")


class Addresses:
    """Replaces addresses bit by bit, each by a secret and the bits before it; the secret is nowhere kept."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.stand_in = functools.cache(self._stand_in)

    def _stand_in(self, text: str) -> str:
        """Of an address or a network such as 10.1.0.0/16; ValueError for any other text."""
        given, slash, size = text.partition("/")
        address = ipaddress.ip_address(given)
        width = address.max_prefixlen
        length = int(size) if slash else width
        if not 0 <= length <= width:
            raise ValueError(f"{text} is not a network")
        kept = _KEPT_V4 if width == 32 else _KEPT_V6
        if length == 0 or any(address in _network(one) for one in kept):
            return text
        bits, made = f"{int(address):0{width}b}", ""
        for place, bit in enumerate(bits):
            if place >= length:
                made += bit if slash else "0"
                continue
            made += bit if _leads_to_special(bits[:place], width) else str(int(bit) ^ self._flips(bits[:place], width))
        return f"{type(address)(int(made, 2))}{slash}{size}"

    def _flips(self, before: str, width: int) -> int:
        return hashlib.blake2b(f"{width} {before}".encode(), key=self._secret, digest_size=1).digest()[0] & 1


@functools.cache
def _network(text: str) -> IPv4Network | IPv6Network:
    return ipaddress.ip_network(text)


@functools.cache
def _leads_to_special(before: str, width: int) -> bool:
    """Whether a special network may begin with these bits, and one more: then they stay, so that it stays one."""
    for one in (*_KEPT_V4, *_PRIVATE_V4) if width == 32 else (*_KEPT_V6, *_PRIVATE_V6):
        network = _network(one)
        its = f"{int(network.network_address):0{width}b}"[: network.prefixlen]
        if len(before) < len(its) and its.startswith(before):
            return True
    return False
