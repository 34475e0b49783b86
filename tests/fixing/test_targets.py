"""What a remedy takes for its target: the stack's own, by name or ARN, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.core.change import CannotFix
from opschecks.fixing.targets import KINDS
from opschecks.remedies import all_remedies
from tests.canned import ACCOUNT, Aws, formation, stack

HERE: dict[str, Any] = {
    "tables": ("incidents",),
    "log_groups": ("/ecs/backend",),
    "buckets": ("archive",),
    "distribution_id": "E1",
    "cluster": "c",
    "services": ("backend",),
    "dashboard_bucket": "site",
}
NAMES = {
    "back-up-table": ("incidents", f"arn:aws:dynamodb:{ACCOUNT}:table/incidents", "is not a table of here"),
    "restore-table": ("incidents", f"arn:aws:dynamodb:{ACCOUNT}:table/incidents", "is not a table of here"),
    "put-retention": ("/ecs/backend", f"arn:aws:logs:{ACCOUNT}:log-group:/ecs/backend:*", "is not a log group of here"),
    "put-lifecycle": ("archive", "arn:aws:s3:::archive", "is not a bucket of here"),
    "tune-cdn": ("E1", "arn:aws:cloudfront::123456789012:distribution/E1", "is not a distribution of here; known: E1"),
    "scale-service": ("service/c/backend", f"arn:aws:ecs:{ACCOUNT}:service/c/backend", "is not a service of here"),
    "resume-scaling": ("service/c/backend", f"arn:aws:ecs:{ACCOUNT}:service/c/backend", "is not a service of here"),
    "silence-alarm": ("cpu", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:cpu", ""),
}


@pytest.mark.parametrize("remedy", NAMES)
def test_a_target_has_one_name_whoever_names_it_and_is_the_stacks(remedy: str) -> None:
    name, arn, refused = NAMES[remedy]
    known = {"MetricAlarms": [{"AlarmName": name, "AlarmArn": arn}], "CompositeAlarms": []}
    made = all_remedies()[remedy](stack(**HERE), Aws({("cloudwatch", "DescribeAlarms"): known}))
    assert made.normal(name) == made.normal(arn) == name
    if remedy != "restore-table":
        assert made.targets(arn, {}) == [name]
    if refused:
        with pytest.raises(CannotFix, match=refused):
            made.normal("service/other/backend" if "service" in name else "payroll")


def test_whatever_of_a_distribution_was_found_it_is_changed_as_one() -> None:
    assert all_remedies()["tune-cdn"](stack(**HERE), Aws({})).targets("E1#/assets/*", {}) == ["E1"]


@pytest.mark.parametrize("kind", [kind for kind, found in KINDS.items() if found.owned])
def test_without_any_of_its_kind_a_stack_says_so(kind: str) -> None:
    remedy = next(one for one in all_remedies().values() if one.kind == kind and one.name() != "enable-recovery")
    with pytest.raises(CannotFix, match=r"no (distribution|bucket|cluster|table|log group)"):
        remedy(stack(without=["cdn-caching"]), Aws({})).all_targets()


def test_services_that_nobody_listed_are_not_asked_for_twice() -> None:
    remedy = all_remedies()["set-scaling-limits"](stack(), Aws({}))
    said = "stack here has no cluster and services in stacks.toml: set them, so that no other stack's are changed"
    for look in (remedy.all_targets, lambda: remedy.normal("service/c/backend")):
        with pytest.raises(CannotFix) as refused:
            look()
        assert str(refused.value) == said


def test_services_are_also_those_that_cloudformation_reports() -> None:
    service = f"arn:aws:ecs:{ACCOUNT}:service/c/backend"
    told = formation(("AWS::ECS::Cluster", "c"), ("AWS::ECS::Service", service))
    aws = Aws({("cloudformation", "ListStackResources"): told})
    remedy = all_remedies()["set-scaling-limits"](stack(cloudformation_stack="Here"), aws)
    assert remedy.all_targets() == ["service/c/backend"]
    assert remedy.normal(service) == "service/c/backend"
