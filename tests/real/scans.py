"""Images that run and their scans, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.aws import test_images as images
from tests.real.rows import Row, rows_by
from tests.real.upkeep import DOCS

SCANS = DOCS + "AmazonECR/latest/APIReference/API_ImageScanStatus.html"


def platforms() -> Mapping[str, Any]:
    """An image for two platforms, with the attestation that BuildKit adds."""
    raw = images.detail(imageManifestMediaType=images.INDEX)
    index = images.manifest(images.OTHER, images.DIGEST, images.ATTESTS)
    return {"running_images": images.running(raw, more={("ecr", "BatchGetImage"): index})}


AGE, GRAVE = images.checks.test_images_are_young, images.checks.test_images_have_no_grave_vulnerabilities

young = partial(rows_by(images.running, "running_images"), AGE)
scanned = partial(rows_by(images.scans, "image_scans"), GRAVE)
ROWS = {
    "an image for several platforms, with its attestation": Row(AGE, platforms, "passed", SCANS),
    "an image that its task definition names by digest": young(
        "passed",
        DOCS + "AmazonECR/latest/APIReference/API_ImageDetail.html",
        images.detail(imageTags=None),
        images=((f"{images.REGISTRY}/web@{images.DIGEST}", ""),),
    ),
    "enhanced scanning, which goes on all the time and ends never": scanned(
        "passed", SCANS, images.findings("ACTIVE", enhancedFindings=[], findings=None, imageScanCompletedAt=None)
    ),
    "an image without an operating system, which basic scanning does not support": scanned(
        "blind", SCANS, images.findings("UNSUPPORTED_IMAGE")
    ),
    "an image that a lifecycle rule has archived while it runs": young(
        "failed", DOCS + "AmazonECR/latest/userguide/archive-image.html", images.detail(imageStatus="ARCHIVED")
    ),
}
