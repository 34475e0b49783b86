"""`opschecks init`: an alarm is the stack's whose part it watches; limits and images are proposed as found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.application_autoscaling import ServiceScaling
from opschecks.aws.cloudwatch_alarms import every_alarm
from opschecks.aws.dynamodb import Table
from opschecks.aws.ecs import Service
from opschecks.aws.image_scans import RunningImage
from opschecks.aws.survey import Survey
from opschecks.cli.proposal import left_out, propose, set_aside, unseen_keys
from opschecks.cli.proposed_from_look import as_found, foreign_images
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, names_no
from tests.canned import Aws, observed, stack
from tests.cli.test_proposal import behind, survey_of

PARTS: dict[str, tuple[Sequence[str], Any]] = {
    "a cluster": (["shop", "web"], "errors"),
    "a load balancer": (["app/front/0123456789abcdef"], "errors"),
    "a target group": (["targetgroup/web/0123456789abcdef", "app/front/0123456789abcdef"], "errors"),
    "a queue": (["shop-orders"], "errors"),
    "a table": (["shop-carts"], "errors"),
    "another alarm of it": (["shop-5xx"], "errors"),
    "an alarm over an alarm of it": (["below"], "errors"),
    "itself": (["errors"], None),
    "nobody's part": (["crm-mails"], None),
    "parts of two": (["shop", "crm"], None),
}
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:210987654321:loadbalancer/app/front/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:210987654321:targetgroup/web/0123456789abcdef"


def _account(watched: Mapping[str, Sequence[str]]) -> Survey:
    service = {"serviceName": "web", "loadBalancers": [{"targetGroupArn": GROUP}], "taskDefinition": "t"}
    return survey_of(
        "shop",
        "crm",
        services={"shop": [service], "crm": [{"serviceName": "web"}]},
        balancers=[{"LoadBalancerName": "front", "LoadBalancerArn": BALANCER, "Type": "application"}],
        target_groups=[{"TargetGroupArn": GROUP, "LoadBalancerArns": [BALANCER]}],
        tables=["shop-carts"],
        others={"queues": ["shop-orders", "mails"]},
        alarms=list(watched),
        watched=watched,
    )


@pytest.mark.parametrize(("watches", "prefix"), PARTS.values(), ids=PARTS)
def test_whose_an_alarm_is_says_what_it_watches(watches: Sequence[str], prefix: str | None) -> None:
    found = _account(
        {"errors": watches, "shop-5xx": [], "shop-4xx": [], "crm-1": [], "crm-2": [], "below": ["shop-5xx"]}
    )
    shop = next(one for one in propose(found, given={}) if one.name == "shop")
    told = shop.table["alarm_prefix"]
    assert ("errors" in told) is bool(prefix), told
    assert "below" in told
    assert "shop" in told


def test_what_is_nobodys_is_told() -> None:
    found = _account({"errors": [], "shop-5xx": [], "shop-4xx": [], "crm-1": [], "crm-2": []})
    found = replace(found, clusters=[*found.clusters, {"clusterName": "default"}])
    assert left_out(found, propose(found, given={})) == [
        "in no stack: clusters default (no service runs there)",
        "in no stack: queues mails",
        "in no stack: alarms errors",
    ]


def test_alarms_that_could_not_be_listed_are_not_said_to_be_missing() -> None:
    denied = {"alarms": CouldNotLook("cloudwatch:DescribeAlarms", "AccessDenied: no")}
    found = replace(survey_of("shop", "crm", **behind("front", "tg1")), refused=denied)
    assert all("alarm_prefix" not in (one.without or {}) for one in propose(found, given={}))


def test_of_every_alarm_is_known_what_it_watches() -> None:
    """Metrics by themselves and in expressions; log alarms, too; none that only drives auto-scaling."""
    metric = {"Dimensions": [{"Name": "QueueName", "Value": "orders"}]}
    scaling = "arn:aws:autoscaling:us-west-2:123456789012:scalingPolicy:1:resource/ecs/service/shop/web"
    rule = 'ALARM("a") AND NOT OK(arn:aws:cloudwatch:us-west-2:123456789012:alarm:b)'
    told = {
        "MetricAlarms": [
            {"AlarmName": "a", **metric},
            {"AlarmName": "b", "Metrics": [{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}]},
            {"AlarmName": "TargetTracking-service/shop/web", **metric},
            {"AlarmName": "steps", "AlarmActions": [scaling], **metric},
        ],
        "CompositeAlarms": [{"AlarmName": "c", "AlarmRule": rule}],
    }
    found = dict(every_alarm(Aws({("cloudwatch", "DescribeAlarms"): told})))
    assert found == {"a": ("orders",), "b": ("orders",), "c": ("a", "b")}


STRANGE = ["High 5xx", "CPU pager", "Disk"]
REFUSED = {
    "alarms that may be its own": (survey_of("shop", "crm", alarms=STRANGE), ("alarms", "alarm_prefix")),
    "no distribution may be listed": (
        replace(
            survey_of("shop"), refused={"CloudFront distributions": CouldNotLook("cloudfront:ListDistributions", "no")}
        ),
        ("dashboard page", "dashboard_url"),
    ),
    "no table may be listed": (
        replace(survey_of("shop"), refused={"DynamoDB tables": CouldNotLook("dynamodb:ListTables", "no")}),
        ("tables", "tables"),
    ),
}


def test_alarms_that_are_nobodys_are_told_and_not_said_to_be_missing() -> None:
    found = survey_of("shop", "crm", alarms=STRANGE)
    made = propose(found, given={})
    for one in made:
        assert not one.without
        assert (
            '# alarm_prefix = "…"  # it may be of High 5xx, CPU pager, Disk; until it is set, none count'
            in "\n".join(map(str, one.lines)).split("\n")
        )
    assert "in no stack: alarms High 5xx, CPU pager, Disk" in left_out(found, made)


UNTIL = {
    "the other one names its own": (["crm"], "those count that are clearly of no other stack"),
    "one of the others names none": (["crm", "jobs"], "none count"),
}


@pytest.mark.parametrize(("others", "said"), UNTIL.values(), ids=UNTIL)
def test_what_counts_until_a_stack_names_its_alarms_is_said_by_what_the_others_do(
    others: Sequence[str], said: str
) -> None:
    made = propose(survey_of("shop", *others, alarms=["crm-5xx", "crm-cpu", "Disk"]), given={})
    shop = next(one for one in made if one.name == "shop")
    assert f'# alarm_prefix = "…"  # it may be of Disk; until it is set, {said}' in list(map(str, shop.lines))


def test_a_stack_is_without_alarms_where_all_are_of_others() -> None:
    """One without any could take its neighbours' for its own."""
    found = survey_of("shop", "crm", alarms=["shop-5xx", "shop-cpu"])
    shop, crm = sorted(propose(found, given={}), key=lambda one: one.name != "shop")
    assert (shop.table["alarm_prefix"], shop.without) == ("shop", {})
    assert crm.without == {"alarm_prefix": "2 alarms found, all of other stacks; set alarm_prefix to have them checked"}


@pytest.mark.parametrize(("found", "lacking"), REFUSED.values(), ids=REFUSED)
def test_what_may_be_there_is_not_set_aside_by_a_key_that_covers_it(found: Survey, lacking: tuple[str, str]) -> None:
    what, key = lacking
    one = propose(found, given={})[0]
    told = set_aside(one, [(names_no(one.name, what, key), [])], [], unseen_keys(found))
    assert key not in (told.without or {})


SAID = {
    "one alarm": (["Disk"], "# alarm_prefix: there is one alarm; until it is set, all alarms of the account count"),
    "alarms of any name": (
        ["Disk", "High 5xx"],
        "# alarm_prefix: the 2 alarms have no common beginning; until it is set, all alarms of the account count",
    ),
    "one of it": (["shop-5xx"], 'alarm_prefix = "shop-5xx"  # 1 of 1 alarm begins with it'),
    "two of it": (["shop-5xx", "shop-cpu"], 'alarm_prefix = "shop"  # 2 of 2 alarms begin with it'),
}


@pytest.mark.parametrize(("alarms", "line"), SAID.values(), ids=SAID)
def test_it_is_said_how_many_alarms_count(alarms: Sequence[str], line: str) -> None:
    (one,) = propose(survey_of("shop", alarms=alarms), given={})
    assert line in list(map(str, one.lines))


DENIED = CouldNotLook("application-autoscaling:DescribeScheduledActions", "AccessDenied: no")


def scaling(name: str, low: int | None = None, high: int = 10, **more: Any) -> ServiceScaling:
    """Of a service; without `low` nothing scales it."""
    target = None if low is None else {"MinCapacity": low, "MaxCapacity": high}
    return ServiceScaling(arn=name, name=name, evidence={"target": target, "policies": []}, **more)


def at_night(low: int, high: int) -> tuple[Answer, ...]:
    action = {"ScheduledActionName": "night", "ScalableTargetAction": {"MinCapacity": low, "MaxCapacity": high}}
    return (Answer(action, "application-autoscaling:DescribeScheduledActions"),)


def table(name: str, mode: str, status: str = "ACTIVE") -> Table:
    return Table(arn=name, name=name, evidence={"TableStatus": status, "BillingModeSummary": {"BillingMode": mode}})


def lines(desired: Mapping[str, int], *scaled: ServiceScaling, **more: Any) -> list[str]:
    """What is proposed for a stack with these services; an error stands for an observation that failed."""
    services = [Service(arn=name, name=name, evidence={"desiredCount": count}) for name, count in desired.items()]
    values = {"services": services, "auto_scaling": list(scaled), **more}
    store: Any = SimpleNamespace(results={name: observed(name, value) for name, value in values.items()})
    return [str(one).partition("  #")[0] for one in as_found(stack(), store)]


FOUND: dict[str, tuple[list[str], list[str]]] = {
    "as the defaults are": (lines({"web": 2}, scaling("web", 2, 10)), []),
    "its own auto-scaling": (lines({"web": 3}, scaling("web", 3, 6)), ['"web" = { min_tasks = 3, max_tasks = 6 }']),
    "nothing scales it": (
        lines({"jobs/worker": 1}, scaling("jobs/worker")),
        ['"jobs/worker" = { min_tasks = 1, max_tasks = 1 }'],
    ),
    "nothing scales it, and it was set to none": (lines({"worker": 0}, scaling("worker")), []),
    "a daemon": (lines({"agent": 7}, scaling("agent", is_daemon=True)), []),
    "set by its schedule": (lines({"web": 1}, scaling("web", 1, 1, schedule=at_night(1, 1))), []),
    "beside its schedule": (
        lines({"web": 4}, scaling("web", 4, 20, schedule=at_night(1, 1))),
        ['"web" = { min_tasks = 4, max_tasks = 20 }'],
    ),
    "its schedule may not be read": (lines({"web": 4}, scaling("web", 4, 20, schedule=DENIED)), []),
    "many alike, and one that is not": (
        lines({}, *(scaling(name, 1, 4) for name in "abc"), scaling("d", 2, 10))
        + lines({**dict.fromkeys("abcd", 2)}, *(scaling(name, 1, 4) for name in "abc"), scaling("d", 2, 10)),
        ["min_tasks = 1", "max_tasks = 4", '"d" = { min_tasks = 2, max_tasks = 10 }'],
    ),
    "auto-scaling may not be read": (lines({"web": 2}, auto_scaling=DENIED), []),
    "provisioned tables": (
        lines(
            {}, tables=[table("orders", "PROVISIONED"), table("carts", "PAY_PER_REQUEST"), table("x", "", "MISSING")]
        ),
        ['"orders" = { billing_mode = "PROVISIONED" }'],
    ),
    "a service and a table of one name": (
        lines({"orders": 3}, scaling("orders", 3, 6), tables=[table("orders", "PROVISIONED")]),
        ['"orders" = { min_tasks = 3, max_tasks = 6, billing_mode = "PROVISIONED" }'],
    ),
}


@pytest.mark.parametrize(("told", "expected"), FOUND.values(), ids=FOUND)
def test_limits_are_as_found_where_the_defaults_are_not(told: list[str], expected: list[str]) -> None:
    assert told == expected


WHY = CouldNotLook("ecr:DescribeImages", "it is not in ECR")
PATTERNS = {
    "nginx:1.27": "nginx:*",
    "redis": "redis",
    "ghcr.io/acme/shop:v7": "ghcr.io/acme/shop:*",
    "localhost:5000/shop": "localhost:5000/shop",
    "localhost:5000/shop:v7": "localhost:5000/shop:*",
    "grafana/agent@sha256:0123": "grafana/agent@*",
    "grafana/agent:1@sha256:0123": "grafana/agent:*",
    "public.ecr.aws/datadog/agent:7": "public.ecr.aws/*",
}


def store(*images: RunningImage, error: CouldNotLook | None = None) -> Any:
    return SimpleNamespace(results={"running_images": observed("running_images", error or list(images))})


@pytest.mark.parametrize(("image", "pattern"), PATTERNS.items(), ids=PATTERNS)
def test_an_image_of_another_registry_is_named_under_every_tag(image: str, pattern: str) -> None:
    here = RunningImage(arn="x", name="x", evidence={"imageDigest": "sha256:1"})
    (line,) = foreign_images(store(here, RunningImage(arn=image, name=image, evidence={"image": image}, problem=WHY)))
    assert (line.key, line.value) == ("foreign_images", [pattern])
    assert fnmatchcase(image, pattern)


def test_where_images_were_not_seen_none_is_named() -> None:
    unread = RunningImage(arn="task", name="task", problem=CouldNotLook("ecs:DescribeTasks", "AccessDenied"))
    assert foreign_images(store(unread)) == []
    assert foreign_images(store(error=WHY)) == []
    assert foreign_images(SimpleNamespace(results={})) == []  # type: ignore[arg-type]


def test_a_service_that_rests_is_told() -> None:
    resting, daemon = {"serviceName": "old", "desiredCount": 0}, {"serviceName": "agent", "desiredCount": 0}
    services = {
        "shop": [resting, {**daemon, "schedulingStrategy": "DAEMON"}, {"serviceName": "web", "desiredCount": 2}]
    }
    (shop,) = propose(survey_of("shop", services=services), given={})
    assert "# desired count 0: old; what is to rest, take out of services" in [str(line) for line in shop.lines]
