"""Remedies of ECS services: how many tasks, fresh tasks, another revision."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from ...aws.ecs import Service
from ...aws.elbv2 import filled_by
from ...aws.evidence import last_part
from ...config.limits import Limits
from ...core import clock
from ...core.answer import Answer
from ...core.change import CannotFix, Change, Progress, Proof, Request, Risk, Sends, State
from ...core.observation import CouldNotLook
from ...core.wording import nearest, plural
from ...fixing.remedy import Setting, wished_number
from .application_autoscaling import beyond, scaling_bounds
from .ecs_rollback import ALLOW as STOP_ALLOW
from .ecs_rollback import HEALTH, good_revisions, require_new_colour, stop_request, under_way

SUSPECT = timedelta(hours=24)
"""For how long after a deployment errors are likely to have come with it."""


class _Service(Setting):
    """What changes a service with UpdateService, and waits for it to settle."""

    kind = "services"
    settles_within = timedelta(minutes=15)
    allow: ClassVar[Sequence[str]] = ("ecs:UpdateService", "ecs:DescribeServices")

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """`service/cluster/name`, whether the finding names it so or by ARN, or names what stands before it."""
        if ":targetgroup/" in resource or ":loadbalancer/" in resource:
            return self._behind(resource)
        return super().targets(resource, evidence)

    def _behind(self, front: str) -> list[str]:
        """The one service whose tasks a target group, or a load balancer, sends requests to.

        What is true of a load balancer is the service's only where it fills every group: another may be the cause.
        """
        groups = {front}
        if ":loadbalancer/" in front:
            listed = self.aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=front)
            groups = {str(one.get("TargetGroupArn")) for one in listed}
        filled = {target: filled_by(self._describe(target)) & groups for target in self.all_targets()}
        found = [target for target, own in filled.items() if own]
        if len(found) != 1:
            names = ", ".join(self.shown(one) for one in found) or "no service of the stack"
            raise CannotFix(f"{names} stands behind it: a person must decide which one to change")
        if others := groups - filled[found[0]]:
            raise CannotFix(
                f"{len(others)} of the {len(groups)} target groups behind it are not filled by {self.shown(found[0])}, "
                "and may be the cause: a person must decide which one it was"
            )
        return found

    def normal(self, target: str) -> str:
        short = self.targets(target, {})[0]
        if short.count("/") != 2:
            raise CannotFix(f"{target}: expected service/CLUSTER/NAME or an ARN")
        if self.stack.services and short not in self.all_targets():
            raise CannotFix(f"{short} is not a service of {self.stack.name}; {nearest(short, self.all_targets())}")
        return short

    def _describe(self, target: str) -> Answer:
        return active_service(self.aws, *target.split("/")[1:])

    def _deployed_by_ecs(self, told: Answer) -> Answer:
        """The service, which ECS itself deploys; CannotFix where UpdateService cannot change what runs."""
        controller = str((told.get("deploymentController") or {}).get("type", "ECS"))
        if controller == "CODE_DEPLOY":
            raise CannotFix("AWS CodeDeploy deploys it: stop its deployment there and let it roll back")
        if controller != "ECS":
            raise CannotFix("an external controller deploys it: it has to roll back, or deploy, there")
        return told

    def _update(self, target: str, **changed: Any) -> Request:
        _, cluster, name = target.split("/")
        return Request("ecs", "UpdateService", {"cluster": cluster, "service": name, **changed})

    def progress(self, target: str, before: State, after: State) -> Progress:
        told = self._describe(target)
        launches = told.get("taskSets") or told["deployments"]
        state, run, desired = self._state(target, told), told["runningCount"], told["desiredCount"]
        completed = state == "COMPLETED" and run == desired and len(launches) == 1
        settled = (completed or (state == "SERVING" and run >= desired)) and self.is_there(told, before, after)
        return Progress(settled, running(run, told, f", deployment {state}"), gone_wrong=state == "FAILED")

    def _state(self, target: str, told: Answer) -> str:
        """rolloutState, SERVING while ECS only watches the new tasks, STABILIZING; ECS has it for rolling updates only.

        AmazonECS/latest/APIReference/API_Deployment.html.
        """
        if sets := told.get("taskSets"):
            return "COMPLETED" if all(one["stabilityStatus"] == "STEADY_STATE" for one in sets) else "STABILIZING"
        if state := _primary(told).get("rolloutState"):
            return str(state)
        opened = under_way(self.aws, target)
        if opened:
            return "SERVING" if opened.serves else "IN_PROGRESS"
        return "COMPLETED" if len(told["deployments"]) == 1 else "IN_PROGRESS"

    @abc.abstractmethod
    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        """Whether the service is what was asked for."""


class ScaleService(_Service):
    """Change the desired number of tasks; automatically only upwards, by half, within the scaling maximum."""

    risk = Risk.SAFE
    proof = Proof.SYMPTOM
    runbook = "high-cpu"
    expects = (
        "CPU goes down as the new tasks take their share; the added tasks stay until scaling or a person removes them"
    )
    beware = "auto-scaling may change the number again; a CDK deployment resets it"
    wishes = {"desired": "desired tasks; default: half as many more"}  # noqa: RUF012
    allow: ClassVar[Sequence[str]] = (*_Service.allow, "application-autoscaling:DescribeScalableTargets")

    def read(self, target: str) -> State:
        told = self._describe(target)
        if told.get("schedulingStrategy") == "DAEMON":
            raise CannotFix("it runs one task on each container instance: add instances to run more")
        return {"desiredCount": int(told["desiredCount"])}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """As wished; else half as many more, at least one, at most the service's maximum."""
        if "desired" in wish:
            return {"desiredCount": wished_number(wish, "desired")}
        most = self.stack.limits.max_tasks
        wanted = min(most, now["desiredCount"] + max(1, now["desiredCount"] // 2))
        if wanted <= now["desiredCount"]:
            raise CannotFix(f"{plural(now['desiredCount'], 'task')} desired already, and its maximum is {most}")
        return {"desiredCount": wanted}

    def bounds(self, target: str) -> tuple[int, int]:
        """Fewest and most tasks of the service."""
        return scaling_bounds(self.aws, target, super().limits_of(target))

    def limits_of(self, target: str) -> Limits:
        """With the service's own bounds."""
        low, high = self.bounds(target)
        return super().limits_of(target).model_copy(update={"min_tasks": low, "max_tasks": high})

    def described(self, change: Change) -> Change:
        """Disruptive beyond its bounds, and why."""
        if not (why := beyond(int(change.after["desiredCount"]), *self.bounds(change.target))):
            return change
        risk = max(change.risk, Risk.DISRUPTIVE, key=lambda one: one.rank)
        return replace(change, risk=risk, beware="; ".join(filter(None, (why, change.beware))))

    def request(self, target: str, before: State, after: State) -> Request:
        return self._update(target, desiredCount=after["desiredCount"])

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        """The number that was written; after adding tasks, auto-scaling may have gone on from there."""
        desired, wanted = int(told["desiredCount"]), int(after["desiredCount"])
        return desired == wanted or desired > wanted > int(before["desiredCount"])

    def risk_of(self, before: State, after: State) -> Risk:
        """Adding tasks is safe; taking them away is not, and none at all is an outage."""
        if after["desiredCount"] == 0:
            return Risk.DESTRUCTIVE
        return Risk.DISRUPTIVE if after["desiredCount"] < before["desiredCount"] else Risk.SAFE


class ForceDeployment(_Service):
    """Start fresh tasks of the same revision, and stop the old ones as those become healthy."""

    risk = Risk.DISRUPTIVE
    one_way = True
    proof = Proof.SYMPTOM
    runbook = "high-error-rate"
    expects = "every task is replaced; WebSocket sessions drop and reconnect"

    def read(self, target: str) -> State:
        """Which deployment serves; a new one gets a new id."""
        return {"deployment": str(_primary(self._deployed_by_ecs(self._describe(target)))["id"])}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"deployment": f"a new one after {now['deployment']}"}

    def request(self, target: str, before: State, after: State) -> Request:
        return self._update(target, forceNewDeployment=True)

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        """Another one serves: it is the only one, or the old one stays until the bake is over."""
        return _primary(told).get("id") not in (None, before["deployment"])


class _Revision(_Service):
    """Runs another revision of the task definition."""

    risk = Risk.DISRUPTIVE
    proof = Proof.SYMPTOM
    allow: ClassVar[Sequence[str]] = (*_Service.allow, "ecs:DescribeTaskDefinition")
    runbook = "high-error-rate"
    expects = "tasks of that revision replace the others; WebSocket sessions drop and reconnect"
    beware = "the pipeline does not know of it: its next deployment brings its own revision"

    def read(self, target: str) -> State:
        return {"taskDefinition": last_part(self._deployed_by_ecs(self._describe(target))["taskDefinition"])}

    def request(self, target: str, before: State, after: State) -> Request:
        return self._update(target, taskDefinition=after["taskDefinition"])

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        """What serves is of that revision: a circuit breaker that rolled back looks settled, and is not it."""
        return last_part(_primary(told).get("taskDefinition", "")) == str(after["taskDefinition"])

    def _require_active(self, revision: str) -> None:
        try:
            answer = self.aws.call("ecs", "DescribeTaskDefinition", taskDefinition=revision)
        except CouldNotLook as error:
            raise CannotFix(f"{revision} cannot be run: {error}") from None
        status = answer["taskDefinition"]["status"]
        if status != "ACTIVE":
            raise CannotFix(f"{revision} is {status}: register it again")


class DeployRevision(_Revision):
    """Run the named revision of the task definition, and wait until it is the one that serves."""

    wishes = {"revision": "family:revision, such as incident-commander:7"}  # noqa: RUF012

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if "revision" not in wish:
            raise CannotFix("say which one with --set revision=FAMILY:REVISION")
        revision = last_part(wish["revision"])
        self._require_active(revision)
        return {"taskDefinition": revision}


class RollBackService(_Revision):
    """Run the newest other revision that is known to have been good; a deployment under way is stopped for it."""

    allow: ClassVar[Sequence[str]] = (*_Revision.allow, *STOP_ALLOW)

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where the service has settled: a circuit breaker may have gone back already."""
        told = self._deployed_by_ecs(self._describe(target))
        if self._state(target, told) == "COMPLETED":
            revision = last_part(told["taskDefinition"])
            raise CannotFix(f"{revision} is deployed and stable: nothing to roll back")
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """What a filed run saw all good; not the revision before, which may have been as bad.

        With a deployment under way it is what ECS rolls back to, unless another revision is known to be good.
        """
        current, source = now["taskDefinition"], now.get("ran_before", "")
        wanted = {key: now[key] for key in ("taskDefinition", "service")}
        known = good_revisions(self.runs(), now["service"])
        if current in known:
            raise CannotFix(f"{current} itself was good in an earlier run: going back would not fix it")
        if source and source != current and (source in known or not known):
            return {**wanted, "taskDefinition": source}
        if not known:
            raise CannotFix(
                "no filed run of daily or deploy-after ended all good with another revision: which one was good is "
                "not known; opschecks fix deploy-revision --set revision=FAMILY:REVISION deploys one that you know"
            )
        self._require_active(known[0])
        return {**wanted, "taskDefinition": known[0]}

    def read(self, target: str) -> State:
        """family:revision, and whose it is: revisions that were good for another service prove nothing of this one.

        With a deployment under way, also which, and what ran before it.
        """
        told = self._deployed_by_ecs(self._describe(target))
        revision = last_part(told["taskDefinition"])
        state = {"taskDefinition": revision, "service": str(told["serviceArn"])}
        opened = under_way(self.aws, target)
        return {**state, "deployment": opened.arn, "ran_before": opened.source} if opened and opened.source else state

    def request(self, target: str, before: State, after: State) -> Request:
        """Stop the deployment under way where ECS then rolls back to what is wanted; else update the service."""
        if before.get("deployment") and after["taskDefinition"] == before["ran_before"]:
            return stop_request(before["deployment"])
        return super().request(target, before, after)


class RollBackAfterErrors(RollBackService):
    """Run the newest other good revision, where errors came with a deployment of the last day that has settled."""

    allow: ClassVar[Sequence[str]] = (*RollBackService.allow, "elasticloadbalancing:DescribeTargetGroups", HEALTH)

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The service behind it; CannotFix where, while two colours run, a roll-back would go to what is in trouble."""
        found = super().targets(resource, evidence)
        twins = ":targetgroup/" in resource and Service(arn="", name="", evidence=self._describe(found[0])).twin_groups
        if twins:
            require_new_colour(self.aws, under_way(self.aws, found[0]), evidence.get("groups") or [resource])
        return found

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where what serves has served for longer: errors did not come with it."""
        told = self._deployed_by_ecs(self._describe(target))
        made: datetime = _primary(told)["createdAt"]
        if clock.now() - made > SUSPECT:
            revision = last_part(told["taskDefinition"])
            raise CannotFix(
                f"{revision} was deployed on {made.astimezone(UTC):%Y-%m-%d %H:%M} UTC and has served since: "
                "the errors did not come with it; opschecks fix force-deployment starts fresh tasks"
            )
        return self.read(target)


def _primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The deployment that the service moves to; nothing where something else than ECS deploys it."""
    deployments = service["deployments"]
    nothing = Answer(call=service.call) if isinstance(service, Answer) else Answer()
    return next((one for one in deployments if one.get("status") == "PRIMARY"), nothing)


def active_service(aws: Sends, cluster: str, name: str) -> Answer:
    """The service as ECS describes it; CannotFix where there is no active one of that name."""
    answer = aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])
    found: list[Answer] = [one for one in answer["services"] if one.get("status") == "ACTIVE"]
    if not found:
        raise CannotFix(f"there is no active service {name} in the cluster {cluster}")
    return found[0]


def running(number: int, service: Answer, more: str = "") -> str:
    """How many of the service's tasks run, and what ECS says that troubles it."""
    told = Service(arn="", name="", evidence=service)
    trouble = f": {told.trouble}" if service.get("events") and told.trouble else ""
    return f"{number} of {service['desiredCount']} tasks run{more}{trouble}"
