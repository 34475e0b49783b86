"""Every setting, in canned AWS: planned, made, verified, rolled back or handed over, undone, killed around its request.

A new setting takes one row of SETTINGS: how AWS shows what the setting is about, and what a request makes of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.cdn_caching import CACHING_DISABLED
from opschecks.core.answer import Answer
from opschecks.core.change import Change, Proof, Request, Risk
from opschecks.core.observation import NotThere
from opschecks.fixing.loop import Fixer
from opschecks.fixing.outcome import ChangeResult, Fixed, Look
from opschecks.fixing.plan import planned, undoing
from opschecks.fixing.remedy import Setting
from opschecks.history.journal import Journal
from opschecks.history.lock import Lock
from opschecks.history.storage import FolderStorage
from opschecks.remedies import all_remedies
from tests.aws.test_cdn_caching import behavior, config
from tests.aws.test_cdn_caching import told as distribution
from tests.aws.test_flow_logs import GROUP, HERE, log
from tests.aws.test_indexes import ONE, index, raw_table
from tests.canned import NOW, Aws, ago, fits, stack
from tests.canned_backups import backup, listed
from tests.canned_ecs import scalable
from tests.fixing.desk import CURED, SICK, fixer_of

SERVICE = "service/prod/backend"
State = dict[str, Any]
Canned = Mapping[tuple[str, str], Any]


@dataclass(frozen=True)
class Row:
    """A setting: its target, AWS' state to begin with, what AWS answers in a state, what a request makes of it."""

    name: str
    target: str
    state: State
    answers: Callable[[State], Canned]
    made: Callable[[State, str, Mapping[str, Any]], None] = lambda state, operation, sent: state.update(sent)
    stack: Mapping[str, Any] = field(default_factory=dict)
    wish: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[Mapping[str, Any], ...] = ()


def _sticky(state: State) -> Canned:
    listed = [{"Key": key, "Value": value} for key, value in state.items()]
    lead = {"Type": "forward", "TargetGroupArn": WEB}
    rule = {"RuleArn": "arn:r", "Priority": "default", "IsDefault": True, "Conditions": [], "Actions": [lead]}
    group = {"TargetGroupArn": WEB, "TargetGroupName": "web", "Protocol": "HTTP", "LoadBalancerArns": ["arn:b"]}
    return {
        ("elbv2", "DescribeTargetGroupAttributes"): {"Attributes": listed},
        ("elbv2", "DescribeTargetGroups"): {"TargetGroups": [group]},
        ("elbv2", "DescribeListeners"): {"Listeners": [{"ListenerArn": "arn:l:listener/app/web/1/2"}]},
        ("elbv2", "DescribeRules"): {"Rules": [rule]},
    }


def _stick(state: State, _: str, sent: Mapping[str, Any]) -> None:
    state.update({one["Key"]: one["Value"] for one in sent["Attributes"]})


def _scaling(state: State) -> Canned:
    target = {**scalable(SERVICE, 0, 0), **state}
    return {
        ("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": [target]},
        ("application-autoscaling", "DescribeScheduledActions"): {"ScheduledActions": []},
        ("ecs", "DescribeServices"): {"services": [{"serviceArn": "a", "desiredCount": 2}]},
    }


def _alarm(state: State) -> Canned:
    muted = NotThere("cloudwatch:GetAlarmMuteRule", "ResourceNotFoundException")
    if ends := state.get("ends"):
        muted = {"Name": "opschecks-cpu", "Status": "ACTIVE", "ExpireDate": ends}  # type: ignore[assignment]
    return {
        ("cloudwatch", "DescribeAlarms"): {"MetricAlarms": [{"AlarmName": "cpu", "ActionsEnabled": state["on"]}]},
        ("cloudwatch", "GetAlarmMuteRule"): muted,
    }


def _ring(state: State, operation: str, sent: Mapping[str, Any]) -> None:
    if operation.endswith("AlarmActions"):
        state["on"] = operation == "EnableAlarmActions"
        return
    state["ends"] = datetime.fromisoformat(sent["ExpireDate"]) if operation == "PutAlarmMuteRule" else None


def _ingress(state: State) -> Canned:
    rules = [
        {
            "SecurityGroupRuleId": one["id"],
            "GroupId": "sg-1",
            "GroupOwnerId": "123456789012",
            "IsEgress": False,
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "CidrIpv4": one["from"],
            "Description": one["said"],
            "Tags": one["tags"],
        }
        for one in state["rules"]
    ]
    group = {"GroupId": "sg-1", "GroupName": "web", "OwnerId": "123456789012", "Tags": state["tags"]}
    return {
        ("ec2", "DescribeSecurityGroups"): {"SecurityGroups": [group]},
        ("ec2", "DescribeSecurityGroupRules"): {"SecurityGroupRules": rules},
    }


def _let_in(state: State, operation: str, sent: Mapping[str, Any]) -> None:
    if operation.startswith("Revoke"):
        (gone,) = sent["SecurityGroupRuleIds"]
        state["rules"] = [one for one in state["rules"] if one["id"] != gone]
        return
    (source,), (tags,) = sent["IpPermissions"][0]["IpRanges"], sent["TagSpecifications"]
    made = {"id": "sgr-9", "from": source["CidrIp"], "said": source["Description"], "tags": tags["Tags"]}
    state["rules"].append(made)


def _group(state: State) -> Canned:
    kept = {"retentionInDays": state["days"]} if state["days"] else {}
    return {("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": "/ecs/backend", **kept}]}}


def _recovery(state: State) -> Canned:
    status = {"PointInTimeRecoveryStatus": "ENABLED" if state["on"] else "DISABLED"}
    told = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": status}
    return {("dynamodb", "DescribeContinuousBackups"): {"ContinuousBackupsDescription": told}}


def _bucket(state: State) -> Canned:
    none = NotThere("s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration: none")
    return {
        ("s3", "GetBucketVersioning"): {},
        ("s3", "GetBucketLifecycleConfiguration"): {"Rules": state["rules"]} if state["rules"] else none,
    }


def _let_go(state: State, _: str, sent: Mapping[str, Any]) -> None:
    state["rules"] = sent.get("LifecycleConfiguration", {}).get("Rules", [])


def _indexed(state: State) -> Canned:
    return {("dynamodb", "DescribeTable"): {"Table": raw_table(*([index()] if state["there"] else []))}}


def _flow_logs(state: State) -> Canned:
    return {
        ("ec2", "DescribeFlowLogs"): {"FlowLogs": [log(1)] if state["there"] else []},
        ("ec2", "DescribeSubnets"): {"Subnets": []},
        ("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": GROUP}]},
    }


def _cdn(state: State) -> Canned:
    told = {"Distribution": distribution(state["config"]), "ETag": json.dumps(state["config"])}
    return {("cloudfront", "GetDistribution"): told}


def _service(state: State) -> Canned:
    deployment = {"id": state["id"], "status": "PRIMARY", "rolloutState": state.get("rollout", "COMPLETED"),
                  "taskDefinition": state["revision"], "createdAt": ago(hours=1)}  # fmt: skip
    told = {"serviceArn": "arn:s", "status": "ACTIVE", "desiredCount": state["count"], "runningCount": state["count"],
            "taskDefinition": state["revision"], "deployments": [deployment]}  # fmt: skip
    active = {"taskDefinition": {"status": "ACTIVE"}}
    opened = {"serviceDeploymentArn": "arn:d", "createdAt": NOW, "status": "IN_PROGRESS"}
    source = {"sourceServiceRevisions": [{"arn": "arn:r/1"}]}
    revision = {"serviceRevisionArn": "arn:r/1", "taskDefinition": "b:1"}
    return {
        ("ecs", "DescribeServices"): {"services": [told]},
        ("ecs", "DescribeTaskDefinition"): active,
        ("ecs", "ListServiceDeployments"): {"serviceDeployments": [opened] if state.get("open") else []},
        ("ecs", "DescribeServiceDeployments"): {"serviceDeployments": [{**opened, **source}]},
        ("ecs", "DescribeServiceRevisions"): {"serviceRevisions": [revision]},
        ("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": []},
    }


def _serve(state: State, operation: str, sent: Mapping[str, Any]) -> None:
    stops = operation == "StopServiceDeployment"
    state.update(
        count=sent.get("desiredCount", state["count"]),
        revision="b:1" if stops else sent.get("taskDefinition", state["revision"]),
        open=state.get("opens", False) and not stops,
        id="ecs-svc/2" if sent.get("forceNewDeployment") else state["id"],
        rollout="COMPLETED",
    )


def _backups(state: State) -> Canned:
    return listed(*(backup(one, days=0) for one in state["made"]))


def _invalidated(state: State) -> Canned:
    one = {"Id": "I1", "CreateTime": NOW, "Status": "Completed"}
    items = {"Items": [one]} if state["batch"] else {}
    listed = {"Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": len(items), **items}
    return {
        ("cloudfront", "ListInvalidations"): {"InvalidationList": listed},
        ("cloudfront", "GetInvalidation"): {"Invalidation": {**one, "InvalidationBatch": state["batch"]}},
    }


def _good(revision: str) -> Mapping[str, Any]:
    deployment = {"rolloutState": "COMPLETED", "taskDefinition": revision}
    evidence = {"serviceArn": "arn:s", "deployments": [deployment]}
    return {"state": "finished", "findings": [{"outcome": "passed", "evidence": evidence}]}


OFF = {"stickiness.enabled": "false", "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "60"}
LIMITS = {"MinCapacity": 2, "MaxCapacity": 3}
RUNS = {"count": 2, "revision": "b:2", "id": "ecs-svc/1"}
WEB = "arn:a:targetgroup/web/1"
UNDER_WAY = {**RUNS, "rollout": "IN_PROGRESS", "open": True, "opens": True}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "me"}]}
INGRESS = {
    "tags": [],
    "rules": [
        {"id": "sgr-1", "from": "10.0.0.0/8", "said": "inside", "tags": []},
        {"id": "sgr-2", "from": "0.0.0.0/0", "said": "me", "tags": [{"Key": "team", "Value": "web"}]},
    ],
}
EVENINGS = {"office_hours": {"days": [f"{NOW + timedelta(days=3):%a}".lower()]}, "dev_services": ["dev/backend"]}
SLOW = {"Compress": False, "CachePolicyId": CACHING_DISABLED}
SETTINGS = (
    Row("enable-stickiness", WEB, dict(OFF), _sticky, _stick),
    Row("set-scaling-limits", SERVICE, dict(LIMITS), _scaling),
    Row("resume-scaling", SERVICE, {**LIMITS, "SuspendedState": {"ScheduledScalingSuspended": True}}, _scaling),
    Row("enable-alarm-actions", "cpu", {"on": False}, _alarm, _ring),
    Row("disable-alarm-actions", "cpu", {"on": True}, _alarm, _ring),
    Row("silence-alarm", "cpu", {"on": True}, _alarm, _ring, wish={"for": "2h"}),
    Row("revoke-ingress", json.dumps(["sg-1", SSH, {"team": "web"}]), dict(INGRESS), _ingress, _let_in),
    Row("put-retention", "/ecs/backend", {"days": None}, _group,
        lambda state, _, sent: state.update(days=sent.get("retentionInDays"))),
    Row("enable-recovery", "incidents", {"on": False}, _recovery, lambda state, _, sent: state.update(
        on=sent["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])),
    Row("put-lifecycle", "archive", {"rules": []}, _bucket, _let_go, stack={"distribution_id": None}),
    Row("create-index", "incidents/index/by-team", {"there": False}, _indexed,
        lambda state, _, sent: state.update(there="Create" in sent["GlobalSecondaryIndexUpdates"][0])),
    Row("create-flow-log", "vpc-1", {"there": False}, _flow_logs,
        lambda state, operation, _: state.update(there=operation == "CreateFlowLogs")),
    Row("tune-cdn", "E2EXAMPLE", {"config": config(behavior(**SLOW))}, _cdn,
        lambda state, _, sent: state.update(config=sent["DistributionConfig"])),
    Row("scale-service", SERVICE, dict(RUNS), _service, _serve),
    Row("force-deployment", SERVICE, dict(RUNS), _service, _serve),
    Row("deploy-revision", SERVICE, dict(RUNS), _service, _serve, wish={"revision": "b:1"}),
    Row("roll-back-service", SERVICE, {**RUNS, "rollout": "FAILED"}, _service, _serve, runs=(_good("b:1"),)),
    Row("roll-back-service", SERVICE, dict(UNDER_WAY), _service, _serve),
    Row("roll-back-after-errors", SERVICE, dict(RUNS), _service, _serve, runs=(_good("b:1"),)),
    Row("scale-dev-to-zero", "service/dev/backend", dict(RUNS), _service, _serve, stack=EVENINGS),
    Row("back-up-table", "incidents", {"made": []}, _backups,
        lambda state, _, sent: state["made"].append(sent["BackupName"])),
    Row("invalidate-cdn", "E2EXAMPLE", {"batch": {}}, _invalidated,
        lambda state, _, sent: state.update(batch=sent["InvalidationBatch"])),
)  # fmt: skip
STACK = {
    **HERE,
    "cluster": "prod",
    "services": ("backend",),
    "tables": ("incidents",),
    "log_groups": ["/ecs/backend"],
    "distribution_id": "E2EXAMPLE",
    "incidents_table": "incidents",
    "wanted_indexes": ONE.wanted_indexes,
}


class Killed(BaseException):
    """What a kill looks like from within."""


class World(Aws):
    """Canned answers that follow what is sent; it may die right before or after a request."""

    def __init__(self, row: Row) -> None:
        self.row, self.state = row, json.loads(json.dumps(row.state))
        self.sent: list[str] = []
        self.dies = ""
        super().__init__({}, stack(**{**STACK, **row.stack}))

    def _answer(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        return self.row.answers(self.state)[service, operation]

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        if self.dies == "before":
            raise Killed
        fits(Request(service, operation, parameters))
        self.row.made(self.state, operation, parameters)
        self.sent.append(operation)
        if self.dies == "after":
            raise Killed
        return Answer({}, operation)

    @property
    def remedy(self) -> Setting:
        made = all_remedies()[self.row.name](self.stack, self, lambda: self.row.runs)
        assert isinstance(made, Setting)
        made.settles_within = timedelta(0)
        return made

    @property
    def now(self) -> Mapping[str, Any]:
        return self.remedy.read(self.row.target)


@dataclass
class Desk:
    """A world and those who fix it, one after another."""

    world: World
    folder: Path

    def plan(self) -> Change:
        change = planned(self.world.remedy, self.world.row.target, wish=self.world.row.wish)
        assert self.world.sent == []
        return change

    def fixer(self, lock: Lock) -> Fixer:
        return fixer_of(FolderStorage(self.folder), lock, lambda name: self.world.remedy)

    def make(self, change: Change, look: Look | None, undoes: str = "") -> Fixed:
        with Lock(FolderStorage(self.folder)) as lock:
            return self.fixer(lock).make(change, (lambda: look) if look else None, undoes=undoes)

    def entries(self) -> list[Any]:
        return Journal(FolderStorage(self.folder)).entries()


@pytest.fixture(params=SETTINGS, ids=lambda row: row.name + ("-under-way" if row.state.get("open") else ""))
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    return Desk(World(request.param), tmp_path)


def test_every_setting_has_a_row() -> None:
    ours = {name for name, kind in all_remedies().items() if kind.__module__.startswith("opschecks.")}
    assert {row.name for row in SETTINGS} == {name for name in ours if issubclass(all_remedies()[name], Setting)}


def test_planned_made_verified_and_undone(desk: Desk) -> None:
    before = desk.world.now
    change = desk.plan()
    assert change.before == before != change.after
    fixed = desk.make(change, CURED)
    assert fixed.result is ChangeResult.FIXED, fixed.said
    assert len(desk.world.sent) == 1
    (entry,) = desk.entries()
    assert [line.event for line in entry.lines] == ["begun", "sent", "cured"]
    if change.one_way:
        return
    assert desk.world.now == change.after
    back = undoing(entry, desk.world.remedy)
    undone = desk.make(back, None, entry.id)
    assert undone.result is ChangeResult.DONE, undone.said
    assert desk.world.now == before
    if change.risk is Risk.SAFE:  # what makes things better is worse to undo, or as safe where nobody would notice
        assert back.risk.rank >= change.risk.rank


def test_what_did_not_help_is_rolled_back_unless_that_could_harm(desk: Desk) -> None:
    before, change = desk.world.now, desk.plan()
    fixed = desk.make(change, SICK)
    remedy = desk.world.remedy
    if remedy.proof is Proof.SYMPTOM or not remedy.rolls_back or remedy.one_way:
        assert fixed.result is ChangeResult.HANDED_OVER
        assert len(desk.world.sent) == 1
        return
    assert fixed.result is ChangeResult.ROLLED_BACK, fixed.said
    assert (desk.world.now, len(desk.world.sent)) == (before, 2)


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_around_its_request_it_is_settled_by_reading_and_never_sent_again(desk: Desk, dies: str) -> None:
    change = desk.plan()
    desk.world.dies = dies
    with pytest.raises(Killed):
        desk.make(change, CURED)
    desk.world.dies = ""
    with Lock(FolderStorage(desk.folder)) as lock:
        (entry,) = desk.fixer(lock).settle()
    assert entry.state == ("not_sent" if dies == "before" else "handed_over")
    assert len(desk.world.sent) == (dies == "after")


def test_what_changed_meanwhile_is_left_alone(desk: Desk) -> None:
    change = desk.plan()
    desk.make(change, CURED)
    assert desk.make(change, CURED).result is ChangeResult.REFUSED
    assert len(desk.world.sent) == 1
