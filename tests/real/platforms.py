"""Images as registries have them: of several platforms, young in an old repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.image_scans import image_scans
from opschecks.core.observation import CouldNotLook
from tests.aws import test_images as images
from tests.canned import Aws, Raw, ago, stack
from tests.real.rows import Row

ECR = "https://docs.aws.amazon.com/AmazonECR/latest/"
INDEXES = ECR + "userguide/docker-push-multi-architecture-image.html"
SCANS = ECR + "APIReference/API_DescribeImageScanFindings.html"
OF_BOTH: Mapping[tuple[str, str], Any] = {
    ("ecr", "BatchGetImage"): images.manifest(images.DIGEST, images.OTHER, images.ATTESTS)
}
DENIED = {("ecr", "BatchGetImage"): CouldNotLook("ecr:BatchGetImage", "AccessDenied: no", action="ecr:BatchGetImage")}


def scanned(severities: Mapping[str, int], more: Mapping[tuple[str, str], Any] = OF_BOTH) -> Mapping[str, Any]:
    """What the check is given of an index whose every platform was scanned with these counts."""
    told: Raw = {
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {
            "findingSeverityCounts": dict(severities),
            "imageScanCompletedAt": ago(days=2),
            "vulnerabilitySourceUpdatedAt": ago(days=2),
            "findings": [],
        },
    }
    index = images.running(images.detail(imageManifestMediaType=images.INDEX), more=more)
    aws = Aws({("ecr", "DescribeImageScanFindings"): told})
    return {"image_scans": image_scans(aws, index), "stack": stack()}


def aged(days: float, more: Mapping[tuple[str, str], Any] = OF_BOTH) -> Mapping[str, Any]:
    """What the check is given of an index that was pushed so long ago."""
    pushed = images.detail(imageManifestMediaType=images.INDEX, imagePushedAt=ago(days=days))
    return {"running_images": images.running(pushed, more=more), "stack": stack()}


GRAVE = images.checks.test_images_have_no_grave_vulnerabilities
YOUNG = images.checks.test_images_are_young
ROWS = {
    "an index, whose platforms are what is scanned": Row(GRAVE, lambda: scanned({"LOW": 3}), "passed", INDEXES),
    "an index of which one platform is vulnerable": Row(GRAVE, lambda: scanned({"CRITICAL": 1}), "failed", SCANS),
    "the age of an index is its own": Row(YOUNG, lambda: aged(6), "passed", INDEXES, "6 days ago"),
    "what an index holds may not be read: its age is known": Row(YOUNG, lambda: aged(6, DENIED), "passed", INDEXES),
}
