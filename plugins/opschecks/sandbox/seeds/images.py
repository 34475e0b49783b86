"""The basic scan of the running image, of the day on which it was pushed, without serious findings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import Sandbox


def sow(sandbox: Sandbox) -> None:
    """Set its age and its scan."""
    image = serving(sandbox)
    image.image_pushed_at = int((sandbox.now - timedelta(days=6)).timestamp())
    scanned(sandbox, {"CVE-2026-1001": "MEDIUM", "CVE-2026-1002": "LOW", "CVE-2026-1003": "LOW"})


def serving(sandbox: Sandbox) -> Any:
    """moto's object of the image that the tasks run."""
    digest = sandbox.tasks[0].containers[0].image_digest
    images = sandbox.backend("ecr").repositories[sandbox.stack.cluster].images
    return next(one for one in images if one.get_image_digest() == digest)


def scanned(sandbox: Sandbox, found: Mapping[str, str]) -> None:
    """Set the findings of a scan six days ago: severities by name."""
    image = serving(sandbox)
    at = sandbox.now - timedelta(days=6)
    severities = list(found.values())
    image.last_scan = at.replace(tzinfo=None)
    image.scan_finding_results.clear()
    image.scan_finding_results_queue[:] = [
        {
            "registryId": sandbox.stack.account_id,
            "repositoryName": sandbox.stack.cluster,
            "imageId": {"imageDigest": image.get_image_digest()},
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindings": {
                "imageScanCompletedAt": at,
                "vulnerabilitySourceUpdatedAt": at,
                "findings": [
                    {
                        "name": name,
                        "severity": severity,
                        "uri": f"https://nvd.nist.gov/vuln/detail/{name}",
                        "attributes": [{"key": "package_name", "value": "openssl"}],
                    }
                    for name, severity in found.items()
                ],
                "findingSeverityCounts": {one: severities.count(one) for one in severities},
            },
        }
    ]
