"""Flow logs and AWS Health as real accounts have them."""

from __future__ import annotations

from typing import Any

from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.flow_logs import Vpc, vpcs
from opschecks.aws.health import HealthEvent, health_events
from tests.canned import ACCOUNT, Aws, Raw, ago, given, names, weekly
from tests.real.rows import Row

HEALTH = "https://docs.aws.amazon.com/health/latest/APIReference/"
FLOW = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html"
SHARING = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-service-behavior.html"
TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
flows = weekly("flow_logs").test_vpcs_record_their_traffic
aws_well = weekly("aws_health").test_aws_reports_no_problem_of_the_stack


def recorded(*logs: Raw, subnets: tuple[Raw, ...] = ()) -> list[Vpc]:
    """The stack's VPC, where DescribeFlowLogs and DescribeSubnets answer these."""
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
    zones = [{"ZoneName": "us-west-2a", "SubnetId": name} for name in ("subnet-a", "subnet-b")]
    balancer = LoadBalancer(arn=arn, name="web", evidence={"VpcId": "vpc-1", "AvailabilityZones": zones})
    aws = Aws({("ec2", "DescribeFlowLogs"): {"FlowLogs": [*logs]}, ("ec2", "DescribeSubnets"): {"Subnets": [*subnets]}})
    return vpcs(aws, [balancer], [])


def log(**changes: Any) -> Raw:
    """An element of DescribeFlowLogs' FlowLogs that delivers to a bucket."""
    raw = {
        "FlowLogId": "fl-1",
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::flow-logs",
        "ResourceId": "vpc-1",
        "TrafficType": "ALL",
    }
    return given(raw, changes)


def subnet(name: str, owner: str = "123456789012") -> Raw:
    """An element of DescribeSubnets' Subnets."""
    return {"SubnetId": name, "VpcId": "vpc-1", "OwnerId": owner}


def told(answer: Any, *entities: Raw) -> list[HealthEvent]:
    """The events of AWS Health, where its operations answer these."""
    aws = Aws({("health", "DescribeEvents"): answer, ("health", "DescribeAffectedEntities"): {"entities": [*entities]}})
    return health_events(aws, names(cluster="prod", services=("api",), tables=("incidents",)))


def event(**changes: Any) -> Raw:
    """An element of DescribeEvents' events: an open problem of ECS that concerns this account."""
    raw = {
        "arn": "arn:aws:health:us-west-2::event/ECS/AWS_ECS_OPERATIONAL_ISSUE/1",
        "service": "ECS",
        "eventTypeCode": "AWS_ECS_OPERATIONAL_ISSUE",
        "eventTypeCategory": "issue",
        "region": "us-west-2",
        "startTime": ago(hours=1),
        "statusCode": "open",
        "eventScopeCode": "ACCOUNT_SPECIFIC",
    }
    return {"events": [given(raw, changes)]}


def entity(value: str, status: str = "IMPAIRED") -> Raw:
    """An element of DescribeAffectedEntities' entities."""
    return {"eventArn": event()["events"][0]["arn"], "entityValue": value, "statusCode": status}


ENTITY = HEALTH + "API_AffectedEntity.html"
EVENT = HEALTH + "API_Event.html"
ROWS = {
    "flow logs of every subnet, none of the VPC": Row(
        flows,
        lambda: {
            "vpcs": recorded(
                log(ResourceId="subnet-a"), log(ResourceId="subnet-b"), subnets=(subnet("subnet-a"), subnet("subnet-b"))
            )
        },
        "passed",
        FLOW,
    ),
    "a flow log of one subnet of two": Row(
        flows,
        lambda: {"vpcs": recorded(log(ResourceId="subnet-a"), subnets=(subnet("subnet-a"), subnet("subnet-b")))},
        "failed",
        FLOW,
        "neither the VPC nor subnet-b records ALL",
    ),
    "a VPC that the network team's account shares": Row(
        flows, lambda: {"vpcs": recorded(subnets=(subnet("subnet-a", "9" * 12),))}, "passed", SHARING, "not assessed"
    ),
    "a VPC that another account shares, of which the stack records the subnets that it is in": Row(
        flows,
        lambda: {
            "vpcs": recorded(
                log(ResourceId="subnet-a"),
                log(ResourceId="subnet-b"),
                subnets=tuple(subnet(f"subnet-{one}", "9" * 12) for one in "abc"),
            )
        },
        "passed",
        SHARING,
    ),
    "a VPC that another account shares, of which the stack records one subnet of two itself": Row(
        flows,
        lambda: {
            "vpcs": recorded(
                log(ResourceId="subnet-a"), subnets=(subnet("subnet-a", "9" * 12), subnet("subnet-b", "9" * 12))
            )
        },
        "failed",
        SHARING,
        "subnet-b",
    ),
    "an error of delivery without a status": Row(
        flows,
        lambda: {"vpcs": recorded(log(DeliverLogsStatus=None, DeliverLogsErrorMessage="Access error"))},
        "failed",
        FLOW,
        "does not deliver (Access error)",
    ),
    "an open problem of ECS that names the stack's service": Row(
        aws_well,
        lambda: {"health_events": told(event(), entity("prod|api"))},
        "failed",
        ENTITY,
        "affects prod, api; AWS has not resolved it",
    ),
    "an open problem that names a table by its ARN": Row(
        aws_well, lambda: {"health_events": told(event(service="DYNAMODB"), entity(TABLE))}, "failed", ENTITY
    ),
    "an open problem of somebody else's service": Row(
        aws_well,
        lambda: {"health_events": told(event(), entity("other|web"))},
        "passed",
        ENTITY,
        "names none of the stack's resources",
    ),
    "an open problem that is over for the stack's service": Row(
        aws_well, lambda: {"health_events": told(event(), entity("prod|api", "RESOLVED"))}, "passed", ENTITY
    ),
    "a public problem of the region": Row(
        aws_well, lambda: {"health_events": told(event(eventScopeCode="PUBLIC"))}, "passed", EVENT
    ),
    "a task that AWS will replace next week": Row(
        aws_well,
        lambda: {
            "health_events": told(event(eventTypeCategory="scheduledChange", statusCode="upcoming"), entity("prod|api"))
        },
        "passed",
        EVENT,
        "scheduledChange of ECS, upcoming, from",
    ),
    "nothing is reported": Row(
        aws_well, lambda: {"health_events": told({"events": []})}, "nothing", HEALTH + "API_DescribeEvents.html"
    ),
    "an event of which AWS tells no state": Row(
        aws_well,
        lambda: {"health_events": told(event(statusCode=None), entity("prod|api"))},
        "blind",
        EVENT,
        "no 'statusCode'",
    ),
}
