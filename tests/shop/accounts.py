"""The shop in an account of each emulator, started and seeded; what AWS does by itself is done to moto here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opschecks.core import clock
from opschecks.sandbox import service_models  # noqa: F401 - before moto, which reads models while it is imported
from opschecks.sandbox.correction import Ties
from opschecks.sandbox.corrections import correct
from opschecks.sandbox.corrections.ecs import run_service
from opschecks.sandbox.health import health
from opschecks.sandbox.moto_server import ACCOUNT, MotoServer, backend
from tests import ministack
from tests.shop.seed import REGION, SERVICES, Shop, seed

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass
class Account:
    """An emulated account with the shop in it. `ill`: targets that are not healthy, of moto."""

    name: str
    account: str
    url: str
    now: datetime = field(default_factory=clock.now)
    ill: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    wire: Any = None
    shop: Shop | None = None

    def __post_init__(self) -> None:
        self.client = ministack.clients(self.url)

    @property
    def reach(self) -> tuple[str, ...]:
        """Options of `opschecks init`."""
        return ("--region", REGION, "--endpoint-url", self.url)


@contextmanager
def on_moto() -> Iterator[Account]:
    server = MotoServer()
    ill: dict[str, tuple[str, str, str]] = {}
    server.start()
    undo = correct(Ties(ill, _nothing, _nothing, _nothing))
    try:
        account = Account("moto", ACCOUNT, server.url, ill=ill, wire=server.wire)
        server.wire.beside["health"] = health([], plan=False)
        account.shop = seed(account.client, account.now)
        _as_days_ago(account.now - timedelta(days=6))
        yield account
    finally:
        undo()
        server.stop()


def _nothing(*_: Any) -> None:
    pass


def _as_days_ago(begun: datetime) -> None:
    """moto's services run no tasks, and its alarms were all made just now."""
    for one in SERVICES:
        run_service(backend("ecs", REGION), one.cluster, one.name, one.addresses, begun)
    for alarm in backend("cloudwatch", REGION).alarms.values():
        alarm.history.clear()
        alarm.state_updated_timestamp = alarm.configuration_updated_timestamp = begun


@contextmanager
def on_ministack(log: Path) -> Iterator[Account]:
    with ministack.started(log) as url:
        account = Account("ministack", ministack.ACCOUNT, url)
        account.shop = seed(account.client, account.now)
        yield account


Started = Callable[[], Any]
