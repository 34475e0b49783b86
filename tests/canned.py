"""AWS as a table of canned answers, and checks called without pytest.

Parameters and answers are held to botocore's model of the service: what real AWS would refuse, and
what it could never say, fails the test that relies on it.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.session
import pytest
from botocore.handlers import handle_copy_source_param
from botocore.validate import ParamValidator

from opschecks.aws import session
from opschecks.aws.inventory import Inventory
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.change import CannotFix, Request, Step
from opschecks.core.gathering import Observed
from opschecks.core.iam import iam_action
from opschecks.core.model import CHECK_ATTRIBUTE, Check, Finding, Resource
from opschecks.core.observation import CouldNotLook, Observation
from opschecks.fixing.remedy import BaseRemedy
from opschecks.hooks.examine import Examine
from tests.clock import NOW as NOW
from tests.scratch import ROOT

ELSEWHERE = timezone(timedelta(hours=5, minutes=45))
"""JSON services answer in the zone of the machine; no test may depend on which one that is."""
ACCOUNT = "us-west-2:123456789012"

Raw = dict[str, Any]
"""An answer of AWS, or a part of one."""
Canned = Mapping[str, Any] | Exception
Answers = Canned | Sequence[Canned] | Callable[..., Canned]


def ago(**how_long: float) -> datetime:
    """A moment before the run, in another zone than UTC."""
    return (NOW - timedelta(**how_long)).astimezone(ELSEWHERE)


def given(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> Raw:
    """An answer with changes; a change to None takes a key away."""
    return {key: value for key, value in {**raw, **changes}.items() if value is not None}


def without(key: str, raw: Mapping[str, Any]) -> Raw:
    """An answer that lacks a key."""
    return given(raw, {key: None})


def formation(*resources: tuple[str, str]) -> Raw:
    """What CloudFormation lists of a stack that has these: types, and what they are called."""
    made = {"LogicalResourceId": "x", "ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": NOW}
    return {
        "StackResourceSummaries": [{"ResourceType": of, "PhysicalResourceId": name, **made} for of, name in resources]
    }


def pages_of(key: str, *lists: Sequence[Any], token: str = "NextToken") -> list[Raw]:
    """The pages of a list, each but the last with the token of the next: "2", "3", …"""
    last = len(lists)
    return [{key: list(one), **({token: str(n + 1)} if n < last else {})} for n, one in enumerate(lists, 1)]


def stack(**keys: Any) -> Stack:
    """A stack of which only the given keys are set."""
    return Stack(name="here", region="us-west-2", **keys)


def names(**kinds: Any) -> Inventory:
    """An inventory of which only the given kinds are set; ECS services come with a cluster."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("services", "load_balancers", "tables", "log_groups", "security_groups", "alarms"), ()
    )
    return Inventory(**{"stack": "here", "cluster": "prod", **nothing, **kinds})


@dataclass(frozen=True)
class Asked:
    """One call that was made."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str = ""


class Aws(session.Aws):
    """Answers from a table: one answer to every call, several in order, or a function of the call's parameters."""

    def __init__(self, answers: Mapping[tuple[str, str], Answers], checked: Stack | None = None) -> None:
        self.stack = checked or stack()
        self.calls: list[str] = []
        self.asked: list[Asked] = []
        self._answers = answers
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        return self._elsewhere or str(self.stack.region)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        model = _model(service).operation_model(operation)
        refused = _misfit(model.input_shape, parameters)
        assert not refused, f"AWS would refuse {operation}: {refused}"
        with self._lock:
            self.calls.append(iam_action(service, operation))
            self.asked.append(Asked(service, operation, dict(parameters), self.region))
            answer = self._answer(service, operation, parameters)
        if isinstance(answer, Exception):
            raise answer
        # a body that was cut or empty is told as {}, whatever the model requires of an answer
        impossible = _misfit(model.output_shape, answer) if answer else ""
        assert not impossible, f"AWS never answers {operation} so: {impossible}"
        return Answer(answer, iam_action(service, operation))

    def _answer(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Canned:
        # what another region answers has its name before the service: ("us-east-1 cloudwatch", "DescribeAlarms");
        # where nothing is said of it, its lists are empty
        key = (f"{self._elsewhere} {service}" if self._elsewhere else service, operation)
        try:
            answers = self._answers[key]
        except KeyError:
            if not self._elsewhere:
                raise
            return _nothing(service, operation)
        if callable(answers):
            return answers(**parameters)
        if isinstance(answers, Mapping | Exception):
            return answers
        # of this region alone: others are asked at the same time
        count = sum((one.service, one.operation, one.region) == (service, operation, self.region) for one in self.asked)
        assert count <= len(answers), f"{operation} was called {count} times, {len(answers)} answers are known"
        return answers[count - 1]

    def parameters_of(self, operation: str) -> list[Mapping[str, Any]]:
        """The parameters of each call of this operation, in the order of the calls."""
        return [one.parameters for one in self.asked if one.operation == operation]


def fits(request: Request) -> Request:
    """The request, which AWS would take, as botocore's model has it."""
    parameters = {**request.parameters, **dict.fromkeys(request.files, b"")}
    handle_copy_source_param(parameters)
    refused = _misfit(_model(request.service).operation_model(request.operation).input_shape, parameters)
    assert not refused, f"AWS would refuse {request.call}: {refused}"
    return request


def as_sent(step: Step) -> Request:
    """What the step sends, prepared right before."""
    return step.prepare(step.request) if step.prepare else step.request


def _nothing(service: str, operation: str) -> Raw:
    members = _model(service).operation_model(operation).output_shape.members
    return {key: [] for key, shape in members.items() if shape.type_name == "list"}


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _misfit(shape: Any, value: Any) -> str:
    """What botocore finds wrong with the value, or what only AWS itself would: enumerations and upper bounds."""
    if shape is None:
        return f"it takes no parameters, and got {', '.join(value)}" if value else ""
    found: str = ParamValidator().validate(value, shape).generate_report()
    return found or "; ".join(_beyond(shape, value, shape.name))


def _beyond(shape: Any, value: Any, where: str) -> Iterator[str]:
    largest = shape.metadata.get("max")
    if largest is not None and (value if isinstance(value, int | float) else len(value)) > largest:
        yield f"{where} goes beyond {largest}"
    if shape.metadata.get("enum") and value not in shape.enum:
        yield f"{where} is {value!r}, none of {', '.join(shape.enum)}"
    if shape.type_name == "structure":
        for key, inner in value.items():
            yield from _beyond(shape.members[key], inner, f"{where}.{key}")
    elif shape.type_name == "list":
        for inner in value:
            yield from _beyond(shape.member, inner, where)
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from _beyond(shape.value, inner, f"{where}.{key}")


@functools.cache
def checks_of(suite: str, area: str) -> Any:
    """The module checks/<suite>/test_<area>.py."""
    name = f"checks_{suite}_{area}".replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, ROOT / "checks" / suite / f"test_{area}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


daily, weekly, after = (functools.partial(checks_of, one) for one in ("daily", "weekly", "deploy/after"))


def least(service: str, operation: str, key: str) -> tuple[Any, dict[str, Any]]:
    """An element of the answer's list, and the least answer that has it, by botocore's model."""
    shape = _model(service).operation_model(operation).output_shape
    raw = _least(shape.members[key].member)
    return raw, {**{one: _least(shape.members[one]) for one in shape.required_members}, key: [raw]}


def _least(shape: Any) -> Any:
    if shape.type_name == "structure":
        needed = (one for one, of in shape.members.items() if one in shape.required_members or of.type_name == "string")
        return {one: _least(shape.members[one]) for one in needed}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
    return {"list": [], "map": {}, "boolean": False, "timestamp": NOW}.get(shape.type_name, 1)


def observed(name: str, value: object) -> Observed:
    """An observation that has ended, with this value or this error."""
    seen = Observed(Observation(name, list, (), (), (), frozenset()))
    if isinstance(value, CouldNotLook):
        seen.error = value
    else:
        seen.value = value
    seen.done.set()
    return seen


def stand_in(**told: Any) -> Resource:
    """A resource whose properties are as told, whatever they would read from its evidence."""
    made: Resource = type("Seen", (Resource,), told)(arn="here", name="here")
    return made


def examined(check_function: Callable[..., None], **observations: Any) -> list[Finding]:
    """What the check finds, given these observations (and a bare stack, unless one is given)."""
    declared: Check = getattr(check_function, CHECK_ATTRIBUTE)
    given = {"stack": stack(), "now": NOW, **observations}
    examine = Examine(declared, given["stack"].name)
    wanted = inspect.signature(check_function).parameters
    check_function(examine=examine, **{key: value for key, value in given.items() if key in wanted})
    return examine.findings


def verdicts(check_function: Callable[..., None], **observations: Any) -> dict[str, str]:
    """The outcome of each resource by name."""
    return {finding.name: finding.outcome.value for finding in examined(check_function, **observations)}


def verdict(check_function: Callable[..., None], **observations: Any) -> tuple[str, str]:
    """Outcome and message of a check that examines one resource."""
    [finding] = examined(check_function, **observations)
    return finding.outcome.value, finding.message


def concludes(check_function: Callable[..., None], outcome: str, message: str, **observations: Any) -> None:
    """The check concludes this of the one resource that it examines, and says this among other things."""
    told = verdict(check_function, **observations)
    assert told[0] == outcome, told
    assert message in told[1]


def judges(check_function: Callable[..., None], cases: Mapping[str, tuple[Any, ...]], /, **observed: Any) -> Any:
    """A test of the check by a table, whose rows are: what was seen, the outcome, and a part of the message.

    `observed` are the check's observations: each a value, or a function that makes it of what the row has.
    """

    @pytest.mark.parametrize("case", cases.values(), ids=cases)
    def judge(case: tuple[Any, ...]) -> None:
        *seen, outcome, message = case
        made = {name: value(*seen) if callable(value) else value for name, value in observed.items()}
        concludes(check_function, outcome, message, **made)

    return judge


def refuses(
    cases: Mapping[str, tuple[Any, ...]], ask: Callable[..., object], error: type[Exception] = CannotFix
) -> Any:
    """A test by a table, whose rows are what `ask` is given, and a pattern of what it says when it refuses that."""

    @pytest.mark.parametrize("case", cases.values(), ids=cases)
    def refused(case: tuple[Any, ...]) -> None:
        *given, message = case
        with pytest.raises(error, match=message):
            ask(*given)

    return refused


def remedy(kind: type[BaseRemedy], answers: Mapping[tuple[str, str], Answers] | None = None, **keys: Any) -> Any:
    """The remedy over canned answers."""
    checked = stack(**{"distribution_id": "E1SITE", "cluster": "c", "services": ("backend", "worker"), **keys})
    return kind(checked, Aws(answers or {}, checked))


def itself(seen: Any) -> Any:
    """Where the row of a table has what the check is given."""
    return seen
