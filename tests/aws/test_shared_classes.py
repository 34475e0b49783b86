"""What sessions share: descriptions of AWS and what is made of them; never a setting or what they sign with."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore import handlers
from botocore.loaders import Loader
from botocore.utils import parse_timestamp

from opschecks.aws.shared_classes import moment, new_session


def client(key: str, region: str, service: str = "ecs") -> Any:
    session = new_session()
    session.set_credentials(key, f"secret of {key}")
    return session.create_client(service, region)


def test_clients_of_two_stacks_are_of_one_class_and_sign_with_their_own() -> None:
    ours, theirs = client("ours", "us-west-2"), client("theirs", "eu-central-1")
    assert type(ours) is type(theirs)
    assert ours.meta.service_model is theirs.meta.service_model
    signed: dict[str, str] = {}
    for one in (ours, theirs):
        one.meta.events.register("before-send", lambda request, **_: signed.update({request.url: _key(request)}))
        one.meta.events.register("before-send", _refuse)
        with pytest.raises(ConnectionError):
            one.list_clusters()
    assert signed == {
        "https://ecs.us-west-2.amazonaws.com/": "ours",
        "https://ecs.eu-central-1.amazonaws.com/": "theirs",
    }


def _key(request: Any) -> str:
    header = request.headers["Authorization"]
    return (header.decode() if isinstance(header, bytes) else str(header)).partition("Credential=")[2].split("/")[0]


def _refuse(**_: Any) -> None:
    raise ConnectionError


def test_what_is_registered_with_a_session_or_a_client_is_its_own() -> None:
    sessions = new_session(), new_session()
    sessions[0].register("of-nobody", _refuse)
    emitters = [one.get_component("event_emitter") for one in sessions]
    with pytest.raises(ConnectionError):
        emitters[0].emit("of-nobody.else")
    assert emitters[1].emit("of-nobody.else") == []


def test_what_others_add_to_botocores_handlers_later_is_called_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As moto does when it is imported: without it, tests of one's own observations would call AWS."""
    new_session()
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("of-nobody", _refuse)])
    with pytest.raises(ConnectionError):
        new_session().get_component("event_emitter").emit("of-nobody.else")


def test_a_session_of_somebody_else_makes_its_own_classes() -> None:
    client("ours", "us-west-2")
    other = botocore.session.Session()
    other.register_component("data_loader", Loader())
    other.set_credentials("a", "b")
    assert type(other.create_client("ecs", "us-west-2")) is not type(client("ours", "us-west-2"))


@pytest.mark.parametrize("service", ["s3", "cloudwatch", "rds"])
def test_a_shared_class_has_what_botocores_has(service: str) -> None:
    """botocore's handlers add methods to some: s3's generate_presigned_post, rds' generate_db_auth_token."""
    plain = botocore.session.Session()
    plain.set_credentials("a", "b")
    expected = dir(plain.create_client(service, "us-west-2"))
    assert dir(client("a", "us-west-2", service)) == expected


@pytest.mark.parametrize(
    "value",
    [
        0, 1700000000, 1700000000.123, -1.5, True, "1700000000.5", "2026-11-29T06:00:00Z",
        "2026-11-29T06:00:00.123Z", "2026-11-29T06:00:00.123456Z", "2026-11-29T06:00:00+01:00", "2026-11-29",
        "20261129T060000Z", "Sun, 29 Nov 2026 06:00:00 GMT", "2026-02-30T06:00:00Z", "soon", "", 1e30, None,
    ],
)  # fmt: skip
def test_a_date_is_read_as_botocore_reads_it(value: Any) -> None:
    def told(read: Any) -> Any:
        try:
            return read(value)
        except (ValueError, RuntimeError) as error:
            return type(error)

    assert told(moment) == told(parse_timestamp)
