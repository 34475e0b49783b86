"""Workers and concurrency limit of what really runs, and nothing else of a task definition."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.aws.ecs import Task
from opschecks.aws.task_definitions import PoolSettings, pool_settings
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, examined, given, judges, names, stack, weekly
from tests.cases import cases

CHECK = weekly("connection_pool").test_workers_and_concurrency_are_as_wanted
SECRET = {"name": "SESSION_SECRET", "value": "hunter22-hunter22"}
KEY = ("ecs", "DescribeTaskDefinition")


def container(name: str = "backend", **changes: Any) -> Raw:
    return {"name": name, "image": "backend:v1", "environment": [SECRET], **changes}


def runs(*command: str, **changes: Any) -> Raw:
    return container(command=list(command), **changes)


def env(workers: str = "4", limit: str = "1000", **changes: Any) -> Raw:
    told = {"WEB_CONCURRENCY": workers, "UVICORN_LIMIT_CONCURRENCY": limit}
    listed = [{"name": key, "value": value} for key, value in told.items() if value]
    return container(environment=[SECRET, *listed], **changes)


def task(revision: str = "backend:1", service: str = "backend", **changes: Any) -> Task:
    arn = f"arn:aws:ecs:{ACCOUNT}:task-definition/{revision}"
    evidence = Answer(given({"desiredStatus": "RUNNING", "taskDefinitionArn": arn}, changes))
    return Task(arn=f"arn:aws:ecs:{ACCOUNT}:task/prod/1f", name="1f", service=service, evidence=evidence)


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
    told = {one.name: one.outcome.value for one in examined(CHECK, pool_settings=found)}
    assert told["idle"] == "blind"
    assert set(told.values()) == {"passed", "blind"}


def test_a_revision_that_cannot_be_read_hides_no_other() -> None:
    def described(taskDefinition: str) -> Any:  # noqa: N803 - AWS's names
        if taskDefinition.endswith("backend:2"):
            return CouldNotLook("ecs:DescribeTaskDefinition", "AccessDeniedException: no")
        return {"taskDefinition": {"containerDefinitions": [env()]}}

    aws = Aws({KEY: described})
    found = pool_settings(aws.stack, aws, names(services=("backend",)), [task(), task("backend:2")])
    told = {one.name: one.outcome.value for one in examined(CHECK, pool_settings=found)}
    assert told == {"backend (backend:1)": "passed", "backend (backend:2)": "blind"}


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
