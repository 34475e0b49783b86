"""Remedies of ECS services: how many tasks, fresh tasks, another revision."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from ...aws.own_groups import filled_by
from ...core import clock
from ...core.answer import Answer
from ...core.change import CannotFix, Progress, Proof, Request, Risk, State
from ...core.observation import CouldNotLook
from ...core.wording import nearest
from ...fixing.remedy import Setting, wished_number

_CALL = "ecs:DescribeServices"
SUSPECT = timedelta(hours=24)
"""For how long after a deployment errors are likely to have come with it."""


class _Service(Setting):
    """What changes a service with UpdateService, and waits for it to settle."""

    kind = "services"
    settles_within = timedelta(minutes=15)
    allow: ClassVar[Sequence[str]] = ("ecs:UpdateService", _CALL)

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
            raise CannotFix(f"{names} stands behind it: which one to change, a person decides")
        if others := groups - filled[found[0]]:
            raise CannotFix(
                f"{len(others)} of the {len(groups)} target groups behind it are not filled by {self.shown(found[0])}, "
                "and may be the cause: which one it was, a person decides"
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
        _, cluster, name = target.split("/")
        answer = self.aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])
        found: list[Answer] = [one for one in answer["services"] if one.get("status") == "ACTIVE"]
        if not found:
            raise CannotFix(f"there is no active service {name} in the cluster {cluster}")
        return found[0]

    def _update(self, target: str, **changed: Any) -> Request:
        _, cluster, name = target.split("/")
        return Request("ecs", "UpdateService", {"cluster": cluster, "service": name, **changed})

    def progress(self, target: str, before: State, after: State) -> Progress:
        told = self._describe(target)
        deployments = told["deployments"]
        primary: dict[str, Any] = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
        state = str(primary.get("rolloutState", "unknown"))
        running, desired = told["runningCount"], told["desiredCount"]
        newest = next((str(event.get("message", "")) for event in told.get("events", [])), "")
        said = f"{running} of {desired} tasks run, deployment {state}" + (f": {newest}" if newest else "")
        settled = (
            running == desired and len(deployments) == 1 and state == "COMPLETED" and self.is_there(told, before, after)
        )
        return Progress(settled, said, gone_wrong=state == "FAILED")

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

    def read(self, target: str) -> State:
        return {"desiredCount": int(self._describe(target)["desiredCount"])}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """As wished; else half as many more, at least one, at most the service's maximum."""
        if "desired" in wish:
            return {"desiredCount": wished_number(wish, "desired")}
        most = self.stack.limits.max_tasks
        wanted = min(most, now["desiredCount"] + max(1, now["desiredCount"] // 2))
        if wanted <= now["desiredCount"]:
            raise CannotFix(f"{now['desiredCount']} tasks are desired already, and limit max_tasks is {most}")
        return {"desiredCount": wanted}

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
        return {"deployment": str(_primary(self._describe(target))["id"])}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"deployment": f"a new one after {now['deployment']}"}

    def request(self, target: str, before: State, after: State) -> Request:
        return self._update(target, forceNewDeployment=True)

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        return all(one.get("id") != before["deployment"] for one in told["deployments"])


class _Revision(_Service):
    """Runs another revision of the task definition."""

    risk = Risk.DISRUPTIVE
    proof = Proof.SYMPTOM
    allow: ClassVar[Sequence[str]] = (*_Service.allow, "ecs:DescribeTaskDefinition")
    runbook = "high-error-rate"
    expects = "tasks of that revision replace the others; WebSocket sessions drop and reconnect"
    beware = "the pipeline does not know of it: its next deployment brings its own revision"

    def read(self, target: str) -> State:
        return {"taskDefinition": _short(self._describe(target)["taskDefinition"])}

    def request(self, target: str, before: State, after: State) -> Request:
        return self._update(target, taskDefinition=after["taskDefinition"])

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        """The one deployment is of that revision: a circuit breaker that rolled back looks settled, and is not it."""
        return all(_short(one.get("taskDefinition", "")) == after["taskDefinition"] for one in told["deployments"])

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
        revision = _short(wish["revision"])
        self._require_active(revision)
        return {"taskDefinition": revision}


class RollBackService(_Revision):
    """Run the newest other revision that is known to have been good."""

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where the service has settled: a circuit breaker may have gone back already."""
        told = self._describe(target)
        if _primary(told).get("rolloutState") == "COMPLETED":
            revision = _short(told["taskDefinition"])
            raise CannotFix(f"{revision} is deployed and stable: nothing to roll back")
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """What a filed run saw all good; not the revision before, which may have been as bad."""
        current = now["taskDefinition"]
        known = good_revisions(self.runs(), now["service"])
        if current in known:
            raise CannotFix(f"{current} itself was good in an earlier run: going back would not fix it")
        if not known:
            raise CannotFix(
                "no filed run of daily or deploy-after ended all good with another revision: which one was good is "
                "not known; opschecks fix deploy-revision --set revision=FAMILY:REVISION takes the one that you know"
            )
        self._require_active(known[0])
        return {**now, "taskDefinition": known[0]}

    def read(self, target: str) -> State:
        """family:revision, and whose it is: revisions that were good for another service prove nothing of this one."""
        told = self._describe(target)
        revision = _short(told["taskDefinition"])
        return {"taskDefinition": revision, "service": str(told["serviceArn"])}


class RollBackAfterErrors(RollBackService):
    """Run the newest other good revision, where errors came with a deployment of the last day that has settled."""

    allow: ClassVar[Sequence[str]] = (*RollBackService.allow, "elasticloadbalancing:DescribeTargetGroups")

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where what serves has served for longer: errors did not come with it."""
        told = self._describe(target)
        made: datetime = _primary(told)["createdAt"]
        if clock.now() - made > SUSPECT:
            revision = _short(told["taskDefinition"])
            raise CannotFix(
                f"{revision} was deployed on {made.astimezone(UTC):%Y-%m-%d %H:%M} UTC and has served since: "
                "the errors did not come with it; opschecks fix force-deployment starts fresh tasks"
            )
        return self.read(target)


def _primary(service: Answer) -> Mapping[str, Any]:
    """The deployment that the service moves to; nothing where something else than ECS deploys it."""
    deployments = service["deployments"]
    return next((one for one in deployments if one.get("status") == "PRIMARY"), Answer(call=service.call))


def good_revisions(runs: Iterable[Mapping[str, Any]], service: str) -> list[str]:
    """The revisions that the service's completed deployments ran in runs that saw nothing bad, newest first."""
    found: dict[str, None] = {}
    for run in runs:
        findings = run.get("findings", [])
        if run.get("state") != "finished" or any(one["outcome"] not in ("passed", "waived") for one in findings):
            continue
        for finding in findings:
            evidence = finding.get("evidence", {})
            for one in evidence.get("deployments", []) if evidence.get("serviceArn") == service else []:
                if one.get("rolloutState") == "COMPLETED" and one.get("taskDefinition"):
                    found.setdefault(_short(one["taskDefinition"]))
    return list(found)


def _short(definition: str) -> str:
    """family:revision, of an ARN too."""
    return definition.rsplit("/", 1)[-1]
