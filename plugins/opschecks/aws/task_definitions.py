"""Task definitions of running tasks: worker count and concurrency limit, if set there and not in the code."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, observation, seen
from .ecs import Task
from .evidence import last_part
from .inventory import Inventory
from .session import Aws
from .unread import or_why, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "ecs:DescribeTaskDefinition"


@dataclass(frozen=True)
class Setting:
    """One setting by the name of its variable or argument: the expected value and the values in the containers.

    `unread`: why it may be set and cannot be read, such as from a secret or a file.
    """

    name: str
    wanted: int
    told: tuple[str, ...]
    unread: str = ""

    @property
    def values(self) -> list[int]:
        """Its values; empty where the task definition does not set it. CouldNotLook where a value is not a number."""
        if self.unread and not self.told:
            raise CouldNotLook(_CALL, f"{self.name} {self.unread}, which is not read")
        if odd := [one for one in self.told if not one.isdecimal()]:
            raise CouldNotLook(_CALL, f"{self.name} is set to {odd[0]!r}, which is not a number")
        return [int(one) for one in self.told]


@dataclass(frozen=True, kw_only=True)
class PoolSettings(Resource):
    """The pool's settings in one revision of which a service runs tasks; `revision` is empty for a service without
    tasks. `problem`: why the revision could not be read, which says nothing of others.
    """

    revision: str
    found: tuple[Setting, ...] = ()
    problem: CouldNotLook | None = None

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Worker count and concurrency limit."""
        seen(self.problem)
        if not self.revision:
            raise CouldNotLook("ecs:ListTasks", f"no task of {self.name} is running")
        return self.found


@observation(allow=["ecs:DescribeTaskDefinition"])
def pool_settings(stack: Stack, aws: Aws, inventory: Inventory, tasks: list[Task]) -> list[PoolSettings]:
    """Workers and concurrency limit in each revision of the stack's running tasks.

    Nothing else of a task definition is kept: its environment contains secrets.
    """
    unread = {task.service: why for task in tasks if (why := why_unread(task))}
    read = [task for task in tasks if task.service not in unread]
    found = sorted({(task.service, str(task.evidence["taskDefinitionArn"])) for task in read if task.is_wanted})
    arns = sorted({arn for _, arn in found})
    told = dict(zip(arns, fan_out(lambda arn: _containers(aws, arn), arns), strict=True))
    idle = [name for name in inventory.some("services") if name not in {service for service, _ in found}]
    return [
        *(_settings(stack, service, arn, told[arn]) for service, arn in found),
        *(PoolSettings(arn=name, name=name, revision="", problem=unread.get(name)) for name in idle),
    ]


@or_why  # of this revision alone
def _containers(aws: Aws, arn: str) -> list[dict[str, Any]]:
    answer = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
    listed: list[dict[str, Any]] = answer["taskDefinition"]["containerDefinitions"]
    _ = [one["environment"] for one in listed]  # AWS always lists it, also where it is empty
    return listed


def _settings(
    stack: Stack, service: str, arn: str, containers: Sequence[Mapping[str, Any]] | CouldNotLook
) -> PoolSettings:
    revision = last_part(arn)
    name = f"{service} ({revision})"
    if isinstance(containers, CouldNotLook):
        return PoolSettings(arn=f"{arn}#{service}", name=name, revision=revision, problem=containers)
    wanted = {stack.pool.workers: stack.pool.workers_wanted, stack.pool.limit: stack.pool.limit_wanted}
    settings = tuple(_setting(key, number, containers) for key, number in wanted.items())
    told = {one.name: list(one.told) or one.unread or "not set here" for one in settings}
    return PoolSettings(
        arn=f"{arn}#{service}",
        name=name,
        revision=revision,
        found=settings,
        evidence=told,
        figures=tuple(Figure(one.name, ", ".join(one.told)) for one in settings if one.told),
    )


def _setting(name: str, wanted: int, containers: Sequence[Mapping[str, Any]]) -> Setting:
    told = tuple(value for one in containers for value in _told(name, one))
    unread = ""
    if not name.startswith("-"):
        if any(secret.get("name") == name for one in containers for secret in one.get("secrets") or []):
            unread = "comes from a secret"
        elif any(one.get("environmentFiles") for one in containers):
            unread = "may come from an environment file"
    return Setting(name, wanted, told, unread)


def _told(name: str, container: Mapping[str, Any]) -> Iterator[str]:
    """The values of a variable, or of an argument: the next word, after =, or inside a shell command."""
    if not name.startswith("-"):
        yield from (str(one.get("value", "")) for one in container["environment"] if one.get("name") == name)
        return
    texts = [*(container.get("entryPoint") or []), *(container.get("command") or [])]
    words = [word for text in texts for word in _words(text)]
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            yield words[index + 1]
        elif word.startswith(f"{name}="):
            yield word.partition("=")[2]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a shell would refuse it too
        return [text]
