"""Flow logs: every property of a flow log and of a VPC, and which subnets of a shared one are the stack's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opschecks.aws.ec2 import SecurityGroup
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.flow_logs import FlowLog, Vpc, flow_log_of, vpcs
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import REGISTRY, CouldNotLook, NotConfigured
from tests.aws.test_flow_logs import log
from tests.canned import Aws, Raw, given, stack
from tests.cases import cases

CALL = "ec2:DescribeFlowLogs"
DENIED = CouldNotLook("ec2:DescribeSubnets", "UnauthorizedOperation: no")
ME, THEM = "123456789012", "999999999999"


def raw_log(number: Any = 1, **changes: Any) -> Raw:
    return log(number, **{"LogGroupName": "/flow", **changes})


S3, FIREHOSE = "arn:aws:s3:::logs/prod", "arn:aws:firehose:us-west-2:123456789012:deliverystream/x"
IN_LOGS = "arn:aws:logs:us-west-2:123456789012:log-group:/x:*"


@cases({
    "it delivers": (raw_log(), FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", "/flow"), True,
                    "fl-1 to /flow has the delivery status SUCCESS"),
    "of no kind": (raw_log(LogDestinationType=None), FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", "/flow"), True,
                   "fl-1 to /flow has the delivery status SUCCESS"),
    "to a bucket": (raw_log(LogDestinationType="s3", LogGroupName=None, LogDestination=S3),
                    FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", "logs/prod"), True,
                    "fl-1 to logs/prod has the delivery status SUCCESS"),
    "to a stream": (raw_log(LogDestinationType="kinesis-data-firehose", LogGroupName=None, LogDestination=FIREHOSE),
                    FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", FIREHOSE), True,
                    f"fl-1 to {FIREHOSE} has the delivery status SUCCESS"),
    "to a group by its ARN": (raw_log(LogGroupName=None, LogDestination=IN_LOGS),
                              FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", "/x"), True,
                              "fl-1 to /x has the delivery status SUCCESS"),
    "nowhere that is told": (raw_log(LogGroupName=None), FlowLog("fl-1", "ACTIVE", "SUCCESS", "", "ALL", ""), True,
                             "fl-1 to  has the delivery status SUCCESS"),
    "it fails": (raw_log(DeliverLogsStatus="FAILED", DeliverLogsErrorMessage="Access error"),
                 FlowLog("fl-1", "ACTIVE", "FAILED", "Access error", "ALL", "/flow"), False,
                 "fl-1 to /flow has the delivery status FAILED (Access error)"),
    "it fails, and no reason is told": (raw_log(DeliverLogsStatus="FAILED"),
                                        FlowLog("fl-1", "ACTIVE", "FAILED", "", "ALL", "/flow"), False,
                                        "fl-1 to /flow has the delivery status FAILED"),
    "an error of a past delivery": (raw_log(DeliverLogsErrorMessage="Rate limited"),
                                    FlowLog("fl-1", "ACTIVE", "SUCCESS", "Rate limited", "ALL", "/flow"), True,
                                    "fl-1 to /flow has the delivery status SUCCESS (Rate limited)"),
    "nothing has been delivered yet": (raw_log(DeliverLogsStatus=None),
                                       FlowLog("fl-1", "ACTIVE", "", "", "ALL", "/flow"), None,
                                       "fl-1 to /flow does not deliver"),
    "an error alone": (raw_log(DeliverLogsStatus=None, DeliverLogsErrorMessage="Access error"),
                       FlowLog("fl-1", "ACTIVE", "", "Access error", "ALL", "/flow"), False,
                       "fl-1 to /flow does not deliver (Access error)"),
    "it is inactive": (raw_log(FlowLogStatus="INACTIVE"),
                       FlowLog("fl-1", "INACTIVE", "SUCCESS", "", "ALL", "/flow"), False, "fl-1 to /flow is INACTIVE"),
    "it is inactive, and has not delivered": (
        raw_log(FlowLogStatus="INACTIVE", DeliverLogsStatus=None),
        FlowLog("fl-1", "INACTIVE", "", "", "ALL", "/flow"), False, "fl-1 to /flow is INACTIVE"),
})  # fmt: skip
def test_a_flow_log_as_it_is_read(raw: Raw, expected: FlowLog, delivers: bool | None, words: str) -> None:
    found = flow_log_of(raw)
    assert (found, found.delivers, str(found)) == (expected, delivers, words)


FAILS, SILENT = {"DeliverLogsStatus": "FAILED"}, {"DeliverLogsStatus": None}
HALF, OTHER_HALF = {"TrafficType": "ACCEPT"}, {"TrafficType": "REJECT"}
SILENCE = "ec2:DescribeFlowLogs: the answer has no 'DeliverLogsStatus' of {}: nothing has been delivered yet"


def vpc(*logs: Raw, subnets: Mapping[str, Sequence[Raw]] | CouldNotLook | None = None) -> Vpc:
    if isinstance(subnets, CouldNotLook):
        by_subnet: Any = subnets
    else:
        by_subnet = {name: tuple(map(flow_log_of, some)) for name, some in (subnets or {}).items()}
    evidence = Answer({"VpcId": "vpc-1", "FlowLogs": list(logs)}, CALL)
    return Vpc(arn="vpc-1", name="vpc-1", evidence=evidence, by_subnet=by_subnet)


NO_LOG, NO_DELIVERED = "it has no flow log", "no delivered flow log records {}"


@cases({
    "all of it": (vpc(raw_log()), "ALL", True, True, [], NO_DELIVERED),
    "all of it, and a part is wanted": (vpc(raw_log()), "REJECT", True, True, [], NO_DELIVERED),
    "a part, and it is wanted": (vpc(raw_log(**HALF)), "ACCEPT", True, True, [], NO_DELIVERED),
    "a part, and all is wanted": (vpc(raw_log(**HALF)), "ALL", False, False, [], NO_DELIVERED),
    "two parts": (vpc(raw_log(**HALF), raw_log(2, **OTHER_HALF)), "ALL", True, True, [], NO_DELIVERED),
    "none": (vpc(), "ALL", False, False, [], NO_LOG),
    "one that fails": (vpc(raw_log(**FAILS)), "ALL", False, False, [], NO_DELIVERED),
    "every subnet by itself": (
        vpc(subnets={"a": [raw_log()], "b": [raw_log(2)]}), "ALL", True, False, [], NO_DELIVERED),
    "one subnet of two": (
        vpc(subnets={"a": [raw_log()], "b": []}), "ALL", False, False, ["b"],
        "neither the VPC nor b records {} in a delivered flow log"),
    "two subnets of three": (
        vpc(subnets={"a": [], "b": [raw_log()], "c": [raw_log(**FAILS)]}), "ALL", False, False, ["a", "c"],
        "neither the VPC nor a, c records {} in a delivered flow log"),
    "no subnet of two": (vpc(subnets={"a": [], "b": []}), "ALL", False, False, ["a", "b"], NO_LOG),
    "subnets whose logs fail": (
        vpc(subnets={"a": [raw_log(**FAILS)]}), "ALL", False, False, ["a"], NO_DELIVERED),
    "half by the VPC, half by its subnets": (
        vpc(raw_log(**HALF), subnets={"a": [raw_log(2, **OTHER_HALF)]}), "ALL", True, False, [], NO_DELIVERED),
    "half by the VPC, that fails": (
        vpc(raw_log(**HALF, **FAILS), subnets={"a": [raw_log(2, **OTHER_HALF)]}), "ALL", False, False, ["a"],
        NO_DELIVERED),
    "one that is silent, of another part": (
        vpc(raw_log(**HALF, **SILENT), subnets={"a": [raw_log(2)]}), "ALL", True, False, [], NO_DELIVERED),
})  # fmt: skip
def test_what_a_vpc_records(
    one: Vpc, wanted: str, records: bool, may_record: bool, bare: list[str], missing: str
) -> None:
    assert (one.records(wanted), one.may_record(wanted)) == (records, may_record)
    assert (one.unrecorded(wanted), one.missing(wanted)) == (bare, missing.format(wanted))


def test_where_nothing_has_been_delivered_yet_it_is_not_known() -> None:
    silent = vpc(raw_log(**SILENT), raw_log(2, **FAILS), raw_log(3, **SILENT))
    assert silent.may_record("ALL")
    with pytest.raises(CouldNotLook, match=SILENCE.format("fl-1, fl-3") + "$"):
        silent.records("ALL")
    assert vpc(raw_log(**SILENT), raw_log(2)).records("ALL")


def test_where_the_subnets_could_not_be_read_only_the_vpcs_own_logs_are_known() -> None:
    one = vpc(raw_log(**FAILS), subnets=DENIED)
    for read in (lambda: one.records("ALL"), lambda: one.missing("ALL"), lambda: one.unrecorded("ALL")):
        with pytest.raises(CouldNotLook, match="ec2:DescribeSubnets: UnauthorizedOperation"):
            read()
    assert (one.recording, one.failing) == ("ALL to /flow", [flow_log_of(raw_log(**FAILS))])
    assert vpc(raw_log(), subnets=DENIED).records("ALL")


def test_what_is_recorded_and_what_fails_are_told_of_subnets_too() -> None:
    one = vpc(raw_log(**HALF), subnets={"a": [raw_log(2), raw_log(3, **FAILS)], "b": [raw_log(4, **SILENT)]})
    assert one.recording == "ACCEPT to /flow, ALL of a to /flow, ALL of a to /flow, ALL of b to /flow"
    assert [log.id for log in one.failing] == ["fl-3"]
    assert vpc().recording == ""


def balancer(name: str = "web", in_vpc: str = "vpc-1", account: str = ME, subnets: Sequence[str] = ()) -> LoadBalancer:
    arn = f"arn:aws:elasticloadbalancing:us-west-2:{account}:loadbalancer/app/{name}/1f"
    zones = {"AvailabilityZones": [{"SubnetId": one} for one in subnets]} if subnets else {}
    return LoadBalancer(arn=arn, name=name, evidence={"VpcId": in_vpc, **zones})


def group(in_vpc: str = "vpc-1", owner: str = ME) -> SecurityGroup:
    evidence = given({"VpcId": in_vpc}, {"OwnerId": owner or None})
    return SecurityGroup(arn="sg-1", name="web", evidence=evidence, own=frozenset())


def subnet(name: str, in_vpc: str = "vpc-1", owner: str | None = ME) -> Raw:
    return given({"SubnetId": name, "VpcId": in_vpc}, {"OwnerId": owner})


def looking(logs: Sequence[Raw] = (), subnets: Sequence[Raw] | CouldNotLook = (), **keys: Any) -> Aws:
    def answer(Filter: Sequence[Raw], **_: Any) -> Raw:  # noqa: N803 - AWS's name
        return {"FlowLogs": [one for one in logs if one["ResourceId"] in Filter[0]["Values"]]}

    told = subnets if isinstance(subnets, CouldNotLook) else {"Subnets": list(subnets)}
    return Aws({("ec2", "DescribeFlowLogs"): answer, ("ec2", "DescribeSubnets"): told}, stack(**keys))


NO_BALANCER = NotConfigured("", "stack here names no load balancer: set load_balancer in stacks.toml")
NONE = NotConfigured("", "stack here names no security groups: set security_groups in stacks.toml")
Told = list[tuple[str, str, Any]]


@cases({
    "one VPC that records": (looking([raw_log()]), [balancer()], NONE, [("vpc-1", "", {})]),
    "a VPC of security groups alone": (looking([raw_log()]), NO_BALANCER, [group()], [("vpc-1", "", {})]),
    "two VPCs, of which one has no log": (
        looking([raw_log()], [subnet("b", "vpc-2")]), [balancer(), balancer("api", "vpc-2")], [group()],
        [("vpc-1", "", {}), ("vpc-2", "", {"b": []})]),
    "what is wanted is recorded": (
        looking([raw_log(**HALF)], limits={"flow_log_traffic": "ACCEPT"}), [balancer()], NONE, [("vpc-1", "", {})]),
    "what is wanted may be recorded": (looking([raw_log(**SILENT)]), [balancer()], NONE, [("vpc-1", "", {})]),
    "its subnets have logs of their own": (
        looking([raw_log(ResourceId="a"), raw_log(2, ResourceId="a"), raw_log(3, ResourceId="x")],
                [subnet("a"), subnet("b")]),
        [balancer()], NONE, [("vpc-1", "", {"a": ["fl-1", "fl-2"], "b": []})]),
    "subnets may not be read": (
        looking([raw_log(ResourceId="vpc-2")], DENIED), [balancer(), balancer("api", "vpc-2")], NONE,
        [("vpc-1", "", str(DENIED)), ("vpc-2", "", {})]),
    "another account's VPC": (
        looking([], [subnet("a", owner=THEM)]), [balancer(subnets=["a"])], NONE, [("vpc-1", THEM, {"a": []})]),
    "another account's VPC, of which the stack records its own subnet": (
        looking([raw_log(ResourceId="a")], [subnet("a", owner=THEM), subnet("b", owner=THEM)]),
        [balancer(subnets=["a"])], NONE, [("vpc-1", "", {"a": ["fl-1"]})]),
    "another account's VPC, of which the stack records another subnet": (
        looking([raw_log(ResourceId="b")], [subnet("a", owner=THEM), subnet("b", owner=THEM)]),
        [balancer(subnets=["a"])], NONE, [("vpc-1", THEM, {"a": [], "b": ["fl-1"]})]),
    "a VPC of the account that the stack names": (
        looking([], [subnet("a", owner=THEM)], account_id=THEM), [balancer()], NONE, [("vpc-1", "", {"a": []})]),
    "a VPC of the account of the security group": (
        looking([], [subnet("a", owner=THEM)]), [balancer()], [group(owner=THEM)], [("vpc-1", "", {"a": []})]),
    "a VPC of the account of the balancer": (
        looking([], [subnet("a", owner=THEM)]), [balancer(account=THEM)], NONE, [("vpc-1", "", {"a": []})]),
    "a security group whose account is not told": (
        looking([], [subnet("a", owner=THEM)]), NONE, [group(owner="")], [("vpc-1", "", {"a": []})]),
    "subnets whose owner is not told": (
        looking([], [subnet("a", owner=None)]), [balancer()], NONE, [("vpc-1", "", {"a": []})]),
})  # fmt: skip
def test_which_vpcs_and_subnets_are_looked_at(aws: Aws, balancers: Any, groups: Any, expected: Told) -> None:
    found = vpcs(aws, balancers, groups)
    told = [
        (one.name, one.owner, str(one.by_subnet) if isinstance(one.by_subnet, CouldNotLook) else {
            name: [log.id for log in logs] for name, logs in one.by_subnet.items()
        }) for one in found
    ]  # fmt: skip
    assert told == expected
    assert all(one.arn == one.name == one.evidence["VpcId"] for one in found)
    assert REGISTRY["vpcs"].lasting


def test_subnets_are_asked_for_only_of_vpcs_without_a_log_that_does() -> None:
    aws = looking([raw_log()], [subnet("b", "vpc-2")])
    vpcs(aws, [balancer(), balancer("api", "vpc-2")], NONE)
    assert [one["Filters"] for one in aws.parameters_of("DescribeSubnets")] == [
        [{"Name": "vpc-id", "Values": ["vpc-2"]}]
    ]  # fmt: skip
    assert [one["Filter"][0]["Values"] for one in aws.parameters_of("DescribeFlowLogs")] == [["vpc-1", "vpc-2"], ["b"]]
    quiet = looking([raw_log()])
    vpcs(quiet, [balancer()], NONE)
    assert quiet.calls == [CALL]


def test_a_log_that_cannot_be_read_leaves_its_subnets_alone() -> None:
    aws = looking([raw_log(TrafficType=None)])
    [one] = vpcs(aws, [balancer()], NONE)
    assert aws.calls == [CALL]
    with pytest.raises(CouldNotLook, match="the answer has no 'TrafficType'"):
        one.records("ALL")


GONE = CouldNotLook("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancerNotFound: no")


def test_the_vpc_of_what_could_not_be_read_is_not_known_and_the_others_are() -> None:
    old = LoadBalancer(arn="old", name="old", evidence=Unread(GONE))
    one, unknown = vpcs(looking([raw_log()]), [balancer(), old], NONE)
    assert (one.name, unknown.arn, unknown.name) == ("vpc-1", "old", "VPC of old")
    with pytest.raises(CouldNotLook, match="LoadBalancerNotFound"):
        unknown.records("ALL")
    both = vpcs(looking([], [subnet("a")]), [balancer(), old], NONE)
    assert [one.name for one in both] == ["vpc-1", "VPC of old"]


def test_what_was_not_named_is_told_where_no_vpc_is_known() -> None:
    with pytest.raises(NotConfigured, match=r"names no load balancer: set load_balancer in stacks\.toml"):
        vpcs(looking(), NO_BALANCER, NONE)
    with pytest.raises(CouldNotLook, match="the stack has neither load balancers nor security groups: no VPC is known"):
        vpcs(looking(), [], [])
    with pytest.raises(CouldNotLook, match="ec2:DescribeSubnets: UnauthorizedOperation"):
        vpcs(looking([raw_log()]), [balancer()], DENIED)
