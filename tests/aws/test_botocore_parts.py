"""What is taken of botocore's private parts, where another version has other ones or a client is set up otherwise."""

from __future__ import annotations

import types
from datetime import UTC, datetime
from typing import Any

import botocore.client
import pytest
from botocore.credentials import Credentials, RefreshableCredentials

from opschecks.aws import botocore_private
from opschecks.aws.botocore_private import ask_with, ends_at, make_classes_once, tls_context, verified_directly
from opschecks.aws.configuration import isolated_session
from opschecks.core.bets import LostBet
from tests.cases import cases


def _client(verify: Any = True, certificate: Any = None, proxies: Any = None) -> Any:
    manager = types.SimpleNamespace(connection_pool_kw={"maxsize": 32})
    through = types.SimpleNamespace(_proxies=proxies or {})
    session = types.SimpleNamespace(_verify=verify, _cert_file=certificate, _manager=manager, _proxy_config=through)
    return types.SimpleNamespace(_endpoint=types.SimpleNamespace(http_session=session))


@cases([
    (_client(), (True, {"maxsize": 32})),
    (_client("/ca.pem"), ("/ca.pem", {"maxsize": 32})),
    (_client(False), None),
    (_client(certificate="/own.pem"), None),
    (_client(proxies={"https": "http://proxy"}), None),
])  # fmt: skip
def test_which_clients_verify_directly(client: Any, found: Any) -> None:
    assert verified_directly(client) == found


def test_a_context_is_made_as_botocore_makes_it() -> None:
    assert type(tls_context()).__name__ == "SSLContext"
    assert tls_context() is not tls_context()


def test_when_credentials_end() -> None:
    end = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert ends_at(RefreshableCredentials("a", "b", "c", end, dict, "test")) == end
    assert ends_at(Credentials("a", "b")) is None


def test_a_code_is_asked_by_the_function_that_is_given() -> None:
    chain = isolated_session().get_component("credential_provider")
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return "123456"

    ask_with(chain, ask)
    assert chain.get_provider("assume-role")._prompter("code?") == "123456"
    assert asked == ["code?"]


class _Known:
    def __init__(self, loader: Any) -> None: ...

    def _load_service_model(self, service_name: str, api_version: str | None = None) -> None: ...

    def _create_client_class(self, service_name: str, service_model: Any) -> None: ...


class _OtherLoad(_Known):
    def _load_service_model(self, service_name: str) -> None: ...  # type: ignore[override]


class _OtherCreate(_Known):
    def _create_client_class(self, model: Any) -> None: ...  # type: ignore[override]


class _NoLoader(_Known):
    def __init__(self, models: Any) -> None: ...


@cases([(_Known, True), (_OtherLoad, False), (_OtherCreate, False), (_NoLoader, False)])
def test_a_maker_of_clients_of_another_form_is_said_to_be_another(
    maker: type, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botocore.client, "ClientCreator", maker)
    if known:
        assert botocore_private._CREATOR.take(None) is botocore.client
    else:
        with pytest.raises(LostBet, match=r"ClientCreator .* is gone: it is None"):
            botocore_private._CREATOR.take(None)


def _created(loader: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Any]]:
    """What a maker over a botocore that notes what it makes makes of a service."""
    made: list[Any] = []

    class Noting:
        def __init__(self, loader: Any) -> None:
            self._loader = loader

        def _load_service_model(self, service_name: str, api_version: str | None = None) -> Any:
            made.append(("model", service_name, api_version))
            return f"model of {service_name}"

        def _create_client_class(self, service_name: str, service_model: Any) -> Any:
            made.append(("class", service_name, service_model))
            return f"class of {service_name}"

    monkeypatch.setattr(botocore.client, "ClientCreator", Noting)
    make_classes_once.__wrapped__()
    creator: Any = botocore.client.ClientCreator(loader)
    model = creator._load_service_model("ecs", "2014-11-13")
    return (model, creator._create_client_class("ecs", model)), made


MADE = [("model", "ecs", "2014-11-13"), ("class", "ecs", "model of ecs")]


def test_a_loader_that_remembers_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def remembered(key: Any, make: Any) -> Any:
        asked.append(key)
        return make()

    told, made = _created(types.SimpleNamespace(remembered=remembered), monkeypatch)
    assert told == ("model of ecs", "class of ecs")
    assert asked == made == MADE
    told, made = _created(types.SimpleNamespace(remembered=lambda key, make: f"kept {key[0]}"), monkeypatch)
    assert (told, made) == (("kept model", "kept class"), [])


def test_any_other_loader_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _created(types.SimpleNamespace(), monkeypatch) == (("model of ecs", "class of ecs"), MADE)
