"""What moto's ECS lacks: the record of a service's deployments, their revisions, and stopping one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse

from ...core import clock
from ..correction import Kind, replaces
from .ecs import DOCS, LOOKS_TO_SETTLE, say

STATUS = {"IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "SUCCESSFUL", "FAILED": "STOPPED"}
"""The status of a service deployment, by its rolloutState."""
_BRIEF = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status")


def record(service: Any, deployment: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A service deployment as DescribeServiceDeployments returns it, of what moto keeps of the deployment."""
    status = STATUS[deployment["rolloutState"]]
    made = deployment["createdAt"]
    triggered = "TRIGGERED" if status == "STOPPED" else "MONITORING"
    return {
        "serviceDeploymentArn": _arn(service, "service-deployment", deployment),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": made,
        "startedAt": made,
        **({} if status == "IN_PROGRESS" else {"finishedAt": deployment.get("updatedAt", made)}),
        "updatedAt": deployment.get("updatedAt", made),
        "targetServiceRevision": {"arn": _arn(service, "service-revision", deployment)},
        "sourceServiceRevisions": [
            {"arn": _arn(service, "service-revision", one)} for one in service.deployments if one is not deployment
        ],
        "status": status,
        "deploymentConfiguration": {"strategy": "ROLLING"},
        "deploymentCircuitBreaker": {"status": triggered, "failureCount": 0, "threshold": 3},
        **changes,
    }


def baking(service: Any, deployment: dict[str, Any], minutes: int) -> dict[str, Any]:
    """A blue/green deployment that has shifted its traffic, and waits for so long before it ends."""
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": minutes}
    told = record(service, deployment, lifecycleStage="BAKE_TIME", deploymentConfiguration=configuration)
    del told["finishedAt"]
    return {**told, "status": "IN_PROGRESS"}


def _arn(service: Any, kind: str, deployment: dict[str, Any]) -> str:
    number = str(deployment["id"]).rsplit("/", 1)[-1]
    return service.arn.replace(":service/", f":{kind}/") + f"/{number}"  # type: ignore[no-any-return]


def _records(service: Any) -> Iterator[dict[str, Any]]:
    """The service's deployments, the newest first; `past` are those that moto no longer has."""
    past = getattr(service, "past", ())
    primary = service.deployments[0] if service.deployments else {}
    going_back = any(one["status"] == "ROLLBACK_IN_PROGRESS" for one in past)
    # the roll-back is part of the deployment that is rolled back
    if not (going_back and primary["rolloutState"] == "IN_PROGRESS"):
        yield from (record(service, one) for one in service.deployments if "rolloutState" in one)
    for one in past:
        over = one["status"] == "ROLLBACK_IN_PROGRESS" and primary.get("rolloutState") == "COMPLETED"
        yield one | {"status": "ROLLBACK_SUCCESSFUL", "finishedAt": clock.now()} if over else one


@replaces(EC2ContainerServiceResponse, "list_service_deployments", Kind.MISSING, DOCS)
def _list(self: EC2ContainerServiceResponse) -> ActionResult:
    """moto keeps no record of a service's deployments."""
    cluster, name = (str(self._get_param(key)).rsplit("/", 1)[-1] for key in ("cluster", "service"))
    service = self.ecs_backend.services.get(f"{cluster}:{name}")
    if service is None:
        raise ServiceNotFoundException
    statuses = self._get_param("status") or []
    told = [
        {key: one[key] for key in _BRIEF if key in one}
        | {"targetServiceRevisionArn": one["targetServiceRevision"]["arn"]}
        for one in _records(service)
        if not statuses or one["status"] in statuses
    ]
    return ActionResult({"serviceDeployments": told})


@replaces(EC2ContainerServiceResponse, "describe_service_deployments", Kind.MISSING, DOCS)
def _describe(self: EC2ContainerServiceResponse) -> ActionResult:
    """moto keeps no record of a service's deployments."""
    services = self.ecs_backend.services.values()
    known = {one["serviceDeploymentArn"]: one for service in services for one in _records(service)}
    return _asked("serviceDeployments", known, self._get_param("serviceDeploymentArns"))


def _asked(kind: str, known: dict[str, Any], asked: list[str]) -> ActionResult:
    """What was asked for by its ARN, and what is not known."""
    failures = [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]
    return ActionResult({kind: [known[arn] for arn in asked if arn in known], "failures": failures})


@replaces(EC2ContainerServiceResponse, "describe_service_revisions", Kind.MISSING, DOCS)
def _revisions(self: EC2ContainerServiceResponse) -> ActionResult:
    """moto has no service revisions."""
    known = {
        arn: {
            "serviceRevisionArn": arn,
            "serviceArn": service.arn,
            "taskDefinition": one["taskDefinition"],
            "resolvedConfiguration": {"loadBalancers": _resolved(service, one)},
        }
        for service in self.ecs_backend.services.values()
        for one in (*service.deployments, *getattr(service, "taken_back", ()))
        if (arn := _arn(service, "service-revision", one))
    }
    return _asked("serviceRevisions", known, self._get_param("serviceRevisionArns"))


def _resolved(service: Any, deployment: dict[str, Any]) -> list[dict[str, str]]:
    """The target group of each load balancer that this deployment's tasks have: the alternate one while it replaces."""
    replaces_one = deployment.get("status") == "PRIMARY" and len(service.deployments) > 1
    found = []
    for one in service.load_balancers or []:
        other = (one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        found.append({"targetGroupArn": other if other and replaces_one else one["targetGroupArn"]})
    return found


@replaces(EC2ContainerServiceResponse, "stop_service_deployment", Kind.MISSING, DOCS)
def _stop(self: EC2ContainerServiceResponse) -> ActionResult:
    """moto cannot stop a deployment. AWS rolls back to the revision that ran before, which takes minutes."""
    arn = self._get_param("serviceDeploymentArn")
    for service in self.ecs_backend.services.values():
        for one in service.deployments if len(service.deployments) > 1 else ():
            if one.get("rolloutState") == "IN_PROGRESS" and _arn(service, "service-deployment", one) == arn:
                _roll_back(service, one)
                return ActionResult({"serviceDeploymentArn": arn})
    raise ECSException("ServiceDeploymentNotFoundException", "The service deployment is not found, or has ended.")


def _roll_back(service: Any, deployment: dict[str, Any]) -> None:
    now = clock.now()
    told = record(service, deployment, status="ROLLBACK_IN_PROGRESS")
    told["rollback"] = {"reason": "Service deployment rolled back because of a StopServiceDeployment request"}
    service.past = [told, *getattr(service, "past", ())]
    service.taken_back = [deployment, *getattr(service, "taken_back", ())]
    source = next(one for one in service.deployments if one is not deployment)
    source.update(status="PRIMARY", rolloutState="IN_PROGRESS", updatedAt=now)
    service.deployments = [source, {**deployment, "status": "ACTIVE"}]
    service.task_definition = source["taskDefinition"]
    service.looks_to_settle = LOOKS_TO_SETTLE
    say(service, f"rolling back to deployment {source['id']}.", now)
