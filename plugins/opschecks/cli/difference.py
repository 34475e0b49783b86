"""What an account has and stacks.toml does not name, and the reverse, list by list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..aws.inventory import Inventory
from ..aws.survey import OtherList, Survey
from ..config.stack import Stack
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook

SHOWN = 20


@dataclass(frozen=True)
class Known:
    """A stack of the file with the names of its resources, those that CloudFormation or tags report included."""

    stack: Stack
    inventory: Inventory


@dataclass(frozen=True)
class Difference:
    """Of one key of stacks.toml: `new` is in the account only, `lost` in the file only."""

    key: str
    new: Sequence[str]
    lost: Sequence[str]

    def lines(self) -> Iterator[str]:
        """As a person reads it: + for what is new, - for what is no longer there."""
        for sign, names in (("+", self.new), ("-", self.lost)):
            yield from (f"{sign} {self.key}: {name}" for name in names[:SHOWN])
            if len(names) > SHOWN:
                yield f"{sign} {self.key}: and {len(names) - SHOWN} more"


def differences(found: Survey, known: Sequence[Known]) -> list[Difference]:
    """Of each key that lists resources; of what could not be listed, nothing."""
    there = _there(found)
    told = []
    for key, (what, names) in there.items():
        if what in found.refused:
            continue
        own = {name for one in known for name in _own(one, key, found.lists)}
        prefixes = tuple(prefix for one in known for prefix in one.stack.every("alarm_prefix"))
        known_so_far = own if key != "cluster" else own | {*found.idle_clusters}
        new = [
            name
            for name in names
            if name not in known_so_far and not (key == "alarm_prefix" and name.startswith(prefixes))
        ]
        if key == "alarm_prefix" and any(map(_has_every_alarm, known)):
            new = []
        lost = [] if key == "log_groups" else own - set(names)  # others than containers write to log groups, too
        told.append(Difference(key, sorted(new), sorted(lost)))
    return [one for one in told if one.new or one.lost]


def _has_every_alarm(one: Known) -> bool:
    """Whether every alarm of the account is this stack's, but those that others name: it says nothing of its own.

    Not beside another one that says nothing either: then none is known to be anybody's.
    """
    return not (one.stack.alarm_prefix or one.inventory.is_found or one.stack.alarms_beside)


def _there(found: Survey) -> Mapping[str, tuple[str, list[str]]]:
    """By key of stacks.toml: what the list is called in the survey, and the names of the account."""
    return {
        "cluster": ("ECS clusters", [str(one["clusterName"]) for one in found.clusters]),
        "services": (
            "ECS services",
            [f"{cluster}/{one['serviceName']}" for cluster, of in found.services.items() for one in of],
        ),
        "load_balancer": ("load balancers", [str(one["LoadBalancerName"]) for one in found.balancers]),
        "tables": ("DynamoDB tables", [*found.tables]),
        "log_groups": ("task definitions", sorted({log for logs in found.log_groups_of.values() for log in logs})),
        "alarm_prefix": ("alarms", [*found.alarms]),
        "distribution_id": ("CloudFront distributions", [str(one["Id"]) for one in found.distributions]),
        **{f"resources.{key}": (of.what, [*found.others.get(key, ())]) for key, of in found.lists.items()},
    }


def _own(one: Known, key: str, lists: Mapping[str, OtherList]) -> Iterable[str]:
    """The names that a stack has for a key."""
    inventory, stack = one.inventory, one.stack
    if key.startswith("resources."):
        key = key.partition(".")[2]
        return _others(inventory, key, lists[key])
    if key == "cluster":
        return {*inventory.clusters, *(name.partition("/")[0] for name in stack.dev_services)}
    if key == "services":
        return {"/".join(inventory.place(name)) for name in inventory.services} | {*stack.dev_services}
    if key == "load_balancer":
        return {name.split("/")[-2] if name.startswith("arn:") else name for name in inventory.load_balancers}
    if key == "tables":
        others = [stack.incidents_table, *(index.table for index in stack.indexes)]
        return {*inventory.tables, *filter(None, others)}
    if key == "alarm_prefix":
        return inventory.alarms
    return inventory.log_groups if key == "log_groups" else inventory.distributions


def _others(inventory: Inventory, key: str, of: OtherList) -> set[str]:
    """Those that a stack names in `resources`, or that were found, by the end of their ARN or URL."""
    try:
        named = inventory.others(key, of.type, of.arn)
    except CouldNotLook:  # it has none, or CloudFormation is still making them
        return set()
    return {name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in named}
