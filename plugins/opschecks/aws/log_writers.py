"""Which log groups must be written to: those that stacks.toml names, and those of the services' containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotConfigured, fan_out, observation, seen
from .ecs import Service
from .session import Aws
from .unread import or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "ecs:DescribeTaskDefinition"


@dataclass(frozen=True)
class LogWriters:
    """`groups`: the log groups with a known writer, or why they are not known."""

    groups: frozenset[str] | CouldNotLook

    def must_write(self, group: str) -> bool:
        """Whether a group in which nothing was written is a failure; CouldNotLook where that is unknown."""
        return group in seen(self.groups)


@observation(allow=["ecs:DescribeTaskDefinition"], soft=["services"])
def log_writers(stack: Stack, aws: Aws, services: list[Service] | CouldNotLook) -> LogWriters:
    """The log groups to which somebody must write.

    Asks AWS only where CloudFormation or tags name the groups: among those are the ones of custom resources, whose
    functions run while a stack is updated, and hardly ever again. Source: "Send Amazon ECS logs to CloudWatch" of the
    ECS developer guide, by which awslogs-group of a container names its group.
    """
    if stack.log_groups:
        return LogWriters(frozenset(stack.log_groups))
    if isinstance(services, CouldNotLook):
        return LogWriters(frozenset() if isinstance(services, NotConfigured) else services)
    return LogWriters(_written_by(aws, services))


@or_why
def _written_by(aws: Aws, services: list[Service]) -> frozenset[str]:
    """The log groups that the services' containers name."""
    told = [one.evidence for one in services]
    definitions = sorted({str(one["taskDefinition"]) for one in told if one.get("taskDefinition")})
    found = frozenset(group for groups in fan_out(lambda arn: groups_of(aws, arn), definitions) for group in groups)
    if services and not found:
        raise CouldNotLook(_CALL, "no container of the services names its log group: set log_groups in stacks.toml")
    return found


def groups_of(aws: Aws, definition: str) -> list[str]:
    """The log groups that the containers of a task definition name."""
    told = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=definition)["taskDefinition"]
    options = [(one.get("logConfiguration") or {}).get("options") or {} for one in told["containerDefinitions"]]
    return [str(one["awslogs-group"]) for one in options if one.get("awslogs-group")]
