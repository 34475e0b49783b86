"""A session of one account, part by part: reads, changes, and what is said of each way in which they fail."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from opschecks.aws.bounds import AGAIN, WAITED_S, Bounds
from opschecks.aws.clients import NoClients
from opschecks.aws.session import Aws, identify
from opschecks.aws.shared_classes import new_session
from opschecks.core import clock
from opschecks.core.change import Refused, Unknown
from opschecks.core.observation import CouldNotLook, NotThere, WrongAccount
from tests.canned import NOW, Raw, stack
from tests.cases import cases

NO = CouldNotLook("sts:GetCallerIdentity", "no credentials")


def client_error(
    code: str, status: int = 400, operation: str = "ListTables", message: str = "no", **more: Any
) -> ClientError:
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status, **more}}
    return ClientError(told, operation)


class Shared:
    """Clients whose every operation answers from a list."""

    def __init__(self, *told: Any) -> None:
        self.told, self.asked, self.clients = list(told), list[Any](), list[Any]()
        self.refused: CouldNotLook | None = None
        self.region = "us-west-2"
        self.unmade: Exception | None = None

    def client(self, service: str, **how: Any) -> Any:
        self.clients.append((service, how))
        if self.unmade:
            raise self.unmade
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def operation(**parameters: Any) -> Any:
            self.asked.append((name, parameters))
            one = self.told.pop(0)
            if isinstance(one, Exception):
                raise one
            return one

        return operation

    def refusal(self, name: str, operation: str, error: Any) -> CouldNotLook:
        return CouldNotLook(name, f"refused {operation}: {error.response['Error']['Code']}")

    def failure(self, name: str, error: Exception) -> CouldNotLook:
        return CouldNotLook(name, f"failed: {type(error).__name__}")


def _aws(*told: Any, bounds: Bounds | None = None, **keys: Any) -> tuple[Aws, Any]:
    aws = Aws(stack(**keys), unusable=NO, bounds=bounds)
    shared: Any = Shared(*told)
    aws._shared = shared
    return aws, shared


DATED: Raw = {"HTTPHeaders": {"date": "Tue, 24 Nov 2026 07:00:00 GMT"}, "RetryAttempts": 0}


def test_an_answer_has_its_content_and_its_date() -> None:
    aws, shared = _aws({"TableNames": ["a"], "ResponseMetadata": DATED}, {"TableNames": []})
    told = aws.call("dynamodb", "ListTables", Limit=3)
    assert (told, told.call, told.date) == ({"TableNames": ["a"]}, "dynamodb:ListTables", DATED["HTTPHeaders"]["date"])
    assert shared.asked == [("list_tables", {"Limit": 3})]
    assert shared.clients == [("dynamodb", {"region": None})]
    assert aws.calls == ["dynamodb:ListTables"]
    assert aws.call("dynamodb", "ListTables").date == ""


def test_a_call_elsewhere_is_of_the_other_region_and_kept_in_the_same_list() -> None:
    aws, shared = _aws({})
    other = aws.elsewhere("us-east-1")
    other.call("dynamodb", "ListTables")
    assert (other.region, aws.region) == ("us-east-1", "us-west-2")
    assert shared.clients == [("dynamodb", {"region": "us-east-1"})]
    assert aws.calls == ["dynamodb:ListTables"]
    calls: list[str] = []
    assert aws.scoped(calls).calls is calls


class _Tape:
    """Keeps the questions and the answers that pass it; gives a recorded one where it has one."""

    def __init__(self, recorded: Any = None) -> None:
        self.replays, self.recorded, self.kept = recorded is not None, recorded, list[Any]()

    def ask(self, kind: str, call: str, question: Any, make: Any) -> Any:
        told = self.recorded if self.replays else make()
        self.kept.append((kind, call, question, told))
        return told


def test_every_answer_passes_the_tape_with_all_that_it_depends_on() -> None:
    aws, _ = _aws({"TableNames": [], "ResponseMetadata": DATED}, {"TableNames": []})
    tape = _Tape()
    aws._tape = tape
    aws.call("dynamodb", "ListTables", Limit=3)
    aws.elsewhere("us-east-1").call("dynamodb", "ListTables")
    asked: Raw = {"stack": "here", "service": "dynamodb", "operation": "ListTables", "parameters": {"Limit": 3}}
    dated = {"TableNames": [], "ResponseMetadata": {"HTTPHeaders": DATED["HTTPHeaders"]}}
    elsewhere = {**asked, "parameters": {}, "region": "us-east-1"}
    assert tape.kept == [
        ("aws", "dynamodb:ListTables", asked, dated),
        ("aws", "dynamodb:ListTables", elsewhere, {"TableNames": []}),
    ]


def test_where_a_recording_is_replayed_there_are_no_clients_and_nothing_is_sent() -> None:
    aws = Aws(stack(), tape=_Tape({"TableNames": ["a"]}))
    assert isinstance(aws._shared, NoClients)
    assert aws.call("dynamodb", "ListTables") == {"TableNames": ["a"]}
    aws.warm(["ecs"])
    with pytest.raises(Refused, match="dynamodb:DeleteTable: not sent: a recording is replayed, which changes nothing"):
        aws.send("dynamodb", "DeleteTable")
    assert isinstance(Aws(stack(), unusable=NO)._shared, NoClients)


def test_clients_get_the_credentials_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def clients(*given: Any) -> Any:
        made.append(given)
        return SimpleNamespace(asks="a code", frozen=lambda: {"key": "k"}, release=lambda: made.append("released"))

    monkeypatch.setattr("opschecks.aws.session.Clients", clients)
    checked = stack()
    aws = Aws(checked, {"key": "k"}, signed={"token": "t"})
    Aws(checked)
    assert made == [(checked, {"key": "k"}, None, {"token": "t"}), (checked, {}, None, None)]
    assert (aws.asks, aws.handed_on()) == ("a code", {"key": "k"})
    aws.release()
    assert made[-1] == "released"


@cases({
    "a refusal": (client_error("X"), "refused ListTables: X"),
    "no connection": (EndpointConnectionError(endpoint_url="x"), "failed: EndpointConnectionError"),
    "an error of the system": (OSError("x"), "failed: OSError"),
    "an answer that is cut": (KeyError("x"), "the answer could not be read: KeyError: 'x'"),
    "what could not be looked at": (NotThere("a:B", "gone"), "gone"),
})  # fmt: skip
def test_each_way_in_which_a_read_fails(error: Exception, says: str) -> None:
    aws, _ = _aws(error)
    with pytest.raises(CouldNotLook) as told:
        aws.call("dynamodb", "ListTables")
    assert told.value.reason == says
    assert told.value.call == ("a:B" if says == "gone" else "dynamodb:ListTables")


def test_where_the_account_is_unknown_every_call_is_answered_with_why_and_never_as_not_there() -> None:
    aws, shared = _aws()
    aws.refuse(NotThere("sts:GetCallerIdentity", "gone", action="x"))
    with pytest.raises(CouldNotLook) as told:
        aws.call("dynamodb", "ListTables")
    assert type(told.value) is CouldNotLook
    assert (told.value.call, told.value.reason, told.value.action) == ("sts:GetCallerIdentity", "gone", "x")
    assert (aws.calls, shared.clients) == ([], [])
    with pytest.raises(Refused, match="gone"):
        aws.send("dynamodb", "DeleteTable")


class _Bound:
    def __init__(self, waited_s: float) -> None:
        self.waited_s, self.answers = waited_s, list[Any]()

    def call(self) -> Any:
        return self

    def __enter__(self) -> _Bound:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "answer":
            self.answers.append(value)
        else:
            super().__setattr__(name, value)


class _Bounds(Bounds):
    def __init__(self, waited_s: float = 0.0) -> None:
        self.bound, self.of_whom = _Bound(waited_s), list[Any]()

    def of(self, account: str, region: str, service: str) -> Any:
        self.of_whom.append((account, region, service))
        return self.bound


THROTTLE = client_error("ThrottlingException")


def test_a_call_that_is_throttled_is_made_again_within_its_bound() -> None:
    bounds = _Bounds()
    aws, shared = _aws(*[THROTTLE] * AGAIN, {"TableNames": []}, bounds=bounds, account_id="123456789012")
    assert aws.call("dynamodb", "ListTables") == {"TableNames": []}
    assert len(shared.asked) == AGAIN + 1
    assert bounds.bound.answers == [{"TableNames": []}]
    assert bounds.of_whom == [("123456789012", "us-west-2", "dynamodb")]
    for error in (THROTTLE, client_error("X")):
        aws, shared = _aws(*[error] * (AGAIN + 2), bounds=_Bounds())
        with pytest.raises(CouldNotLook, match="refused"):
            aws.call("dynamodb", "ListTables")
        assert len(shared.asked) == (AGAIN + 1 if error is THROTTLE else 1)
    bounds = _Bounds()
    aws, _ = _aws({}, {}, bounds=bounds)
    aws.call("dynamodb", "ListTables")
    aws.account = "999999999999"
    aws.elsewhere("us-east-1").call("dynamodb", "ListTables")
    assert bounds.of_whom == [("stack here", "us-west-2", "dynamodb"), ("999999999999", "us-east-1", "dynamodb")]


@cases([(WAITED_S, 1), (WAITED_S * 0.99, 0)])
def test_a_call_that_had_to_wait_for_others_is_told(waited_s: float, told: int) -> None:
    aws, _ = _aws({}, {}, bounds=_Bounds(waited_s))
    aws.call("dynamodb", "ListTables")
    waits: list[bool] = []
    aws.waited = lambda: waits.append(True)
    aws.call("dynamodb", "ListTables")
    assert len(waits) == told


LOST = ConnectionClosedError(endpoint_url="x")


@cases({
    "refused": (client_error("X", operation="DeleteTable"), Refused, "dynamodb:DeleteTable: refused DeleteTable: X"),
    "an error of the server": (
        client_error("X", 500, "DeleteTable"), Unknown, "dynamodb:DeleteTable: dynamodb:DeleteTable: refused"),
    "an error of the server, of another call": (client_error("X", 503, "AssumeRole"), Refused, "DeleteTable: X"),
    "a refusal of the highest number": (client_error("X", 499, "DeleteTable"), Refused, "refused DeleteTable: X"),
    "never sent": (NoCredentialsError(), Refused, "dynamodb:DeleteTable: not sent: "),
    "nobody to ask": (NO, Refused, "dynamodb:DeleteTable: not sent: sts:GetCallerIdentity: no credentials"),
    "a lost answer": (LOST, Unknown, "dynamodb:DeleteTable: ConnectionClosedError: "),
    "an answer that is cut": (
        ResponseParserError("secret"), Unknown, "the answer could not be read: ResponseParserError"),
    "anything else": (RuntimeError("x"), Unknown, "dynamodb:DeleteTable: RuntimeError: x"),
})  # fmt: skip
def test_what_became_of_a_change(error: Exception, kind: type[Exception], says: str) -> None:
    aws, shared = _aws(error)
    with pytest.raises(kind) as told:
        aws.send("dynamodb", "DeleteTable", TableName="t")
    assert says in str(told.value)
    assert "secret" not in str(told.value)
    assert shared.clients == [("dynamodb", {"once": True})]
    assert shared.asked == [("delete_table", {"TableName": "t"})]


def test_a_change_that_was_made_and_one_for_which_there_is_no_client() -> None:
    aws, _ = _aws({"TableDescription": {}, "ResponseMetadata": DATED})
    told = aws.send("dynamodb", "DeleteTable", TableName="t")
    assert (told, told.call, aws.calls) == ({"TableDescription": {}}, "dynamodb:DeleteTable", ["dynamodb:DeleteTable"])
    aws, _ = _aws({})
    assert aws.send("dynamodb", "DeleteTable") == {}
    nobody = PartialCredentialsError(provider="x", cred_var="y")
    for error, says in ((NO, "not sent: sts:GetCallerIdentity"), (nobody, "not sent: failed: PartialCred")):
        aws, shared = _aws()
        shared.unmade = error
        with pytest.raises(Refused, match=f"dynamodb:DeleteTable: {says}"):
            aws.send("dynamodb", "DeleteTable")


def test_clients_are_made_in_advance_and_forgotten_together() -> None:
    aws, shared = _aws()
    aws.warm(["ecs", "logs"])
    assert shared.clients == [("ecs", {}), ("logs", {})]
    assert aws.s3() is shared
    assert shared.clients[-1] == ("s3", {})


def test_sessions_of_botocore_share_what_was_read_of_models() -> None:
    one, other = (new_session().get_component("data_loader") for _ in range(2))
    assert one is other


def _identified(account: str = "123456789012", behind_s: float = 0, **keys: Any) -> tuple[str, list[str]]:
    date = f"{NOW - timedelta(seconds=behind_s):%a, %d %b %Y %H:%M:%S GMT}"
    aws, _ = _aws({"Account": account, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}, **keys)
    said: list[str] = []
    return identify(aws, said.append), said


def test_the_account_is_the_stacks_or_the_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    assert _identified() == ("123456789012", [])
    assert _identified(account_id="123456789012") == ("123456789012", [])
    says = r"stacks\.here\.account_id is 999999999999, but the credentials belong to 123456789012"
    with pytest.raises(WrongAccount, match=says):
        _identified(account_id="999999999999")
    assert len(_identified(behind_s=61)[1]) == 1
    with pytest.raises(CouldNotLook, match="so that nothing can be said of times and ages"):
        _identified(behind_s=301)
