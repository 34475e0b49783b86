"""What nobody uses: volumes, addresses, load balancers, and services that should rest when nobody works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from opschecks.aws.unused import BalancerUse, DevUse, balancer_use, dev_use, elastic_addresses, unattached_volumes
from opschecks.config.stack import Stack
from opschecks.config.toml_tables import OfficeHours
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, given, itself, judges, pages_of, stack, verdicts, weekly
from tests.cases import cases

checks = weekly("unused_resources")
Points = Sequence[tuple[datetime, float]]


def volume(days: float = 60, **changes: Any) -> Raw:
    made = {"VolumeId": "vol-1", "State": "available", "Size": 200, "VolumeType": "gp3", "CreateTime": ago(days=days)}
    return given(made, changes)


VOLUMES: dict[str, tuple[Raw, str, str]] = {
    "old": (volume(), "failed", "200 GiB gp3, made "),
    "young": (volume(days=6.9), "passed", ""),
    "named": (volume(Tags=[{"Key": "Name", "Value": "scratch"}]), "failed", "attached to nothing; limit 7 days"),
    "without its age": (volume(CreateTime=None), "blind", "the answer has no 'CreateTime'"),
}
test_volumes_are_attached = judges(
    checks.test_volumes_are_attached,
    VOLUMES,
    unattached_volumes=lambda raw: unattached_volumes(stack(), Aws({("ec2", "DescribeVolumes"): {"Volumes": [raw]}})),
)


def test_volumes_come_in_pages_and_only_the_unattached_ones_of_the_stacks_tags() -> None:
    named = volume(Tags=[{"Key": "Name", "Value": "scratch"}])
    aws = Aws({("ec2", "DescribeVolumes"): pages_of("Volumes", [], [named])})
    (found,) = unattached_volumes(stack(tags={"app": "web"}), aws)
    assert found.name == "vol-1 (scratch)"
    first, second = aws.parameters_of("DescribeVolumes")
    assert first["Filters"] == [{"Name": "status", "Values": ["available"]}, {"Name": "tag:app", "Values": ["web"]}]
    assert (second["NextToken"], second["Filters"]) == ("2", first["Filters"])


def test_no_volume_is_fine() -> None:
    assert unattached_volumes(stack(), Aws({("ec2", "DescribeVolumes"): {"Volumes": []}})) == []


def address(name: str, **more: Any) -> Raw:
    return {"AllocationId": f"eipalloc-{name}", "PublicIp": "198.51.100.7", "Domain": "vpc", **more}


def test_addresses_are_associated() -> None:
    listed = [
        address("1", AssociationId="eipassoc-1", NetworkInterfaceId="eni-1"),
        address("2", Tags=[{"Key": "Name", "Value": "spare"}]),
        address("3", ServiceManaged="alb"),
    ]
    found = elastic_addresses(stack(), Aws({("ec2", "DescribeAddresses"): {"Addresses": listed}}))
    outcomes = verdicts(checks.test_addresses_are_associated, elastic_addresses=found[1:2])
    assert outcomes == {"198.51.100.7 (spare)": "failed"}
    assert [one.is_used for one in found] == [True, False, True]


def balancer(name: str = "web", kind: str = "application", days: float = 40) -> Raw:
    short = {"application": "app", "network": "net", "gateway": "gwy"}[kind]
    return {
        "LoadBalancerArn": f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/{short}/{name}/1f",
        "LoadBalancerName": name,
        "Type": kind,
        "CreatedTime": ago(days=days),
    }


def measured(points: Mapping[str, Points], status: str = "Complete") -> Any:
    """Answers GetMetricData: the points of each metric by its name; a metric without any is Complete and empty."""

    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        told = []
        for query in MetricDataQueries:
            found = points.get(query["MetricStat"]["Metric"]["MetricName"], [])
            times, values = [time for time, _ in found], [value for _, value in found]
            told.append({"Id": query["Id"], "Timestamps": times, "Values": values, "StatusCode": status})
        return {"MetricDataResults": told}

    return answer


def groups(*targets: int) -> dict[tuple[str, str], Answers]:
    """Target groups with so many targets each."""
    arns = [f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/g{number}/1f" for number in range(len(targets))]
    health = [{"TargetHealthDescriptions": [{"Target": {"Id": f"i-{n}"}} for n in range(count)]} for count in targets]
    return {
        ("elbv2", "DescribeTargetGroups"): {"TargetGroups": [{"TargetGroupArn": arn} for arn in arns]},
        ("elbv2", "DescribeTargetHealth"): health,
    }


def used(
    raw: Raw, points: Mapping[str, Points], more: Mapping[tuple[str, str], Answers] | None = None
) -> list[BalancerUse]:
    return balancer_use(stack(), using([raw], points, more=more), NOW)


def using(
    listed: Sequence[Raw],
    points: Mapping[str, Points],
    status: str = "Complete",
    more: Mapping[tuple[str, str], Answers] | None = None,
) -> Aws:
    listing, data = {"LoadBalancers": list(listed)}, measured(points, status)
    return Aws({("elbv2", "DescribeLoadBalancers"): listing, ("cloudwatch", "GetMetricData"): data, **(more or {})})


NONE: dict[tuple[str, str], Answers] = {
    ("elbv2", "DescribeTargetGroups"): NotThere("elasticloadbalancing:DescribeTargetGroups", "TargetGroupNotFound: no")
}
DAY = [(ago(days=2), 3.0), (ago(days=1), 4.0)]
USES: dict[str, tuple[list[BalancerUse], str, str]] = {
    "busy": (used(balancer(), {"RequestCount": DAY}), "passed", "7 requests or flows in a week"),
    "answers by itself": (used(balancer(), {"HTTP_Redirect_Count": DAY}), "passed", "7 requests"),
    "idle, with targets": (used(balancer(), {}, groups(2, 1)), "failed", "3 registered targets"),
    "counted, and none": (
        used(balancer(), {"RequestCount": [(ago(days=1), 0.0)]}, groups(1)),
        "failed",
        "1 registered target",
    ),
    "idle, with empty groups": (used(balancer(), {}, groups(0)), "failed", "no target is registered"),
    "idle, without groups": (used(balancer(), {}, NONE), "failed", "no target is registered"),
    "young": (used(balancer(days=3), {}, NONE), "passed", "less than a week ago"),
    "network": (used(balancer(kind="network"), {"NewFlowCount": DAY}), "passed", "7 requests or flows"),
    "idle network": (used(balancer(kind="network"), {"RequestCount": DAY}, groups(1)), "failed", ""),
    "gateway": (used(balancer(kind="gateway"), {"NewFlowCount": DAY}), "passed", ""),
}
test_load_balancers_have_traffic = judges(checks.test_load_balancers_have_traffic, USES, balancer_use=itself)


def test_busy_load_balancers_cost_two_calls_however_many_there_are() -> None:
    listed = [balancer(f"lb-{number}") for number in range(160)]
    aws = using(listed, {"RequestCount": DAY})
    assert len(balancer_use(stack(), aws, NOW)) == 160
    assert aws.calls == ["elasticloadbalancing:DescribeLoadBalancers", "cloudwatch:GetMetricData"]


def test_with_tags_only_the_stacks_own_load_balancers_are_looked_at() -> None:
    listed = [balancer(f"lb-{number}") for number in range(25)]

    def tags(ResourceArns: list[str]) -> Raw:  # noqa: N803 - AWS's name
        told = [
            {"ResourceArn": arn, "Tags": [{"Key": "app", "Value": "web" if "lb-7" in arn else "other"}]}
            for arn in ResourceArns
        ]
        return {"TagDescriptions": told}

    aws = using(listed, {"RequestCount": DAY}, more={("elbv2", "DescribeTags"): tags})
    assert [one.name for one in balancer_use(stack(tags={"app": "web"}), aws, NOW)] == ["lb-7"]
    assert aws.calls.count("elasticloadbalancing:DescribeTags") == 2


def test_traffic_that_was_not_told_in_full_is_not_seen() -> None:
    aws = using([balancer()], {"RequestCount": DAY}, "PartialData")
    with pytest.raises(CouldNotLook, match="the answer is PartialData, not Complete"):
        balancer_use(stack(), aws, NOW)


WEDNESDAY = datetime(2026, 11, 25, 10, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 2, tzinfo=UTC)
HERE = stack(dev_services=["dev/backend"], cluster="prod", services=["backend"])


def service(running: int = 0, desired: int | None = None, **changes: Any) -> Raw:
    raw = {
        "serviceArn": f"arn:aws:ecs:{ACCOUNT}:service/dev/backend",
        "serviceName": "backend",
        "status": "ACTIVE",
        "desiredCount": running if desired is None else desired,
        "runningCount": running,
        "pendingCount": 0,
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": WEDNESDAY - timedelta(days=30)}],
    }
    return given(raw, changes)


def cpu(*spans: tuple[datetime, float]) -> dict[str, Points]:
    """A point every five minutes for so many hours from each moment on."""
    points = [(begin + timedelta(minutes=5 * n), 4.0) for begin, hours in spans for n in range(round(hours * 12))]
    return {"CPUUtilization": points}


def dev_aws(raw: Any, points: Mapping[str, Points], checked: Stack = HERE, status: str = "Complete") -> Aws:
    described = raw if isinstance(raw, Exception) else {"services": [raw]}
    data = measured(points, status)
    return Aws({("ecs", "DescribeServices"): described, ("cloudwatch", "GetMetricData"): data}, checked)


def dev(
    raw: Raw,
    points: Mapping[str, Points],
    now: datetime = WEDNESDAY,
    checked: Stack = HERE,
    since: datetime | None = None,
) -> list[DevUse]:
    return dev_use(checked, dev_aws(raw, points, checked), now, since)


def at(day: int, hour: float, zone: str = "UTC") -> datetime:
    """A moment of the week before."""
    return datetime(2026, 11, day, tzinfo=ZoneInfo(zone)) + timedelta(hours=hour)


BERLIN = stack(dev_services=["dev/backend"], time_zone="Europe/Berlin")
RESTS: dict[str, tuple[list[DevUse], str, str]] = {
    "never ran": (dev(service(), {}), "passed", "0.0 hours outside within a week, 0 tasks now"),
    "ran by day": (dev(service(), cpu((at(20, 8), 10), (at(23, 8), 10))), "passed", "0.0 hours outside"),
    "ran late on an evening": (dev(service(), cpu((at(24, 16), 5))), "passed", "3.0 hours outside"),
    "ran through a night": (dev(service(), cpu((at(24, 8), 24))), "failed", "14.0 hours outside"),
    "ran on Saturday": (dev(service(), cpu((at(21, 9), 8))), "failed", "8.0 hours outside"),
    "runs by day": (dev(service(2), cpu((at(25, 8), 2))), "passed", "0.0 hours outside within a week, 2 tasks now"),
    "runs at night": (dev(service(1), cpu((at(25, 1), 1)), NIGHT), "failed", "it runs now, outside its hours"),
    "is meant to run at night": (dev(service(0, desired=2), {}, NIGHT), "failed", "it runs now"),
    "runs and is not measured": (
        dev(service(2), cpu((at(24, 8), 2))),
        "blind",
        "2 tasks, and there is no CPU metric of it",
    ),
    "was started just now": (
        dev(service(2, deployments=[{"status": "PRIMARY", "createdAt": at(25, 9.9)}]), {}),
        "passed",
        "",
    ),
    "in its own zone": (dev(service(), cpu((at(24, 8, "Europe/Berlin"), 10)), checked=BERLIN), "passed", "0.0 hours"),
    "by the clock of UTC": (
        dev(service(), cpu(*((at(day, 8), 10) for day in (20, 23, 24))), checked=BERLIN),
        "passed",
        "3.0 hours",
    ),
    "is deleted": (dev(service(status="INACTIVE"), {}), "blind", "ECS has no active service dev/backend"),
    "is not known": (dev(service(serviceName="other"), {}), "blind", "correct dev_services in stacks.toml"),
}
test_dev_services_rest_outside_their_hours = judges(
    checks.test_dev_services_rest_outside_their_hours, RESTS, dev_use=itself, stack=HERE
)


def test_without_such_services_the_check_does_not_apply() -> None:
    with pytest.raises(CouldNotLook, match=r"set dev_services in stacks\.toml"):
        dev_use(stack(), Aws({}), NOW)


def test_after_a_change_only_what_came_after_it_counts() -> None:
    stopped = at(25, 1.5)
    (found,) = dev(service(), cpu((at(24, 8), 17.5)), NIGHT, since=stopped)
    assert (found.hours_outside, found.tasks) == (0, 0)
    (found,) = dev(service(), cpu((at(24, 8), 18)), NIGHT, since=stopped)
    assert found.hours_outside == pytest.approx(0.5)


def test_clusters_are_asked_each_for_its_own_and_ten_services_a_call() -> None:
    own = [*(f"dev/s{number}" for number in range(12)), "test/s0"]

    def described(cluster: str, services: list[str]) -> Raw:
        arn = f"arn:aws:ecs:{ACCOUNT}:service/{cluster}"
        return {"services": [service(serviceName=name, serviceArn=f"{arn}/{name}") for name in services]}

    checked = stack(dev_services=own)
    aws = Aws({("ecs", "DescribeServices"): described, ("cloudwatch", "GetMetricData"): measured({})}, checked)
    assert [one.name for one in dev_use(checked, aws, NOW)] == own
    assert sorted(aws.calls) == ["cloudwatch:GetMetricData", *["ecs:DescribeServices"] * 3]


@cases({
    "the wrong way round": ({"begins": "18:00", "ends": "08:00"}, "they end before they begin"),
    "no hours": ({"begins": "08:00", "ends": "08:00"}, "they end before they begin"),
    "no days": ({"days": []}, "at least 1 item"),
    "a day of another language": ({"days": ["montag"]}, "Input should be 'mon'"),
    "a zone of their own": ({"begins": "08:00+01:00"}, "remove the offset"),
})  # fmt: skip
def test_hours_that_make_no_sense_are_refused(keys: Raw, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OfficeHours(**keys)


@cases([
    (datetime(2026, 11, 25, 8, 0), True),  # noqa: DTZ001 - of the stack's zone, which is the caller's to see to
    (datetime(2026, 11, 25, 17, 59), True),  # noqa: DTZ001
    (datetime(2026, 11, 25, 18, 0), False),  # noqa: DTZ001
    (datetime(2026, 11, 25, 7, 59), False),  # noqa: DTZ001
    (datetime(2026, 11, 28, 12, 0), False),  # noqa: DTZ001
])  # fmt: skip
def test_hours_begin_and_end_on_the_minute(moment: datetime, inside: bool) -> None:
    assert OfficeHours().include(moment) is inside


def test_production_cannot_be_named_as_something_that_rests() -> None:
    with pytest.raises(
        ValidationError, match="prod/backend is one of the stack's own services, which must not be stopped"
    ):
        stack(dev_services=["prod/backend"], cluster="prod", services=["backend"])
