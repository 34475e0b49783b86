"""Proxies that a machine names: our own addresses are reached without them."""

from __future__ import annotations

import pytest

from opschecks.aws.proxies import OURS, reach_directly


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_with_a_proxy_our_own_addresses_are_reached_directly(name: str) -> None:
    def after(**told: str) -> dict[str, str]:
        environment = {name: "http://proxy", **told}
        reach_directly(environment)
        return {key: environment.get(key, "") for key in ("no_proxy", "NO_PROXY")}

    ours = ",".join(OURS)
    assert after() == dict.fromkeys(("no_proxy", "NO_PROXY"), ours)
    assert after(no_proxy="a, b,") == dict.fromkeys(("no_proxy", "NO_PROXY"), f"a,b,{ours}")
    assert after(NO_PROXY="a", no_proxy="b")["NO_PROXY"] == f"b,{ours}"
    assert after(NO_PROXY="localhost")["no_proxy"] == ",".join(
        ["localhost", *(one for one in OURS if one != "localhost")]
    )
    assert after(NO_PROXY="a,*") == {"no_proxy": "", "NO_PROXY": "a,*"}


def test_without_a_proxy_nothing_is_changed() -> None:
    environment = {"NO_PROXY": "a", "http_proxy": ""}
    reach_directly(environment)
    assert environment == {"NO_PROXY": "a", "http_proxy": ""}
