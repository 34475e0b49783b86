"""The remedy that stops a single task, which ECS replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from ...aws.ecs import TASKS_A_CALL
from ...core.change import CannotFix, Progress, Request, Risk, State, Step
from ...core.observation import batches
from ...core.wording import nearest
from ...fixing.remedy import Operation
from ..settings.ecs import active_service, running

REASON = "opschecks: stopped on purpose, to see another take its place"
_GROUP = "service:"


class StopTask(Operation):
    """Stop one task of a service that runs two or more; ECS starts another in its place."""

    risk = Risk.DISRUPTIVE
    one_way = True
    runbook = "scale-backend"
    settles_within = timedelta(minutes=15)
    allow = ("ecs:StopTask", "ecs:DescribeTasks", "ecs:DescribeServices", "ecs:ListTasks")
    say_which = "say which one with --target task/CLUSTER/ID"
    expects = "its WebSocket sessions drop and reconnect; the other tasks serve until a new one runs"

    def normal(self, target: str) -> str:
        short = target.rsplit(":", 1)[-1]
        parts = short.split("/")
        if len(parts) != 3 or parts[0] != "task" or not all(parts):
            raise CannotFix(f"{target}: expected task/CLUSTER/ID or an ARN")
        return short

    def shown(self, target: str) -> str:
        return target.rsplit("/", 1)[-1]

    def read(self, target: str) -> State:
        """The desired status of the task, and its service; a task that ECS no longer lists is stopped."""
        told = self._task(target)
        if not told:
            return {"desiredStatus": "STOPPED", "service": ""}
        return {"desiredStatus": str(told["desiredStatus"]), "service": _service(told)}

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where stopping it would be more than a moment's loss."""
        self._require_safe(target)
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {**now, "desiredStatus": "STOPPED"}

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """StopTask, with a reason that the console shows."""
        _, cluster, task = target.split("/")
        request = Request("ecs", "StopTask", {"cluster": cluster, "task": task, "reason": REASON})
        return [Step(request, task, prepare=partial(self._stopping, target))]

    def _stopping(self, target: str, request: Request) -> Request:
        """Asked again right before it is sent, because it cannot be undone."""
        self._require_safe(target)
        return request

    def progress(self, target: str, before: State, after: State) -> Progress:
        _, cluster, task = target.split("/")
        told = active_service(self.aws, cluster, str(before["service"]))
        others = self._others_running(cluster, task, str(before["service"]))
        return Progress(others >= int(told["desiredCount"]), running(others, told))

    def _require_safe(self, target: str) -> None:
        told = self._task(target)
        if not told:
            raise CannotFix(f"{target}: there is no such task (ECS lists a stopped task for an hour)")
        if told.get("desiredStatus") != "RUNNING" or told.get("lastStatus") != "RUNNING":
            raise CannotFix(f"{self.shown(target)} is {told.get('lastStatus')}: only a running task is stopped")
        name = _service(told)
        if not name:
            raise CannotFix(f"{self.shown(target)} belongs to no service: it would not be replaced")
        _, cluster, _ = target.split("/")
        known = [one if "/" in one else f"{self.stack.cluster}/{one}" for one in self.stack.services]
        if known and f"{cluster}/{name}" not in known:
            raise CannotFix(f"{name} is not a service of {self.stack.name}; {nearest(name, self.stack.services)}")
        if why := unsteady(active_service(self.aws, cluster, name)):
            raise CannotFix(f"{name}: {why}")

    def _task(self, target: str) -> dict[str, Any]:
        _, cluster, task = target.split("/")
        answer = self.aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=[task])
        found: list[dict[str, Any]] = answer["tasks"]
        return found[0] if found else {}

    def _others_running(self, cluster: str, task: str, service: str) -> int:
        """How many tasks of the service run, without the one that was stopped, which ECS may still count."""
        asked = {"cluster": cluster, "serviceName": service, "desiredStatus": "RUNNING"}
        arns = map(str, self.aws.items("ecs", "ListTasks", "taskArns", **asked))
        count = 0
        for some in batches([arn for arn in arns if not arn.endswith(f"/{task}")], TASKS_A_CALL):
            told = self.aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=some)["tasks"]
            count += sum(one["lastStatus"] == "RUNNING" for one in told)
        return count


def _service(told: Mapping[str, Any]) -> str:
    group = str(told.get("group", ""))
    return group.removeprefix(_GROUP) if group.startswith(_GROUP) else ""


def unsteady(service: Mapping[str, Any]) -> str:
    """Why no task of the service should be stopped at this moment; nothing where one may be."""
    desired, running = service["desiredCount"], service["runningCount"]
    deployments, sets = service.get("deployments") or [], service.get("taskSets") or []
    going = any(one.get("rolloutState", "COMPLETED") != "COMPLETED" for one in deployments)
    going |= any(one.get("stabilityStatus", "STEADY_STATE") != "STEADY_STATE" for one in sets)
    if going or len(deployments) > 1 or len(sets) > 1:
        return "a deployment is under way"
    if running != desired or service["pendingCount"]:
        return f"{running} of {desired} tasks run: some are missing already"
    if running < 2:
        return f"it runs {running} task: stopping it would be an outage"
    return ""
