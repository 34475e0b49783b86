"""Load balancers and security groups as people report them, end to end on a sandbox that stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench import FIX, QUICK, Bench, bench

STICKY, HEALTHY = "test_websocket_sessions_are_sticky", "test_targets_are_healthy"
INGRESS = "test_ingress_is_no_wider_than_allowed"


def _empty_default_group(on: Bench) -> str:
    """As AWS Copilot makes one: the default action leads to a group that never has a target."""
    elb, seeded = on.sandbox.client("elbv2"), on.sandbox.seeded
    vpc = elb.describe_target_groups(TargetGroupArns=[seeded.target_group])["TargetGroups"][0]["VpcId"]
    made = elb.create_target_group(Name="app-Defau-1EXAMPLE", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    group: str = made["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=seeded.load_balancer,
        Protocol="HTTP",
        Port=8081,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group


def test_an_empty_default_group_is_no_failure_and_nothing_is_planned_for_it(tmp_path: Path) -> None:
    """The case f09, and the gate before a deploy."""
    with bench(tmp_path) as on:
        _empty_default_group(on)
        on.check(f"{HEALTHY} or {STICKY}", "--fix=plan").ends(0)
        assert on.planned() == []
        assert on.outcome("test_targets_can_take_a_deploy", "deploy/before") == "passed"


def test_stickiness_is_not_planned_behind_a_weighted_rule(tmp_path: Path) -> None:
    with bench(tmp_path, "clients_are_shared_out", "stickiness_switched_off") as on:
        ended = on.check(STICKY, "--fix=plan").ends(1)
        assert "turn on the rule's stickiness first" in ended.out
        assert on.planned() == []


def _rules(on: Bench) -> list[dict[str, Any]]:
    of = [{"Name": "group-id", "Values": [on.sandbox.seeded.groups["tasks"]]}]
    listed = on.sandbox.client("ec2").describe_security_group_rules(Filters=of)["SecurityGroupRules"]
    said = ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "ReferencedGroupInfo", "Description", "Tags")
    return [{key: one.get(key) for key in said} for one in listed]


def test_a_peered_accounts_rule_goes_alone_and_comes_back_as_it_was(tmp_path: Path) -> None:
    with bench(tmp_path, "a_peered_account_is_let_in") as on:
        ec2, group = on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"]
        of = [{"Name": "group-id", "Values": [group]}]
        (rule,) = [
            one["SecurityGroupRuleId"]
            for one in ec2.describe_security_group_rules(Filters=of)["SecurityGroupRules"]
            if one.get("ReferencedGroupInfo", {}).get("UserId") == "210987654321"
        ]
        ec2.create_tags(Resources=[rule], Tags=[{"Key": "ManagedBy", "Value": "terraform"}])
        before = _rules(on)

        on.check(INGRESS, "--fix=apply", "--allow", "disruptive").ends(0)
        assert "Terraform defines it" in on.project.page("daily-partial.html")
        after = _rules(on)
        assert [one for one in before if one not in after] == before[-1:]
        assert [one for one in after if one not in before] == []

        (entry,) = on.journal()
        assert entry["change"]["parameters"]["SecurityGroupRuleIds"] == [rule]
        on.command("undo", entry["entry"], "--yes", "--allow", "disruptive").ends(0)
        assert _rules(on) == before
        assert before[-1]["Description"] == "the partner's batch jobs"


def test_a_neighbours_ill_targets_on_a_shared_balancer_are_the_neighbours(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        group = _empty_default_group(on)
        on.sandbox.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": "172.31.99.1"}])
        on.sandbox.target_states["172.31.99.1"] = ("unhealthy", "Target.Timeout", "Request timed out")
        assert on.outcome(HEALTHY) == "passed"
        assert on.outcome("test_targets_can_take_a_deploy", "deploy/before") == "passed"
        own = QUICK.replace("\nload_balancer", '\ntarget_groups = ["*"]\nload_balancer', 1)
        on.project.write("stacks.toml", own + FIX)
        ended = on.check(HEALTHY)
        assert on.found(HEALTHY) == "failed"
        assert "172.31.99.1:80 is unhealthy (Request timed out)" in ended.out
