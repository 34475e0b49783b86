"""Flow logs and AWS Health as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.flow_logs import vpcs
from opschecks.aws.health import health_events
from tests.aws import test_flow_logs as flow_logs
from tests.canned import ACCOUNT, Aws, Raw, ago, given, names, weekly
from tests.real.rows import rows_by

HEALTH = "https://docs.aws.amazon.com/health/latest/APIReference/"
FLOW = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html"
SHARING = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-service-behavior.html"
OTHERS = "9" * 12
TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"


def recorded(*logs: Raw, subnets: str = "", owner: str = "123456789012") -> Mapping[str, Any]:
    """The stack's VPC, where DescribeFlowLogs and DescribeSubnets answer these."""
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
    zones = [{"ZoneName": "us-west-2a", "SubnetId": name} for name in ("subnet-a", "subnet-b")]
    balancer = LoadBalancer(arn=arn, name="web", evidence={"VpcId": "vpc-1", "AvailabilityZones": zones})
    told = [{"SubnetId": f"subnet-{one}", "VpcId": "vpc-1", "OwnerId": owner} for one in subnets]
    return {"vpcs": vpcs(flow_logs.aws_of(*logs, subnets=told), [balancer], [])}


def log(**changes: Any) -> Raw:
    """An element of DescribeFlowLogs' FlowLogs that delivers to a bucket."""
    to_a_bucket = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::flow-logs"}
    return flow_logs.log(**{**to_a_bucket, "LogGroupName": None, "DeliverLogsPermissionArn": None, **changes})


def told(answer: Any, *entities: Raw) -> Mapping[str, Any]:
    """The events of AWS Health, where its operations answer these."""
    aws = Aws({("health", "DescribeEvents"): answer, ("health", "DescribeAffectedEntities"): {"entities": [*entities]}})
    known = names(cluster="prod", services=("api",), tables=("incidents",))
    return {"health_events": health_events(aws, known)}


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
OF_A, OF_B = log(ResourceId="subnet-a"), log(ResourceId="subnet-b")
flow = partial(rows_by(recorded), weekly("flow_logs").test_vpcs_record_their_traffic)
problem = partial(rows_by(told), weekly("aws_health").test_aws_reports_no_problem_of_the_stack)
ROWS = {
    "flow logs of every subnet, none of the VPC": flow("passed", FLOW, OF_A, OF_B, subnets="ab"),
    "a flow log of one subnet of two": flow(
        "failed", FLOW, OF_A, says="neither the VPC nor subnet-b records ALL", subnets="ab"
    ),
    "a VPC that the network team's account shares": flow(
        "passed", SHARING, says="not assessed", subnets="a", owner=OTHERS
    ),
    "a VPC that another account shares, of which the stack records the subnets that it is in": flow(
        "passed", SHARING, OF_A, OF_B, subnets="abc", owner=OTHERS
    ),
    "a VPC that another account shares, of which the stack records one subnet of two itself": flow(
        "failed", SHARING, OF_A, says="subnet-b", subnets="ab", owner=OTHERS
    ),
    "an error of delivery without a status": flow(
        "failed",
        FLOW,
        log(DeliverLogsStatus=None, DeliverLogsErrorMessage="Access error"),
        says="does not deliver (Access error)",
    ),
    "an open problem of ECS that names the stack's service": problem(
        "failed", ENTITY, event(), entity("prod|api"), says="affects prod, api; AWS has not resolved it"
    ),
    "an open problem that names a table by its ARN": problem(
        "failed", ENTITY, event(service="DYNAMODB"), entity(TABLE)
    ),
    "an open problem of somebody else's service": problem(
        "passed", ENTITY, event(), entity("other|web"), says="names none of the stack's resources"
    ),
    "an open problem that is over for the stack's service": problem(
        "passed", ENTITY, event(), entity("prod|api", "RESOLVED")
    ),
    "a public problem of the region": problem("passed", EVENT, event(eventScopeCode="PUBLIC")),
    "a task that AWS will replace next week": problem(
        "passed",
        EVENT,
        event(eventTypeCategory="scheduledChange", statusCode="upcoming"),
        entity("prod|api"),
        says="scheduledChange of ECS, upcoming, from",
    ),
    "nothing is reported": problem("nothing", HEALTH + "API_DescribeEvents.html", {"events": []}),
    "an event of which AWS tells no state": problem(
        "blind", EVENT, event(statusCode=None), entity("prod|api"), says="no 'statusCode'"
    ),
}
