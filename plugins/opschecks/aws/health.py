"""AWS Health: what AWS says of its own problems and planned changes, and which of the stack's resources they affect.

The API has one endpoint for all regions, and is open to accounts with a Business or Enterprise support plan; to others
it answers SubscriptionRequiredException: https://docs.aws.amazon.com/health/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotApplicable, batches, fan_out, observation
from .evidence import OneOf, utc
from .inventory import Inventory
from .session import Aws

_EVENTS, _ENTITIES = "health:DescribeEvents", "health:DescribeAffectedEntities"
NO_PLAN = "SubscriptionRequiredException"
EVENTS_A_CALL = 10
"""Most events of one DescribeAffectedEntities."""
OVER = ("RESOLVED", "UNIMPAIRED")
"""States of an entity that the event no longer affects."""


@dataclass(frozen=True, kw_only=True)
class HealthEvent(Resource):
    """An open problem, or a change that AWS plans. `affected`: the stack's resources among those that it names."""

    affected: tuple[str, ...] = ()

    category = OneOf("eventTypeCategory", "issue", "investigation", "scheduledChange", "accountNotification")
    """issue, investigation or scheduledChange."""
    status = OneOf("statusCode", "open", "upcoming", "closed")
    """open or upcoming."""

    @property
    def is_problem(self) -> bool:
        """Whether AWS says that one of the stack's resources does not work now."""
        return bool(self.affected) and self.status == "open" and self.category in ("issue", "investigation")

    @property
    def words(self) -> str:
        """What, where and since when, or from when on."""
        begins = self.evidence.get("startTime")
        word = "since" if self.status == "open" else "from"
        when = f", {word} {utc(begins):%Y-%m-%d %H:%M} UTC" if begins else ""
        of = f", affects {', '.join(self.affected)}" if self.affected else ", names none of the stack's resources"
        return f"{self.category} of {self.evidence.get('service', 'AWS')}, {self.status}{when}{of}"


@observation(allow=[_EVENTS, _ENTITIES])
def health_events(aws: Aws, inventory: Inventory) -> list[HealthEvent]:
    """The open and upcoming events of AWS Health in the stack's region, each with the stack's resources it affects.

    NotApplicable where the account has no support plan that includes the API.
    """
    wanted = {
        "regions": [aws.region, "global"],  # that of services without a region, such as CloudFront and IAM
        "eventStatusCodes": ["open", "upcoming"],
        "eventTypeCategories": ["issue", "investigation", "scheduledChange"],
    }
    try:
        listed = aws.items("health", "DescribeEvents", "events", filter=wanted, maxResults=100)
    except CouldNotLook as error:
        if not error.reason.startswith(NO_PLAN):
            raise
        raise NotApplicable(error.call, "the account's support plan does not include the AWS Health API") from None
    arns = [str(event["arn"]) for event in listed if event.get("eventScopeCode") != "PUBLIC"]
    affected: dict[str, list[str]] = defaultdict(list)
    for found in fan_out(lambda batch: _affected(aws, batch, _names(inventory)), batches(arns, EVENTS_A_CALL)):
        for arn, names in found.items():
            affected[arn] += names
    return [_event(event, tuple(dict.fromkeys(affected[str(event["arn"])]))) for event in listed]


def _affected(aws: Aws, events: list[str], known: frozenset[str]) -> Mapping[str, list[str]]:
    """The stack's names among the entities of each event, unless these are well again."""
    found: dict[str, list[str]] = defaultdict(list)
    asked = {"filter": {"eventArns": events}, "maxResults": 100}
    for entity in aws.items("health", "DescribeAffectedEntities", "entities", **asked):
        value = str(entity.get("entityValue") or entity.get("entityArn") or "")
        if entity.get("statusCode") not in OVER:
            # of an ARN, or of CLUSTER|SERVICE, each part may be the name
            found[str(entity["eventArn"])] += [name for name in (value, *re.split(r"[/:|]", value)) if name in known]
    return found


def _names(inventory: Inventory) -> frozenset[str]:
    """What the stack's resources are called: names and ids; of load balancers also the name within the ARN."""
    several = (
        inventory.services, inventory.load_balancers, inventory.tables, inventory.log_groups,
        inventory.distributions, inventory.buckets, inventory.security_groups,
    )  # fmt: skip
    balancers = (arn.split("/")[2] for arn in inventory.load_balancers if arn.count("/") > 2)
    services = (name for _, name in map(inventory.place, inventory.services))
    return frozenset((*(name for names in several for name in names), *services, *balancers, *inventory.clusters))


def _event(raw: Answer, affected: tuple[str, ...]) -> HealthEvent:
    name = str(raw.get("eventTypeCode") or raw["arn"])
    figures = (
        Figure("status", str(raw.get("statusCode", "unknown"))),
        Figure("affects", ", ".join(affected) or "none"),
    )
    return HealthEvent(arn=str(raw["arn"]), name=name, evidence=raw, affected=affected, figures=figures)
