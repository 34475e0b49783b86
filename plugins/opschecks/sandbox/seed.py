"""Builds the Incident Commander stack with AWS API calls only, so that it can be built in any emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..config.stack import Stack
from ..core.dataclass import dataclass
from .series import Told, healthy_day

BUCKET = "incident-commander-dashboard"
TASKS = 2
CONTAINER_PORT = 8000
RESPONDER_TOPIC = "incident-commander-pages"
DATA_A_CALL = 500

MakeClient = Callable[[str], Any]


@dataclass(frozen=True)
class Seeded:
    """The ids that AWS assigned while the stack was built."""

    load_balancer: str
    target_group: str
    targets: tuple[str, ...]
    groups: Mapping[str, str]
    subnets: tuple[str, ...]

    @property
    def balancer_dimension(self) -> str:
        """The load balancer's CloudWatch dimension."""
        return self.load_balancer.split(":loadbalancer/", 1)[1]

    @property
    def group_dimension(self) -> str:
        """The target group's CloudWatch dimension."""
        return self.target_group.rsplit(":", 1)[-1]


def seed(client: MakeClient, stack: Stack, now: datetime, targets: Iterable[str]) -> Seeded:
    """Everything that the runbook mentions. `targets` are the addresses of the tasks."""
    groups, subnets = _network(client("ec2"), stack)
    balancer, group = _load_balancer(client("elbv2"), stack, groups["alb"], subnets, tuple(targets))
    _logs(client("logs"), stack, now)
    _ecs(client, stack, groups["tasks"], subnets, group)
    _tables(client("dynamodb"), stack, now)
    made = Seeded(balancer, group, tuple(targets), groups, subnets)
    _alarms(client, stack, made)
    _site(client("s3"), stack)
    put_metrics(client("cloudwatch"), healthy_day(stack, made.balancer_dimension, made.group_dimension, now))
    return made


def scaling(client: MakeClient, stack: Stack) -> None:
    """Auto-scaling between the stack's limits: target tracking at 70 % CPU and 80 % memory."""
    autoscaling = client("application-autoscaling")
    for service in stack.services:
        target, limits = scalable(stack, service), stack.limits.named(service, f"{stack.cluster}/{service}")
        autoscaling.register_scalable_target(**target, MinCapacity=limits.min_tasks, MaxCapacity=limits.max_tasks)
        for name, metric, value in (
            ("cpu", "ECSServiceAverageCPUUtilization", 70.0),
            ("memory", "ECSServiceAverageMemoryUtilization", 80.0),
        ):
            autoscaling.put_scaling_policy(
                **target,
                PolicyName=f"{service}-{name}",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": value,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
                    "ScaleInCooldown": 300,
                    "ScaleOutCooldown": 60,
                },
            )


def scalable(stack: Stack, service: str) -> dict[str, Any]:
    """Application Auto Scaling's names of a service's desired count."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{stack.cluster}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


def tasks_of(stack: Stack, service: str) -> int:
    """How many tasks a service runs: two, unless the stack's limits say that it may not."""
    limits = stack.limits.named(service, f"{stack.cluster}/{service}")
    return max(limits.min_tasks, min(TASKS, limits.max_tasks))


def put_metrics(cloudwatch: Any, told: Iterable[Told]) -> None:
    """Write these metrics with PutMetricData."""
    for metric in told:
        data = metric.data()
        for start in range(0, len(data), DATA_A_CALL):
            cloudwatch.put_metric_data(Namespace=metric.namespace, MetricData=data[start : start + DATA_A_CALL])


def _network(ec2: Any, stack: Stack) -> tuple[dict[str, str], tuple[str, ...]]:
    subnets = [subnet for subnet in ec2.describe_subnets()["Subnets"] if subnet.get("DefaultForAz", True)]
    vpc = subnets[0]["VpcId"]
    alb, tasks = (
        ec2.create_security_group(GroupName=f"{stack.cluster}-{name}", Description=lets_in, VpcId=vpc)["GroupId"]
        for name, lets_in in (("alb", "HTTP and HTTPS from anywhere"), ("tasks", "only the load balancer"))
    )
    anywhere = {
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "the public"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }
    ec2.authorize_security_group_ingress(
        GroupId=alb,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **anywhere} for port in (80, 443)],
    )
    port = {"IpProtocol": "tcp", "FromPort": CONTAINER_PORT, "ToPort": CONTAINER_PORT}
    from_balancer = {**port, "UserIdGroupPairs": [{"GroupId": alb}]}
    ec2.authorize_security_group_ingress(GroupId=tasks, IpPermissions=[from_balancer])
    return {"alb": alb, "tasks": tasks}, tuple(subnet["SubnetId"] for subnet in subnets[:2])


def _load_balancer(
    elb: Any, stack: Stack, group: str, subnets: tuple[str, ...], targets: tuple[str, ...]
) -> tuple[str, str]:
    balancer = elb.create_load_balancer(
        Name=stack.load_balancer, Subnets=list(subnets), SecurityGroups=[group], Type="application"
    )["LoadBalancers"][0]
    vpc, path = balancer["VpcId"], stack.health_path
    made = target_group(elb, vpc, "incident-commander-backend", targets, HealthCheckPath=path)
    sticky = {"enabled": "true", "type": "lb_cookie", "lb_cookie.duration_seconds": "86400"}
    attributes = [{"Key": f"stickiness.{key}", "Value": value} for key, value in sticky.items()]
    elb.modify_target_group_attributes(TargetGroupArn=made, Attributes=attributes)
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": made}],
    )
    return balancer["LoadBalancerArn"], made


def target_group(elb: Any, vpc: str, name: str, addresses: Iterable[str], **more: Any) -> str:
    """Make a target group with the targets of these addresses; returns its ARN."""
    wanted = {"Protocol": "HTTP", "Port": CONTAINER_PORT, "VpcId": vpc, "TargetType": "ip", **more}
    made: str = elb.create_target_group(Name=name, **wanted)["TargetGroups"][0]["TargetGroupArn"]
    if targets := [{"Id": address, "Port": CONTAINER_PORT} for address in addresses]:
        elb.register_targets(TargetGroupArn=made, Targets=targets)
    return made


def _ecs(client: MakeClient, stack: Stack, group: str, subnets: tuple[str, ...], targets: str) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=stack.cluster)
    for service in stack.services:
        revision = ecs.register_task_definition(
            family=f"{stack.cluster}-{service}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            containerDefinitions=[
                {
                    "name": service,
                    "image": f"{stack.account_id}.dkr.ecr.{stack.region}.amazonaws.com/{stack.cluster}:v1",
                    "essential": True,
                    "cpu": 1024,
                    "memory": 2048,
                    "portMappings": [{"containerPort": CONTAINER_PORT, "protocol": "tcp"}],
                    "environment": [{"name": "SESSION_SECRET", "value": "a secret that no report may show"}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": stack.log_groups[0],
                            "awslogs-region": stack.region or "",
                            "awslogs-stream-prefix": service,
                        },
                    },
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(
            cluster=stack.cluster,
            serviceName=service,
            taskDefinition=revision,
            desiredCount=tasks_of(stack, service),
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": list(subnets), "securityGroups": [group]}},
            loadBalancers=[{"targetGroupArn": targets, "containerName": service, "containerPort": CONTAINER_PORT}],
        )


def next_revision(ecs: Any, revision: str) -> str:
    """Register the same task definition once more; returns the ARN of the new revision."""
    told = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
    made = ecs.register_task_definition(**{key: told[key] for key in keys})
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _tables(dynamodb: Any, stack: Stack, now: datetime) -> None:
    for table in stack.tables:
        own = table == stack.incidents_table
        key = stack.incident_fields.id if own else "agent_id"
        attributes = [key, *(["status", "severity", "created_at"] if own else [])]
        by_time = {"AttributeName": "created_at", "KeyType": "RANGE"}
        indexes = [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": by, "KeyType": "HASH"}, by_time],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, by in ((stack.status_index, "status"), ("severity-index", "severity"))
        ]
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if own else {}),
        )
    if stack.incidents_table:
        for number, status, severity, hours, title in (
            ("inc-1041", "resolved", "high", 9.5, "Checkout latency above 2 s"),
            ("inc-1042", "resolved", "medium", 6.2, "Agent queue backed up"),
            ("inc-1043", "active", "low", 2.3, "Nightly export retried twice"),
            ("inc-0977", "resolved", "critical", 24 * 9, "Backend out of memory"),
        ):
            item = incident(number, status, severity, now - timedelta(hours=hours), title)
            dynamodb.put_item(TableName=stack.incidents_table, Item=item)


def incident(number: str, status: str, severity: str, opened: datetime, title: str) -> dict[str, dict[str, str]]:
    """An item of the incidents table."""
    at = f"{opened:%Y-%m-%dT%H:%M:%SZ}"
    told = {"incident_id": number, "status": status, "severity": severity, "created_at": at, "title": title}
    return {key: {"S": value} for key, value in told.items()}


def _logs(logs: Any, stack: Stack, now: datetime) -> None:
    for group in stack.log_groups:
        logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=7)
        lines = [
            (50, "INFO request GET /health 200 4ms"),
            (41, "ERROR upstream timed out after 3000 ms, retried: request 5b1f4c7e9a20"),
            (22, "INFO websocket client connected"),
            (13, "ERROR upstream timed out after 3000 ms, retried: request 77aa0c1d2e3f"),
            (2, "INFO request GET /health 200 3ms"),
        ]
        put_log_events(logs, group, "backend/1", [(now - timedelta(minutes=ago), text) for ago, text in lines])


def put_log_events(logs: Any, group: str, stream: str, events: Iterable[tuple[datetime, str]]) -> None:
    """Write events into a new stream of the group."""
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": int(time.timestamp() * 1000), "message": text} for time, text in events],
    )


def _alarms(client: MakeClient, stack: Stack, made: Seeded) -> None:
    cloudwatch = client("cloudwatch")
    sns = client("sns")
    topic = sns.create_topic(Name=RESPONDER_TOPIC)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")
    service = {"ClusterName": stack.cluster or "", "ServiceName": next(iter(stack.services), "")}
    balancer = {"LoadBalancer": made.balancer_dimension}
    alarms: dict[str, tuple[Any, ...]] = {
        "cpu-high": ("AWS/ECS", "CPUUtilization", service, "Average", 300, 90.0),
        "memory-high": ("AWS/ECS", "MemoryUtilization", service, "Average", 300, 85.0),
        "5xx-high": ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer, "Sum", 60, 10.0),
        "latency-high": ("AWS/ApplicationELB", "TargetResponseTime", balancer, "Average", 300, 1.0),
    }
    more: dict[str, Any] = {"TreatMissingData": "notBreaching", "AlarmActions": [topic]}
    for name, watched in alarms.items():
        watch(cloudwatch, f"{stack.alarm_prefix}-{name}", *watched, **more)
    names = [f"{stack.alarm_prefix}-{name}" for name in (*alarms, "backend-down")]
    cloudwatch.put_composite_alarm(
        AlarmName=names[-1],
        AlarmRule=f'ALARM("{names[0]}") AND ALARM("{names[2]}")',
        AlarmActions=[topic],
        ActionsEnabled=True,
    )
    for name in names:
        cloudwatch.set_alarm_state(
            AlarmName=name, StateValue="OK", StateReason="Threshold not crossed: seen within the last periods"
        )


def watch(
    cloudwatch: Any, name: str, namespace: str, metric: str, of: Mapping[str, str], statistic: str, period: int,
    threshold: float, **more: Any,
) -> None:  # fmt: skip
    """Make an alarm that goes off when a metric is above the threshold for two periods."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in of.items()],
        Statistic=statistic,
        Period=period,
        EvaluationPeriods=2,
        Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold",
        **more,
    )


def _site(s3: Any, stack: Stack) -> None:
    where = {} if stack.region in (None, "us-east-1") else {"LocationConstraint": stack.region}
    s3.create_bucket(Bucket=BUCKET, **({"CreateBucketConfiguration": where} if where else {}))
    pages = {key_of(page.path): page.contains for page in stack.dashboards}
    for key, title in {"index.html": "Incident Commander", **pages}.items():
        put_page(s3, key, site_page(title))


def key_of(path: str) -> str:
    """The key of a dashboard's object."""
    return f"{path.strip('/') or 'index'}.html"


def put_page(s3: Any, key: str, body: bytes, cache: str = "public, max-age=60") -> None:
    """Upload a dashboard's HTML."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="text/html; charset=utf-8", CacheControl=cache)


def site_page(title: str) -> bytes:
    """A dashboard's HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><main id=app></main></body></html>\n"
    ).encode()
