"""Which parts of an account belong together: its clusters in groups, each a stack, and whose anything else is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..aws.elbv2 import filled_by
from ..aws.survey import Survey
from ..core.dataclass import dataclass

WORD = re.compile(r"[-_./ ]+")
OF_CLOUDFORMATION = "aws:cloudformation:stack-name"
OWNER_TAGS = ("application", "app", "project", "system", "product", "stack")
STAGE_TAGS = ("environment", "env", "stage")
PROD = "prod"
STAGES: Mapping[str, str] = {
    word: stage
    for stage, words in {
        PROD: ("prod", "production", "prd", "live"),
        "stage": ("stage", "staging", "stg", "preprod"),
        "test": ("test", "testing", "qa", "uat"),
        "dev": ("dev", "development", "develop"),
    }.items()
    for word in words
}
"""Words that tell two copies of one application apart, each with the stage that it means."""


@dataclass(frozen=True)
class Traits:
    """What tells whose something is: first word of its name, its stage, its CloudFormation stack, its owner's tag."""

    word: str
    stage: str
    formation: str = ""
    owner: str = ""


def traits(name: str, tags: Mapping[str, str]) -> Traits:
    """Those of a resource of this name with these tags."""
    words = [one for one in WORD.split(name.lower().strip("/")) if one]
    told = {key.lower(): value for key, value in tags.items()}
    stage = next((told[key].lower() for key in STAGE_TAGS if key in told), "")
    stages = [STAGES[one] for one in words if one in STAGES]
    own = [one for one in words if one not in STAGES]
    return Traits(
        word=next(iter(own or words), ""),
        stage=STAGES.get(stage, stage) or next(iter(stages), ""),
        formation=tags.get(OF_CLOUDFORMATION, ""),
        owner=next((told[key] for key in OWNER_TAGS if key in told), ""),
    )


def are_one(one: Traits, other: Traits) -> bool:
    """Whether both belong to one application, of one stage; what says nothing of stages is production."""
    return (one.stage or PROD) == (other.stage or PROD) and _are_of_one_application(one, other)


def _are_of_one_application(one: Traits, other: Traits) -> bool:
    if one.owner and other.owner:
        return one.owner == other.owner
    if one.formation and one.formation == other.formation:
        return True
    return bool(one.word) and one.word == other.word


def grouped(found: Survey) -> list[list[str]]:
    """The clusters in groups, the group of most services first, and in each the cluster of most services first.

    Together are clusters of one application (by their tags, CloudFormation stack or names, of one stage), and those
    behind one load balancer, unless ECS put them there: Express services of all applications share one (API_Service,
    resourceManagementType). Where services run, clusters without any are in no group.
    """
    known = {str(one["clusterName"]): traits(str(one["clusterName"]), _tags(one)) for one in found.clusters}
    known = {name: one for name, one in known.items() if name not in found.idle_clusters} or known
    balancers = {name: balancers_of(found, [name], chosen=True) for name in known}
    groups: list[list[str]] = []
    for name in sorted(known):
        near = [
            group
            for group in groups
            if any(are_one(known[name], known[one]) or balancers[name] & balancers[one] for one in group)
        ]
        groups = [group for group in groups if group not in near]
        groups.append([one for group in near for one in group] + [name])
    sizes = {name: len(found.services.get(name, ())) for name in known}
    ordered = [sorted(group, key=lambda one: (-sizes[one], one)) for group in groups]
    return sorted(ordered, key=lambda group: (-sum(sizes[one] for one in group), group))


def balancers_of(found: Survey, clusters: Iterable[str], *, chosen: bool = False) -> set[str]:
    """The ARNs of the load balancers whose target groups these clusters' services fill; `chosen`: by somebody."""
    services = [service for name in clusters for service in found.services.get(name, ())]
    services = [one for one in services if not (chosen and one.get("resourceManagementType") == "ECS")]
    filled = {arn for service in services for arn in filled_by({"loadBalancers": [], **service})}
    return {arn for one in found.target_groups if one["TargetGroupArn"] in filled for arn in one["LoadBalancerArns"]}


def home(name: str, tags: Mapping[str, str], groups: Sequence[Sequence[Traits]]) -> int | None:
    """The number of the group that something belongs to; None where it is none, or not only one."""
    own = traits(name, tags)
    related = _are_of_one_application if not own.stage else are_one
    fitting = [number for number, group in enumerate(groups) if any(related(own, one) for one in group)]
    if len(fitting) > 1:
        fitting = [number for number in fitting if any(are_one(own, one) for one in groups[number])]
    return fitting[0] if len(fitting) == 1 else None


def watched_parts(found: Survey, groups: Sequence[Sequence[str]], known: Sequence[Sequence[Traits]]) -> dict[str, int]:
    """Whose part it is that an alarm watches: the number of the group by the value of a metric's dimension.

    Source: the "metrics and dimensions" of each service's guide, such as ClusterName (ECS), LoadBalancer and
    TargetGroup (Elastic Load Balancing), QueueName (SQS). Without what belongs to several.
    """
    parts: list[tuple[str, int]] = []
    for number, group in enumerate(groups):
        arns = balancers_of(found, group)
        parts += [(name, number) for name in group]
        parts += [(arn.partition(":loadbalancer/")[2], number) for arn in arns]
        behind = (one for one in found.target_groups if arns & {*one["LoadBalancerArns"]})
        parts += [(str(one["TargetGroupArn"]).rpartition(":")[2], number) for one in behind]
    for kind, names in {"table": found.tables, **found.others}.items():
        homes = ((name, home(name, found.tags_of(kind, name), known)) for name in names)
        parts += [(name, number) for name, number in homes if number is not None]
    told: dict[str, set[int]] = {}
    for value, number in parts:
        told.setdefault(value, set()).add(number)
    return {value: number for value, (number, *others) in told.items() if value and not others}


def home_of_alarm(name: str, found: Survey, known: Sequence[Sequence[Traits]], parts: Mapping[str, int]) -> int | None:
    """The number of the group of which it watches a part, by itself or by the alarms in its rule; else as of others."""
    seen: set[str] = set()

    def homes(alarm: str) -> set[int]:
        """Of what it watches; where that says nothing, of its own name and tags."""
        seen.add(alarm)
        values = found.watched.get(alarm, ())
        numbers = {parts[one] for one in values if one in parts}
        for below in (one for one in values if one in found.watched and one not in seen):
            numbers |= homes(below)
        own = home(alarm, found.tags_of("alarm", alarm), known)
        return numbers or ({own} if own is not None else set())

    numbers = homes(name)
    return numbers.pop() if len(numbers) == 1 else home(name, found.tags_of("alarm", name), known)


def traits_of(found: Survey, group: Sequence[str]) -> list[Traits]:
    """The traits of the clusters of a group."""
    return [traits(str(one["clusterName"]), _tags(one)) for one in found.clusters if one["clusterName"] in group]


def _tags(cluster: Mapping[str, object]) -> dict[str, str]:
    listed = cluster.get("tags") or []
    assert isinstance(listed, list)
    return {str(tag.get("key")): str(tag.get("value")) for tag in listed}
