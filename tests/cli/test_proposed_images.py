"""`opschecks init`: images that are not in ECR are named, so that no week is blind for them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.image_scans import RunningImage
from opschecks.cli.proposal import propose
from opschecks.cli.proposed_from_look import foreign_images
from opschecks.core.gathering import Observed
from opschecks.core.observation import CouldNotLook
from tests.cli.test_proposal import survey_of

WHY = CouldNotLook("ecr:DescribeImages", "it is not in ECR")
PATTERNS = {
    "nginx:1.27": "nginx:*",
    "redis": "redis",
    "ghcr.io/acme/shop:v7": "ghcr.io/acme/shop:*",
    "localhost:5000/shop": "localhost:5000/shop",
    "localhost:5000/shop:v7": "localhost:5000/shop:*",
    "grafana/agent@sha256:0123": "grafana/agent@*",
    "grafana/agent:1@sha256:0123": "grafana/agent:*",
    "public.ecr.aws/datadog/agent:7": "public.ecr.aws/*",
}


def store(*images: RunningImage, error: CouldNotLook | None = None) -> Any:
    result = Observed(SimpleNamespace(name="running_images"), value=list(images), error=error)  # type: ignore[arg-type]
    result.done.set()
    return SimpleNamespace(results={"running_images": result})


@pytest.mark.parametrize(("image", "pattern"), PATTERNS.items(), ids=PATTERNS)
def test_an_image_of_another_registry_is_named_under_every_tag(image: str, pattern: str) -> None:
    here = RunningImage(arn="x", name="x", evidence={"imageDigest": "sha256:1"})
    (line,) = foreign_images(store(here, RunningImage(arn=image, name=image, evidence={"image": image}, problem=WHY)))
    assert (line.key, line.value) == ("foreign_images", [pattern])
    assert fnmatchcase(image, pattern)


def test_where_images_were_not_seen_none_is_named() -> None:
    unread = RunningImage(arn="task", name="task", problem=CouldNotLook("ecs:DescribeTasks", "AccessDenied"))
    assert foreign_images(store(unread)) == []
    assert foreign_images(store(error=WHY)) == []
    assert foreign_images(SimpleNamespace(results={})) == []  # type: ignore[arg-type]


def test_a_service_that_rests_is_told() -> None:
    resting, daemon = {"serviceName": "old", "desiredCount": 0}, {"serviceName": "agent", "desiredCount": 0}
    services = {
        "shop": [resting, {**daemon, "schedulingStrategy": "DAEMON"}, {"serviceName": "web", "desiredCount": 2}]
    }
    (shop,) = propose(survey_of("shop", services=services), given={})
    assert "# desired count 0: old; what is to rest, take out of services" in [str(line) for line in shop.lines]
