"""Clients that several threads ask for at once: the same sign-in for all, and nobody waits for another's client."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from botocore.credentials import Credentials

from opschecks.aws import clients
from opschecks.aws.clients import Clients
from opschecks.aws.endpoints import SERVICES
from tests.canned import stack

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x"}


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_without_any_configuration_every_client_calls_aws(region: str) -> None:
    made = Clients(stack().model_copy(update={"region": region}), KEYS, None, None)
    for service in SERVICES:
        assert made.client(service).meta.endpoint_url


class _Slow:
    """Credentials that take as long to load as it takes another thread to ask for them, too."""

    def __init__(self) -> None:
        self.loads, self._both = 0, threading.Barrier(2)

    def load_credentials(self) -> Credentials:
        self.loads += 1
        with contextlib.suppress(threading.BrokenBarrierError):
            self._both.wait(0.3)
        return Credentials("AKIAEXAMPLE", "x")


def test_credentials_are_loaded_once_however_many_ask() -> None:
    """A credential_process would run, and an MFA code be asked for, as many times."""
    made, slow = Clients(stack(), {}, None, None), _Slow()
    made.session.register_component("credential_provider", slow)
    threads = [threading.Thread(target=made.client, args=(service,)) for service in ("ecs", "sqs")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert slow.loads == 1


def test_who_waits_for_a_client_gets_it_while_the_next_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made, waiting, has_it = Clients(stack(), KEYS, None, None), threading.Event(), threading.Event()

    def make(_: Clients, service: str, *given: object) -> Any:
        assert (waiting if service == "ecs" else has_it).wait(60)
        return service

    monkeypatch.setattr(Clients, "_make", make)
    monkeypatch.setattr(clients, "require_bodies", lambda client: None)
    ahead = threading.Thread(target=lambda: [made.client(one) for one in ("ecs", "ec2")])
    ahead.start()
    told: list[Any] = []
    asks = threading.Thread(target=lambda: told.append(made.client("ecs")))
    asks.start()
    waiting.set()
    asks.join(60)
    assert told == ["ecs"]
    has_it.set()
    ahead.join(60)
