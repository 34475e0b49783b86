"""Deploys: what ECR, ECS, CloudFront and S3 really say of one, and what the checks and remedies make of it."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from opschecks.aws.cloudfront import INVALIDATIONS_KEPT, Distribution, bucket_of, distribution, invalidations
from opschecks.aws.ecr import RegistryImage, reference, registry_images
from opschecks.aws.ecs import Task, services, tasks
from opschecks.aws.releases import Release, releases
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.change import CannotFix, Request, Step
from opschecks.core.model import CHECK_ATTRIBUTE, Expected
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.remedies.operations.sync_dashboard import SyncDashboard, content_type
from opschecks.remedies.settings.cloudwatch_alarms import SilenceAlarm
from opschecks.remedies.settings.ecs import (
    DeployRevision,
    ForceDeployment,
    RollBackAfterErrors,
    RollBackService,
    ScaleService,
)
from opschecks.remedies.settings.invalidate_cdn import InvalidateCdn
from opschecks.web.http import Http
from opschecks.web.site_objects import SiteObject, site_objects
from tests.canned import (
    ACCOUNT,
    NOW,
    Answers,
    Aws,
    Raw,
    ago,
    as_sent,
    checks_of,
    concludes,
    examined,
    fits,
    given,
    judges,
    names,
    stack,
    verdict,
    verdicts,
    without,
)
from tests.canned_ecs import CLUSTER, deployment, event, record, recorded, rolled, service, task_set

ACC = "123456789012"
REGISTRY = f"{ACC}.dkr.ecr.us-west-2.amazonaws.com"
V1, V2, ARM, X86 = (f"sha256:{digit * 64}" for digit in "12ab")


after = functools.partial(checks_of, "deploy/after")


class Here(Aws):
    """Canned answers of us-west-2."""

    @property
    def region(self) -> str:
        return "us-west-2"


REFERENCES: dict[str, tuple[str, tuple[str, str, str, str] | None]] = {
    "with a tag": (f"{REGISTRY}/backend:v2", ("123456789012", "us-west-2", "backend", "v2")),
    "in a folder": (f"{REGISTRY}/team/web/app:2026.11", ("123456789012", "us-west-2", "team/web/app", "2026.11")),
    "without a tag": (f"{REGISTRY}/backend", ("123456789012", "us-west-2", "backend", "latest")),
    "fips": (f"{ACC}.dkr.ecr-fips.us-gov-west-1.amazonaws.com/backend:v2", (ACC, "us-gov-west-1", "backend", "v2")),
    "china": (f"{ACC}.dkr.ecr.cn-north-1.amazonaws.com.cn/backend:v2", (ACC, "cn-north-1", "backend", "v2")),
    "by digest": (f"{REGISTRY}/backend@{V1}", None),
    "by tag and digest": (f"{REGISTRY}/backend:v2@{V1}", None),
    "docker hub": ("nginx:1.27", None),
    "docker hub, of somebody": ("datadog/agent:7", None),
    "public ECR": ("public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0", None),
    "another registry": ("ghcr.io/team/backend:v2", None),
    "a registry with a port": ("registry.test:5000/backend:v2", None),
    "no account": ("12345.dkr.ecr.us-west-2.amazonaws.com/backend:v2", None),
    "only looks like it": (f"{REGISTRY}.test/backend:v2", None),
    "a registry alone": (REGISTRY, None),
}


@pytest.mark.parametrize(("image", "parts"), REFERENCES.values(), ids=REFERENCES)
def test_an_image_of_ecr_is_taken_apart(image: str, parts: tuple[str, str, str, str] | None) -> None:
    told = reference(image)
    assert (told and (told.registry, told.region, told.repository, told.tag)) == parts


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


def failure(code: str) -> Raw:
    return {"images": [], "failures": [{"imageId": {"imageTag": "v2"}, "failureCode": code}]}


def in_registry(*raw: Raw, answer: Answers) -> list[RegistryImage]:
    return registry_images(stack(), Here({("ecr", "BatchGetImage"): answer}), tasks_seen(*raw))


RUNNING = task((f"{REGISTRY}/backend:v2", V2))

ANSWERS: dict[str, tuple[Raw, set[str] | str]] = {
    "an image": ({"images": [image()], "failures": []}, {V2}),
    "without a word of failures": ({"images": [image()]}, {V2}),
    "an index": ({"images": [image(**index(ARM, X86))]}, {V2, ARM, X86}),
    "a manifest that is no JSON": ({"images": [{**image(), "imageManifest": "<html>"}]}, {V2}),
    "a manifest that is a list": ({"images": [{**image(), "imageManifest": "[]"}]}, {V2}),
    "gone": (failure("ImageNotFound"), set()),
    "a key that is out of reach": (failure("KmsError"), "backend:v2: KmsError"),
    "upstream is out of reach": (failure("UpstreamUnavailable"), "backend:v2: UpstreamUnavailable"),
    "inaccessible": (failure("ImageInaccessible"), "backend:v2: ImageInaccessible"),
    "neither image nor failure": ({"images": [], "failures": []}, "the answer does not mention .*backend:v2"),
    "empty": ({}, "the answer has no 'images'"),
    "an image without an id": ({"images": [{"imageManifest": "{}"}]}, "the answer has no 'imageId'"),
    "an image without a digest": ({"images": [{"imageId": {"imageTag": "v2"}}]}, "the answer has no 'imageDigest'"),
}


@pytest.mark.parametrize(("answer", "digests"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_tag_stands_for(answer: Raw, digests: set[str] | str) -> None:
    if isinstance(digests, str):
        [unread] = in_registry(RUNNING, answer=answer)
        with pytest.raises(CouldNotLook, match=digests):
            unread.digests  # noqa: B018 - it raises
    else:
        [found] = in_registry(RUNNING, answer=answer)
        assert (found.arn, found.name, set(found.digests)) == (f"{REGISTRY}/backend:v2", "backend:v2", digests)


def test_ecr_is_asked_once_for_each_tag_that_wanted_tasks_run() -> None:
    other = "210987654321.dkr.ecr.us-west-2.amazonaws.com/proxy"
    aws = Here({("ecr", "BatchGetImage"): {"images": [image()]}})
    stopped = task((f"{REGISTRY}/backend:v1", V1), desiredStatus="STOPPED")
    found = registry_images(
        stack(),
        aws,
        tasks_seen(
            task((f"{REGISTRY}/backend:v2", V2), (other, ""), ("nginx:1.27", "")),
            task((f"{REGISTRY}/backend:v2", V2), (f"{REGISTRY}/agent@{V1}", V1)),
            stopped,
        ),
    )
    assert [one.name for one in found] == ["backend:v2", "proxy:latest"]
    asked = aws.parameters_of("BatchGetImage")
    assert sorted((one["registryId"], one["repositoryName"], one["imageIds"]) for one in asked) == [
        ("123456789012", "backend", [{"imageTag": "v2"}]),
        ("210987654321", "proxy", [{"imageTag": "latest"}]),
    ]
    assert all("application/vnd.oci.image.index.v1+json" in one["acceptedMediaTypes"] for one in asked)


def test_an_image_in_another_region_is_not_looked_at() -> None:
    elsewhere = task((f"{REGISTRY.replace('us-west-2', 'eu-west-1')}/backend:v2", V2))
    [unread] = in_registry(elsewhere, answer={"images": [image()]})
    with pytest.raises(CouldNotLook, match="is in eu-west-1; only us-west-2 is read; if others are responsible"):
        unread.digests  # noqa: B018 - it raises


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


def an_image(*wanted: str) -> Expected:
    return Expected(images=wanted)


def a_deployment(*numbers: int) -> Expected:
    return Expected(deployments=tuple(f"ecs-svc/{number:019}" for number in numbers))


@pytest.mark.parametrize("running", [[], [RUNNING]], ids=["no task", "a task"])
def test_where_nobody_says_what_was_deployed_nothing_is_seen(running: list[Raw]) -> None:
    assert not Expected()
    with pytest.raises(CouldNotLook, match="nothing was expected: pass --expect-revision"):
        released(Expected(), [service()], running)


OLD = deployment(7, status="ACTIVE", createdAt=ago(days=9))
BACK = deployment(9, taskDefinition=OLD["taskDefinition"])
"""What a circuit breaker makes: a deployment of its own, of the revision before, as COMPLETED as any."""
ROLLED_BACK = service(
    BACK,
    events=[
        event("has reached a steady state.", minutes=5),
        event("(deployment ecs-svc/0000000000000000008) deployment failed: tasks failed to start.", minutes=10),
        event("rolling back to deployment ecs-svc/0000000000000000009.", minutes=10),
    ],
)
OLD_TASK = task((f"{REGISTRY}/backend:v1", V1), by=9)
BY_CODE_DEPLOY = {**service(), "deployments": [], "taskSets": [task_set()]}

SERVES: dict[str, tuple[Expected, Raw, str, str]] = {
    "the revision": (revision("backend:8"), service(), "passed", "backend:8 by ecs-svc/0000000000000000008, 2 of 2"),
    "the image by its name": (an_image("backend:v2"), service(), "passed", ""),
    "the image by its whole name": (an_image(f"{REGISTRY}/backend:v2"), service(), "passed", ""),
    "the deployment": (a_deployment(8), service(), "passed", ""),
    "all of it": (replace(a_deployment(8), revisions=("backend:8",), images=("backend:v2",)), service(), "passed", ""),
    "another revision": (revision("backend:9"), service(), "failed", "expected backend:9, running backend:8"),
    "a revision whose number begins so": (revision("backend:80"), service(), "failed", "running backend:8"),
    "a revision of no service": (revision("billing:8"), service(), "failed", "running backend:8"),
    "another tag": (an_image("backend:v3"), service(), "failed", f"running {REGISTRY}/backend:v2"),
    "an image whose name ends so": (an_image("end:v2"), service(), "failed", "expected end:v2"),
    "an image of another registry": (an_image("ghcr.io/team/backend:v2"), service(), "failed", "ghcr.io"),
    "another deployment": (a_deployment(7), service(), "failed", "running ecs-svc/0000000000000000008"),
    "of another image": (
        replace(revision("backend:8"), images=("backend:v3",)),
        service(),
        "failed",
        "expected backend:v3",
    ),
    "an image of which no task runs": (an_image("backend:v2"), service(deployment(10)), "failed", "running no task"),
    "rolled back, by revision": (revision("backend:8"), ROLLED_BACK, "failed", "running backend:7"),
    "rolled back, by image": (an_image("backend:v2"), ROLLED_BACK, "failed", "/backend:v1"),
    "rolled back, by deployment": (a_deployment(8), ROLLED_BACK, "failed", "running ecs-svc/0000000000000000009"),
    "under way": (
        revision("backend:8"),
        service(deployment(rolloutState="IN_PROGRESS"), events=[event("has started.", minutes=1)]),
        "failed",
        "the deployment is IN_PROGRESS",
    ),
    "failed": (
        revision("backend:8"),
        service(deployment(rolloutState="FAILED")),
        "failed",
        "the deployment is FAILED",
    ),
    "old tasks beside it": (revision("backend:8"), service(deployment(), OLD), "failed", "backend:7 still runs beside"),
    "short of a task": (
        revision("backend:8"),
        service(runningCount=1, events=[event("was unable to place a task: no room", minutes=1)]),
        "failed",
        "no room",
    ),
    "nothing runs": (revision("backend:8"), service(runningCount=0, events=[]), "failed", "tasks are missing"),
    "scaled to nothing": (revision("backend:8"), service(desiredCount=0, runningCount=0), "failed", ""),
    "draining": (revision("backend:8"), service(status="DRAINING"), "failed", "the service is DRAINING"),
    "deployed by CodeDeploy": (revision("backend:8"), BY_CODE_DEPLOY, "passed", "backend:8 by ecs-svc/1, 2 of 2"),
    "by CodeDeploy, and the old tasks wait for their end": (
        revision("backend:8"),
        {**BY_CODE_DEPLOY, "taskSets": [task_set(), task_set(7, id="ecs-svc/0", status="ACTIVE", runningCount=2)]},
        "passed",
        "",
    ),
    "by CodeDeploy, taken back": (
        revision("backend:9"),
        BY_CODE_DEPLOY,
        "failed",
        "expected backend:9, running backend:8",
    ),
    "by CodeDeploy, not yet stable": (
        revision("backend:8"),
        {**BY_CODE_DEPLOY, "taskSets": [task_set(stabilityStatus="STABILIZING")]},
        "failed",
        "the deployment is not yet stable",
    ),
    "of an external controller, nothing yet": (
        revision("backend:8"),
        given(BY_CODE_DEPLOY, {"taskSets": [], "deployments": None, "deploymentController": {"type": "EXTERNAL"}}),
        "blind",
        "backend has neither a primary deployment nor task set",
    ),
    "half an answer": (revision("backend:8"), without("runningCount", service()), "blind", "no 'runningCount'"),
}
test_what_was_deployed_serves = judges(
    after("deployment").test_what_was_deployed_serves,
    SERVES,
    releases=lambda expected, told: released(expected, [told], [RUNNING, OLD_TASK]),
)


WORKER = service(deployment(18, of="worker"), of="worker")
WORKS = task((f"{REGISTRY}/worker:v5", V1), of="worker", by=18)

OF_SEVERAL: dict[str, tuple[Expected, Raw, list[str]]] = {
    "a revision of each": (revision("backend:8", "worker:18"), service(), []),
    "a revision of one": (revision("backend:8"), service(), []),
    "another revision of one": (revision("worker:19"), service(), ["worker"]),
    "another revision of each": (revision("backend:9", "worker:19"), service(), ["backend", "worker"]),
    "a revision of none": (revision("billing:1"), service(), ["backend", "worker"]),
    "an image of one": (an_image("worker:v5"), service(), []),
    "another image of one": (an_image(f"{REGISTRY}/worker:v6"), service(), ["worker"]),
    "an image of none": (an_image("billing:v1"), service(), ["backend", "worker"]),
    "a deployment of one": (a_deployment(18), service(), []),
    "a deployment of which one's events tell": (a_deployment(8), ROLLED_BACK, ["backend"]),
    "a deployment that ends": (a_deployment(7), service(deployment(), OLD), ["backend"]),
    "a deployment of none": (a_deployment(99), service(), ["backend", "worker"]),
    "of each one thing": (replace(a_deployment(18), revisions=("backend:9",)), service(), ["backend"]),
}


@pytest.mark.parametrize(("expected", "told", "failed"), OF_SEVERAL.values(), ids=OF_SEVERAL)
def test_of_several_services_those_are_asked_that_it_concerns(expected: Expected, told: Raw, failed: list[str]) -> None:
    seen = released(expected, [told, WORKER], [RUNNING, OLD_TASK, WORKS])
    found = verdicts(after("deployment").test_what_was_deployed_serves, releases=seen)
    assert set(found) == {"backend", "worker"}
    assert [name for name, outcome in found.items() if outcome != "passed"] == failed


@pytest.mark.parametrize(
    "expected",
    [revision("backend:8"), an_image("backend:v2"), a_deployment(8)],
    ids=["revision", "image", "deployment"],
)
def test_a_service_that_ecs_does_not_know_fails_both_checks(expected: Expected) -> None:
    seen = released(expected, [service()], [RUNNING], missing=("old",))
    for check in (
        after("deployment").test_what_was_deployed_serves,
        after("deployment").test_tasks_run_the_image_of_their_tag,
    ):
        images = in_registry(RUNNING, answer={"images": [image()]})
        assert verdicts(check, releases=seen, registry_images=images) == {"backend": "passed", "old": "failed"}


def test_a_release_has_the_wanted_tasks_of_its_primary_deployment_only() -> None:
    [release] = released(
        revision("backend:8"),
        [service(deployment(), OLD)],
        [
            RUNNING,
            task((f"{REGISTRY}/backend:v1", V1), by=7),
            task((f"{REGISTRY}/backend:v0", V1), desiredStatus="STOPPED", lastStatus="RUNNING"),
            task((f"{REGISTRY}/backend:migration", V1), startedBy="a person"),
        ],
    )
    assert {image for image, _ in release.containers} == {f"{REGISTRY}/backend:v2"}
    assert [one["taskArn"] for one in release.evidence["tasks"]] == [RUNNING["taskArn"]]


BACKEND, SIDE_CAR = f"{REGISTRY}/backend:v2", ("public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0", "")
PLAIN: Answers = {"images": [image()]}
INDEX: Answers = {"images": [image(**index(ARM, X86))]}

TAGS: dict[str, tuple[list[Raw], Answers, str, str]] = {
    "what the tag stands for": (
        [task((BACKEND, V2)), task((BACKEND, V2))],
        PLAIN,
        "passed",
        "the image of their tag runs in 2 containers",
    ),
    "the tag was moved": ([task((BACKEND, V1))], PLAIN, "failed", f"{V1[:19]}…, and {BACKEND} is {V2[:19]}… now"),
    "one of two tasks was started before": ([task((BACKEND, V2)), task((BACKEND, V1))], PLAIN, "failed", "… now"),
    "told by the index": ([task((BACKEND, V2))], INDEX, "passed", "1 container"),
    "told by the platform": ([task((BACKEND, ARM)), task((BACKEND, X86))], INDEX, "passed", "2 containers"),
    "a platform of another build": ([task((BACKEND, V1))], INDEX, "failed", "app runs"),
    "no digest told": ([task((BACKEND, ""))], PLAIN, "blind", "it does not return the digest that app runs"),
    "gone from ECR": ([task((BACKEND, V2))], failure("ImageNotFound"), "failed", f"app: ECR has no {BACKEND}"),
    "with a side-car of another registry": ([task(SIDE_CAR, (BACKEND, V2))], PLAIN, "passed", "1 container"),
    "moved behind a side-car": ([task(SIDE_CAR, (BACKEND, V1))], PLAIN, "failed", "app1 runs"),
    "no image of ECR": ([task(SIDE_CAR, ("nginx:1.27", ""))], PLAIN, "blind", "lies in ECR: nginx:1.27, public"),
    "pinned": ([task((f"{REGISTRY}/backend@{V1}", V1))], PLAIN, "passed", "1 container"),
    "pinned, with a tag": ([task((f"{BACKEND}@{V1}", V1))], PLAIN, "passed", "1 container"),
    "pinned, and runs something else": ([task((f"{REGISTRY}/backend@{V1}", V2))], PLAIN, "failed", "app runs"),
    "an old task beside it": ([task((BACKEND, V2)), task((BACKEND, V1), by=7)], PLAIN, "passed", "1 container"),
    "no task": ([], PLAIN, "failed", "no task of this deployment runs"),
    "only old tasks": ([task((BACKEND, V2), by=7)], PLAIN, "failed", "no task of this deployment runs"),
}
test_tasks_run_the_image_of_their_tag = judges(
    after("deployment").test_tasks_run_the_image_of_their_tag,
    TAGS,
    releases=lambda running, answer: released(revision("backend:8"), [service()], running),
    registry_images=lambda running, answer: in_registry(*running, answer=answer),
)


DENIED = CouldNotLook("ecr:BatchGetImage", "AccessDeniedException: not authorized", action="ecr:BatchGetImage")
SHARED = "210987654321.dkr.ecr.us-west-2.amazonaws.com/proxy:v1"
ABROAD = f"{REGISTRY.replace('us-west-2', 'eu-west-1')}/proxy:v1"


def denied_elsewhere(registryId: str, **_: Any) -> Any:  # noqa: N803 - AWS's names
    return {"images": [image()]} if registryId == ACC else DENIED


@pytest.mark.parametrize("side_car", [SHARED, ABROAD], ids=["of another account", "of another region"])
@pytest.mark.parametrize(("runs", "outcome"), [(V2, "passed"), (V1, "failed")], ids=["as its tag", "moved"])
def test_a_side_car_that_cannot_be_read_blinds_itself_alone(side_car: str, runs: str, outcome: str) -> None:
    running = [task((BACKEND, runs), (side_car, V1))]
    seen = released(revision("backend:8"), [service()], running)
    images = in_registry(*running, answer=denied_elsewhere)
    told = verdicts(after("deployment").test_tasks_run_the_image_of_their_tag, releases=seen, registry_images=images)
    assert told == {"backend": outcome, "proxy:v1": "blind"}


def test_a_side_car_that_others_answer_for_is_nobodys_to_compare() -> None:
    running = [task((BACKEND, V2), (SHARED, V1))]
    aws = Here({("ecr", "BatchGetImage"): denied_elsewhere})
    images = registry_images(stack(foreign_images=["210987654321.*"]), aws, tasks_seen(*running))
    seen = released(revision("backend:8"), [service()], running)
    told = verdicts(after("deployment").test_tasks_run_the_image_of_their_tag, releases=seen, registry_images=images)
    assert told == {"backend": "passed"}


def test_the_advice_for_an_image_of_another_account_names_its_policy() -> None:
    [unread] = in_registry(task((SHARED, V1)), answer=DENIED)
    with pytest.raises(CouldNotLook, match=r"proxy:v1: Access.*its policy must allow ecr:BatchGetImage too"):
        unread.digests  # noqa: B018 - it raises


def test_an_image_without_a_tag_is_compared_with_latest() -> None:
    running = task((f"{REGISTRY}/backend", V1))
    aws = Here({("ecr", "BatchGetImage"): {"images": [image(V1, "latest")]}})
    images = registry_images(stack(), aws, tasks_seen(running))
    seen = released(revision("backend:8"), [service()], [running])
    told = verdict(after("deployment").test_tasks_run_the_image_of_their_tag, releases=seen, registry_images=images)
    assert told[0] == "passed", told


def config(domain: str, path: str = "", *others: Raw) -> Raw:
    """A DistributionConfig whose default origin is the last of several."""
    items = [*others, {"Id": "site", "DomainName": domain, "OriginPath": path}]
    return {
        "CallerReference": "cdk",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": len(items), "Items": items},
        "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
    }


def told_of(domain: str, path: str = "", *others: Raw) -> Raw:
    """A distribution as GetDistribution tells of it."""
    return {
        "Id": "E1SITE",
        "ARN": "arn:aws:cloudfront::123456789012:distribution/E1SITE",
        "Status": "Deployed",
        "LastModifiedTime": ago(days=9),
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "DistributionConfig": config(domain, path, *others),
    }


API = {"Id": "api", "DomainName": "web-1.us-west-2.elb.amazonaws.com", "OriginPath": ""}
CUSTOM = "which is not an S3 bucket"

ORIGINS: dict[str, tuple[str, str, tuple[str, str] | str]] = {
    "of a region": ("site.s3.us-west-2.amazonaws.com", "", ("site", "")),
    "of no region": ("site.s3.amazonaws.com", "", ("site", "")),
    "of a region, as it was once written": ("site.s3-eu-west-1.amazonaws.com", "", ("site", "")),
    "website": ("site.s3-website-us-west-2.amazonaws.com", "", ("site", "")),
    "website of a newer region": ("site.s3-website.eu-central-1.amazonaws.com", "", ("site", "")),
    "china": ("site.s3.cn-north-1.amazonaws.com.cn", "", ("site", "")),
    "with dots": ("www.example.com.s3.us-west-2.amazonaws.com", "", ("www.example.com", "")),
    "with dots, of no region": ("www.example.com.s3.amazonaws.com", "", ("www.example.com", "")),
    "with s3 in its name": ("my.s3.files.s3.us-west-2.amazonaws.com", "", ("my.s3.files", "")),
    "in a folder": ("site.s3.us-west-2.amazonaws.com", "/dashboard", ("site", "dashboard/")),
    "in a folder of a folder": ("site.s3.us-west-2.amazonaws.com", "/web/out/", ("site", "web/out/")),
    "a load balancer": ("web-1.us-west-2.elb.amazonaws.com", "", CUSTOM),
    "an API": ("abc123.execute-api.us-west-2.amazonaws.com", "/prod", CUSTOM),
    "a server": ("origin.example.com", "", CUSTOM),
    "S3 itself": ("s3.us-west-2.amazonaws.com", "/site", CUSTOM),
    "only looks like it": ("site.s3.us-west-2.amazonaws.com.example.com", "", CUSTOM),
}


@pytest.mark.parametrize(("domain", "path", "origin"), ORIGINS.values(), ids=ORIGINS)
def test_the_bucket_behind_the_distribution(domain: str, path: str, origin: tuple[str, str] | str) -> None:
    aws = Aws({("cloudfront", "GetDistribution"): {"Distribution": told_of(domain, path, API), "ETag": "E2"}})
    found = distribution(aws, names(distributions=("E1SITE",)))
    assert (found.name, found.status) == ("E1SITE", "Deployed")
    assert aws.parameters_of("GetDistribution") == [{"Id": "E1SITE"}]
    if isinstance(origin, str):
        with pytest.raises(CouldNotLook, match=f"the distribution serves {domain}, {origin}"):
            _ = found.origin
    else:
        assert found.origin == origin


SITE = config("site.s3.us-west-2.amazonaws.com")

HALF_TOLD: dict[str, tuple[Raw, str]] = {
    "nothing": ({}, "the answer has no 'DefaultCacheBehavior'"),
    "no default behavior": ({**SITE, "DefaultCacheBehavior": None}, "the answer has no 'DefaultCacheBehavior'"),
    "no target": ({**SITE, "DefaultCacheBehavior": {}}, "the answer has no 'TargetOriginId'"),
    "no origins": ({**SITE, "Origins": None}, "the answer has no 'Origins'"),
    "an empty list of origins": ({**SITE, "Origins": {"Quantity": 0}}, "the distribution has no origin site"),
    "another origin": ({**SITE, "Origins": {"Quantity": 1, "Items": [API]}}, "the distribution has no origin site"),
    "no domain": ({**SITE, "Origins": {"Quantity": 1, "Items": [{"Id": "site"}]}}, "the answer has no 'DomainName'"),
}


@pytest.mark.parametrize(("told", "message"), HALF_TOLD.values(), ids=HALF_TOLD)
def test_a_distribution_of_which_half_is_said_has_no_bucket(told: Raw, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        bucket_of(Answer(told))


def listing(*items: Raw, **changes: Any) -> Raw:
    """ListInvalidations' answer; AWS leaves Items out where there is none."""
    told = {"Marker": "", "MaxItems": 20, "IsTruncated": False, "Quantity": len(items), **changes}
    return {"InvalidationList": {**told, **({"Items": list(items)} if items else {})}}


def invalidation(number: int, status: str = "Completed", **how_long: float) -> Raw:
    return {"Id": f"I{number}", "CreateTime": ago(**(how_long or {"days": number})), "Status": status}


HOUR_AGO = f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M} UTC"

INVALIDATIONS: dict[str, tuple[Raw, dict[str, tuple[str, str]]]] = {
    "none": (listing(), {}),
    "none, in an empty list": ({"InvalidationList": {**listing()["InvalidationList"], "Items": []}}, {}),
    "finished": (listing(invalidation(2), invalidation(1)), {"I2": ("passed", ""), "I1": ("passed", "")}),
    "one under way": (
        listing(invalidation(2, "InProgress", hours=1), invalidation(1)),
        {"I2": ("failed", f"under way since {HOUR_AGO}"), "I1": ("passed", "")},
    ),
}


@pytest.mark.parametrize(("answer", "outcomes"), INVALIDATIONS.values(), ids=INVALIDATIONS)
def test_invalidations_are_finished(answer: Raw, outcomes: dict[str, tuple[str, str]]) -> None:
    aws = Aws({("cloudfront", "ListInvalidations"): answer})
    seen = invalidations(aws, names(distributions=("E1SITE",)))
    found = examined(after("dashboard").test_invalidations_are_finished, invalidations=seen)
    assert {one.name: (one.outcome.value, one.message) for one in found} == outcomes
    assert aws.parameters_of("ListInvalidations") == [{"DistributionId": "E1SITE", "MaxItems": str(INVALIDATIONS_KEPT)}]


@pytest.mark.parametrize(
    ("answer", "key"), [({}, "InvalidationList"), (listing(Quantity=3), "Items")], ids=["empty", "items left out"]
)
def test_invalidations_of_which_nothing_is_said_are_not_seen(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"cloudfront:ListInvalidations: the answer has no '{key}'"):
        invalidations(Aws({("cloudfront", "ListInvalidations"): answer}), names(distributions=("E1SITE",)))


CDN = "https://dashboard.test"


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def item(key: str = "index.html", etag: str = V1[7:39], **changes: Any) -> Raw:
    told = {"Key": key, "ETag": f'"{etag}"', "Size": 12, "LastModified": ago(hours=1), **changes}
    return {name: value for name, value in told.items() if value is not None}


def page(*items: Raw, **more: Any) -> Raw:
    """ListObjectsV2's answer; AWS leaves Contents out where there is none."""
    return {"IsTruncated": False, "KeyCount": len(items), **({"Contents": list(items)} if items else {}), **more}


def site(*pages: Raw, path: str = "", aws: Aws | None = None) -> list[SiteObject]:
    of = Distribution(arn="arn", name="E1SITE", evidence=told_of("site.s3.us-west-2.amazonaws.com", path))
    asked = aws or Aws({("s3", "ListObjectsV2"): list(pages)})
    return site_objects(stack(dashboard_url=CDN), asked, Http(), of)


SERVES_IT = after("dashboard").test_site_serves_what_the_bucket_holds
MD5, OTHER = V1[7:39], V2[7:39]

SERVED: dict[str, tuple[str, Raw, str, str]] = {
    "the same": (MD5, {"headers": {"ETag": f'"{MD5}"'}}, "passed", ""),
    "the same, in small letters": (MD5, {"headers": {"etag": f'"{MD5}"'}}, "passed", ""),
    "the same, compressed on its way": (MD5, {"headers": {"ETag": f'W/"{MD5}"'}}, "passed", ""),
    "the same, put in parts": (f"{MD5}-2", {"headers": {"ETag": f'"{MD5}-2"'}}, "passed", ""),
    "something old": (MD5, {"headers": {"ETag": f'"{OTHER}"'}}, "failed", f"{OTHER}, and the bucket holds {MD5}"),
    "something old, compressed": (MD5, {"headers": {"ETag": f'W/"{OTHER}"'}}, "failed", f"it serves {OTHER}"),
    "without an ETag": (MD5, {}, "blind", f"HEAD {CDN}/index.html: the answer has no ETag"),
    "with an empty ETag": (MD5, {"headers": {"ETag": ""}}, "blind", "the answer has no ETag"),
    "not there": (MD5, {"status": 404}, "failed", "answered 404, expected 200"),
    "forbidden": (MD5, {"status": 403, "headers": {"ETag": f'"{MD5}"'}}, "failed", "answered 403, expected 200"),
    "the CDN is in trouble": (MD5, {"status": 503}, "failed", "answered 503, expected 200"),
    "silence": (MD5, {"body": requests.exceptions.ReadTimeout("slow")}, "failed", "gave no answer within"),
}


@pytest.mark.parametrize(("etag", "answer", "outcome", "message"), SERVED.values(), ids=SERVED)
def test_the_site_serves_what_the_bucket_holds(
    mocked: responses.RequestsMock, etag: str, answer: Raw, outcome: str, message: str
) -> None:
    mocked.head(f"{CDN}/index.html", **answer)
    concludes(SERVES_IT, outcome, message, site_objects=site(page(item(etag=etag))))


def test_an_object_without_an_etag_is_not_compared(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/index.html", headers={"ETag": f'"{MD5}"'})
    concludes(SERVES_IT, "blind", "s3:ListBucket: the answer has no 'ETag'", site_objects=site(page(item(ETag=None))))


def test_a_redirect_is_followed_to_what_is_served(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/demo.html", status=301, headers={"Location": "/demo"})
    mocked.head(f"{CDN}/demo", headers={"ETag": f'"{MD5}"'})
    seen = site(page(item("demo.html")))
    assert verdict(after("dashboard").test_site_serves_what_the_bucket_holds, site_objects=seen)[0] == "passed"


def test_a_cdn_out_of_reach_is_not_looked_at(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/index.html", body=requests.exceptions.ConnectionError("no route"))
    with pytest.raises(CouldNotLook, match=f"HEAD {CDN}/index.html: ConnectionError"):
        site(page(item()))


URLS = {
    "a b.html": "/a%20b.html",
    "berichte/größe.html": "/berichte/gr%C3%B6%C3%9Fe.html",
    "日本.html": "/%E6%97%A5%E6%9C%AC.html",
    "100%.html": "/100%25.html",
    "a+b&c=d.html": "/a%2Bb%26c%3Dd.html",
    "what?.html": "/what%3F.html",
    "part#1.html": "/part%231.html",
    "_next/static/~a-b_c.1.js": "/_next/static/~a-b_c.1.js",
}


@pytest.mark.parametrize(("key", "path"), URLS.items(), ids=URLS.values())
def test_any_key_has_an_address(mocked: responses.RequestsMock, key: str, path: str) -> None:
    mocked.head(f"{CDN}{path}", headers={"ETag": f'"{MD5}"'})
    [seen] = site(page(item(key)))
    assert (seen.arn, seen.name, seen.answer.status) == (f"{CDN}{path}", key, 200)
    assert mocked.calls[0].request.url == f"{CDN}{path}"


def test_an_origin_path_is_no_part_of_an_address(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/demo/index.html", headers={"ETag": f'"{MD5}"'})
    aws = Aws({("s3", "ListObjectsV2"): page(item("web/out/demo/index.html"))})
    [seen] = site(path="/web/out", aws=aws)
    assert (seen.arn, seen.name) == (f"{CDN}/demo/index.html", "web/out/demo/index.html")
    assert aws.parameters_of("ListObjectsV2") == [{"Bucket": "site", "Prefix": "web/out/"}]


def test_folders_are_no_pages_and_lists_have_pages(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/a.html", headers={"ETag": f'"{MD5}"'})
    mocked.head(f"{CDN}/c/d.html", headers={"ETag": f'"{MD5}"'})
    pages = [
        page(item("a.html"), NextContinuationToken="2", IsTruncated=True),
        page(NextContinuationToken="3", IsTruncated=True),
        page(item("c/", Size=0), item("c/d.html")),
    ]
    aws = Aws({("s3", "ListObjectsV2"): pages})
    assert [seen.name for seen in site(aws=aws)] == ["a.html", "c/d.html"]
    assert [asked.get("ContinuationToken") for asked in aws.parameters_of("ListObjectsV2")] == [None, "2", "3"]


def test_an_empty_bucket_is_no_site() -> None:
    assert site(page()) == []
    check = after("dashboard").test_site_serves_what_the_bucket_holds
    assert not getattr(check, CHECK_ATTRIBUTE).may_be_empty


@pytest.mark.parametrize(
    ("answer", "key"), [({}, "KeyCount"), ({"KeyCount": 2}, "Contents")], ids=["empty", "objects left out"]
)
def test_a_bucket_of_which_nothing_is_said_is_not_seen(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"s3:ListBucket: the answer has no '{key}'"):
        site(answer)


def test_without_an_address_of_the_site_nothing_is_seen() -> None:
    of = Distribution(arn="arn", name="E1SITE", evidence=told_of("site.s3.us-west-2.amazonaws.com"))
    with pytest.raises(CouldNotLook, match="stack here names no dashboards: set dashboard_url"):
        site_objects(stack(), Aws({}), Http(), of)


def remedy(kind: type[BaseRemedy], answers: Mapping[tuple[str, str], Answers] | None = None, **keys: Any) -> Any:
    checked = stack(**{"distribution_id": "E1SITE", "cluster": "c", "services": ("backend", "worker"), **keys})
    return kind(checked, Aws(answers or {}, checked))


def newest(reference: str, status: str = "Completed") -> dict[tuple[str, str], Answers]:
    batch = {"CallerReference": reference, "Paths": {"Quantity": 1, "Items": ["/*"]}}
    told = {**invalidation(1, status), "InvalidationBatch": batch}
    return {
        ("cloudfront", "ListInvalidations"): listing(invalidation(1, status), MaxItems=1, IsTruncated=True),
        ("cloudfront", "GetInvalidation"): {"Invalidation": told},
    }


def test_an_invalidation_follows_from_the_one_before_and_is_the_same_each_time() -> None:
    first = remedy(InvalidateCdn).want({"newest": ""}, {})
    second = remedy(InvalidateCdn).want(first, {})
    assert remedy(InvalidateCdn).want({"newest": ""}, {}) == first
    assert first["newest"].startswith("opschecks-")
    assert len({first["newest"], second["newest"], remedy(InvalidateCdn).want(second, {})["newest"]}) == 3
    other = InvalidateCdn(Stack(name="there", distribution_id="E1SITE"), Aws({}))
    assert other.want({"newest": ""}, {}) != first


@pytest.mark.parametrize(
    ("answers", "state"),
    [(newest("cli-17"), "cli-17"), ({("cloudfront", "ListInvalidations"): listing()}, "")],
    ids=["some", "none"],
)
def test_the_cdn_is_what_it_was_last_told_to_forget(answers: dict[tuple[str, str], Answers], state: str) -> None:
    change = planned(remedy(InvalidateCdn, answers), "E1SITE")
    assert change.before == {"newest": state}
    assert change.one_way


def test_everything_is_forgotten_in_one_request() -> None:
    request = remedy(InvalidateCdn).request("E1SITE", {"newest": ""}, {"newest": "opschecks-1"})
    assert fits(request)
    assert request.parameters == {
        "DistributionId": "E1SITE",
        "InvalidationBatch": {"CallerReference": "opschecks-1", "Paths": {"Quantity": 1, "Items": ["/*"]}},
    }


FORGOTTEN: dict[str, tuple[dict[tuple[str, str], Answers], bool, str]] = {
    "by every edge": (newest("opschecks-1"), True, "the invalidation is Completed"),
    "by some": (newest("opschecks-1", "InProgress"), False, "the invalidation is InProgress"),
    "not listed yet": (newest("cli-17"), False, "the invalidation is not listed yet"),
    "none listed": ({("cloudfront", "ListInvalidations"): listing()}, False, "the invalidation is not listed yet"),
}


@pytest.mark.parametrize(("answers", "settled", "said"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_an_invalidation_is_settled_when_every_edge_has_forgotten(
    answers: dict[tuple[str, str], Answers], settled: bool, said: str
) -> None:
    reached = remedy(InvalidateCdn, answers).progress("E1SITE", {"newest": "cli-17"}, {"newest": "opschecks-1"})
    assert (reached.settled, reached.said) == (settled, said)


def folder(at: Path, **files: str) -> Path:
    """A built site; `__` stands for a slash, and `_` for a dot."""
    for name, text in {"index_html": "home", **files}.items():
        path = at / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return at


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def bucket(*items: Raw, **more: Answers) -> dict[tuple[str, str], Answers]:
    return {
        ("cloudfront", "GetDistribution"): {"Distribution": told_of("site.s3.us-west-2.amazonaws.com")},
        ("s3", "GetBucketVersioning"): {"Status": "Enabled"},
        ("s3", "HeadObject"): {"CacheControl": "no-cache"},
        ("s3", "GetBucketEncryption"): encrypted("AES256"),
        ("s3", "ListObjectsV2"): page(*items),
        **{("s3", operation): answer for operation, answer in more.items()},
    }


def encrypted(by: str) -> Raw:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": by}}]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def sent(steps: Sequence[Step]) -> list[tuple[str, Any]]:
    """Operation and key of each request; of deletes their keys."""
    return [
        (one.operation, one.parameters.get("Key") or [key["Key"] for key in one.parameters["Delete"]["Objects"]])
        for one in taken(steps)
    ]


def taken(steps: Sequence[Step]) -> list[Request]:
    """Those of the steps, which AWS would take."""
    return [fits(step.request) for step in steps]


def test_new_files_are_put_before_the_pages_that_ask_for_them_and_old_ones_deleted_last(tmp_path: Path) -> None:
    built = folder(tmp_path, demo__index_html="demo", app_js="script", z_css="style", same_css="same", old_htm="page")
    there = bucket(item(etag=md5("old")), item("same.css", md5("same")), item("gone.js"), item("a/gone.html"))
    sync = remedy(SyncDashboard, there)
    target = sync.normal(str(built))
    assert (target, sync.shown(target)) == (f"s3://site/ from {built}", "s3://site/")
    change = planned(sync, target)
    assert sent(sync.steps(target, change.before, change.after)) == [
        ("PutObject", "app.js"),
        ("PutObject", "z.css"),
        ("PutObject", "demo/index.html"),
        ("PutObject", "index.html"),
        ("PutObject", "old.htm"),
        ("DeleteObjects", ["a/gone.html", "gone.js"]),
    ]
    assert change.call == "s3:PutObject, s3:DeleteObject"


def test_what_a_file_holds_is_told_by_its_md5(tmp_path: Path) -> None:
    built = folder(tmp_path)
    sync = remedy(SyncDashboard, bucket())
    change = planned(sync, sync.normal(str(built)))
    [request] = taken(sync.steps(change.target, change.before, change.after))
    assert fits(request)
    assert request.files == {"Body": built / "index.html"}
    assert request.parameters == {
        "Bucket": "site",
        "Key": "index.html",
        "ContentMD5": base64.b64encode(bytes.fromhex(md5("home"))).decode(),
        "ContentType": "text/html; charset=utf-8",
    }


def test_an_origin_path_is_a_part_of_each_key(tmp_path: Path) -> None:
    there = bucket(item("web/out/gone.js"))
    there["cloudfront", "GetDistribution"] = {"Distribution": told_of("site.s3.us-west-2.amazonaws.com", "/web/out")}
    sync = remedy(SyncDashboard, there)
    change = planned(sync, sync.normal(str(folder(tmp_path))))
    assert change.before == {"gone.js": MD5}
    requests = sent(sync.steps(change.target, change.before, change.after))
    assert requests == [("PutObject", "web/out/index.html"), ("DeleteObjects", ["web/out/gone.js"])]


def test_objects_are_deleted_by_the_thousand(tmp_path: Path) -> None:
    gone = {f"old/{n:04}.js": MD5 for n in range(2500)}
    steps = remedy(SyncDashboard).steps(f"s3://site/ from {folder(tmp_path)}", gone, {})
    deleted = [keys for _, keys in sent(steps)]
    assert [len(keys) for keys in deleted] == [1000, 1000, 500]
    assert list(itertools.chain.from_iterable(deleted)) == list(gone)


def test_a_sync_that_broke_off_sends_the_rest(tmp_path: Path) -> None:
    built = folder(tmp_path, app_js="script")
    target, wanted = f"s3://site/ from {built}", {"index.html": md5("home"), "app.js": md5("script")}
    between = {"app.js": md5("script"), "gone.js": MD5}
    rest = sent(remedy(SyncDashboard).steps(target, between, wanted))
    assert rest == [("PutObject", "index.html"), ("DeleteObjects", ["gone.js"])]


def version(key: str, etag: str, number: int, **more: Any) -> Raw:
    return {"Key": key, "ETag": f'"{etag}"', "VersionId": f"v{number}", "IsLatest": False, **more}


KEPT: Raw = {
    "Versions": [
        version("index.html", md5("home"), 4, IsLatest=True),
        version("index.html", md5("between"), 3),
        version("index.html", md5("before"), 2),
        version("index.html", md5("before"), 1),
        version("index.html.map", md5("map"), 9),
    ]
}


def test_what_is_taken_back_is_the_version_that_held_it(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    target = f"s3://site/ from {folder(tmp_path)}"
    [request] = taken(sync.steps(target, {"index.html": md5("home")}, {"index.html": md5("before")}))
    assert fits(request)
    assert request.operation == "CopyObject"
    assert request.parameters == {
        "Bucket": "site",
        "Key": "index.html",
        "CopySource": {"Bucket": "site", "Key": "index.html", "VersionId": "v2"},
    }


def test_what_was_deleted_is_brought_back_and_what_was_new_goes(tmp_path: Path) -> None:
    marked = {"Versions": [version("gone.js", MD5, 1)], "DeleteMarkers": [{"Key": "gone.js", "VersionId": "v2"}]}
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=marked))
    target = f"s3://site/ from {folder(tmp_path)}"
    back = sent(sync.steps(target, {"index.html": md5("home")}, {"gone.js": MD5}))
    assert back == [("CopyObject", "gone.js"), ("DeleteObjects", ["index.html"])]


def test_what_the_folder_has_needs_no_version_and_a_folder_that_is_gone_needs_one(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    built, before = folder(tmp_path / "out", copy_html="before"), {"index.html": md5("before")}
    [from_folder] = taken(sync.steps(f"s3://site/ from {built}", {}, before))
    [from_version] = taken(sync.steps(f"s3://site/ from {tmp_path / 'cleaned'}", {}, before))
    assert (from_folder.operation, from_folder.files) == ("PutObject", {"Body": built / "copy.html"})
    assert from_version.operation == "CopyObject"


def test_a_version_that_s3_no_longer_keeps_cannot_be_brought_back(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    with pytest.raises(CannotFix, match=r"S3 keeps no version of index.html with the content that it had"):
        sync.steps(f"s3://site/ from {folder(tmp_path)}", {}, {"index.html": md5("map")})


def test_how_long_a_file_may_be_cached_is_the_first_pattern_that_fits(tmp_path: Path) -> None:
    built = folder(tmp_path, demo__index_html="demo", static__app_js="script", robots_txt="all")
    patterns = {"index.html": "no-store", "*.html": "no-cache", "static/*": "max-age=31536000, immutable"}
    sync = remedy(SyncDashboard, bucket(), dashboard_cache_control=patterns)
    change = planned(sync, sync.normal(str(built)))
    made = taken(sync.steps(change.target, change.before, change.after))
    assert {one.parameters["Key"]: one.parameters.get("CacheControl") for one in made} == {
        "robots.txt": None,
        "static/app.js": "max-age=31536000, immutable",
        "demo/index.html": "no-cache",
        "index.html": "no-store",
    }


@pytest.mark.parametrize(
    ("versioning", "one_way"),
    [({"Status": "Enabled"}, False), ({"Status": "Suspended"}, True), ({}, True)],
    ids=["on", "suspended", "never on"],
)
def test_a_bucket_that_keeps_versions_can_be_taken_back(tmp_path: Path, versioning: Raw, one_way: bool) -> None:
    sync = remedy(SyncDashboard, bucket(item(), GetBucketVersioning=versioning))
    assert planned(sync, sync.normal(str(folder(tmp_path)))).one_way == one_way


ENCRYPTIONS: dict[str, tuple[Answers, str]] = {
    "by S3": (encrypted("AES256"), ""),
    "not at all": (NotThere("s3:GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"), ""),
    "by KMS": (encrypted("aws:kms"), "site is encrypted with aws:kms: its ETags do not show what it holds"),
    "by KMS twice": (encrypted("aws:kms:dsse"), "site is encrypted with aws:kms:dsse"),
}


@pytest.mark.parametrize(("answer", "refusal"), ENCRYPTIONS.values(), ids=ENCRYPTIONS)
def test_a_bucket_whose_etags_tell_nothing_is_left_alone(tmp_path: Path, answer: Answers, refusal: str) -> None:
    sync = remedy(SyncDashboard, bucket(item(), GetBucketEncryption=answer))
    target = sync.normal(str(folder(tmp_path)))
    if refusal:
        with pytest.raises(CannotFix, match=refusal):
            planned(sync, target)
    else:
        assert planned(sync, target).before == {"index.html": MD5}


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        ([], "it has no index.html"),
        (["demo/index.html"], "it has no index.html"),
        (["index.html", ".env"], r"\.env would be public"),
        (["index.html", "a/.git/config"], r"a/\.git/config would be public"),
        (["index.html", ".well-known/security.txt"], ""),
    ],
)
def test_a_folder_that_is_no_site_is_refused(tmp_path: Path, files: list[str], refusal: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    sync = remedy(SyncDashboard, bucket())
    if refusal:
        with pytest.raises(CannotFix, match=refusal):
            sync.normal(str(tmp_path))
    else:
        assert sync.normal(str(tmp_path)).startswith("s3://site/")


def test_a_folder_that_is_not_there_and_an_origin_that_is_no_bucket_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotFix, match="there is no such folder"):
        remedy(SyncDashboard, bucket()).normal(str(tmp_path / "out"))
    custom = {**bucket(), ("cloudfront", "GetDistribution"): {"Distribution": told_of("origin.example.com")}}
    with pytest.raises(CannotFix, match=f"the distribution serves origin.example.com, {CUSTOM}"):
        remedy(SyncDashboard, custom).normal(str(folder(tmp_path)))
    with pytest.raises(CannotFix, match="say which folder with --target"):
        remedy(SyncDashboard).all_targets()


def test_a_bucket_is_in_sync_when_it_holds_what_the_folder_holds(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(item(etag=md5("home"))))
    target = sync.normal(str(folder(tmp_path)))
    assert sync.progress(target, {}, {"index.html": md5("home")}).settled
    assert not sync.progress(target, {}, {"index.html": md5("other")}).settled
    with pytest.raises(CannotFix, match="s3://site/ is as sync-dashboard would make it"):
        planned(sync, target)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("data.json", "application/json; charset=utf-8"),
        ("logo.svg", "image/svg+xml"),
        ("logo.png", "image/png"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_what_its_suffix_says(name: str, kind: str) -> None:
    assert content_type(name) == kind


def test_scripts_are_served_as_scripts() -> None:
    assert content_type("app.js").endswith("/javascript; charset=utf-8")


ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
BALANCER = f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188"
BLUE, GREEN = f"{ELB}:targetgroup/blue/73e2d6bc24d8a067", f"{ELB}:targetgroup/green/6d0ecf831eec9f09"


def behind(**groups: str | None) -> dict[tuple[str, str], Answers]:
    """Services that are registered in a target group each, and a load balancer that has blue and green."""

    def described(cluster: str, services: list[str]) -> Raw:
        [name] = services
        first, _, other = (groups[name] or "").partition(" and ")
        twin = {"advancedConfiguration": {"alternateTargetGroupArn": other}} if other else {}
        pairs = [{"targetGroupArn": first, "containerName": "app", "containerPort": 80, **twin}] if first else []
        return {"services": [service(of=name, loadBalancers=pairs)]}

    def listed(LoadBalancerArn: str, Marker: str = "") -> Raw:  # noqa: N803 - AWS's names
        more = {} if Marker else {"NextMarker": "2"}
        return {"TargetGroups": [{"TargetGroupArn": GREEN if Marker else BLUE}], **more}

    return {("ecs", "DescribeServices"): described, ("elbv2", "DescribeTargetGroups"): listed}


BOTH = f"{BLUE} and {GREEN}"
STANDING: dict[str, tuple[str, dict[str, str | None], list[str] | str]] = {
    "one behind the group": (BLUE, {"backend": BLUE, "worker": None}, ["service/c/backend"]),
    "another behind another group": (GREEN, {"backend": BLUE, "worker": GREEN}, ["service/c/worker"]),
    "one behind the load balancer": (BALANCER, {"backend": BOTH, "worker": None}, ["service/c/backend"]),
    "one behind it, and a neighbour": (BALANCER, {"backend": BLUE, "worker": None}, "1 of the 2 target groups behind"),
    "one behind its second page, and a neighbour": (BALANCER, {"backend": None, "worker": GREEN}, "by worker, and may"),
    "none": (BLUE, {"backend": GREEN, "worker": None}, "no service of the stack stands behind it"),
    "none behind the load balancer": (BALANCER, {"backend": None, "worker": None}, "no service of the stack"),
    "two behind the group": (BLUE, {"backend": BLUE, "worker": BLUE}, "backend, worker stands behind it"),
    "two behind the load balancer": (BALANCER, {"backend": BLUE, "worker": GREEN}, "which one to change"),
}


@pytest.mark.parametrize(("front", "groups", "targets"), STANDING.values(), ids=STANDING)
def test_the_one_service_behind_a_load_balancer(
    front: str, groups: dict[str, str | None], targets: list[str] | str
) -> None:
    rolls_back = remedy(RollBackAfterErrors, behind(**groups))
    if isinstance(targets, str):
        with pytest.raises(CannotFix, match=targets):
            rolls_back.targets(front, {})
    else:
        assert rolls_back.targets(front, {}) == targets


def test_a_service_stands_for_itself() -> None:
    assert remedy(RollBackAfterErrors).targets(f"arn:aws:ecs:{ACCOUNT}:service/c/backend", {}) == ["service/c/backend"]


def described_once(told: Raw, *records: Raw) -> dict[tuple[str, str], Answers]:
    """A service, and its deployments as ECS records them."""
    return {("ecs", "DescribeServices"): {"services": [told]}, **recorded(*records)}


@pytest.mark.parametrize(
    ("made", "suspect"),
    [({"minutes": 5}, True), ({"hours": 23}, True), ({"hours": 25}, False), ({"days": 40}, False)],
    ids=["just now", "yesterday", "the day before", "long ago"],
)
def test_errors_come_with_a_deployment_of_the_last_day(made: dict[str, float], suspect: bool) -> None:
    told = service(deployment(createdAt=ago(**made)))
    rolls_back = remedy(RollBackAfterErrors, described_once(told))
    if suspect:
        expected = {"taskDefinition": "backend:8", "service": told["serviceArn"]}
        assert rolls_back.read_for_plan("service/c/backend") == expected
    else:
        when = f"{NOW - timedelta(**made):%Y-%m-%d %H:%M} UTC"
        with pytest.raises(CannotFix, match=f"backend:8 was deployed on {when} and has served since"):
            rolls_back.read_for_plan("service/c/backend")


OPEN = service(deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=10)), deployment(7, status="ACTIVE"))
TARGET = "service/prod/backend"


def good_run(number: int) -> Raw:
    """A filed run in which everything was good, with this revision."""
    evidence = service(deployment(number))
    return {"state": "finished", "findings": [{"outcome": "passed", "evidence": evidence}]}


ROLLS_BACK: dict[str, tuple[list[Raw], list[int], tuple[str, Raw] | str]] = {
    "to what ran before, which was good": (
        [record()],
        [7],
        ("StopServiceDeployment", {"serviceDeploymentArn": record()["serviceDeploymentArn"], "stopType": "ROLLBACK"}),
    ),
    "to what ran before, where no run is filed": (
        [record("PENDING", startedAt=None)],
        [],
        ("StopServiceDeployment", {"serviceDeploymentArn": record()["serviceDeploymentArn"], "stopType": "ROLLBACK"}),
    ),
    "to what was good, which did not run before": (
        [record()],
        [5],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:5"}),
    ),
    "without a record of what ran before": (
        [record(sourceServiceRevisions=[])],
        [5],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:5"}),
    ),
    "being rolled back already": (
        [record("ROLLBACK_IN_PROGRESS")],
        [7],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:7"}),
    ),
    "of one that was good before": ([record()], [8], "backend:8 itself was good in an earlier run"),
}


@pytest.mark.parametrize(("records", "good", "expected"), ROLLS_BACK.values(), ids=ROLLS_BACK)
def test_a_deployment_under_way_is_stopped_and_rolled_back(
    records: list[Raw], good: list[int], expected: tuple[str, Raw] | str
) -> None:
    active = {("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"status": "ACTIVE"}}}
    rolls_back = remedy(RollBackService, {**described_once(OPEN, *records), **active})
    rolls_back.runs = lambda: [good_run(number) for number in good]
    if isinstance(expected, str):
        with pytest.raises(CannotFix, match=expected):
            planned(rolls_back, TARGET)
        return
    change = planned(rolls_back, TARGET)
    [request] = [as_sent(one) for one in rolls_back.steps(TARGET, change.before, change.after)]
    assert fits(request)
    assert (request.operation, request.parameters) == expected
    [undone] = [as_sent(one) for one in rolls_back.steps(TARGET, change.after, change.before)]
    assert (undone.operation, undone.parameters["taskDefinition"]) == ("UpdateService", "backend:8")


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnsupportedFeatureException"])
def test_where_records_cannot_be_asked_for_the_service_is_updated(code: str) -> None:
    action = "ecs:ListServiceDeployments"
    refused = CouldNotLook(action, f"{code}: no", action=action if code.startswith("Access") else "")
    active = {("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"status": "ACTIVE"}}}
    answers = {**described_once(OPEN), **active, ("ecs", "ListServiceDeployments"): refused}
    rolls_back = remedy(RollBackService, answers)
    rolls_back.runs = lambda: [good_run(7)]
    change = planned(rolls_back, TARGET)
    assert rolls_back.request(TARGET, change.before, change.after).operation == "UpdateService"


@pytest.mark.parametrize("kind", [RollBackService, RollBackAfterErrors, DeployRevision, ForceDeployment])
def test_what_codedeploy_deploys_is_rolled_back_there(kind: type[BaseRemedy]) -> None:
    told = {**BY_CODE_DEPLOY, "deploymentController": {"type": "CODE_DEPLOY"}}
    with pytest.raises(CannotFix, match="AWS CodeDeploy deploys it"):
        planned(
            remedy(kind, described_once(told)), TARGET, wish={"revision": "backend:7"} if kind is DeployRevision else {}
        )


def test_a_daemon_is_not_scaled() -> None:
    daemon = service(schedulingStrategy="DAEMON")
    with pytest.raises(CannotFix, match="add instances to run more"):
        planned(remedy(ScaleService, described_once(daemon)), TARGET)


BAKING = record(
    lifecycleStage="BAKE_TIME", deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440}
)
TWO_COLOURS = service(
    deployment(8, rolloutState=None), deployment(7, status="ACTIVE", rolloutState=None), runningCount=4
)
STAGES: dict[str, tuple[Raw, list[Raw], bool]] = {
    "scaling up": (TWO_COLOURS, [{**BAKING, "lifecycleStage": "SCALE_UP"}], False),
    "baking for a day": (TWO_COLOURS, [BAKING], True),
    "over": (service(deployment(8, rolloutState=None)), [], True),
    "rolled back": (service(deployment(7, rolloutState=None)), [], False),
    "old tasks are still there, and nothing is recorded": (TWO_COLOURS, [], False),
    "rolling, over": (service(deployment(8)), [], True),
    "rolling, old tasks are still there": (service(deployment(8), deployment(7, status="ACTIVE")), [], False),
}


@pytest.mark.parametrize(("told", "records", "settled"), STAGES.values(), ids=STAGES)
def test_a_revision_is_there_when_it_gets_all_traffic(told: Raw, records: list[Raw], settled: bool) -> None:
    deploys = remedy(DeployRevision, described_once(told, *records))
    after = {"taskDefinition": "backend:8"}
    assert deploys.progress(TARGET, {"taskDefinition": "backend:7"}, after).settled == settled


def test_errors_are_judged_by_the_deployment_that_serves() -> None:
    fresh, stale = deployment(createdAt=ago(hours=1)), deployment(7, status="ACTIVE", createdAt=ago(days=9))
    old = deployment(createdAt=ago(days=9))
    for told, suspect in (((stale, fresh), True), ((deployment(7, status="ACTIVE"), old), False)):
        rolls_back = remedy(RollBackAfterErrors, described_once(service(*told, taskDefinition=fresh["taskDefinition"])))
        if suspect:
            assert rolls_back.read_for_plan("service/c/backend")["taskDefinition"] == "backend:8"
        else:
            with pytest.raises(CannotFix, match="has served since"):
                rolls_back.read_for_plan("service/c/backend")


@pytest.mark.parametrize(
    "told",
    [BY_CODE_DEPLOY, service({key: value for key, value in deployment().items() if key != "createdAt"})],
    ids=["deployed by something else", "nothing said of when"],
)
def test_a_deployment_of_which_no_time_is_told_is_not_suspected(told: Raw) -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'createdAt'"):
        remedy(RollBackAfterErrors, described_once(told)).read_for_plan("service/c/backend")


@pytest.mark.parametrize(
    ("wish", "minutes"), [("1m", 1), ("90m", 90), ("2h", 120), ("1d", 1440), ("7d", 10080), ("168h", 10080)]
)
def test_an_alarm_is_muted_for_as_long_as_wished(wish: str, minutes: int) -> None:
    until = datetime.fromisoformat(remedy(SilenceAlarm).want({"muted_until": ""}, {"for": wish})["muted_until"])
    assert until.utcoffset() == timedelta()
    assert until - NOW == timedelta(minutes=minutes + 1)


SAY = "say for how long with --set for=90m, for=2h or for=1d"


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({}, SAY),
        *(({"for": text}, SAY) for text in ("", "2", "h", "2 h", "2H", "2w", "-1h", "1.5h", "1h30m", f"{'9' * 20}d")),
        *(({"for": text}, f"--set for={text}: from 1m to 7d") for text in ("0m", "0d", "8d", "169h", "10081m")),
    ],
)
def test_a_silence_without_a_sensible_end_is_refused(wish: dict[str, str], refusal: str) -> None:
    with pytest.raises(CannotFix, match=refusal):
        remedy(SilenceAlarm).want({"muted_until": ""}, wish)


SOON, LATER = (NOW.replace(second=0, microsecond=0) + timedelta(hours=hours) for hours in (1, 3))
CPU = {"MetricAlarms": [{"AlarmName": "cpu", "ActionsEnabled": True}]}


def rule(status: str | None = "ACTIVE", ends: datetime | None = SOON) -> Raw:
    told = {
        "Name": "opschecks-cpu",
        "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT2M", "Timezone": "UTC"}},
        "MuteTargets": {"AlarmNames": ["cpu"]},
        "Status": status,
        "ExpireDate": ends and ends.astimezone(ago().tzinfo),
    }
    return {key: value for key, value in told.items() if value is not None}


def muting(answer: Answers, alarms: Answers = CPU) -> Any:
    return remedy(SilenceAlarm, {("cloudwatch", "GetAlarmMuteRule"): answer, ("cloudwatch", "DescribeAlarms"): alarms})


MUTED: dict[str, tuple[Answers, str]] = {
    "muted": (rule(), SOON.isoformat()),
    "about to be muted": (rule("SCHEDULED"), SOON.isoformat()),
    "over": (rule("EXPIRED", NOW - timedelta(days=1)), ""),
    "never": (NotThere("cloudwatch:GetAlarmMuteRule", "ResourceNotFoundException"), ""),
}


@pytest.mark.parametrize(("answer", "until"), MUTED.values(), ids=MUTED)
def test_until_when_an_alarm_is_muted(answer: Answers, until: str) -> None:
    assert muting(answer).read_for_plan("cpu") == {"muted_until": until}


@pytest.mark.parametrize(
    ("answer", "key"),
    [(rule(None), "Status"), (rule(ends=None), "ExpireDate"), ({}, "Status")],
    ids=["no status", "no end", "nothing"],
)
def test_a_rule_of_which_half_is_said_is_not_read(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"cloudwatch:GetAlarmMuteRule: the answer has no '{key}'"):
        muting(answer).read("cpu")


def test_a_silence_can_be_extended_and_taken_back() -> None:
    silence = muting(rule())
    change = planned(silence, "cpu", wish={"for": "3h"})
    assert change.before == {"muted_until": SOON.isoformat()}
    assert datetime.fromisoformat(change.after["muted_until"]) > SOON
    longer, shorter = {"muted_until": LATER.isoformat()}, {"muted_until": SOON.isoformat()}
    there, back = silence.request("cpu", shorter, longer), silence.request("cpu", longer, shorter)
    assert fits(there)
    assert fits(back)
    assert (there.operation, back.operation) == ("PutAlarmMuteRule", "PutAlarmMuteRule")
    assert there.parameters["Name"] == back.parameters["Name"] == "opschecks-cpu"
    assert there.parameters["MuteTargets"] == {"AlarmNames": ["cpu"]}
    assert [datetime.fromisoformat(one.parameters["ExpireDate"]) for one in (there, back)] == [LATER, SOON]


def test_a_silence_where_none_was_is_taken_back_by_deleting_it() -> None:
    request = remedy(SilenceAlarm).request("cpu", {"muted_until": LATER.isoformat()}, {"muted_until": ""})
    assert fits(request)
    assert (request.operation, request.parameters) == ("DeleteAlarmMuteRule", {"AlarmMuteRuleName": "opschecks-cpu"})


@pytest.mark.parametrize(
    "alarms",
    [CPU, {"CompositeAlarms": [{"AlarmName": "cpu"}]}, {"LogAlarms": [{"AlarmName": "cpu"}]}],
    ids=["of a metric", "of others", "of logs"],
)
def test_an_alarm_of_any_kind_can_be_silenced(alarms: Raw) -> None:
    assert muting(rule(), alarms).read_for_plan("cpu")["muted_until"]


def test_an_alarm_that_is_not_there_cannot_be_silenced() -> None:
    with pytest.raises(CannotFix, match="there is no alarm cpu"):
        muting(rule(), {"MetricAlarms": [{"AlarmName": "cpu-high"}]}).read_for_plan("cpu")
