"""ECR: images of every age and kind, and scans that found something, nothing, or never were."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.image_scans import ImageScan, RunningImage, image_scans, running_images
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_image_properties import INDEX as INDEX
from tests.aws.test_image_properties import ONE, TWO, WEB, described, task
from tests.aws.test_image_properties import REGISTRY as REGISTRY
from tests.aws.test_image_properties import detail as detail
from tests.aws.test_scan_properties import cve as cve
from tests.aws.test_scan_properties import enhanced, scan
from tests.canned import Aws, Raw, ago, concludes, itself, judges, stack, verdict, verdicts, weekly
from tests.cases import cases

checks = weekly("images")
ATTESTS = "sha256:" + "3d" * 32
DIGEST, OTHER, running, findings = ONE, TWO, described, scan
"""By these names tests/real knows them."""


GONE = {("ecr", "DescribeImages"): NotThere("ecr:DescribeImages", "ImageNotFoundException: no")}
AGES: dict[str, tuple[list[RunningImage], str, str]] = {
    "young": (running(detail()), "passed", "pushed 6 days ago"),
    "old": (running(detail(imagePushedAt=ago(days=91))), "failed", "limit 90 days"),
    "by its tag, where its digest is not told": (running(detail(OTHER), images=((WEB, ""),)), "passed", "6 days"),
    "named by its digest": (running(detail(), images=((f"{REGISTRY}/web@{DIGEST}", ""),)), "passed", "6 days"),
    "without its age": (running(detail(imagePushedAt=None)), "blind", "the answer has no 'imagePushedAt'"),
    "not in the answer": (running(detail(OTHER)), "blind", "the answer does not mention web:v1 sha256:1111"),
    "of Docker Hub": (running(images=(("nginx:1.27", ""),)), "blind", "nginx:1.27: it is not in ECR"),
    "of another region": (
        running(images=((WEB.replace("us-west-2", "eu-west-1"), DIGEST),)),
        "blind",
        "it is in eu-west-1",
    ),
    "gone": (running(more=GONE), "failed", "no task can be started from it"),
    "archived": (running(detail(imageStatus="ARCHIVED")), "failed", "its registry has archived it"),
    "active, as it says": (running(detail(imageStatus="ACTIVE")), "passed", "6 days"),
}
test_images_are_young = judges(checks.test_images_are_young, AGES, running_images=itself)


def test_images_that_others_answer_for_are_left_out_and_nothing_else() -> None:
    images = ((WEB, DIGEST), ("public.ecr.aws/aws-observability/collector:v1", OTHER), ("redis:7", OTHER))
    found = running(detail(), images=images, checked=stack(foreign_images=["public.ecr.aws/*"]))
    assert sorted(one.name for one in found) == ["redis:7", "web:v1"]


def test_only_what_should_run_is_looked_at_and_each_image_once() -> None:
    aws = Aws({("ecr", "DescribeImages"): {"imageDetails": [detail()]}})
    tasks = [task((WEB, DIGEST)), task((WEB, DIGEST)), task((f"{REGISTRY}/old:v0", OTHER), wanted="STOPPED")]
    assert len(running_images(stack(), aws, tasks)) == 1
    assert len(aws.calls) == 1


def test_a_repository_is_one_call_and_one_missing_image_hides_no_other() -> None:
    def described(repositoryName: str, imageIds: list[dict[str, str]], **_: Any) -> Any:  # noqa: N803 - AWS's names
        digests = [one["imageDigest"] for one in imageIds]
        if repositoryName == "web" and OTHER in digests:
            raise NotThere("ecr:DescribeImages", "ImageNotFoundException: no")
        return {"imageDetails": [detail(digest) for digest in digests]}

    aws = Aws({("ecr", "DescribeImages"): described})
    digests = {"web:v1": DIGEST, "web:v2": OTHER, "api:v1": DIGEST, "api:v2": OTHER}
    images = [(f"{REGISTRY}/{name}", digest) for name, digest in digests.items()]
    found = verdicts(checks.test_images_are_young, running_images=running_images(stack(), aws, [task(*images)]))
    assert found == {**dict.fromkeys(digests, "passed"), "web:v2": "failed"}
    assert aws.calls == ["ecr:DescribeImages"] * 4


def test_a_repository_that_may_not_be_read_is_not_seen() -> None:
    denied = CouldNotLook("ecr:DescribeImages", "AccessDenied: no", action="ecr:DescribeImages")

    def described(registryId: str, **_: Any) -> Any:  # noqa: N803 - AWS's names
        return denied if registryId == "210987654321" else {"imageDetails": [detail()]}

    shared = f"{REGISTRY.replace('123456789012', '210987654321')}/proxy:v1"
    found = running(images=((WEB, DIGEST), (shared, OTHER)), more={("ecr", "DescribeImages"): described})
    assert verdicts(checks.test_images_are_young, running_images=found) == {"web:v1": "passed", "proxy:v1": "blind"}
    with pytest.raises(CouldNotLook, match=r"its policy must allow ecr:DescribeImages too"):
        next(one for one in found if one.problem).pushed_at  # noqa: B018 - it raises


def manifest(*digests: str) -> Raw:
    listed = [{"digest": one, "platform": {"os": "unknown" if one == ATTESTS else "linux"}} for one in digests]
    return {"images": [{"imageId": {"imageDigest": DIGEST}, "imageManifest": json.dumps({"manifests": listed})}]}


@cases([
    (manifest(), "lists no image"),
    (manifest(ATTESTS), "lists no image"),
    ({"images": [{"imageManifest": "{"}]}, "cannot be read"),
    ({"images": [{"imageManifest": "[]"}]}, "cannot be read"),
    ({"images": [{}]}, "the answer has no 'imageManifest'"),
])  # fmt: skip
def test_an_index_that_cannot_be_read_is_not_seen(answer: Raw, reason: str) -> None:
    found = running(detail(imageManifestMediaType=INDEX), more={("ecr", "BatchGetImage"): answer})
    concludes(checks.test_images_are_young, "passed", "", running_images=found)
    scan = image_scans(Aws({}), found)
    concludes(checks.test_images_have_no_grave_vulnerabilities, "blind", reason, image_scans=scan)


def scans(*answers: Any, scanned: tuple[str, ...] = (DIGEST,), checked: Stack | None = None) -> list[ImageScan]:
    (image,) = running(detail())
    aws = Aws({("ecr", "DescribeImageScanFindings"): list(answers)}, checked)
    return image_scans(aws, [replace(image, scanned=scanned)])


NEVER = NotThere("ecr:DescribeImageScanFindings", "ScanNotFoundException: Image scan does not exist for the image")
CRITICAL: Raw = {"findings": [cve("CVE-1", "CRITICAL")], "findingSeverityCounts": {"CRITICAL": 1, "LOW": 40}}
SCANS: dict[str, tuple[list[ImageScan], str, str]] = {
    "clean": (scans(findings()), "passed", "scanned "),
    "harmless": (scans(findings(findingSeverityCounts={"MEDIUM": 9, "LOW": 40})), "passed", ""),
    "critical": (scans(findings(**CRITICAL)), "failed", "1 CRITICAL; CVE-1"),
    "high": (scans(findings(findingSeverityCounts={"HIGH": 3})), "failed", "3 HIGH; the scan names none"),
    "of unknown severity": (
        scans(findings(findingSeverityCounts={"UNDEFINED": 2})),
        "passed",
        "2 of unknown",
    ),
    "clean and without counts": (scans(findings(findingSeverityCounts=None)), "passed", ""),
    "counted by hand": (
        scans(findings(findingSeverityCounts=None, findings=[cve("CVE-1", "HIGH")])),
        "failed",
        "1 HIGH",
    ),
    "long ago, clean": (
        scans(findings(imageScanCompletedAt=ago(days=31))),
        "blind",
        "since is not in it; limit 30 days",
    ),
    "long ago, critical": (
        scans(findings(**CRITICAL, imageScanCompletedAt=ago(days=100))),
        "failed",
        "1 CRITICAL",
    ),
    "enhanced, clean": (
        scans(findings("ACTIVE", enhancedFindings=[], findings=None)),
        "passed",
        "scanned continuously",
    ),
    "enhanced, without a time": (scans(findings("ACTIVE", imageScanCompletedAt=None)), "passed", "continuously"),
    "enhanced, critical": (
        scans(
            findings(
                "ACTIVE",
                findings=None,
                enhancedFindings=[enhanced("CVE-7", "CRITICAL"), enhanced("CVE-8", "UNTRIAGED")],
                findingSeverityCounts={"CRITICAL": 1, "UNTRIAGED": 1},
            )
        ),
        "failed",
        "1 of unknown severity; 1 CRITICAL; CVE-7",
    ),
    "never scanned": (scans(NEVER), "blind", "web:v1 was never scanned: turn scanning on push on for web"),
    **{
        status: (scans(findings(status)), "blind", f"the scan of web:v1 is {status}: as it is")
        for status in (
            "FAILED", "IN_PROGRESS", "PENDING", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED",
            "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED",
        )
    },
    "one of two platforms": (
        scans(findings(), findings(**CRITICAL), scanned=(OTHER, DIGEST)),
        "failed",
        "1 CRITICAL",
    ),
    "of two platforms, one never scanned": (scans(findings(), NEVER, scanned=(OTHER, DIGEST)), "blind", "never "),
}  # fmt: skip
test_images_have_no_grave_vulnerabilities = judges(
    checks.test_images_have_no_grave_vulnerabilities, SCANS, image_scans=itself
)


def test_the_least_severity_is_the_stacks() -> None:
    found = scans(findings(findingSeverityCounts={"HIGH": 3}))
    lenient = stack(limits={"image_severity": "CRITICAL"})
    assert verdict(checks.test_images_have_no_grave_vulnerabilities, image_scans=found, stack=lenient)[0] == "passed"


def test_findings_come_in_pages_and_the_worst_are_named() -> None:
    counts = {"HIGH": 1, "LOW": 30}
    first = findings(findings=[cve(f"CVE-{n}", "LOW") for n in range(30)], findingSeverityCounts=counts)
    second = findings(findings=[cve("CVE-99", "HIGH")], findingSeverityCounts=counts)
    (found,) = scans({**first, "nextToken": "2"}, second)
    assert found.at_least("HIGH") == {"HIGH": 1}
    assert found.names("HIGH") == ["CVE-99"]


def test_an_answer_that_says_nothing_of_vulnerabilities_is_not_seen() -> None:
    found = scans(findings(findings=None, findingSeverityCounts=None))
    said = "neither counts nor findings of web:v1"
    concludes(checks.test_images_have_no_grave_vulnerabilities, "blind", said, image_scans=found)


def test_of_what_is_gone_or_lies_elsewhere_nothing_is_known_and_nothing_is_asked() -> None:
    gone = running(more=GONE)
    elsewhere = running(images=(("nginx:1.27", ""),))
    aws = Aws({})
    told = verdicts(checks.test_images_have_no_grave_vulnerabilities, image_scans=image_scans(aws, [*gone, *elsewhere]))
    assert told == {"web:v1": "blind", "nginx:1.27": "blind"}
    assert aws.calls == []
