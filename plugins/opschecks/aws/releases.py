"""The expected deployment compared with what is running, and whether it can still come: a gate's view of a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Expected, Resource
from ..core.observation import CouldNotLook, Unanswerable, observation
from .ecs import Launch, Service, Task
from .rollouts import Rollout
from .unread import readable, why_unread

NOTHING = Expected()
Concerns = Callable[["Release", str], bool]


@dataclass(frozen=True, kw_only=True)
class Release(Resource):
    """A service, the tasks of its primary deployment or task set, and what was expected of it."""

    rollout: Rollout
    tasks: tuple[Task, ...]
    asked: Expected = NOTHING

    @property
    def service(self) -> Service:
        """The service."""
        return self.rollout.service

    @property
    def is_unread(self) -> bool:
        """Whether the service or its tasks could not be read: any expectation may concern it."""
        return bool(why_unread(self.service)) or any(why_unread(task) for task in self.tasks)

    @property
    def primary(self) -> Launch:
        """What the service is moving to; of task sets, the one that gets production traffic."""
        return self.rollout.current

    @property
    def unfinished(self) -> str:
        """Why the deployment has not ended well, or not yet; empty where what was deployed gets all traffic."""
        state = self.rollout.state
        if state == "SERVING":
            return ""
        if state != "COMPLETED":
            return "; ".join(one for one in (f"the deployment is {state}", self.rollout.why) if one)
        beside = self.rollout.replacing if self.service.controller == "ECS" else []
        return f"{', '.join(beside)} still runs beside it" if beside else ""

    @property
    def containers(self) -> list[tuple[str, str]]:
        """Image and digest of the containers of the primary deployment."""
        return sorted({(image, digest) for task in self.tasks for _, image, digest in task.images})

    @property
    def differences(self) -> list[str]:
        """The expectations that are not met, in words."""
        asked, primary = self.asked, self.primary
        told = [(one, primary.id) for one in asked.deployments if one != primary.id]
        told += [(one, primary.revision) for one in asked.revisions if one != primary.revision]
        runs = ", ".join(image for image, _ in self.containers) or "no task"
        told += [(one, runs) for one in asked.images if not any(_is(*pair, one) for pair in self.containers)]
        because = f" ({self._failure})" if self._failure else ""
        return [f"expected {wanted}, running {serves}{because}" for wanted, serves in told]

    @property
    def _failure(self) -> str:
        try:
            return self.rollout.failure
        except CouldNotLook:
            # only context for a verdict that is clear without it
            return ""


@observation()
def releases(expected: Expected, rollouts: list[Rollout], tasks: list[Task]) -> list[Release]:
    """Each service compared with what was deployed; CouldNotLook without any expectation.

    With several services, an expectation applies to those that it matches and to those that could not be read, or to
    all if it applies to none.
    """
    if not expected:
        options = "--expect-revision FAMILY:REVISION, --expect-image or --expect-deployment"
        raise Unanswerable("", f"nothing was expected: pass {options}")
    made = [_release(rollout, tasks) for rollout in rollouts]

    def asked(of: Release, wanted: Sequence[str], concerns: Concerns) -> tuple[str, ...]:
        def may(one: Release, wish: str) -> bool:
            return one.is_unread or concerns(one, wish)

        return tuple(wish for wish in wanted if may(of, wish) or not any(may(other, wish) for other in made))

    kinds = (
        (expected.revisions, _is_of_family),
        (expected.images, _is_of_repository),
        (expected.deployments, _has_deployment),
    )
    return [replace(one, asked=Expected(*(asked(one, *kind) for kind in kinds))) for one in made]


def _release(rollout: Rollout, tasks: Sequence[Task]) -> Release:
    service = rollout.service
    if why_unread(service):
        return Release(arn=service.arn, name=service.name, rollout=rollout, tasks=(), evidence=service.evidence)
    primary = [one.evidence.get("id") for one in _launches(service) if one.evidence.get("status") == "PRIMARY"]
    unread = tuple(task for task in tasks if why_unread(task) and task.name == service.name)
    running = tuple(task for task in readable(tasks) if task.is_wanted and task.started_by in primary)
    evidence = Answer({**rollout.evidence, "tasks": [task.evidence for task in running]}, "ecs:DescribeServices")
    return Release(
        arn=service.arn,
        name=service.name,
        rollout=rollout,
        tasks=(*running, *unread),
        evidence=evidence,
        figures=service.figures,
    )


def _launches(service: Service) -> list[Launch]:
    """Its deployments or task sets; none where the answer lacks them, which whoever judges the service says."""
    try:
        return [*service.deployments, *service.task_sets]
    except CouldNotLook:
        return []


def _is_of_family(release: Release, revision: str) -> bool:
    runs = [one.revision for one in _launches(release.service) if one.is_primary and "taskDefinition" in one.evidence]
    runs = runs or [str(release.evidence.get("taskDefinition", "")).rpartition("/")[2]]
    return runs[0].rpartition(":")[0] == revision.rpartition(":")[0]


def _is_of_repository(release: Release, image: str) -> bool:
    return any(_ends(_repository(one), _repository(image)) for one, _ in release.containers)


def _has_deployment(release: Release, deployment: str) -> bool:
    known = any(one.id == deployment for one in _launches(release.service))
    told = release.service.evidence.get("events") or []
    return known or any(deployment in str(event.get("message")) for event in told)


def _repository(image: str) -> str:
    """`registry/path/name` of an image, without tag and digest."""
    path, slash, name = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}"


def _ends(whole: str, end: str) -> bool:
    """Whether a name equals the other one, with or without its registry or path."""
    return whole == end or whole.endswith(f"/{end}")


def _is(image: str, digest: str, wanted: str) -> bool:
    """Whether a container runs the expected image: compared by digest if that was given, else by tag."""
    if not _ends(_repository(image), _repository(wanted)):
        return False
    if "@" in wanted:
        return wanted.partition("@")[2] in (digest, image.partition("@")[2])
    return _tag(image) == _tag(wanted)


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2] or "latest"


@dataclass(frozen=True, kw_only=True)
class Awaited(Resource):
    """A service of which something else was expected. `never`: why that can never come; empty while it may."""

    never: str = ""


@observation()
def awaited(releases: list[Release]) -> list[Awaited]:
    """Each service, and whether a deployment may still bring what was expected of it.

    Nothing more comes where ECS lists one deployment, which is completed, and all its tasks run: one that was rolled
    back, or that another one replaced, is no longer in DescribeServices' list. Where the list is empty (CODE_DEPLOY and
    EXTERNAL deploy by task sets) or a state is missing, it is unknown. Source: "Deployment" and "Service" in the Amazon
    ECS API Reference.
    """
    return [Awaited(arn=one.arn, name=one.name, never=_never(one), evidence=one.evidence) for one in releases]


def _never(release: Release) -> str:
    if not _at_rest(release) or not (what := "; ".join(release.differences)):
        return ""
    return f"{what}: no deployment of {release.name} is under way, so it never comes; was the service updated?"


def _at_rest(release: Release) -> bool:
    told = release.evidence
    listed = told.get("deployments", ())
    return (
        told.get("status") == "ACTIVE"
        and len(listed) == 1
        and listed[0].get("status") == "PRIMARY"
        and listed[0].get("rolloutState") == "COMPLETED"
        and told.get("runningCount") == told.get("desiredCount")
        and told.get("pendingCount") == 0
    )
