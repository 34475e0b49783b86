"""Where moto is not like AWS, and what is put right: each patch says what AWS does.

All of it is undone by the function that `correct` gives back: moto's classes are the process's.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDatum
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup
from moto.moto_api import state_manager

Undo = Callable[[], None]
States = Mapping[str, tuple[str, str, str]]

ALARMS_A_PAGE = 50
DATA_POINTS_A_PAGE = 100_800


def correct(states: States, follow_attributes: Callable[[Mapping[str, str]], None]) -> Undo:
    """Put moto right. `states` are the targets that are not healthy: state, reason, description by address;
    `follow_attributes` is told the attributes of a target group whenever they change.
    """
    undo = contextlib.ExitStack()

    def patch(owner: Any, name: str, value: Any) -> None:
        missing = object()
        before = owner.__dict__.get(name, missing)
        setattr(owner, name, value)
        undo.callback(lambda: delattr(owner, name) if before is missing else setattr(owner, name, before))

    # a service's tasks start at once, stay, and stop only when something stops them
    transition = state_manager.get_transition("ecs::task")
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
    undo.callback(lambda: state_manager.set_transition("ecs::task", transition))
    patch(EC2ContainerServiceBackend, "list_tasks", _list_tasks(EC2ContainerServiceBackend.list_tasks))
    patch(EC2ContainerServiceBackend, "update_service", _update_service(EC2ContainerServiceBackend.update_service))
    patch(EC2ContainerServiceBackend, "describe_services", _settling(EC2ContainerServiceBackend.describe_services))
    # targets have the health that they have
    patch(FakeTargetGroup, "health_for", _health_for(FakeTargetGroup.health_for, states))
    patch(
        ELBv2Backend,
        "modify_target_group_attributes",
        _following(ELBv2Backend.modify_target_group_attributes, follow_attributes),
    )
    patch(CloudWatchBackend, "get_metric_data", _get_metric_data)
    patch(CloudWatchResponse, "describe_alarms", _describe_alarms)
    patch(CloudWatchResponse, "describe_alarm_history", _describe_alarm_history)
    patch(CloudWatchResponse, "put_composite_alarm", _put_composite_alarm)
    patch(CloudWatchBackend, "mute_rules", {})
    patch(CloudWatchResponse, "put_alarm_mute_rule", _put_alarm_mute_rule)
    patch(CloudWatchResponse, "list_alarm_mute_rules", _list_alarm_mute_rules)
    patch(CloudWatchResponse, "get_alarm_mute_rule", _get_alarm_mute_rule)
    return undo.close


def settle(backend: Any, cluster: str, service: str, addresses: tuple[str, ...], begun: datetime) -> list[Any]:
    """Let a service be what it wants to be: its tasks run since `begun`, its deployment is completed."""
    made: Service = backend.services[f"{cluster}:{service}"]
    made.running_count, made.pending_count = made.desired_count, 0
    deployment = made.deployments[0]
    deployment.update(
        runningCount=made.desired_count,
        pendingCount=0,
        desiredCount=made.desired_count,
        rolloutState="COMPLETED",
        rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        createdAt=begun,
        updatedAt=begun + timedelta(minutes=3),
    )
    made.events.insert(
        0,
        {
            "id": deployment["id"],
            "createdAt": begun + timedelta(minutes=3),
            "message": f"(service {service}) has reached a steady state.",
        },
    )
    network = deployment["networkConfiguration"]
    tasks = backend.run_task(
        cluster, made.task_definition, len(addresses), None, deployment["id"], None, "FARGATE", network,
        f"service:{service}",
    )  # fmt: skip
    for task, address in zip(tasks, addresses, strict=True):
        task.health_status, task.started_at, task.created_at = "HEALTHY", begun, begun
        for attachment in task.attachments:
            for detail in attachment["details"]:
                if detail["name"] == "privateIPv4Address":
                    detail["value"] = address
    return list(tasks)


LOOKS_TO_SETTLE = 2
"""How often a service must be looked at before it is what it was updated to: AWS takes minutes."""


def _update_service(before: Callable[..., Any]) -> Callable[..., Any]:
    def update_service(self: Any, service_properties: dict[str, Any]) -> Any:
        """AWS starts and stops tasks after an update; a new deployment replaces the old one when it is steady."""
        name = service_properties["service"].split("/")[-1]
        ran = self.services[f"{service_properties.get('cluster', 'default')}:{name}"].running_count
        anew = service_properties.get("force_new_deployment") or service_properties.get("task_definition")
        service = before(self, service_properties)
        service.running_count = ran
        if anew:
            made = copy.deepcopy(service.deployments[0])
            now = datetime.now(UTC)
            made.update(id=f"ecs-svc/{uuid.uuid4().int % 10**19}", status="PRIMARY", createdAt=now, updatedAt=now)
            made.update(rolloutState="IN_PROGRESS", taskDefinition=service.task_definition)
            service.deployments = [made, *({**old, "status": "ACTIVE"} for old in service.deployments)]
        service.pending_count = max(0, service.desired_count - service.running_count)
        service.looks_to_settle = LOOKS_TO_SETTLE
        return service

    return update_service


def _settling(before: Callable[..., Any]) -> Callable[..., Any]:
    def describe_services(self: Any, *args: Any, **kwargs: Any) -> Any:
        """What was updated gets a step further with each look."""
        for service in self.services.values():
            left = getattr(service, "looks_to_settle", None)
            if left is None:
                continue
            service.looks_to_settle = left - 1 if left else None
            if not left:
                service.running_count, service.pending_count = service.desired_count, 0
                newest = service.deployments[0]
                count = service.desired_count
                newest.update(rolloutState="COMPLETED", runningCount=count, desiredCount=count, pendingCount=0)
                service.deployments = [newest]
        return before(self, *args, **kwargs)

    return describe_services


def _list_tasks(before: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def list_tasks(self: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """AWS filters by service, and forgets a task an hour after it stopped."""
        service = kwargs.get("service_name") or (args[4] if len(args) > 4 else None)
        found = before(self, *args, **kwargs)
        return [task for task in found if not service or task.group == f"service:{service.split('/')[-1]}"]

    return list_tasks


def _health_for(before: Callable[..., Any], states: States) -> Callable[..., Any]:
    def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        """AWS tells what its health checks found."""
        told = states.get(target["Id"])
        if not told or target["Id"] not in self.targets:
            return before(self, target, ec2_backend)
        state, reason, description = told
        port = target.get("Port", self.port)
        return FakeHealthStatus(target["Id"], port, self.health_check_port, state, reason, description)

    return health_for


def _following(before: Callable[..., None], told: Callable[[Mapping[str, str]], None]) -> Callable[..., None]:
    def modify_target_group_attributes(self: Any, target_group_arn: str, attributes: dict[str, Any]) -> None:
        """The load balancer does what its attributes say."""
        before(self, target_group_arn, attributes)
        told(self.target_groups[target_group_arn].attributes)

    return modify_target_group_attributes


def _get_metric_data(
    self: CloudWatchBackend,
    queries: list[dict[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampAscending",
) -> list[dict[str, Any]]:
    """CloudWatch matches dimensions exactly, knows percentiles, and leaves periods without data out."""
    by_metric: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[MetricDatum]] = {}
    begin, end = aware(start_time), aware(end_time)
    for datum in self.metric_data:
        key = (
            datum.namespace,
            datum.name,
            tuple(sorted((d.name or "", d.value or "") for d in datum.dimensions)),
        )
        by_metric.setdefault(key, []).append(datum)  # type: ignore[arg-type]
    told = []
    for query in queries:
        asked = query["MetricStat"]
        metric, period = asked["Metric"], int(asked["Period"])
        dimensions = tuple(sorted((d["Name"], d["Value"]) for d in metric.get("Dimensions", [])))
        periods: dict[int, list[float]] = {}
        for datum in by_metric.get((metric["Namespace"], metric["MetricName"], dimensions), []):
            time = aware(datum.timestamp)
            if begin <= time < end:
                periods.setdefault(int(time.timestamp()) // period * period, []).append(datum.value)
        order = sorted(periods, reverse=scan_by == "TimestampDescending")
        told.append(
            {
                "id": query["Id"],
                "label": query.get("Label") or metric["MetricName"],
                "timestamps": [datetime.fromtimestamp(second, UTC) for second in order],
                "values": [_statistic(asked["Stat"], periods[second]) for second in order],
                "status_code": "Complete",
            }
        )
    return told


def aware(time: datetime) -> datetime:
    """The time with its zone; moto leaves UTC's out."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _statistic(name: str, values: list[float]) -> float:
    if name.startswith("p"):
        ordered = sorted(values)
        return ordered[max(0, math.ceil(float(name[1:]) / 100 * len(ordered)) - 1)]
    known: dict[str, Callable[[list[float]], float]] = {
        "Sum": sum,
        "Average": lambda told: sum(told) / len(told),
        "Maximum": max,
        "Minimum": min,
        "SampleCount": lambda told: float(len(told)),
    }
    return known[name](values)


def _describe_alarms(self: CloudWatchResponse) -> ActionResult:
    """AWS pages, leaves composite alarms out unless asked for them, and takes every filter at once."""
    names, prefix = self._get_param("AlarmNames", []), self._get_param("AlarmNamePrefix") or ""
    state, types = self._get_param("StateValue"), self._get_param("AlarmTypes") or ["MetricAlarm"]
    found = [
        alarm
        for alarm in sorted(self.cloudwatch_backend.alarms.values(), key=lambda alarm: alarm.name)
        if (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and state in (None, alarm.state_value)
        and ("CompositeAlarm" if alarm.rule else "MetricAlarm") in types
    ]
    start = int(self._get_param("NextToken") or 0)
    end = start + int(self._get_param("MaxRecords") or ALARMS_A_PAGE)
    page = found[start:end]
    return ActionResult(
        {
            "MetricAlarms": [alarm for alarm in page if not alarm.rule],
            "CompositeAlarms": [alarm for alarm in page if alarm.rule],
            "NextToken": str(end) if end < len(found) else None,
        }
    )


def _put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
    """An alarm over others."""
    name = self._get_param("AlarmName")
    self.cloudwatch_backend.put_metric_alarm(
        name=name,
        namespace=None,  # type: ignore[arg-type]
        metric_name=None,  # type: ignore[arg-type]
        metric_data_queries=[],
        comparison_operator=None,  # type: ignore[arg-type]
        evaluation_periods=None,  # type: ignore[arg-type]
        datapoints_to_alarm=None,
        period=None,  # type: ignore[arg-type]
        threshold=None,  # type: ignore[arg-type]
        statistic=None,  # type: ignore[arg-type]
        extended_statistic=None,
        description=self._get_param("AlarmDescription") or "",
        dimensions=[],
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        unit=None,
        actions_enabled=self._get_param("ActionsEnabled"),
        treat_missing_data=None,
        evaluate_low_sample_count_percentile=None,
        threshold_metric_id=None,
        rule=self._get_param("AlarmRule"),
        tags=self._get_param("Tags", []),
    )
    made = self.cloudwatch_backend.alarms[name]
    made.alarm_rule = made.rule  # type: ignore[attr-defined]
    return EmptyResult()


def _put_alarm_mute_rule(self: CloudWatchResponse) -> EmptyResult:
    """A rule that mutes alarms; moto knows none, and here one is active from the start."""
    name = self._get_param("Name")
    self.cloudwatch_backend.mute_rules[name] = {  # type: ignore[attr-defined]
        "Name": name,
        "AlarmMuteRuleArn": f"arn:aws:cloudwatch:{self.region}:{self.current_account}:alarm-mute-rule:{name}",
        "Rule": self._get_param("Rule"),
        "MuteTargets": self._get_param("MuteTargets"),
        "Status": "ACTIVE",
    }
    return EmptyResult()


def _list_alarm_mute_rules(self: CloudWatchResponse) -> ActionResult:
    """Those of the wanted statuses, without what they mute."""
    statuses = self._get_param("Statuses") or ["SCHEDULED", "ACTIVE", "EXPIRED"]
    rules = self.cloudwatch_backend.mute_rules.values()  # type: ignore[attr-defined]
    told = [{key: rule[key] for key in ("AlarmMuteRuleArn", "Status")} for rule in rules if rule["Status"] in statuses]
    return ActionResult({"AlarmMuteRuleSummaries": told})


def _get_alarm_mute_rule(self: CloudWatchResponse) -> ActionResult:
    """One rule, whole."""
    return ActionResult(self.cloudwatch_backend.mute_rules[self._get_param("AlarmMuteRuleName")])  # type: ignore[attr-defined]


def _describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    """What every alarm's states were, newest first, those of the time that was asked for."""
    begin, end = self._get_param("StartDate"), self._get_param("EndDate")
    told = []
    for alarm in self.cloudwatch_backend.alarms.values():
        told += [
            item
            for item in _history(alarm)
            if (not begin or item["Timestamp"] >= aware(begin)) and (not end or item["Timestamp"] <= aware(end))
        ]
    told.sort(key=lambda item: item["Timestamp"], reverse=True)
    return ActionResult({"AlarmHistoryItems": told})


def _history(alarm: Alarm) -> list[dict[str, Any]]:
    states = [(state, time) for _, _, _, state, time in alarm.history]
    states.append((alarm.state_value, alarm.state_updated_timestamp))
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": aware(time),
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before} to {state}",
        }
        for (before, _), (state, time) in itertools.pairwise(states)
        if before != state
    ]
