"""What remedies change: a stack's tables, log groups, buckets, …, each by its name or ARN, and no other stack's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from ..aws.inventory import FINDING, inventory
from ..aws.s3_lifecycle import find_site, names_of
from ..aws.session import Aws
from ..config.identifiers import KINDS as IDENTIFIERS
from ..config.identifiers import own as own_identifier
from ..config.stack import Stack
from ..core.change import CannotFix, Sends
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook
from ..core.wording import nearest

SITE = (*FINDING, "cloudfront:GetDistribution")
"""The IAM actions of `site_of`."""


@dataclass(frozen=True)
class Kind:
    """A kind of target: what one is called, what precedes its name in an ARN, and which are a stack's."""

    noun: str
    mark: str
    owned: Callable[[Stack, Aws], Iterable[str]] | None = None
    allow: tuple[str, ...] = ()
    """The IAM actions with which it is found out which are the stack's."""

    def short(self, target: str) -> str:
        """The name, of an ARN too; of a service it is service/CLUSTER/NAME."""
        if self.noun == "service":
            return "/".join(["service", *target.rsplit("/", 2)[-2:]])
        return target.split(self.mark, 1)[-1].removesuffix(":*")


def owned(kind: str, stack: Stack, aws: Sends) -> list[str]:
    """Every target of the kind that is the stack's; CannotFix where that is not known, or where one must be named."""
    listed = KINDS[kind].owned if kind else None
    if listed is None:
        raise CannotFix("say what to change with --target")
    try:
        return list(dict.fromkeys(listed(stack, cast("Aws", aws))))
    except CouldNotLook as error:
        raise CannotFix(str(error)) from None


def named(kind: str, target: str, stack: Stack, aws: Sends) -> str:
    """The name of one of the stack's, of its ARN too; CannotFix for any other."""
    found = KINDS[kind]
    if kind.removesuffix("s") in IDENTIFIERS and target.startswith("arn:"):
        try:
            own_identifier(kind.removesuffix("s"), target, stack.region, stack.account_id)
        except ValueError as error:
            raise CannotFix(f"{error}: it is not a {found.noun} of {stack.name}") from None
    name = found.short(target)
    if found.owned and name not in (own := owned(kind, stack, aws)):
        raise CannotFix(f"{name} is not a {found.noun} of {stack.name}; {nearest(name, own)}")
    return name


def site_of(stack: Stack, aws: Sends) -> tuple[str, str] | None:
    """Bucket and prefix of the dashboards; None where the stack has none, CannotFix where that is not known."""
    live = cast("Aws", aws)
    try:
        return find_site(stack, live, inventory(stack, live))
    except CouldNotLook as error:
        raise CannotFix(str(error)) from None


def _tables(stack: Stack, aws: Aws) -> list[str]:
    """What the stack names, or CloudFormation or tags report as its own; and what holds its incidents and indexes."""
    others = [stack.incidents_table, *(index.table for index in stack.indexes)]
    return [*inventory(stack, aws).some("tables"), *stack.tables, *filter(None, others)]


def _buckets(stack: Stack, aws: Aws) -> list[str]:
    """The one behind the dashboards among them."""
    known = inventory(stack, aws)
    return names_of(stack, known, find_site(stack, aws, known))


def _distributions(stack: Stack, aws: Aws) -> list[str]:
    """Those of the stack, that of the dashboards first."""
    known = inventory(stack, aws)
    return [known.the_distribution, *known.distributions]


def _services(stack: Stack, aws: Aws) -> list[str]:
    """What the stack names, or CloudFormation or tags report as its own; no other service is touched."""
    cluster, services = stack.cluster, stack.services
    if not cluster or not services:
        known = inventory(stack, aws)
        cluster, services = known.cluster, known.services
    if not cluster or not services:
        raise CannotFix(
            f"stack {stack.name} has no cluster and services in stacks.toml: set them, so that no "
            "other stack's are changed"
        )
    return [f"service/{name}" if "/" in name else f"service/{cluster}/{name}" for name in services]


KINDS: Mapping[str, Kind] = {
    "tables": Kind("table", ":table/", _tables, FINDING),
    "log_groups": Kind(
        "log group", ":log-group:", lambda stack, aws: inventory(stack, aws).some("log_groups"), FINDING
    ),
    "buckets": Kind("bucket", ":::", _buckets, SITE),
    "distributions": Kind("distribution", "/", _distributions, FINDING),
    "services": Kind("service", "/", _services, FINDING),
    "alarms": Kind("alarm", ":alarm:"),
}
"""By the name that `Setting.kind` gives. Any alarm may be named: a stack need not list its own."""
