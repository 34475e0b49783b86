"""Images that run and their scans, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.aws import test_images as images
from tests.real.rows import Row
from tests.real.upkeep import DOCS

SCANS = DOCS + "AmazonECR/latest/APIReference/API_ImageScanStatus.html"


def platforms() -> Mapping[str, Any]:
    """An image for two platforms, with the attestation that BuildKit adds."""
    raw = images.detail(imageManifestMediaType=images.INDEX)
    index = images.manifest(images.OTHER, images.DIGEST, images.ATTESTS)
    return {"running_images": images.running(raw, more={("ecr", "BatchGetImage"): index})}


AGE, GRAVE = images.checks.test_images_are_young, images.checks.test_images_have_no_grave_vulnerabilities

ROWS = {
    "an image for several platforms, with its attestation": Row(AGE, platforms, "passed", SCANS),
    "an image that its task definition names by digest": Row(
        AGE,
        lambda: {
            "running_images": images.running(
                images.detail(imageTags=None), images=((f"{images.REGISTRY}/web@{images.DIGEST}", ""),)
            )
        },
        "passed",
        DOCS + "AmazonECR/latest/APIReference/API_ImageDetail.html",
    ),
    "enhanced scanning, which goes on all the time and ends never": Row(
        GRAVE,
        lambda: {
            "image_scans": images.scans(
                images.findings("ACTIVE", enhancedFindings=[], findings=None, imageScanCompletedAt=None)
            )
        },
        "passed",
        SCANS,
    ),
    "an image without an operating system, which basic scanning does not support": Row(
        GRAVE, lambda: {"image_scans": images.scans(images.findings("UNSUPPORTED_IMAGE"))}, "blind", SCANS
    ),
    "an image that a lifecycle rule has archived while it runs": Row(
        AGE,
        lambda: {"running_images": images.running(images.detail(imageStatus="ARCHIVED"))},
        "failed",
        DOCS + "AmazonECR/latest/userguide/archive-image.html",
    ),
}
