"""What sessions share: descriptions of AWS and what is made of them; never a setting or what they sign with."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import handlers
from botocore.exceptions import DataNotFoundError
from botocore.hooks import EVENT_ALIASES, HierarchicalEmitter
from botocore.loaders import Loader
from botocore.utils import parse_timestamp

from opschecks.aws.endpoints import SERVICES
from opschecks.aws.paging import paging
from opschecks.aws.service_models import PlainFiles, models, share_models
from opschecks.aws.session import Aws
from opschecks.aws.shared_classes import moment, new_session
from opschecks.config.stack import Stack


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


@pytest.mark.parametrize(
    "event",
    [
        *(f"before-call.{old}.GetIt" for old in EVENT_ALIASES), "before-parameter-build.ecs.DescribeServices", "x", "",
        "api.sagemakers.y", "x.api.sagemaker", "xapi.sagemaker.y", "request-created.dynamodb.DescribeTable", "..",
    ],
)  # fmt: skip
def test_an_event_has_the_name_that_botocore_gives_it(event: str) -> None:
    plain, ours = (one.get_component("event_emitter") for one in (botocore.session.Session(), new_session()))
    wanted = plain._alias_event_name(event)
    assert [ours._alias_event_name(event), ours._alias_event_name(event)] == [wanted, wanted]


STEPS = [
    ("register", "of-nobody.x", "a"),
    ("register_first", "of-nobody.x.y", "b"),
    ("register_last", "of-nobody.*.y", "c"),
    ("register", "of-nobody", "d"),
    ("unregister", "of-nobody.x", "a"),
    ("unregister", "of-nobody.else", "a"),
    ("register", "of-nobody.x", "b"),
]


@pytest.mark.parametrize("copied_after", range(len(STEPS) + 1))
def test_copies_of_the_handlers_are_called_as_botocores_are(copied_after: int) -> None:
    """Whenever a copy is made: it and what it was made of go their own ways from then on."""
    called: list[str] = []
    handlers_of = {name: _noting(called, name) for name in "abcd"}
    heard: list[list[list[str]]] = []
    for session in (botocore.session.Session(event_hooks=HierarchicalEmitter()), new_session()):
        first = session.get_component("event_emitter")
        others, told = [], []
        for place, (method, event, name) in enumerate(STEPS):
            if place == copied_after:
                others.append(copy.copy(first))
            getattr(first, method)(event, handlers_of[name])
        for emitter in (first, *others):
            called.clear()
            emitter.emit("of-nobody.x.y")
            told.append([*called])
        heard.append(told)
    assert heard[0] == heard[1]


def _noting(called: list[str], name: str) -> Any:
    return lambda **_: called.append(name)


@pytest.mark.parametrize("service", ["sts", "cloudwatch"])
def test_a_model_is_what_botocore_reads(service: str) -> None:
    assert new_session().get_component("data_loader").load_service_model(
        service, "service-2"
    ) == Loader().load_service_model(service, "service-2")


def test_a_model_of_ones_own_may_lie_uncompressed(tmp_path: Path) -> None:
    files = PlainFiles()
    (tmp_path / "service-2.json").write_text('{"metadata": {"b": 1, "a": 2}}', encoding="utf-8")
    assert files.exists(str(tmp_path / "service-2"))
    assert list(files.load_file(str(tmp_path / "service-2"))["metadata"]) == ["b", "a"]
    assert not files.exists(str(tmp_path / "service-3"))
    assert files.load_file(str(tmp_path / "service-3")) is None


def test_a_service_is_found_without_a_look_into_the_folders_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore looks for the file in each of 400 folders: 40 ms for each kind of model, and again in each session."""
    looked: list[str] = []
    loader = models.__wrapped__()
    exists = loader.file_loader.exists

    def counted(path: str) -> bool:
        looked.append(path)
        return bool(exists(path))

    monkeypatch.setattr(loader.file_loader, "exists", counted)
    assert loader.load_service_model("ecs", "service-2")["metadata"]["serviceId"] == "ECS"
    assert 0 < len(looked) < 10


def test_sessions_share_what_was_read() -> None:
    one, other = botocore.session.Session(), botocore.session.Session()
    share_models(one)
    share_models(other)
    loaders = {id(session.get_component("data_loader")) for session in (one, other)}
    assert len(loaders) == 1


@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_models_are_botocores(kind: str) -> None:
    assert models().load_service_model("ecs", kind) == Loader().load_service_model("ecs", kind)


def test_every_service_that_is_called_is_known() -> None:
    assert set(SERVICES) <= set(models().list_available_services("service-2"))


def test_a_folder_of_the_configuration_has_models_too(tmp_path: Path) -> None:
    folder = tmp_path / "madeup" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps({"metadata": {"serviceId": "Made Up"}}))
    found = models(str(tmp_path)).load_service_model("madeup", "service-2")
    assert found["metadata"]["serviceId"] == "Made Up"


def test_what_is_no_service_is_told_as_botocore_tells_it() -> None:
    with pytest.raises(DataNotFoundError):
        models().load_service_model("nosuch", "service-2")
    with pytest.raises(TypeError, match="nosuch ListThings: botocore has no paginator"):
        paging("nosuch", "ListThings")


def _aws_of(name: str) -> Aws:
    return Aws(Stack(name=name, region="us-west-2"), {"aws_access_key_id": name, "aws_secret_access_key": "b"})


def test_stacks_share_models_and_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = _aws_of("one"), _aws_of("other")
    described = [aws._shared.client("sts").meta.service_model._service_description for aws in (one, other)]
    assert described[0] is described[1]
    assert {aws.handed_on()["aws_access_key_id"] for aws in (one, other)} == {"one", "other"}
    monkeypatch.setenv("AWS_DATA_PATH", "/elsewhere")
    elsewhere = _aws_of("elsewhere")._shared.client("sts").meta.service_model._service_description
    assert elsewhere is not described[0]
