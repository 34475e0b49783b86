"""Threads that list the environment's variables while pytest removes its own between two tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping

import pytest
import responses

from opschecks.aws.session import Aws
from opschecks.config.stack import Stack
from opschecks.core import environment
from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http
from opschecks.web.websocket import open_session
from tests.canned import stack

REMOVED = "PYTEST_CURRENT_TEST"
LISTINGS = 5
"""How many times in a row the variable disappears while the environment is listed."""


class Disappearing(MutableMapping[str, str]):
    """os.environ where a variable that was just listed is gone when it is read."""

    def __init__(self, held: dict[str, str], name: str) -> None:
        self._held, self._name, self.left = held, name, LISTINGS

    def __iter__(self) -> Iterator[str]:
        listed = list(self._held)
        if self.left:
            self.left -= 1
            listed.insert(0, self._name)
        return iter(listed)

    def __getitem__(self, name: str) -> str:
        return self._held[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._held[name] = value

    def __delitem__(self, name: str) -> None:
        del self._held[name]

    def __len__(self) -> int:
        return len(self._held)


def disappears(monkeypatch: pytest.MonkeyPatch, name: str = REMOVED) -> Disappearing:
    held = {key: value for key, value in os.environ.items() if key != name and not key.lower().endswith("_proxy")}
    made = Disappearing(held, name)
    monkeypatch.setattr(os, "environ", made)
    return made


def makes_a_client(here: Stack, aws: Aws) -> None:
    aws._shared.client("ecs")


def asks_over_http(here: Stack, aws: Aws) -> None:
    with responses.RequestsMock() as mock:
        mock.get("http://backend.test/health", "fine")
        assert Http().get("http://backend.test/health", 1).status == 200


def opens_a_websocket(here: Stack, aws: Aws) -> None:
    with pytest.raises(CouldNotLook, match="ws://127"):
        open_session(here, "ws://127.0.0.1:1/ws", {})


@pytest.mark.parametrize("work", [makes_a_client, asks_over_http, opens_a_websocket])
def test_what_pytest_removes_meanwhile_is_no_failure(
    work: Callable[[Stack, Aws], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen once in 20 runs on a loaded machine: six checks were blind with KeyError: 'PYTEST_CURRENT_TEST'."""
    here = stack(endpoint_url="http://127.0.0.1:1")
    aws = Aws(here, {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"})
    vanishing = disappears(monkeypatch)
    work(here, aws)
    assert vanishing.left < LISTINGS


def test_our_own_listings_bear_it_without_trying_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCHECKS_ONE", "1")
    vanishing = disappears(monkeypatch)
    assert environment.variables("OPSCHECKS_") == {"OPSCHECKS_ONE": "1"}
    assert vanishing.left == LISTINGS - 1


def test_another_variable_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    disappears(monkeypatch, "HOME_OF_NOBODY")
    with pytest.raises(KeyError, match="HOME_OF_NOBODY"):
        environment.reread(os.environ.items().__iter__().__next__)
