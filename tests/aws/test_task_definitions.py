"""Workers and concurrency limit of what really runs, and nothing else of a task definition."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.aws.ecs import Task
from opschecks.aws.task_definitions import PoolSettings, Setting, pool_settings
from opschecks.aws.unread import Unread
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, examined, given, judges, names, stack, weekly
from tests.cases import cases

CHECK = weekly("connection_pool").test_workers_and_concurrency_are_as_wanted
SECRET = {"name": "SESSION_SECRET", "value": "hunter22-hunter22"}
KEY = ("ecs", "DescribeTaskDefinition")
DEFINITIONS = f"arn:aws:ecs:{ACCOUNT}:task-definition"
THROTTLED = CouldNotLook("ecs:DescribeTasks", "ThrottlingException: no")
DENIED = CouldNotLook("ecs:DescribeTaskDefinition", "AccessDenied: no", action="ecs:DescribeTaskDefinition")


def container(name: str = "backend", **changes: Any) -> Raw:
    return {"name": name, "image": "backend:v1", "environment": [SECRET], **changes}


def runs(*command: str, **changes: Any) -> Raw:
    return container(command=list(command), **changes)


def variables(**told: str) -> Raw:
    return container(environment=[SECRET, *({"name": name, "value": value} for name, value in told.items() if value)])


def env(workers: str = "4", limit: str = "1000", **changes: Any) -> Raw:
    return {**variables(WEB_CONCURRENCY=workers, UVICORN_LIMIT_CONCURRENCY=limit), **changes}


def task(revision: str = "backend:1", service: str = "backend", **changes: Any) -> Task:
    raw = given({"desiredStatus": "RUNNING", "taskDefinitionArn": f"{DEFINITIONS}/{revision}"}, changes)
    return Task(arn=f"arn:aws:ecs:{ACCOUNT}:task/prod/1f", name="1f", service=service, evidence=Answer(raw))


def seen(*containers: Raw, checked: Stack | None = None, tasks: Sequence[Task] = ()) -> list[PoolSettings]:
    aws = Aws({KEY: {"taskDefinition": {"containerDefinitions": list(containers)}}}, checked)
    return pool_settings(aws.stack, aws, names(services=("backend",)), list(tasks) or [task(), task()])


FILE = [{"value": "arn:aws:s3:::config/prod.env", "type": "s3"}]
ARGUMENTS = stack(pool={"workers": "--workers", "limit": "--limit-concurrency"})
NOT_HERE = "not applicable: WEB_CONCURRENCY is not set in backend:1, but in the code or nowhere"
POOLS: dict[str, tuple[Stack, list[Raw], str, str]] = {
    "as wanted": (stack(), [env()], "passed", "WEB_CONCURRENCY is 4; UVICORN_LIMIT_CONCURRENCY is 1000"),
    "fewer workers": (stack(), [env("1")], "failed", "WEB_CONCURRENCY is 1; expected 4"),
    "more workers": (stack(), [env("9")], "failed", "expected 4"),
    "another limit": (stack(), [env(limit="100")], "failed", "UVICORN_LIMIT_CONCURRENCY is 100; expected 1000"),
    "in the code": (stack(), [container()], "passed", NOT_HERE),
    "without any environment": (stack(), [container(environment=None)], "blind", "the answer has no 'environment'"),
    "one in the code": (stack(), [env(workers="")], "passed", f"{NOT_HERE}; UVICORN_LIMIT_CONCURRENCY is 1000"),
    "beside a sidecar": (stack(), [container("proxy"), env()], "passed", "WEB_CONCURRENCY is 4;"),
    "two containers that differ": (stack(), [env(), env("2")], "failed", "WEB_CONCURRENCY is 4, 2; expected 4"),
    "no number": (stack(), [env("auto")], "blind", "WEB_CONCURRENCY is set to 'auto', which is not a number"),
    "a secret": (
        stack(),
        [container(secrets=[{"name": "WEB_CONCURRENCY", "valueFrom": "arn"}])],
        "blind",
        "comes from a secret",
    ),
    "a file": (
        stack(),
        [container(environmentFiles=FILE)],
        "blind",
        "WEB_CONCURRENCY may come from an environment file",
    ),
    "set beside a file": (stack(), [env(environmentFiles=FILE)], "passed", ""),
    "as arguments": (
        ARGUMENTS,
        [runs("--workers", "4", "--limit-concurrency=1000")],
        "passed",
        "--workers is 4; --limit-concurrency is 1",
    ),
    "in the entry point": (
        ARGUMENTS,
        [runs("main:app", entryPoint=["uvicorn", "--workers", "3"])],
        "failed",
        "--workers is 3;",
    ),
    "within a shell": (
        ARGUMENTS,
        [runs("sh", "-c", "exec uvicorn --workers=2")],
        "failed",
        "--workers is 2; expected 4",
    ),
    "by a variable": (ARGUMENTS, [runs("sh", "-c", "exec uvicorn --workers $N")], "blind", "--workers is set to '$N'"),
    "a command that no shell takes": (ARGUMENTS, [runs("sh", "-c", "say 'it")], "passed", "--workers is not"),
    "an argument without its value": (ARGUMENTS, [runs("--workers")], "passed", "--workers is not set"),
    "other wishes": (
        stack(pool={"workers_wanted": 2, "limit_wanted": 50}),
        [env("2", "50")],
        "passed",
        "WEB_CONCURRENCY is 2; ",
    ),
}
test_workers_and_concurrency_are_as_wanted = judges(
    CHECK,
    POOLS,
    pool_settings=lambda checked, containers: seen(
        *[{key: value for key, value in one.items() if value is not None} for one in containers], checked=checked
    ),
    stack=lambda checked, containers: checked,
)


def test_nothing_else_of_the_environment_is_kept() -> None:
    (found,) = seen(env())
    assert "hunter22" not in repr(found) + json.dumps(dict(found.evidence)) + repr(
        examined(CHECK, pool_settings=[found])
    )
    assert found.evidence == {"WEB_CONCURRENCY": ["4"], "UVICORN_LIMIT_CONCURRENCY": ["1000"]}


def test_each_revision_that_runs_is_asked_for_once() -> None:
    aws = Aws({KEY: {"taskDefinition": {"containerDefinitions": [env()]}}})
    stopped, shared = task("backend:9", desiredStatus="STOPPED"), task("shared:1", "worker")
    running = [task(), task(), task("backend:2"), stopped, shared, task("shared:1", "backend")]
    found = pool_settings(aws.stack, aws, names(services=("backend", "worker", "idle")), running)
    revisions = [f"backend ({one})" for one in ("backend:1", "backend:2", "shared:1")]
    assert [one.name for one in found] == [*revisions, "worker (shared:1)", "idle"]
    assert len({one.arn for one in found}) == 5
    assert len(aws.calls) == 3
    assert [one.revision for one in found] == ["backend:1", "backend:2", "shared:1", "shared:1", ""]
    told = {one.name: one.outcome.value for one in examined(CHECK, pool_settings=found)}
    assert told["idle"] == "blind"
    with pytest.raises(CouldNotLook, match="ecs:ListTasks: no task of idle is running"):
        assert found[4].settings
    assert set(told.values()) == {"passed", "blind"}


def test_a_revision_that_is_refused_is_so_alone() -> None:
    def described(taskDefinition: str) -> Any:  # noqa: N803 - AWS's name
        refused = taskDefinition.endswith("backend:1")
        return DENIED if refused else {"taskDefinition": {"containerDefinitions": [env()]}}

    aws = Aws({KEY: described})
    found = pool_settings(aws.stack, aws, names(services=("backend",)), [task(), task("backend:2")])
    assert [(one.arn, one.revision, one.problem) for one in found] == [
        (f"{DEFINITIONS}/backend:1#backend", "backend:1", DENIED),
        (f"{DEFINITIONS}/backend:2#backend", "backend:2", None),
    ]  # fmt: skip
    told = {one.name: one.outcome.value for one in examined(CHECK, pool_settings=found)}
    assert told == {"backend (backend:1)": "blind", "backend (backend:2)": "passed"}


@cases(
    [({}, "the answer has no 'taskDefinition'"), ({"taskDefinition": {}}, "the answer has no 'containerDefinitions'")]
)
def test_what_was_not_told_is_not_seen(answer: Raw, message: str) -> None:
    aws = Aws({KEY: answer})
    [unread] = pool_settings(aws.stack, aws, names(services=("backend",)), [task()])
    with pytest.raises(CouldNotLook, match=message):
        unread.settings  # noqa: B018 - it raises
    with pytest.raises(CouldNotLook, match="the answer has no 'taskDefinitionArn'"):
        pool_settings(aws.stack, aws, names(services=("backend",)), [task(taskDefinitionArn=None)])


@pytest.mark.parametrize("pool", [{"workers": ""}, {"workers_wanted": 0}, {"worker": "X"}])
def test_a_pool_that_is_none_is_refused(pool: Raw) -> None:
    with pytest.raises(ValidationError):
        stack(pool=pool)


def test_the_settings_of_a_revision_are_told_by_their_names() -> None:
    [found] = seen(variables(WEB_CONCURRENCY="4"), variables(WEB_CONCURRENCY="8"))
    assert (found.arn, found.name, found.revision) == (
        f"{DEFINITIONS}/backend:1#backend",
        "backend (backend:1)",
        "backend:1",
    )
    assert found.settings == (
        Setting("WEB_CONCURRENCY", 4, ("4", "8")),
        Setting("UVICORN_LIMIT_CONCURRENCY", 1000, ()),
    )
    assert found.evidence == {"WEB_CONCURRENCY": ["4", "8"], "UVICORN_LIMIT_CONCURRENCY": "not set here"}
    assert found.figures == (Figure("WEB_CONCURRENCY", "4, 8"),)
    assert [one.values for one in found.settings] == [[4, 8], []]


def test_a_service_whose_tasks_could_not_be_read_says_why() -> None:
    unread = Task(arn="x", name="backend", service="backend", evidence=Unread(THROTTLED))
    [found] = seen(container(), tasks=[unread, task()])
    assert (found.name, found.revision, found.problem) == ("backend", "", THROTTLED)
    with pytest.raises(CouldNotLook, match="ThrottlingException"):
        assert found.settings


FROM_SECRET: Raw = {"secrets": [{"name": "WEB_CONCURRENCY", "valueFrom": "arn:x"}]}
FROM_FILE: Raw = {"environmentFiles": FILE}
OTHER_ONE: Raw = {"secrets": [{"name": "OTHER", "valueFrom": "arn:x"}]}


@cases({
    "nowhere": ([container()], (), ""),
    "a secret": ([container(), container(**FROM_SECRET)], (), "comes from a secret"),
    "another secret": ([container(**OTHER_ONE)], (), ""),
    "a file": ([container(), container(**FROM_FILE)], (), "may come from an environment file"),
    "a secret and a file": ([container(**FROM_SECRET, **FROM_FILE)], (), "comes from a secret"),
    "no file": ([container(environmentFiles=[])], (), ""),
    "a value, and a file": (
        [{**variables(WEB_CONCURRENCY="4"), **FROM_FILE}], ("4",), "may come from an environment file"),
    "another variable": ([variables(OTHER="4")], (), ""),
    "a variable without a value": ([container(environment=[{"name": "WEB_CONCURRENCY"}])], ("",), ""),
})  # fmt: skip
def test_where_a_variable_comes_from(containers: list[Raw], told: tuple[str, ...], unread: str) -> None:
    [found] = seen(*containers)
    assert found.found[0] == Setting("WEB_CONCURRENCY", 4, told, unread)
    assert found.evidence["WEB_CONCURRENCY"] == ([*told] or unread or "not set here")


def test_a_value_that_is_not_read_or_no_number_is_blind() -> None:
    with pytest.raises(CouldNotLook, match="WORKERS comes from a secret, which is not read"):
        assert Setting("WORKERS", 4, (), "comes from a secret").values
    assert Setting("WORKERS", 4, ("2",), "comes from a secret").values == [2]
    with pytest.raises(CouldNotLook, match="WORKERS is set to 'auto', which is not a number") as told:
        assert Setting("WORKERS", 4, ("2", "auto")).values
    assert told.value.call == "ecs:DescribeTaskDefinition"


@cases({
    "nothing": ({}, ()),
    "the next word": ({"command": ["uvicorn", "--workers", "4"]}, ("4",)),
    "after =": ({"command": ["uvicorn", "--workers=4"]}, ("4",)),
    "in the entry point": ({"entryPoint": ["uvicorn", "--workers", "4"], "command": ["app"]}, ("4",)),
    "from the one into the other": ({"entryPoint": ["uvicorn", "--workers"], "command": ["4"]}, ("4",)),
    "in a shell": ({"command": ["sh", "-c", "exec uvicorn --workers 4 'a b'"]}, ("4",)),
    "twice": ({"command": ["--workers", "4", "--workers=8"]}, ("4", "8")),
    "the last word": ({"command": ["uvicorn", "--workers"]}, ()),
    "a longer word": ({"command": ["--workers-x", "4", "--workersx=4"]}, ()),
    "in words with a quote that does not end": ({"command": ["--workers=4'"]}, ("4'",)),
    "with a quote that does not end": ({"command": ["sh -c 'x --workers 4", "--workers", "2"]}, ("2",)),
})  # fmt: skip
def test_an_argument_is_read_from_the_command(more: Raw, told: tuple[str, ...]) -> None:
    [found] = seen({**container(**more), **FROM_FILE}, checked=ARGUMENTS)
    assert found.found[0] == Setting("--workers", 4, told)
