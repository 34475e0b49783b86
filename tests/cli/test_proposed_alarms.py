"""`opschecks init`: an alarm is the stack's whose part it watches, whatever it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import every_alarm
from opschecks.aws.survey import Survey
from opschecks.cli.proposal import left_out, propose, set_aside, unseen_keys
from opschecks.core.observation import CouldNotLook, names_no
from tests.canned import Aws
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
