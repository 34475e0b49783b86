"""Who may read the pages of examples/aws: the function that CloudFront runs for each request, in a browser's engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples.templates import MAIN, read

NETWORKS = "203.0.113.0/24,198.51.100.7/32,10.0.0.0/9"
ASKED = [
    ("203.0.113.255", "/fleet/shop.html", "/fleet/shop.html"),
    ("203.0.113.0", "/", "/index.html"),
    ("203.0.114.0", "/", 403),
    ("203.0.112.255", "/", 403),
    ("198.51.100.7", "/old/", "/old/index.html"),
    ("198.51.100.6", "/", 403),
    ("10.127.255.255", "/", "/index.html"),
    ("10.128.0.0", "/", 403),
    ("2001:db8::1", "/", 403),
]


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    opened = browser.new_page()
    yield opened
    opened.close()


def _answer(page: Any, networks: str, address: str, uri: str) -> Any:
    code = read(MAIN)["Resources"]["OnlyViewers"]["Properties"]["FunctionCode"]["Fn::Sub"].replace(
        "${Viewers}", networks
    )
    asked = f"{{viewer: {{ip: '{address}'}}, request: {{uri: '{uri}'}}}}"
    return page.evaluate(f"() => {{ {code}; const told = handler({asked}); return told.statusCode || told.uri; }}")


@pytest.mark.parametrize(("address", "uri", "answer"), ASKED, ids=[f"{ip}{uri}" for ip, uri, _ in ASKED])
def test_only_the_networks_that_are_named(page: Any, address: str, uri: str, answer: Any) -> None:
    assert _answer(page, NETWORKS, address, uri) == answer


def test_nobody_where_no_network_is_named(page: Any) -> None:
    assert {_answer(page, "", address, uri) for address, uri, _ in ASKED} == {403}
