"""An emulated account of a given size, as a stack of stacks.toml."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opschecks.config.load import load_stacks
from opschecks.config.stack import Stack
from opschecks.sandbox.environment import Sandbox

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Size:
    """How many there are of what."""

    services: int = 1
    tables: int = 2
    log_groups: int = 1
    target_groups: int = 1
    security_groups: int = 2
    alarms: int = 5


SMALL = Size()
FIFTY = Size(services=50, tables=50, log_groups=50, target_groups=10, security_groups=50, alarms=50)
HUNDREDS = Size(services=100, tables=150, log_groups=100, target_groups=20, security_groups=100, alarms=100)
THOUSAND = Size(log_groups=100, security_groups=1000, alarms=1000)


@contextmanager
def account(size: Size) -> Iterator[Sandbox]:
    """The sandbox's stack, and as much more beside what it has as makes it that large."""
    sandbox = Sandbox(stack_of(size))
    sandbox.start()
    try:
        _grow(sandbox, size)
        yield sandbox
    finally:
        sandbox.stop()


def stack_of(size: Size) -> Stack:
    """The stack, with the names of all of it."""
    seeded = load_stacks(ROOT / "stacks.toml").stacks["sandbox"]
    return seeded.model_copy(
        update={
            "services": _names(seeded.services, "service", size.services),
            "tables": _names(seeded.tables, "incident-commander-table", size.tables),
            "log_groups": _names(seeded.log_groups, "/ecs/group", size.log_groups),
        }
    )


def _names(given: tuple[str, ...], stem: str, wanted: int) -> tuple[str, ...]:
    return (*given, *(f"{stem}-{number}" for number in range(wanted - len(given))))


def _grow(sandbox: Sandbox, size: Size) -> None:
    elb, ec2, cloudwatch = (sandbox.client(name) for name in ("elbv2", "ec2", "cloudwatch"))
    vpc = elb.describe_target_groups()["TargetGroups"][0]["VpcId"]
    for number in range(size.target_groups - 1):
        group = elb.create_target_group(
            Name=f"group-{number}", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip", HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[
                {"Key": "stickiness.enabled", "Value": "true"},
                {"Key": "stickiness.type", "Value": "lb_cookie"},
                {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "86400"},
            ],
        )
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address} for address in sandbox.seeded.targets])
        elb.create_listener(
            LoadBalancerArn=sandbox.seeded.load_balancer,
            Protocol="HTTP",
            Port=9000 + number,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
    for number in range(size.security_groups - 2):
        ec2.create_security_group(GroupName=f"incident-commander-{number}", Description="one more", VpcId=vpc)
    for number in range(size.alarms - 5):
        cloudwatch.put_metric_alarm(
            AlarmName=f"incident-commander-{number}",
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "ClusterName", "Value": "incident-commander"}],
            Statistic="Average",
            Period=300,
            EvaluationPeriods=2,
            Threshold=90.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(
            AlarmName=f"incident-commander-{number}", StateValue="OK", StateReason="Threshold not crossed"
        )


def stacks_toml(stack: Stack, endpoint_url: str, web: Sandbox | None) -> str:
    """A stacks.toml in which the account is a live stack; without `web` its web probes do not apply."""
    import json

    lists = {key: list(getattr(stack, key)) for key in ("services", "tables", "log_groups", "security_groups")}
    told: dict[str, object] = {
        "region": stack.region,
        "endpoint_url": endpoint_url,
        "cluster": stack.cluster,
        "load_balancer": stack.load_balancer,
        "incidents_table": stack.incidents_table,
        "alarm_prefix": stack.alarm_prefix,
        **lists,
    }
    if web:
        told |= {"backend_url": web.web.backend_url, "dashboard_url": web.web.dashboard_url}
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    lines += ["websocket = {}"] if web else []
    pages = [f'{{ path = "{page.path}", contains = "{page.contains}" }}' for page in stack.dashboards if web]
    lines += [f"dashboards = [{', '.join(pages)}]", "limits = { websocket_hold_s = 0, gather_timeout_s = 300 }"]
    return "\n".join(['default = "live"', "", "[stacks.live]", *lines, ""])
