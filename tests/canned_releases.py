"""Tasks, images and releases as ECS and ECR return them, and what the gate sees of them."""

from __future__ import annotations

import itertools
import json
from typing import Any

from opschecks.aws.ecr import RegistryImage, registry_images
from opschecks.aws.ecs import Task, services, tasks
from opschecks.aws.releases import Release, releases
from opschecks.core.model import Expected
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, names, stack
from tests.canned_ecs import CLUSTER, rolled

ACC = "123456789012"
REGISTRY = f"{ACC}.dkr.ecr.us-west-2.amazonaws.com"
V1, V2, ARM, X86 = (f"sha256:{digit * 64}" for digit in "12ab")


Container = tuple[str, str]
_NUMBERS = itertools.count(1)


def task(*containers: Container, by: int = 8, of: str = "backend", **changes: Any) -> Raw:
    """A running task of containers given as image and digest, started by a deployment."""
    number = next(_NUMBERS)
    return {
        "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/prod/{number:032x}",
        "clusterArn": CLUSTER,
        "group": f"service:{of}",
        "startedBy": f"ecs-svc/{by:019}",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "containers": [
            {"name": f"app{n or ''}", "image": image, **({"imageDigest": digest} if digest else {})}
            for n, (image, digest) in enumerate(containers)
        ],
        **changes,
    }


def describing(*raw: Raw) -> dict[tuple[str, str], Answers]:
    def listed(cluster: str, desiredStatus: str) -> Raw:  # noqa: N803 - AWS's names
        return {"taskArns": [one["taskArn"] for one in raw if one["desiredStatus"] == desiredStatus]}

    return {("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): {"tasks": list(raw), "failures": []}}


def tasks_seen(*raw: Raw) -> list[Task]:
    return tasks(Aws(describing(*raw)), names(services=("backend",)))


def image(digest: str = V2, tag: str = "v2", **manifest: Any) -> Raw:
    return {"imageId": {"imageDigest": digest, "imageTag": tag}, "imageManifest": json.dumps(manifest)}


def index(*digests: str) -> Raw:
    return {"manifests": [{"digest": digest, "platform": {"os": "linux"}} for digest in digests]}


def failure(*codes: str) -> Raw:
    return {"images": [], "failures": [{"imageId": {"imageTag": "v2"}, "failureCode": code} for code in codes]}


def in_registry(*raw: Raw, answer: Answers) -> list[RegistryImage]:
    return registry_images(stack(), Aws({("ecr", "BatchGetImage"): answer}), tasks_seen(*raw))


RUNNING = task((f"{REGISTRY}/backend:v2", V2))


def released(expected: Expected, told: list[Raw], running: list[Raw], missing: tuple[str, ...] = ()) -> list[Release]:
    """What the gate sees of the services and tasks; of the missing ones ECS says so."""
    failures = [
        {"arn": f"arn:aws:ecs:{ACCOUNT}:service/prod/{name}", "reason": "MISSING", "detail": ""} for name in missing
    ]
    aws = Aws({("ecs", "DescribeServices"): {"services": told, "failures": failures}, **describing(*running)})
    inventory = names(services=(*(one["serviceName"] for one in told), *missing))
    return releases(expected, rolled(services(aws, inventory, NOW)), tasks(aws, inventory))


def revision(*wanted: str) -> Expected:
    return Expected(revisions=wanted)
