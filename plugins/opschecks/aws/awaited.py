"""Whether what a pipeline says it deployed can still come: a bake need not wait for what never does."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.model import Resource
from ..core.observation import observation
from .releases import Release


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
    if not _at_rest(release):
        return ""
    differences = release.differences
    if not differences:
        return ""
    what = "; ".join(differences)
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
