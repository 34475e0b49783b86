"""What a tag stands for in ECR, and whether the tasks run it."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecr import RegistryImage, is_pinned, named, reference, registry_images
from opschecks.aws.ecs import Task
from opschecks.aws.unread import Unread
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import Answers, Aws, Raw, after, judges, stack, verdict, verdicts, without
from tests.canned_ecs import service
from tests.canned_releases import (
    ACC,
    ARM,
    REGISTRY,
    RUNNING,
    V1,
    V2,
    X86,
    failure,
    image,
    in_registry,
    index,
    released,
    revision,
    task,
    tasks_seen,
)
from tests.cases import cases


@cases({
    "with a tag": (f"{REGISTRY}/backend:v2", ("123456789012", "us-west-2", "backend", "v2")),
    "in a folder": (f"{REGISTRY}/team/web/app:2026.11", ("123456789012", "us-west-2", "team/web/app", "2026.11")),
    "without a tag": (f"{REGISTRY}/backend", ("123456789012", "us-west-2", "backend", "latest")),
    "fips": (f"{ACC}.dkr.ecr-fips.us-gov-west-1.amazonaws.com/backend:v2", (ACC, "us-gov-west-1", "backend", "v2")),
    "china": (f"{ACC}.dkr.ecr.cn-north-1.amazonaws.com.cn/backend:v2", (ACC, "cn-north-1", "backend", "v2")),
    "by digest": (f"{REGISTRY}/backend@{V1}", None),
    "by tag and digest": (f"{REGISTRY}/backend:v2@{V1}", None),
    "by digest, of another registry": (f"nginx@{V1}", None),
    "docker hub": ("nginx:1.27", None),
    "docker hub, of somebody": ("datadog/agent:7", None),
    "public ECR": ("public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0", None),
    "another registry": ("ghcr.io/team/backend:v2", None),
    "a registry with a port": ("registry.test:5000/backend:v2", None),
    "no account": ("12345.dkr.ecr.us-west-2.amazonaws.com/backend:v2", None),
    "only looks like it": (f"{REGISTRY}.test/backend:v2", None),
    "a registry alone": (REGISTRY, None),
})  # fmt: skip
def test_an_image_of_ecr_is_taken_apart(image: str, parts: tuple[str, str, str, str] | None) -> None:
    told = reference(image)
    assert (told and (told.registry, told.region, told.repository, told.tag)) == parts


@cases({
    "an image": ({"images": [image()], "failures": []}, {V2}),
    "without a word of failures": ({"images": [image()]}, {V2}),
    "an index": ({"images": [image(**index(ARM, X86))]}, {V2, ARM, X86}),
    "a manifest that is not JSON": ({"images": [{**image(), "imageManifest": "<html>"}]}, {V2}),
    "a manifest that is a list": ({"images": [{**image(), "imageManifest": "[]"}]}, {V2}),
    "without its manifest": ({"images": [without("imageManifest", image())]}, {V2}),
    "an index with what is no platform": (
        {"images": [image(manifests=["x", {"size": 1}, {"digest": ARM}])]}, {V2, ARM}),
    "an index that is no list": ({"images": [image(manifests={"digest": ARM})]}, {V2}),
    "two images": ({"images": [image(), image(V1)]}, {V1, V2}),
    "gone": (failure("ImageNotFound"), set()),
    "gone, and refused": (failure("ImageNotFound", "KmsError"), f"{REGISTRY}/backend:v2: KmsError"),
    "a key that is out of reach": (failure("KmsError"), "backend:v2: KmsError"),
    "upstream is out of reach": (failure("UpstreamUnavailable"), "backend:v2: UpstreamUnavailable"),
    "inaccessible": (failure("ImageInaccessible"), "backend:v2: ImageInaccessible"),
    "neither image nor failure": ({"images": [], "failures": []}, "the answer does not mention .*backend:v2"),
    "empty": ({}, "the answer has no 'images'"),
    "an image without an id": ({"images": [{"imageManifest": "{}"}]}, "the answer has no 'imageId'"),
    "an image without a digest": ({"images": [{"imageId": {"imageTag": "v2"}}]}, "the answer has no 'imageDigest'"),
})  # fmt: skip
def test_what_a_tag_stands_for(answer: Raw, digests: set[str] | str) -> None:
    if isinstance(digests, str):
        [unread] = in_registry(RUNNING, answer=answer)
        assert (unread.arn, unread.name) == (f"{REGISTRY}/backend:v2", "backend:v2")
        with pytest.raises(CouldNotLook, match=digests):
            unread.digests  # noqa: B018 - it raises
    else:
        [found] = in_registry(RUNNING, answer=answer)
        assert (found.arn, found.name, set(found.digests)) == (f"{REGISTRY}/backend:v2", "backend:v2", digests)


def test_ecr_is_asked_once_for_each_tag_that_wanted_tasks_run() -> None:
    other = "210987654321.dkr.ecr.us-west-2.amazonaws.com/proxy"
    aws = Aws({("ecr", "BatchGetImage"): {"images": [image()]}})
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
    aws = Aws({("ecr", "BatchGetImage"): denied_elsewhere})
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
    aws = Aws({("ecr", "BatchGetImage"): {"images": [image(V1, "latest")]}})
    images = registry_images(stack(), aws, tasks_seen(running))
    seen = released(revision("backend:8"), [service()], [running])
    told = verdict(after("deployment").test_tasks_run_the_image_of_their_tag, releases=seen, registry_images=images)
    assert told[0] == "passed", told


@cases({
    "with a tag": (BACKEND, "amazonaws.com", False),
    "in China": (BACKEND.replace("us-west-2.amazonaws.com", "cn-north-1.amazonaws.com.cn"), "amazonaws.com.cn", False),
    "in Europe's own cloud": (
        BACKEND.replace("us-west-2.amazonaws.com", "eusc-de-east-1.amazonaws.eu"), "amazonaws.eu", False),
    "by digest": (f"{REGISTRY}/backend@{V1}", "", True),
    "by tag and digest": (f"{BACKEND}@{V1}", "", True),
    "by digest, of another registry": (f"nginx@{V1}", "", False),
    "of another registry": ("nginx:1.27", "", False),
})  # fmt: skip
def test_the_partition_of_a_reference_and_whether_it_is_pinned(image: str, domain: str, pinned: bool) -> None:
    told = reference(image)
    assert (told.domain if told else "") == domain
    assert is_pinned(image) is pinned


def test_what_cannot_be_read_of_a_task_or_tag_is_told_beside_what_can() -> None:
    refused = Unread(CouldNotLook("ecs:DescribeTasks", "AccessDenied: no"))
    lost = Task(arn="service/jobs/mail", name="jobs/mail", service="jobs/mail", evidence=refused)
    aws = Aws({("ecr", "BatchGetImage"): PLAIN})
    found, unread = registry_images(stack(), aws, [lost, *tasks_seen(RUNNING)])
    assert (found.problem, set(found.digests)) == (None, {V2})
    assert (unread.arn, unread.name) == ("service/jobs/mail", "jobs/mail")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        unread.digests  # noqa: B018 - it raises
    [key] = in_registry(RUNNING, answer=failure("KmsError"))
    assert key.evidence == {"image": BACKEND}
    assert RegistryImage(arn="x", name="x").digests == frozenset()


def test_a_refusal_names_the_image_and_the_policy_only_where_access_was_denied() -> None:
    denied = named("web:v1", CouldNotLook("ecr:BatchGetImage", "AccessDenied: no", action="ecr:BatchGetImage"))
    assert denied.reason == (
        "web:v1: AccessDenied: no – for a repository of another account, its policy must allow ecr:BatchGetImage too"
    )
    assert denied.action == "ecr:BatchGetImage"
    slow = named("web:v1", NotThere("ecr:BatchGetImage", "RepositoryNotFoundException: no"))
    assert (type(slow), slow.reason, slow.action) == (NotThere, "web:v1: RepositoryNotFoundException: no", "")
