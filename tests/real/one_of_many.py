"""One resource of several that cannot be read: it is blind, and the others are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from opschecks.aws.alarm_hygiene import watched_alarms
from opschecks.aws.backups import table_backups, table_recovery
from opschecks.aws.cdn_caching import bucket_behaviors
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import LoadBalancer, registered_targets, target_groups
from opschecks.aws.fresh_backups import saved_tables
from opschecks.aws.gate_snapshot import since_the_gate
from opschecks.aws.iam import Credentials, key_holders
from opschecks.aws.own_groups import target_health
from opschecks.aws.rollouts import rollouts
from opschecks.aws.s3_lifecycle import buckets
from opschecks.aws.unused import balancer_use, dev_use
from opschecks.aws.websocket_groups import websocket_groups
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from opschecks.web.idle_timeout import websocket_balancers
from tests.aws import test_cdn_caching as cdn
from tests.aws import test_iam as iam
from tests.aws.test_backups import backup, backups_aws, continuous, table
from tests.aws.test_unused import balancer
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, checks_of, daily, names, stack, weekly
from tests.canned_alarms import metric_alarm
from tests.canned_metrics import by_metric, result
from tests.real.deploys import WORSE
from tests.real.rows import Row, rows_by

DENIALS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
NO_PARENT = CouldNotLook("", "stack here names no distribution")


def denied(call: str) -> CouldNotLook:
    """The answer of a resource whose own policy, or a tag of whom, refuses."""
    return CouldNotLook(call, "AccessDeniedException: no", action=call)


def by(key: str, told: Mapping[str, Any], *, call: str) -> Any:
    """Answers by the value of a parameter; what is not told is denied."""
    return lambda **asked: told.get(asked[key], denied(call))


def recovery(*refused: str) -> Mapping[str, Any]:
    """Recovery of two tables."""
    told = {name: continuous() for name in ("incidents", "sessions") if name not in refused}
    aws = Aws(
        {("dynamodb", "DescribeContinuousBackups"): by("TableName", told, call="dynamodb:DescribeContinuousBackups")}
    )
    made = [table("incidents"), table("sessions")]
    return {"tables": made, "table_recovery": table_recovery(aws, made, NOW)}


def saved(*hours: float, refused: Sequence[str] = ("sessions",)) -> Mapping[str, Any]:
    """Both tables before a deploy: the recovery of some may not be read, and sessions has backups of these ages."""
    seen = recovery(*refused)
    aws = backups_aws(*(backup(one / 24, TableName="sessions", TableArn=None) for one in hours))
    listed = table_backups(stack(), aws, seen["tables"], NOW)
    return {"saved_tables": saved_tables(stack(), aws, listed, seen["table_recovery"], NOW)}


def archive(**rules: Any) -> Mapping[str, Any]:
    """Buckets by name, with their lifecycle; one without may not be read."""
    names_of = (*rules, "others")
    aws = Aws(
        {
            ("s3", "GetBucketVersioning"): {},
            ("s3", "GetBucketLifecycleConfiguration"): by("Bucket", rules, call="s3:GetLifecycleConfiguration"),
        }
    )
    return {"buckets": buckets(stack(), aws, names(buckets=names_of), NO_PARENT)}


LETS_GO = {
    "Rules": [
        {
            "ID": "parts",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        }
    ]
}


def group(name: str, **more: Any) -> Resource:
    """A target group as DescribeTargetGroups has it."""
    arn = f"{ELB}:targetgroup/{name}/1f"
    told = {"TargetGroupArn": arn, "TargetGroupName": name, "Protocol": "HTTP", "TargetType": "ip", **more}
    return Resource(arn=arn, name=name, evidence=Answer(told, "elasticloadbalancing:DescribeTargetGroups"))


def healths(*names_of: str, **healthy: bool) -> list[Any]:
    """The targets of these groups; a group that is not told healthy or empty cannot be read."""
    up = [{"Target": {"Id": "10.0.0.1", "Port": 80}, "TargetHealth": {"State": "healthy"}}]
    told = {
        f"{ELB}:targetgroup/{name}/1f": {"TargetHealthDescriptions": up if well else []}
        for name, well in healthy.items()
    }
    aws = Aws(
        {
            ("elbv2", "DescribeTargetHealth"): by(
                "TargetGroupArn", told, call="elasticloadbalancing:DescribeTargetHealth"
            )
        }
    )
    return registered_targets(aws, [group(name) for name in names_of])


def twins() -> list[Service]:
    """A blue/green service."""
    blue, green = (f"{ELB}:targetgroup/{name}/1f" for name in ("blue", "green"))
    pair = {"targetGroupArn": blue, "advancedConfiguration": {"alternateTargetGroupArn": green}}
    evidence = {"loadBalancers": [pair], "desiredCount": 1, "pendingCount": 0, "runningCount": 1}
    return [Service(arn="service/prod/web", name="web", evidence=Answer(evidence, "ecs:DescribeServices"))]


def sticky(**groups: bool) -> Mapping[str, Any]:
    """Stickiness of these groups; that of one more may not be read."""
    told = {
        f"{ELB}:targetgroup/{name}/1f": {
            "Attributes": [
                {"Key": "stickiness.enabled", "Value": "true" if on else "false"},
                {"Key": "stickiness.type", "Value": "lb_cookie"},
                {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "86400"},
            ]
        }
        for name, on in groups.items()
    }
    call = "elasticloadbalancing:DescribeTargetGroupAttributes"
    aws = Aws({("elbv2", "DescribeTargetGroupAttributes"): by("TargetGroupArn", told, call=call)})
    here = stack(websocket={"url": "wss://api.example.com/ws", "target_groups": ["*"]})
    found = target_groups(aws, [group(name) for name in (*groups, "others")])
    return {"websocket_groups": websocket_groups(here, found, [], [], []), "stack": here}


def holders() -> Mapping[str, Any]:
    """Two IAM users with a key each; the keys of one may not be listed."""
    users = [
        Credentials(
            arn=f"arn:aws:iam::123456789012:user/{name}",
            name=name,
            evidence={"access_key_1_active": "true", "access_key_2_active": "false"},
            as_of=NOW,
        )
        for name in ("pipeline", "vendor")
    ]
    keys_of = {"pipeline": {"AccessKeyMetadata": [iam.key(ago(days=20))]}}
    answers = {
        ("iam", "ListAccessKeys"): by("UserName", keys_of, call="iam:ListAccessKeys"),
        ("iam", "GetAccessKeyLastUsed"): iam.used(ago(hours=2)),
    }
    return {"key_holders": key_holders(stack(), Aws(answers), users, NOW)}


def behaviors() -> Mapping[str, Any]:
    """A default behavior with a managed policy, another with a policy of the account that may not be read."""
    own = cdn.behavior(PathPattern="/api/*", CachePolicyId=cdn.OWN_POLICY)
    aws = Aws({("cloudfront", "GetCachePolicy"): denied("cloudfront:GetCachePolicy")})
    return {"bucket_behaviors": bucket_behaviors(aws, [cdn.seen(cdn.config(cdn.behavior(), own))])}


def measured(statuses: Mapping[str, str], value: float = 9.0) -> Any:
    """Answers GetMetricData: each metric with a point, and Complete but for those of the subjects in `statuses`."""

    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        told = []
        for query in MetricDataQueries:
            of = [one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"]]
            state = next(
                (state for subject, state in statuses.items() if any(subject in one for one in of)), "Complete"
            )
            told.append(result(query, [(ago(hours=9), value)], state))
        return {"MetricDataResults": told}

    return answer


def used(*listed: Raw, **statuses: str) -> Mapping[str, Any]:
    """What these load balancers did within a week."""
    answers = {
        ("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": list(listed)},
        ("cloudwatch", "GetMetricData"): measured(statuses),
    }
    return {"balancer_use": balancer_use(stack(), Aws(answers), NOW)}


def resting() -> Mapping[str, Any]:
    """A service of each of two clusters that should rest by night; the second cluster may not be read."""
    idle = {"serviceName": "web", "status": "ACTIVE", "desiredCount": 0, "runningCount": 0, "deployments": []}
    answers = {
        ("ecs", "DescribeServices"): by("cluster", {"dev": {"services": [idle]}}, call="ecs:DescribeServices"),
        ("cloudwatch", "GetMetricData"): by_metric(lambda _: []),
    }
    here = stack(dev_services=["dev/web", "lab/web"])
    return {"dev_use": dev_use(here, Aws(answers, here), NOW), "stack": here}


def timeouts() -> Mapping[str, Any]:
    """Two ALBs that carry the sessions; the attributes of one may not be read."""
    here = stack(websocket={"url": "wss://web.us-west-2.elb.amazonaws.com/ws", "heartbeat_s": 30})
    found = [
        LoadBalancer(
            arn=f"{ELB}:loadbalancer/app/{name}/1f", name=name, evidence={"Type": "application", "DNSName": dns}
        )
        for name, dns in (("web", "web.us-west-2.elb.amazonaws.com"), ("twin", "web.us-west-2.elb.amazonaws.com"))
    ]
    told = {found[0].arn: {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]}}
    call = "elasticloadbalancing:DescribeLoadBalancerAttributes"
    aws = Aws({("elbv2", "DescribeLoadBalancerAttributes"): by("LoadBalancerArn", told, call=call)})
    return {"websocket_balancers": websocket_balancers(here, aws, found), "stack": here}


def alarm(name: str, region: str = "us-west-2", **changes: Any) -> Alarm:
    """An alarm on errors, quiet, that calls a topic."""
    usual = {
        "AlarmArn": f"arn:aws:cloudwatch:{region}:123456789012:alarm:{name}",
        "AlarmActions": [f"arn:aws:sns:{region}:123456789012:pages"],
        "StateTransitionedTimestamp": ago(days=40),
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Dimensions": [{"Name": "LoadBalancer", "Value": f"app/{name}/1f"}],
    }
    raw = metric_alarm(name, **{**usual, **changes})
    return Alarm(arn=raw["AlarmArn"], name=name, evidence=Answer(raw))


UNREAD = Alarm(
    arn="alarms of CloudFront in us-east-1",
    name="alarms of CloudFront in us-east-1",
    evidence={},
    unread=denied("cloudwatch:DescribeAlarms"),
)
EDGE = {"Namespace": "AWS/CloudFront", "MetricName": "5xxErrorRate", "Dimensions": []}


def watched(*alarms: Alarm, **there: Any) -> Mapping[str, Any]:
    """The weekly look at alarms, where the metrics are silent and one of ListMetrics' answers is refused."""

    def alive(Dimensions: Any, **_: Any) -> Any:  # noqa: N803 - AWS's name
        if "hidden" in Dimensions[0]["Value"]:
            return denied("cloudwatch:ListMetrics")
        return {"Metrics": [{"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}]}

    topic = {"Attributes": {"SubscriptionsConfirmed": "1", "SubscriptionsPending": "0"}}
    answers: dict[tuple[str, str], Any] = {
        ("cloudwatch", "GetMetricData"): measured({}, 0.0),
        ("cloudwatch", "ListMetrics"): alive,
        ("sns", "GetTopicAttributes"): topic,
        ("us-east-1 sns", "GetTopicAttributes"): topic,
        **{("us-east-1 cloudwatch", operation): answer for operation, answer in there.items()},
    }
    return {"watched_alarms": watched_alarms(stack(), Aws(answers), list(alarms), [], names(), NOW)}


def since(*alarms: Alarm, groups: Any = (), services: Any = ()) -> Mapping[str, Any]:
    """The comparison with the gate before the deploy, an hour ago, which saw all well."""
    was = [{"resource": one.arn, "evidence": {"StateValue": "OK"}} for one in alarms]
    filed = {"started": (NOW - timedelta(hours=1)).isoformat(), "findings": was}
    seen = since_the_gate(
        stack(), lambda _: iter([filed]), NOW, list(alarms), list(groups), [], rollouts(list(services), {}, [], NOW), []
    )
    return {"since_the_gate": seen}


backups, keys = weekly("backups"), weekly("credentials")
hygiene = weekly("alarm_hygiene")
unused = weekly("unused_resources")
sessions = daily("websocket")


def served(services: list[Service], *names_of: str, **healthy: bool) -> Mapping[str, Any]:
    """The health of these groups."""
    return {"served_groups": target_health(stack(), healths(*names_of, **healthy), services)}


FRESH = checks_of("deploy/before", "saved_tables").test_tables_have_a_fresh_backup
WATCH = hygiene.test_alarms_watch_something
sticks = partial(rows_by(sticky), sessions.test_websocket_sessions_are_sticky)
lets_go = partial(rows_by(archive), weekly("retention").test_buckets_let_go_what_nobody_needs)
healthy = partial(rows_by(served), daily("alb").test_targets_are_healthy)
ROWS = {
    "the recovery of one table of two may not be read": Row(
        backups.test_tables_can_be_restored_to_any_moment,
        lambda: recovery("sessions"),
        {"incidents": "passed", "sessions": "blind"},
        DENIALS,
        "allow dynamodb:DescribeContinuousBackups",
    ),
    "before a deploy, where the recovery of one table may not be read, and it was backed up an hour ago": Row(
        FRESH, lambda: saved(1), {"incidents": "passed", "sessions": "passed"}, DENIALS
    ),
    "before a deploy, where the recovery of one table may not be read, and its backup is of last week": Row(
        FRESH, lambda: saved(150), {"incidents": "passed", "sessions": "blind"}, DENIALS
    ),
    "a bucket whose policy refuses, beside one that lets go what it should": lets_go(
        {"archive": "passed", "others": "blind"}, DENIALS, says="allow s3:GetLifecycleConfiguration", archive=LETS_GO
    ),
    "a bucket whose policy refuses, beside one that keeps everything": lets_go(
        {"archive": "failed", "others": "blind"}, DENIALS, archive={"Rules": []}
    ),
    "the attributes of one target group of two cannot be read": sticks(
        {"web": "passed", "others": "blind"}, DENIALS, web=True
    ),
    "the attributes of one target group cannot be read, and the other is not sticky": sticks(
        {"web": "failed", "others": "blind"}, DENIALS, web=False
    ),
    "the targets of one group of two cannot be read": healthy(
        {"web": "passed", "api": "blind"}, DENIALS, [], "web", "api", web=True
    ),
    "the targets of one group cannot be read, and the other has none": healthy(
        {"web": "failed", "api": "blind"}, DENIALS, [], "web", "api", web=False
    ),
    "an empty blue group whose green twin cannot be read": healthy(
        {"blue": "blind", "green": "blind"}, DENIALS, twins(), "blue", "green", blue=False
    ),
    "the targets of one group cannot be read after a deploy": Row(
        WORSE, lambda: since(groups=healths("web", "api", web=True)), {"web": "passed", "api": "blind"}, DENIALS
    ),
    "one of the groups of a blue/green service cannot be read after a deploy": Row(
        WORSE,
        lambda: since(alarm("cpu"), groups=healths("blue", "green", blue=True), services=twins()),
        {"cpu": "passed", "blue": "blind"},
        DENIALS,
    ),
    "the region of CloudFront's alarms may not be read after a deploy": Row(
        WORSE,
        lambda: since(alarm("cpu"), UNREAD),
        {"cpu": "passed", UNREAD.name: "blind"},
        DENIALS,
        "allow cloudwatch:DescribeAlarms",
    ),
    "the region of CloudFront's alarms may not be read after a deploy, and an alarm here rings": Row(
        WORSE,
        lambda: since(
            alarm("cpu", StateValue="ALARM", StateReason="two points", StateUpdatedTimestamp=ago(hours=0.1)), UNREAD
        ),
        {"cpu": "failed", UNREAD.name: "blind"},
        DENIALS,
    ),
    "the keys of one user of two may not be listed": Row(
        keys.test_access_keys_are_rotated,
        holders,
        {"pipeline": "passed", "vendor": "blind"},
        DENIALS,
        "allow iam:ListAccessKeys",
    ),
    "a cache policy of the account that may not be read, beside a managed one": Row(
        weekly("cdn").test_cdn_is_set_to_cache_and_compress,
        behaviors,
        {"default behavior": "passed", "behavior /api/*": "blind"},
        DENIALS,
    ),
    "the traffic of one load balancer of two was told in part": Row(
        unused.test_load_balancers_have_traffic,
        lambda: used(balancer("web"), balancer("api"), api="PartialData"),
        {"web": "passed", "api": "blind"},
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html",
    ),
    "a service that should rest, beside one of a cluster that may not be read": Row(
        unused.test_dev_services_rest_outside_their_hours, resting, {"dev/web": "passed", "lab/web": "blind"}, DENIALS
    ),
    "the attributes of one of two ALBs that carry the sessions may not be read": Row(
        sessions.test_idle_sessions_are_not_cut, timeouts, {"web": "passed", "twin": "blind"}, DENIALS
    ),
    "whether one silent metric's resource is in use may not be asked": Row(
        WATCH, lambda: watched(alarm("web"), alarm("hidden")), {"web": "passed", "hidden": "blind"}, DENIALS
    ),
    "the history of CloudFront's alarms may not be read": Row(
        hygiene.test_alarms_call_somebody,
        lambda: watched(
            alarm("web"),
            alarm("edge", "us-east-1", **EDGE),
            DescribeAlarmHistory=denied("cloudwatch:DescribeAlarmHistory"),
        ),
        {"web": "passed", "edge": "blind"},
        DENIALS,
        "in the last 14 days is unknown; cloudwatch:DescribeAlarmHistory: AccessDenied",
    ),
    "the metrics of CloudFront may not be read": Row(
        WATCH,
        lambda: watched(
            alarm("web"), alarm("edge", "us-east-1", **EDGE), GetMetricData=denied("cloudwatch:GetMetricData")
        ),
        {"web": "passed", "edge": "blind"},
        DENIALS,
    ),
}
