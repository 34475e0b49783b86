"""ECR: every property of a running image, as its registry describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.ecr import Reference
from opschecks.aws.ecs import Task
from opschecks.aws.image_scans import (
    IMAGES_A_CALL,
    RunningImage,
    running_images,
)
from opschecks.aws.unread import Unread
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.model import Deadline
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, stack
from tests.cases import cases

REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
WEB = f"{REGISTRY}/web:v1"
ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")
OF_WEB = Reference("123456789012", "us-west-2", "web", "v1")
DENIED = CouldNotLook("ecs:DescribeTasks", "AccessDenied: no")
LIST, INDEX = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)


def task(*images: tuple[str, str], number: int = 1, wanted: str = "RUNNING") -> Task:
    containers = [given({"name": "c", "image": image}, {"imageDigest": digest or None}) for image, digest in images]
    evidence = Answer({"desiredStatus": wanted, "containers": containers}, "ecs:DescribeTasks")
    arn = f"arn:aws:ecs:{ACCOUNT}:task/prod/{number}"
    return Task(arn=arn, name=str(number), service="backend", evidence=evidence)


UNREAD = Task(arn="service/jobs/mail", name="jobs/mail", service="jobs/mail", evidence=Unread(DENIED))


def detail(digest: str = ONE, **changes: Any) -> Raw:
    return given({"imageDigest": digest, "imageTags": ["v1"], "imagePushedAt": ago(days=6)}, changes)


def described(
    *details: Raw, images: Sequence[tuple[str, str]] = ((WEB, ONE),), checked: Stack | None = None, more: Any = None
) -> list[RunningImage]:
    aws = Aws({("ecr", "DescribeImages"): {"imageDetails": list(details)}, **(more or {})}, checked or stack())
    return running_images(aws.stack, aws, [task(*images)])


def test_a_running_image_as_ecr_describes_it() -> None:
    [found] = described(detail())
    assert found == RunningImage(
        arn=f"{REGISTRY}/web@{ONE}",
        name="web:v1",
        evidence={**detail(), "image": WEB},
        deadlines=(Deadline("web:v1 must be rebuilt", NOW + timedelta(days=84)),),
        of=OF_WEB,
        scanned=(ONE,),
    )
    assert (found.is_there, found.is_archived, found.pushed_at) == (True, False, NOW - timedelta(days=6))


@cases([("ACTIVE", False), ("ARCHIVED", True), ("ACTIVATING", True), (None, False)])
def test_an_image_in_the_archive(status: str | None, archived: bool) -> None:
    [found] = described(detail(imageStatus=status))
    assert found.is_archived is archived


@cases({
    "by its digest, of several": (WEB, TWO, [detail(), detail(TWO, imageTags=["v2"])], TWO),
    "by its tag": (WEB, "", [detail(TWO, imageTags=None), detail(THREE, imageTags=["v0"]), detail(ONE)], ONE),
    "by the digest that it is named by": (f"{WEB}@{TWO}", "", [detail(), detail(TWO)], TWO),
    "by the digest that ECS tells, whatever it is named by": (f"{WEB}@{TWO}", ONE, [detail(TWO), detail()], ONE),
})  # fmt: skip
def test_which_of_the_described_images_runs(image: str, digest: str, details: list[Raw], expected: str) -> None:
    [found] = described(*details, images=[(image, digest)])
    assert (found.arn, found.scanned) == (f"{REGISTRY}/web@{expected}", (expected,))


@cases({"by digest": (ONE, f"web:v1 {ONE}$"), "by tag": ("", "web:v1$")})
def test_an_image_that_the_answer_leaves_out_is_not_known(digest: str, says: str) -> None:
    [found] = described(detail(TWO, imageTags=["v2"]), images=[(WEB, digest)])
    assert (found.arn, found.name) == (f"{REGISTRY}/web@{digest or 'v1'}", "web:v1")
    assert (found.evidence, found.of) == ({"image": WEB}, OF_WEB)
    for name in ("is_there", "pushed_at"):
        with pytest.raises(CouldNotLook, match=f"ecr:DescribeImages: the answer does not mention {says}"):
            getattr(found, name)


def test_images_are_asked_for_by_digest_or_tag_a_hundred_a_repository() -> None:
    assert IMAGES_A_CALL == 100
    digests = [f"sha256:{number:064x}" for number in range(101)]
    aws = Aws({("ecr", "DescribeImages"): lambda **_: {"imageDetails": [detail(one) for one in digests]}}, stack())
    images = [(WEB, one) for one in digests]
    found = running_images(aws.stack, aws, [task(*images), task((f"{REGISTRY}/api:v1", ""), number=2)])
    assert len(found) == 102
    asked = sorted((one["repositoryName"], len(one["imageIds"])) for one in aws.parameters_of("DescribeImages"))
    assert asked == [("api", 1), ("web", 1), ("web", 100)]
    [api] = [one for one in aws.parameters_of("DescribeImages") if one["repositoryName"] == "api"]
    assert (api["imageIds"], api["filter"]) == ([{"imageTag": "v1"}], {"imageStatus": "ANY"})
    assert api["registryId"] == "123456789012"


def test_what_is_not_looked_at() -> None:
    abroad = WEB.replace("us-west-2", "eu-west-1")
    aws = Aws({("ecr", "DescribeImages"): {"imageDetails": [detail()]}}, stack(foreign_images=["side/*"]))
    stopped = task((f"{REGISTRY}/old:v0", TWO), number=2, wanted="STOPPED")
    images = ((WEB, ONE), (abroad, ONE), ("nginx:1.27", ""), ("side/car:1", ""))
    unread, *others = running_images(aws.stack, aws, [UNREAD, stopped, task(*images)])
    assert (unread.arn, unread.name, unread.of, str(unread.problem)) == (
        "service/jobs/mail", "jobs/mail", None, str(DENIED),
    )  # fmt: skip
    away, hub, web = others
    says = "{}: it is {}; if others are responsible for it, add it to foreign_images"
    of_abroad = Reference("123456789012", "eu-west-1", "web", "v1")
    assert (away.arn, away.name, away.evidence, away.of) == (abroad, abroad, {"image": abroad}, of_abroad)
    assert str(away.problem) == "ecr:DescribeImages: " + says.format(abroad, "in eu-west-1, which is not read")
    assert str(hub.problem) == "ecr:DescribeImages: " + says.format("nginx:1.27", "not in ECR")
    assert web.problem is None


def test_an_image_that_is_gone_is_there_no_more_and_its_neighbours_are() -> None:
    def answer(imageIds: Sequence[Raw], **_: Any) -> Any:  # noqa: N803 - AWS's names
        if {"imageDigest": TWO} in imageIds:
            return NotThere("ecr:DescribeImages", "ImageNotFoundException: no")
        return {"imageDetails": [detail()]}

    here, gone = described(images=[(WEB, ONE), (f"{REGISTRY}/web:v2", TWO)], more={("ecr", "DescribeImages"): answer})
    assert (here.is_there, gone.is_there) == (True, False)
    assert (gone.arn, gone.name) == (f"{REGISTRY}/web@{TWO}", "web:v2")
    assert gone.evidence == {
        "image": f"{REGISTRY}/web:v2", "imageDigest": TWO, "gone": "ImageNotFoundException: no",
    }  # fmt: skip


@cases({
    "none": (None, ()),
    "an ordinary one": (ago(days=1), (NOW + timedelta(days=89),)),
    "the last that has an end": (datetime.max.replace(tzinfo=UTC) - timedelta(days=90), (
        datetime.max.replace(tzinfo=UTC),)),
    "the end of all days": (datetime.max.replace(tzinfo=UTC), (datetime.max.replace(tzinfo=UTC),)),
})  # fmt: skip
def test_until_when_an_image_must_be_rebuilt(pushed: datetime | None, ends: tuple[datetime, ...]) -> None:
    [found] = described(detail(imagePushedAt=pushed))
    assert tuple(one.at for one in found.deadlines) == ends


def platforms(*told: Raw) -> Raw:
    return {"images": [{"imageId": {"imageDigest": ONE}, "imageManifest": json.dumps({"manifests": list(told)})}]}


ARM, X86 = ({"digest": digest, "platform": {"os": "linux"}} for digest in (TWO, THREE))
ATTESTS = {"digest": ONE, "platform": {"os": "unknown"}}


@cases({"of Docker": LIST, "of OCI": INDEX})
def test_of_an_index_its_platforms_are_scanned(kind: str) -> None:
    told = platforms(ARM, X86, ATTESTS, {"digest": ONE})
    [found] = described(detail(imageManifestMediaType=kind), more={("ecr", "BatchGetImage"): told})
    assert found.scanned == (TWO, THREE, ONE)
    plain = described(detail(imageManifestMediaType="application/vnd.oci.image.manifest.v1+json"))
    assert plain[0].scanned == (ONE,)


@cases({
    "no image": (platforms(ATTESTS), f"the index web@{ONE} lists no image"),
    "no answer": ({"images": []}, f"the index web@{ONE} lists no image"),
    "not JSON": ({"images": [{"imageManifest": "{"}]}, f"the index web@{ONE} cannot be read"),
    "without manifests": ({"images": [{"imageManifest": "{}"}]}, f"the index web@{ONE} cannot be read"),
    "a list": ({"images": [{"imageManifest": "[]"}]}, f"the index web@{ONE} cannot be read"),
    "of what is no platform": (
        {"images": [{"imageManifest": '{"manifests": [1]}'}]}, f"the index web@{ONE} cannot be read"),
    "refused": (CouldNotLook("ecr:BatchGetImage", "ServerException: no"), "ServerException: no"),
})  # fmt: skip
def test_an_index_that_cannot_be_read_leaves_the_age_known(answer: Any, says: str) -> None:
    [found] = described(detail(imageManifestMediaType=INDEX), more={("ecr", "BatchGetImage"): answer})
    assert found.pushed_at == NOW - timedelta(days=6)
    assert str(found.scanned) == f"ecr:BatchGetImage: {says}"
