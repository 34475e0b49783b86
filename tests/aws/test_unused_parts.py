"""Unused resources, part by part: names, tags, traffic, targets; and development's hours, to the five minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.unread import why_unread
from opschecks.aws.unused import DevUse, balancer_use, dev_use, elastic_addresses, unattached_volumes
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_unused import NIGHT, Points, address, balancer, dev_aws, measured, service, using, volume
from tests.aws.test_unused import WEDNESDAY as MORNING
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, stack
from tests.cases import cases

THROTTLED = CouldNotLook("ecs:DescribeServices", "ThrottlingException: no")
BACKEND = f"arn:aws:ecs:{ACCOUNT}:service/dev/backend"
NAME = {"Key": "Name", "Value": "scratch"}


def test_what_is_told_of_a_volume() -> None:
    aws = Aws({("ec2", "DescribeVolumes"): {"Volumes": [volume()]}})
    [seen] = unattached_volumes(stack(), aws)
    assert (seen.arn, seen.name, str(seen)) == (
        "vol-1",
        "vol-1",
        f"200 GiB gp3, made {NOW - timedelta(days=60):%Y-%m-%d}",
    )
    assert aws.parameters_of("DescribeVolumes") == [
        {"Filters": [{"Name": "status", "Values": ["available"]}], "MaxResults": 500}
    ]


@cases([
    (None, "vol-1"),
    ([], "vol-1"),
    ([NAME], "vol-1 (scratch)"),
    ([{"Key": "app", "Value": "web"}, NAME], "vol-1 (scratch)"),
    ([{"Key": "Name", "Value": ""}], "vol-1"),
    ([{"Key": "Name"}], "vol-1"),
    ([{"Key": "app", "Value": "web"}], "vol-1"),
])  # fmt: skip
def test_a_resource_is_called_by_its_id_and_its_tag(tags: list[Raw] | None, name: str) -> None:
    [seen] = unattached_volumes(stack(), Aws({("ec2", "DescribeVolumes"): {"Volumes": [volume(Tags=tags)]}}))
    assert seen.name == name


def test_addresses_are_asked_for_by_the_stacks_tags_and_used_where_something_has_them() -> None:
    listed = [address("1"), address("1", AssociationId="x"), address("1", ServiceManaged="nlb")]
    aws = Aws({("ec2", "DescribeAddresses"): {"Addresses": listed}})
    found = elastic_addresses(stack(), aws)
    assert [(one.arn, one.name, one.is_used) for one in found] == [
        ("eipalloc-1", "198.51.100.7", used) for used in (False, True, True)
    ]
    assert aws.parameters_of("DescribeAddresses") == [{}]
    elastic_addresses(stack(tags={"app": "web", "team": "a"}), aws)
    assert aws.parameters_of("DescribeAddresses")[1] == {
        "Filters": [{"Name": "tag:app", "Values": ["web"]}, {"Name": "tag:team", "Values": ["a"]}]
    }


def _counted(**counts: float) -> dict[str, Points]:
    return {name: [(ago(days=1), count)] for name, count in counts.items()}


def _uses(*listed: Raw, more: Mapping[tuple[str, str], Any] | None = None, **counts: float) -> tuple[Any, Aws]:
    aws = using(listed, _counted(**counts), more=more)
    return balancer_use(stack(), aws, NOW), aws


def test_all_ways_of_traffic_through_a_balancer_are_added_up() -> None:
    [seen], aws = _uses(balancer(), RequestCount=3.0, HTTP_Redirect_Count=4.0, HTTP_Fixed_Response_Count=5.4)
    assert (seen.counted, seen.traffic, seen.targets) == (12, 12, None)
    assert seen.figures == (Figure("traffic in a week", 12, "requests or flows"),)
    assert seen.evidence == {**balancer(), "in a week": 12}
    assert (seen.name, seen.arn, seen.made) == ("web", balancer()["LoadBalancerArn"], NOW - timedelta(days=40))
    assert seen.why_idle == "no target is registered"
    [asked] = aws.parameters_of("GetMetricData")
    assert (asked["StartTime"], asked["EndTime"]) == (NOW - timedelta(days=7), NOW)
    queries = [one["MetricStat"] for one in asked["MetricDataQueries"]]
    assert [(one["Metric"]["MetricName"], one["Period"], one["Stat"]) for one in queries] == [
        ("RequestCount", 86400, "Sum"),
        ("HTTP_Redirect_Count", 86400, "Sum"),
        ("HTTP_Fixed_Response_Count", 86400, "Sum"),
    ]
    assert queries[0]["Metric"]["Namespace"] == "AWS/ApplicationELB"
    assert queries[0]["Metric"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/web/1f"}]
    assert aws.parameters_of("DescribeLoadBalancers") == [{"PageSize": 400}]


@cases([("network", "AWS/NetworkELB"), ("gateway", "AWS/GatewayELB")])
def test_flows_are_the_traffic_of_other_kinds_of_balancers(kind: str, namespace: str) -> None:
    [seen], aws = _uses(balancer(kind=kind), NewFlowCount=2.0)
    assert seen.traffic == 2
    [query] = aws.parameters_of("GetMetricData")[0]["MetricDataQueries"]
    assert query["MetricStat"]["Metric"]["Namespace"] == namespace


TARGETS: Any = {
    ("elbv2", "DescribeTargetGroups"): {"TargetGroups": [{"TargetGroupArn": "a"}, {"TargetGroupArn": "b"}]},
    ("elbv2", "DescribeTargetHealth"): {"TargetHealthDescriptions": [{"Target": {"Id": "i"}}]},
}


def test_of_an_idle_balancer_the_targets_are_counted_in_all_of_its_groups() -> None:
    [seen], _ = _uses(balancer(), more=TARGETS)
    assert (seen.traffic, seen.targets, seen.why_idle) == (0, 2, "2 registered targets")
    assert seen.evidence["registered targets"] == 2
    gone = NotThere("elasticloadbalancing:DescribeTargetGroups", "TargetGroupNotFound: no")
    [seen], _ = _uses(balancer(), more={("elbv2", "DescribeTargetGroups"): gone})
    assert (seen.targets, seen.why_idle) == (0, "no target is registered")
    assert seen.evidence["registered targets"] == 0


def test_a_balancer_of_an_unknown_kind_is_blind_alone() -> None:
    odd, web = {**balancer("odd"), "Type": "classic"}, balancer()  # no type that AWS names today
    aws = Aws({("cloudwatch", "GetMetricData"): measured(_counted(RequestCount=3.0))})
    aws.items = lambda *_, **__: [Answer(odd, "x"), Answer(web, "x")]  # type: ignore[method-assign]
    first, second = balancer_use(stack(), aws, NOW)
    assert (first.name, first.arn, first.targets) == ("odd", odd["LoadBalancerArn"], None)
    with pytest.raises(CouldNotLook, match="is a load balancer of type classic, which is not supported"):
        assert first.traffic
    assert second.traffic == 3


def test_only_balancers_with_all_of_the_stacks_tags_are_looked_at() -> None:
    def tags(ResourceArns: list[str]) -> Raw:  # noqa: N803 - AWS's name
        told: dict[str, list[Raw]] = {
            "both": [{"Key": "app", "Value": "web"}, {"Key": "team", "Value": "a"}, {"Key": "x"}],
            "one": [{"Key": "app", "Value": "web"}],
            "other": [{"Key": "app", "Value": "web"}, {"Key": "team", "Value": "b"}],
        }
        return {"TagDescriptions": [{"ResourceArn": one, "Tags": told[one.split("/")[2]]} for one in ResourceArns]}

    listed = [balancer(name) for name in ("one", "both", "other")]
    aws = using(listed, _counted(RequestCount=3.0), more={("elbv2", "DescribeTags"): tags})
    assert [one.name for one in balancer_use(stack(tags={"app": "web", "team": "a"}), aws, NOW)] == ["both"]


def _dev(
    raw: Any,
    *times: datetime,
    now: datetime = MORNING,
    since: datetime | None = None,
    status: str = "Complete",
    **keys: Any,
) -> tuple[DevUse, Aws]:
    checked = stack(dev_services=["dev/backend"], **keys)
    aws = dev_aws(raw, {"CPUUtilization": [(time, 1.0) for time in times]}, checked, status)
    [found] = dev_use(checked, aws, now, since)
    return found, aws


def test_each_point_outside_office_hours_is_five_minutes() -> None:
    inside, late = MORNING - timedelta(days=1), MORNING.replace(hour=7, minute=55)
    found, aws = _dev(service(events=[]), inside, late - timedelta(minutes=5), late)
    assert found.hours_outside == 2 * 5 / 60
    assert found.evidence["hours outside"] == 0.2
    assert found.evidence["newest outside"] == "2026-11-25 07:55 UTC"
    assert found.figures == (Figure("outside its hours", 0.2, "hours in a week"),)
    assert not {"events", "deployments"} & {*found.evidence}
    assert (found.arn, found.name, found.within_hours, len(found.series)) == (BACKEND, "dev/backend", True, 1)
    [asked] = aws.parameters_of("GetMetricData")
    assert (asked["StartTime"], asked["EndTime"]) == (MORNING - timedelta(days=7), MORNING)
    [query] = asked["MetricDataQueries"]
    assert query["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "ClusterName", "Value": "dev"}, {"Name": "ServiceName", "Value": "backend"}],
        },
        "Period": 300,
        "Stat": "Average",
    }
    assert aws.parameters_of("DescribeServices") == [{"cluster": "dev", "services": ["backend"]}]


def test_a_service_that_never_ran_outside_says_so() -> None:
    found, _ = _dev(service(), MORNING - timedelta(days=1))
    assert (found.hours_outside, found.evidence["newest outside"]) == (0, "none")


@cases([
    (0, 0, NIGHT, False),
    (1, 0, NIGHT, True),
    (0, 1, NIGHT, True),
    (1, 1, MORNING, False),
    (3, 2, NIGHT, True),
])  # fmt: skip
def test_a_service_runs_outside_its_hours_where_it_has_or_wants_a_task(
    running: int, desired: int, now: datetime, outside: bool
) -> None:
    found, _ = _dev(service(running, desired), NIGHT - timedelta(minutes=5), now=now)
    assert found.runs_outside_now is outside
    assert found.tasks == max(running, desired)


def test_office_hours_are_those_of_the_stacks_zone() -> None:
    seven = MORNING.replace(hour=7)
    assert _dev(service(), seven, time_zone="Europe/Berlin")[0].hours_outside == 0
    assert _dev(service(), seven)[0].hours_outside > 0
    assert _dev(service(), now=seven, time_zone="Europe/Berlin")[0].within_hours
    assert not _dev(service(), now=seven)[0].within_hours


def test_since_a_change_only_later_points_count_and_a_metric_that_lags_is_no_matter() -> None:
    since = NIGHT - timedelta(minutes=30)
    times = (since - timedelta(minutes=5), since, since + timedelta(minutes=5))
    found, aws = _dev(service(1), *times, now=NIGHT, since=since + timedelta(seconds=9, microseconds=5))
    assert found.hours_outside == 5 / 60
    assert aws.parameters_of("GetMetricData")[0]["StartTime"] == since
    assert _dev(service(1), *times, now=NIGHT, since=since)[0].hours_outside == 10 / 60
    assert _dev(service(1), now=NIGHT, since=since)[0].hours_outside == 0
    assert _dev(service(status="INACTIVE"), now=NIGHT, since=since)[0].hours_outside == 0


def _begun(**how_long: float) -> Raw:
    created = MORNING - timedelta(**how_long)
    return service(2, deployments=[{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": created}])


@cases({
    "it runs, and is measured": (service(2), (MORNING - timedelta(minutes=34),), ""),
    "it runs, and was measured before": (
        service(2), (MORNING - timedelta(minutes=35),), "dev/backend runs 2 tasks, and there is no CPU metric of it"),
    "it runs, and is not measured": (
        service(1), (), "dev/backend runs 1 task, and there is no CPU metric of it"),
    "it was started half an hour ago": (_begun(minutes=30), (), ""),
    "it was started a little more than that ago": (_begun(minutes=30, seconds=1), (), "no CPU metric of it"),
    "it does not run": (service(0), (), ""),
    "it drains": (service(0, status="DRAINING"), (), ""),
    "it is deleted": (service(0, status="INACTIVE"), (), "ECS has no active service dev/backend: correct"),
    "it is not known": (service(serviceName="other"), (), "ECS has no active service dev/backend"),
    "it is unknown since when it runs": (service(1, deployments=[]), (), "has no deployment of dev/backend"),
})  # fmt: skip
def test_why_the_cpu_metric_does_not_show_when_a_service_ran(raw: Raw, times: tuple[datetime, ...], why: str) -> None:
    found, _ = _dev(raw, *times)
    if why:
        with pytest.raises(CouldNotLook, match=why):
            assert found.hours_outside
        assert found.figures == ()
    else:
        assert found.hours_outside == 0
        assert found.figures == (Figure("outside its hours", 0.0, "hours in a week"),)


def test_a_metric_that_was_not_told_in_full_is_not_known() -> None:
    for since in (None, NIGHT):
        found, _ = _dev(service(1), NIGHT, status="PartialData", since=since)
        with pytest.raises(CouldNotLook, match="the answer is PartialData"):
            assert found.hours_outside
        assert (found.series, found.figures, found.evidence["hours outside"]) == ((), (), 0)


def test_services_are_described_ten_at_a_time_and_a_cluster_that_is_refused_is_blind_alone() -> None:
    def described(cluster: str, services: list[str]) -> Any:
        if cluster == "lost":
            return THROTTLED
        return {"services": [service(serviceName=one, serviceArn=f"arn:{one}") for one in services if one != "s1"]}

    wanted = [*(f"dev/s{n}" for n in range(11)), "lost/a", "dev/s0"]
    checked = stack(dev_services=wanted)
    answers: Any = {("ecs", "DescribeServices"): described, ("cloudwatch", "GetMetricData"): measured({})}
    aws = Aws(answers, checked)
    found = dev_use(checked, aws, MORNING, MORNING - timedelta(hours=1))
    assert [one.name for one in found] == wanted[:-1]
    assert sorted(len(one["services"]) for one in aws.parameters_of("DescribeServices")) == [1, 1, 10]
    assert [one.arn for one in found[:2]] == ["arn:s0", "service/dev/s1"]
    assert found[1].service.status == "MISSING"
    assert why_unread(found[11].service) is THROTTLED
