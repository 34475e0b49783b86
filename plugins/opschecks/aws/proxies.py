"""Addresses that no proxy can reach for us: this machine, and the link-local ones that hand out credentials."""

from __future__ import annotations

from collections.abc import MutableMapping

OURS = ("127.0.0.1", "localhost", "169.254.169.254", "169.254.170.2", "169.254.170.23")
"""Loopback; instance metadata, ECS's and EKS's container credentials. The AWS CLI's guide asks for them in NO_PROXY:
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html"""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def reach_directly(environment: MutableMapping[str, str]) -> None:
    """Where the environment names a proxy, except those addresses from it.

    urllib, and with it botocore and requests, reads `no_proxy` before `NO_PROXY`: both get the entries of the one that
    counted before.
    """
    if not any(environment.get(name) or environment.get(name.upper()) for name in _PROXIES):
        return
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    present = [one.strip() for one in listed.split(",") if one.strip()]
    if "*" in present:
        return
    wanted = ",".join([*present, *(one for one in OURS if one not in present)])
    environment["no_proxy"] = environment["NO_PROXY"] = wanted
