"""A web shop on AWS, unlike the stack that this suite was written for: made by AWS's API alone, in any emulator.

Three services in two clusters, two application load balancers and a network load balancer, a worker that nothing
calls, a queue with dead letters, a function, alarms with two beginnings. No dashboards, no tables, no WebSocket, no
CloudFormation. Beside it lies what every account has: an empty default cluster, and somebody else's queue and alarm.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

REGION = "us-west-2"
TAGS = {"app": "shop"}
STEP = timedelta(minutes=5)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
MakeClient = Callable[[str], Any]


@dataclass(frozen=True)
class Service:
    """An ECS service; `groups` are the target groups that it fills, by port; `most`: tasks, if it is scaled."""

    cluster: str
    name: str
    groups: Mapping[str, int]
    addresses: tuple[str, ...]
    most: int | None = None

    @property
    def log_group(self) -> str:
        return f"/ecs/{self.cluster}/{self.name}"


SERVICES = (
    Service("shop", "web", {"shop-web": 8080}, ("172.31.16.10", "172.31.16.11"), most=6),
    Service("shop", "api", {"shop-api": 8000, "shop-grpc": 9000}, ("172.31.16.20", "172.31.16.21", "172.31.16.22"), 8),
    Service("shop-jobs", "worker", {}, ("172.31.16.30",)),
)
BALANCERS = {"shop-front": ("application", "shop-web"), "shop-api": ("application", "shop-api")}
NETWORK = {"shop-partners": ("network", "shop-grpc")}
QUEUE, DEAD, FUNCTION = "shop-orders", "shop-orders-dead", "shop-thumbnails"
OTHERS_QUEUE, OTHERS_ALARM = "crm-mails", "crm-mails-old"
ALARMS = (
    "shop-web-5xx",
    "shop-api-5xx",
    "shop-api-latency",
    "shop-orders-age",
    "jobs-worker-cpu",
    "jobs-worker-memory",
)


@dataclass(frozen=True)
class Shop:
    """The ids that AWS assigned: ARNs of load balancers and target groups by their names."""

    balancers: Mapping[str, str]
    groups: Mapping[str, str]


def seed(client: MakeClient, now: datetime) -> Shop:
    """All of it, healthy."""
    network = _network(client("ec2"))
    made = _balancers(client("elbv2"), network)
    for log_group in (*(one.log_group for one in SERVICES), f"/aws/lambda/{FUNCTION}"):
        _log_group(client("logs"), log_group, now)
    _clusters(client, network, made)
    _scaling(client)
    _queues(client("sqs"))
    _function(client)
    _alarms(client, made)
    for namespace, data in _measured(made, now):
        for start in range(0, len(data), 500):
            client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data[start : start + 500])
    return made


@dataclass(frozen=True)
class Network:
    vpc: str
    subnets: list[str]
    public: str
    tasks: str


def _network(ec2: Any) -> Network:
    subnets = [one for one in ec2.describe_subnets()["Subnets"] if one.get("DefaultForAz", True)][:2]
    vpc = subnets[0]["VpcId"]
    public, tasks = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("shop-public", "shop-tasks")
    )
    anywhere = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(
        GroupId=public,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **anywhere} for port in (80, 443)],
    )
    inside = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": public}]}
        for port in (8000, 8080, 9000)
    ]
    ec2.authorize_security_group_ingress(GroupId=tasks, IpPermissions=inside)
    return Network(vpc, [one["SubnetId"] for one in subnets], public, tasks)


def _balancers(elb: Any, network: Network) -> Shop:
    balancers, groups = {}, {}
    for name, (kind, group) in (BALANCERS | NETWORK).items():
        (one,) = elb.create_load_balancer(
            Name=name, Subnets=network.subnets, SecurityGroups=[network.public], Type=kind, Tags=_tags()
        )["LoadBalancers"]
        (service,) = (one for one in SERVICES if group in one.groups)
        port, protocol = service.groups[group], "HTTP" if kind == "application" else "TCP"
        (made,) = elb.create_target_group(Name=group, Protocol=protocol, Port=port, VpcId=network.vpc, TargetType="ip")[
            "TargetGroups"
        ]
        balancers[name], groups[group] = one["LoadBalancerArn"], made["TargetGroupArn"]
        elb.create_listener(
            LoadBalancerArn=balancers[name],
            Protocol=protocol,
            Port=80 if kind == "application" else 443,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[group]}],
        )
        targets = [{"Id": address, "Port": port} for address in service.addresses]
        elb.register_targets(TargetGroupArn=groups[group], Targets=targets)
    return Shop(balancers, groups)


def _clusters(client: MakeClient, network: Network, made: Shop) -> None:
    ecs, account = client("ecs"), client("sts").get_caller_identity()["Account"]
    for cluster in ("default", *dict.fromkeys(one.cluster for one in SERVICES)):
        ecs.create_cluster(clusterName=cluster)
    for one in SERVICES:
        ports = list(one.groups.values())
        options = {"awslogs-group": one.log_group, "awslogs-region": REGION, "awslogs-stream-prefix": one.name}
        revision = ecs.register_task_definition(
            family=f"{one.cluster}-{one.name}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="512",
            memory="1024",
            containerDefinitions=[
                {
                    "name": one.name,
                    "image": f"{account}.dkr.ecr.{REGION}.amazonaws.com/shop/{one.name}:2026-11-20",
                    "essential": True,
                    "memory": 1024,
                    "portMappings": [{"containerPort": port, "protocol": "tcp"} for port in ports],
                    "logConfiguration": {"logDriver": "awslogs", "options": options},
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        filled = [
            {"targetGroupArn": made.groups[name], "containerName": one.name, "containerPort": port}
            for name, port in one.groups.items()
        ]
        ecs.create_service(
            cluster=one.cluster,
            serviceName=one.name,
            taskDefinition=revision,
            desiredCount=len(one.addresses),
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": network.subnets, "securityGroups": [network.tasks]}
            },
            loadBalancers=filled,
        )


def _scaling(client: MakeClient) -> None:
    """Target tracking at 60 % CPU of what is scaled; where the emulator has no auto-scaling, nothing."""
    from botocore.exceptions import ClientError

    scaling = client("application-autoscaling")
    with suppress(ClientError):
        for one in (one for one in SERVICES if one.most):
            target = {
                "ServiceNamespace": "ecs",
                "ResourceId": f"service/{one.cluster}/{one.name}",
                "ScalableDimension": "ecs:service:DesiredCount",
            }
            scaling.register_scalable_target(**target, MinCapacity=len(one.addresses) - 1, MaxCapacity=one.most)
            scaling.put_scaling_policy(
                **target,
                PolicyName=f"{one.name}-cpu",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": 60.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                },
            )


def _queues(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=DEAD)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    sqs.create_queue(QueueName=QUEUE, Attributes={"RedrivePolicy": redrive})
    sqs.create_queue(QueueName=OTHERS_QUEUE)


def _function(client: MakeClient) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("thumbnails.py", "def handle(event, context):\n    return None\n")
    role = client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=role,
        Handler="thumbnails.handle",
        Code={"ZipFile": code.getvalue()},
    )


def _alarms(client: MakeClient, made: Shop) -> None:
    cloudwatch, sns = client("cloudwatch"), client("sns")
    topic = sns.create_topic(Name="shop-on-call")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@shop.example")
    front, api = (_dimension(made.balancers[name]) for name in BALANCERS)
    worker = {"ClusterName": "shop-jobs", "ServiceName": "worker"}
    balanced, elb = {"LoadBalancer": front}, "AWS/ApplicationELB"
    watched: dict[str, tuple[str, str, dict[str, str], str, float]] = {
        "shop-web-5xx": (elb, "HTTPCode_Target_5XX_Count", balanced, "Sum", 20.0),
        "shop-api-5xx": (elb, "HTTPCode_Target_5XX_Count", {"LoadBalancer": api}, "Sum", 20.0),
        "shop-api-latency": (elb, "TargetResponseTime", {"LoadBalancer": api}, "Average", 2.0),
        "shop-orders-age": ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": QUEUE}, "Maximum", 1800.0),
        "jobs-worker-cpu": ("AWS/ECS", "CPUUtilization", worker, "Average", 90.0),
        "jobs-worker-memory": ("AWS/ECS", "MemoryUtilization", worker, "Average", 90.0),
        OTHERS_ALARM: ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": OTHERS_QUEUE}, "Maximum", 1800.0),
    }
    for name, (namespace, metric, dimensions, statistic, threshold) in watched.items():
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistic=statistic,
            Period=300,
            EvaluationPeriods=2,
            Threshold=threshold,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="Threshold not crossed")


def _log_group(logs: Any, name: str, now: datetime) -> None:
    logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    lines = [(50, "INFO started"), (12, "ERROR upstream timed out, retried"), (3, "INFO request 200")]
    events = [{"timestamp": _ms(now - timedelta(minutes=ago)), "message": line} for ago, line in lines]
    logs.put_log_events(logGroupName=name, logStreamName="one", logEvents=events)


def _measured(made: Shop, now: datetime) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Namespace and data of each metric, over the last day where checks ask for a day, else over the last hours."""
    hours, day = [list(_times(now, span)) for span in (timedelta(hours=3), timedelta(hours=25))]
    for one in SERVICES:
        of = {"ClusterName": one.cluster, "ServiceName": one.name}
        for metric, value in (("CPUUtilization", 35.0), ("MemoryUtilization", 48.0)):
            yield "AWS/ECS", [_datum(metric, of, time, value, "Percent") for time in hours]
        yield "AWS/Logs", [_datum("IncomingLogEvents", {"LogGroupName": one.log_group}, time, 120.0) for time in day]
    for name, (_, group) in BALANCERS.items():
        balancer = {"LoadBalancer": _dimension(made.balancers[name])}
        for of in (balancer, {**balancer, "TargetGroup": made.groups[group].rsplit(":", 1)[-1]}):
            yield "AWS/ApplicationELB", [_datum("RequestCount", of, time, 300.0) for time in hours]
            yield "AWS/ApplicationELB", [_datum("TargetResponseTime", of, time, 0.08, "Seconds") for time in hours]
    for name in (QUEUE, DEAD, OTHERS_QUEUE):
        yield "AWS/SQS", [age(name, time, 20.0) for time in hours]
    invoked = {"FunctionName": FUNCTION}
    yield "AWS/Lambda", [_datum("Invocations", invoked, time, 40.0) for time in hours]


def age(queue: str, time: datetime, seconds: float) -> dict[str, Any]:
    """A sample of how old a queue's oldest message is."""
    return _datum("ApproximateAgeOfOldestMessage", {"QueueName": queue}, time, seconds, "Seconds")


def _datum(metric: str, of: Mapping[str, str], time: datetime, value: float, unit: str = "Count") -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": told} for key, told in of.items()]
    return {"MetricName": metric, "Dimensions": dimensions, "Timestamp": time, "Value": value, "Unit": unit}


def _times(now: datetime, span: timedelta) -> Iterator[datetime]:
    last = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) - STEP
    return (last - step * STEP for step in range(int(span / STEP)))


def _dimension(balancer: str) -> str:
    return balancer.split(":loadbalancer/", 1)[1]


def _tags() -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
