"""Remedies declare every call that they make: what `opschecks policy` allows for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.change import CannotFix, State
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.remedy import BaseRemedy
from tests.canned import ACCOUNT, Aws, Raw, stack
from tests.permitted import REMEDIES

BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"


class _Finds(dict[tuple[str, str], Any]):
    """Answers nothing but what CloudFormation lists."""

    def __missing__(self, key: tuple[str, str]) -> Raw:
        if key != ("cloudformation", "ListStackResources"):
            raise CouldNotLook(":".join(key), "AccessDenied: no")
        types = {
            "AWS::ECS::Cluster": "prod",
            "AWS::ECS::Service": "arn:aws:ecs:us-west-2:123456789012:service/prod/web",
            "AWS::DynamoDB::Table": "orders",
            "AWS::Logs::LogGroup": "/ecs/web",
            "AWS::CloudFront::Distribution": "E2EXAMPLE",
            "AWS::ElasticLoadBalancingV2::LoadBalancer": BALANCER,
        }
        listed = [
            {
                "ResourceType": of,
                "PhysicalResourceId": name,
                "LogicalResourceId": "a",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for of, name in types.items()
        ]
        return {"StackResourceSummaries": [{**one, "LastUpdatedTimestamp": "2026-11-01T00:00:00Z"} for one in listed]}


FOUND = {
    "buckets": ["web-site"],
    "tables": ["orders", "to-orders from orders"],
    "services": ["service/prod/web"],
    "log_groups": ["/ecs/web"],
    "distributions": ["E2EXAMPLE"],
}
ASK = [name for name, one in REMEDIES.items() if one.__module__.startswith("opschecks.")]


def _planned(remedy: BaseRemedy, target: str) -> State:
    return remedy.read_for_plan(remedy.normal(target))


@pytest.mark.parametrize("name", ASK)
def test_a_remedy_declares_every_call_that_it_makes(name: str, tmp_path: Path) -> None:
    """As far as it comes before something is denied: what finds its targets is asked first."""
    checked = stack(
        cloudformation_stack="Shop", archive="s3://archive/incidents", backups="s3://backups/full",
        incidents_table="incidents", flow_log_group="/flow", dev_services=["dev/web"], account_id="123456789012",
    )  # fmt: skip
    (tmp_path / "index.html").write_text("<html>")
    aws = Aws(_Finds(), checked)
    made = REMEDIES[name](checked, aws)
    targets = [
        *FOUND.get(made.kind, []),
        "orders",
        "to-orders from orders",
        str(tmp_path),
        "vpc-1",
        "s3://backups/full",
    ]
    asked: list[Callable[[], object]] = [made.all_targets, *(partial(_planned, made, one) for one in targets)]
    for ask in asked:
        try:
            ask()
        except (CannotFix, CouldNotLook, AssertionError, IndexError, ValueError):
            continue
    assert set(aws.calls) <= set(made.all_allow())
