"""ECR: every property of the scan of a running image."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from opschecks.aws.image_scans import (
    NAMES_KEPT,
    ImageScan,
    RunningImage,
    image_scans,
)
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_image_properties import DENIED, OF_WEB, ONE, REGISTRY, TWO, WEB
from tests.canned import NOW, Aws, Raw, ago, given
from tests.cases import cases


def scan(status: Any = "COMPLETE", description: Any = "as it is", **changes: Any) -> Raw:
    raw: Raw = {"imageScanCompletedAt": ago(days=6), "findings": [], "findingSeverityCounts": {}}
    return {
        "imageScanStatus": given({"status": status}, {"description": description or None}),
        "imageScanFindings": given(raw, changes),
    }


def cve(name: str, severity: str | None, **more: Any) -> Raw:
    return given({"name": name, "severity": severity}, more)


def enhanced(name: str, severity: str, **more: Any) -> Raw:
    return {"severity": severity, "packageVulnerabilityDetails": {"vulnerabilityId": name}, **more}


def scanned(*answers: Any, digests: Sequence[str] | CouldNotLook = (ONE,)) -> ImageScan:
    of = RunningImage(
        arn=f"{REGISTRY}/web@{ONE}", name="web:v1", evidence={"image": WEB}, of=OF_WEB,
        scanned=digests if isinstance(digests, CouldNotLook) else tuple(digests),
    )  # fmt: skip
    aws = Aws({("ecr", "DescribeImageScanFindings"): list(answers)})
    [found] = image_scans(aws, [of])
    assert all(one["maxResults"] == 1000 for one in aws.parameters_of("DescribeImageScanFindings"))
    return found


def test_a_scan_as_ecr_tells_it() -> None:
    listed = [cve("CVE-1", "LOW"), cve("CVE-2", "CRITICAL"), cve("CVE-3", "UNDEFINED"), cve("CVE-4", "MEDIUM")]
    counts = {"LOW": 1, "CRITICAL": 2, "MEDIUM": 1, "UNDEFINED": 1, "INFORMATIONAL": 3}
    found = scanned(scan(findings=listed, findingSeverityCounts=counts))
    told = {
        "counts": counts,
        "names": {"CVE-2": "CRITICAL", "CVE-4": "MEDIUM", "CVE-1": "LOW", "CVE-3": "UNDEFINED"},
        "at": NOW - timedelta(days=6),
        "continuous": False,
    }
    assert (found.arn, found.name, found.scan) == (f"{REGISTRY}/web@{ONE}", "web:v1", told)
    assert list(found.scan["names"]) == ["CVE-2", "CVE-4", "CVE-1", "CVE-3"]  # type: ignore[index]
    assert found.evidence == {"image": WEB, "scan": told}
    assert found.figures == (
        Figure("critical", 2), Figure("medium", 1), Figure("low", 1), Figure("informational", 3),
    )  # fmt: skip
    assert found.at_least("CRITICAL") == {"CRITICAL": 2}
    assert list(found.at_least("LOW").items()) == [("CRITICAL", 2), ("MEDIUM", 1), ("LOW", 1)]
    assert found.names("MEDIUM") == ["CVE-2", "CVE-4"]
    assert (found.unjudged, found.scanned_at) == (1, NOW - timedelta(days=6))


def test_continuous_scanning_has_no_moment() -> None:
    found = scanned(scan("ACTIVE", findings=None, enhancedFindings=[], imageScanCompletedAt=None))
    assert found.scan == {"counts": {}, "names": {}, "at": None, "continuous": True}
    assert found.evidence["scan"] == {"counts": {}, "names": {}, "continuous": True}
    assert (found.scanned_at, found.unjudged, found.figures) == (None, 0, ())
    dated = scanned(scan("ACTIVE", findings=None, enhancedFindings=[]))
    assert dated.scan["at"] == NOW - timedelta(days=6)  # type: ignore[index]
    assert dated.scanned_at is None


@cases({
    "counted by AWS": (scan(findingSeverityCounts={"HIGH": 3}), {"HIGH": 3}),
    "counted here": (scan(findingSeverityCounts=None, findings=[cve("1", "HIGH"), cve("2", "HIGH")]), {"HIGH": 2}),
    "enhanced, counted here": (
        scan(findingSeverityCounts=None, findings=None, enhancedFindings=[enhanced("1", "LOW")]), {"LOW": 1}),
    "none, and it says so": (scan(findingSeverityCounts=None), {}),
    "none, enhanced": (scan(findingSeverityCounts=None, findings=None, enhancedFindings=[]), {}),
    "more listed than counted": (
        scan(findingSeverityCounts={"HIGH": 1}, findings=[cve("1", "HIGH"), cve("2", "HIGH")]), {"HIGH": 2}),
    "more counted than listed": (scan(findingSeverityCounts={"HIGH": 2}, findings=[cve("1", "HIGH")]), {"HIGH": 2}),
    "another severity is listed": (
        scan(findingSeverityCounts={"LOW": 2}, findings=[cve("1", "HIGH")]), {"LOW": 2, "HIGH": 1}),
    "one is closed": (
        scan(findingSeverityCounts=None, findings=None,
             enhancedFindings=[enhanced("1", "HIGH", status="CLOSED"), enhanced("2", "HIGH", status="ACTIVE")]),
        {"HIGH": 1}),
    "none of a severity": (scan(findingSeverityCounts={"LOW": 0}), {"LOW": 0}),
    "without a severity": (scan(findingSeverityCounts=None, findings=[cve("1", None)]), {"UNDEFINED": 1}),
})  # fmt: skip
def test_neither_counts_nor_findings_hide_the_others(answer: Raw, counts: dict[str, int]) -> None:
    found = scanned(answer)
    assert found.scan["counts"] == counts  # type: ignore[index]


@cases({
    "basic": (cve("CVE-1", "HIGH"), "CVE-1"),
    "enhanced": (enhanced("CVE-1", "HIGH", title="CVE-1 - openssl"), "CVE-1"),
    "enhanced, without its id": (
        {"severity": "HIGH", "title": "CVE-1 - openssl", "packageVulnerabilityDetails": {}}, "CVE-1 - openssl"),
    "without a name": ({"severity": "HIGH"}, "without a name"),
})  # fmt: skip
def test_the_name_of_a_vulnerability(one: Raw, name: str) -> None:
    key = "enhancedFindings" if "packageVulnerabilityDetails" in one else "findings"
    assert scanned(scan(**{"findings": None, key: [one]})).names("HIGH") == [name]


def test_the_worst_twenty_are_named() -> None:
    listed = [*(cve(f"low-{number}", "LOW") for number in range(20)), cve("high", "HIGH"), cve("none", "UNDEFINED")]
    found = scanned(scan(findings=listed))
    assert NAMES_KEPT == 20
    assert list(found.scan["names"]) == ["high", *(f"low-{number}" for number in range(19))]  # type: ignore[index]


def test_a_page_that_says_nothing_hides_no_other() -> None:
    bare = scan(findings=None, findingSeverityCounts=None)
    found = scanned({**bare, "nextToken": "2"}, scan(findings=[cve("1", "HIGH")], findingSeverityCounts=None))
    assert found.scan["counts"] == {"HIGH": 1}  # type: ignore[index]


def test_two_pages_and_two_platforms_are_one_scan() -> None:
    first = scan(findings=[cve("1", "HIGH")], findingSeverityCounts={"HIGH": 2})
    second = scan(findings=[cve("2", "HIGH")], findingSeverityCounts={"HIGH": 2})
    assert scanned({**first, "nextToken": "2"}, second).names("HIGH") == ["1", "2"]
    newer = scan(
        findings=[cve("3", "LOW")], findingSeverityCounts={"HIGH": 1, "LOW": 4}, imageScanCompletedAt=ago(days=1)
    )
    both = scanned(newer, first, digests=(TWO, ONE))
    assert both.scan == {
        "counts": {"HIGH": 2, "LOW": 4}, "names": {"3": "LOW", "1": "HIGH"}, "at": NOW - timedelta(days=6),
        "continuous": False,
    }  # fmt: skip
    active = scan("ACTIVE", imageScanCompletedAt=None)
    mixed = scanned(newer, active, digests=(TWO, ONE))
    assert (mixed.scanned_at, mixed.scan["continuous"]) == (NOW - timedelta(days=1), False)  # type: ignore[index]
    assert scanned(active, active, digests=(TWO, ONE)).scanned_at is None


NEVER = NotThere("ecr:DescribeImageScanFindings", "ScanNotFoundException: no scan")
GONE = NotThere("ecr:DescribeImageScanFindings", "ImageNotFoundException: no")
THROTTLED = CouldNotLook("ecr:DescribeImageScanFindings", "ThrottlingException: Rate exceeded")
DENIED_SCAN = CouldNotLook("ecr:DescribeImageScanFindings", "no", action="ecr:DescribeImageScanFindings")
NO_TIME = {"imageScanCompletedAt": None}


@cases({
    "never scanned": ([NEVER], "web:v1 was never scanned: turn scanning on push on for web, and scan it now"),
    "gone": ([GONE], "ImageNotFoundException: no"),
    "throttled": ([THROTTLED], "ThrottlingException: Rate exceeded"),
    "denied": (
        [DENIED_SCAN],
        ("web:v1: no – for a repository of another account, its policy must allow ecr:DescribeImageScanFindings too – "
        "allow ecr:DescribeImageScanFindings")),
    "failed": ([scan("FAILED")], "the scan of web:v1 is FAILED: as it is"),
    "failed, without a word": ([scan("FAILED", description="")], "the scan of web:v1 is FAILED"),
    "nothing is said": (
        [scan(findings=None, findingSeverityCounts=None)], "the answer has neither counts nor findings of web:v1"),
})  # fmt: skip
def test_a_scan_that_is_not_there(answers: list[Any], says: str) -> None:
    found = scanned(*answers)
    assert str(found.scan) == f"ecr:DescribeImageScanFindings: {says}"
    assert (found.evidence, found.figures) == ({"image": WEB}, ())


def test_a_scan_without_the_time_that_a_completed_one_has() -> None:
    assert "the answer has no 'imageScanCompletedAt'" in str(scanned(scan(**NO_TIME)).scan)


def test_why_an_image_has_no_scan() -> None:
    refused = CouldNotLook("ecr:BatchGetImage", "cannot be read")
    assert scanned(digests=refused).scan is not None
    assert str(scanned(digests=refused).scan) == str(refused)
    hub = RunningImage(arn="nginx", name="nginx", problem=DENIED)
    bare = RunningImage(arn="old", name="old", evidence={"image": "old"})
    gone = RunningImage(arn="gone", name="gone:v1", of=OF_WEB, evidence={"gone": "no"})
    blind = RunningImage(arn="web", name="web:v1", of=OF_WEB, problem=DENIED)
    aws = Aws({})
    assert [str(one.scan) for one in image_scans(aws, [hub, bare, gone, blind])] == [
        str(DENIED),
        "ecr:DescribeImageScanFindings: old is not in ECR",
        "ecr:DescribeImageScanFindings: gone:v1 is no longer in the registry, so its scan results are gone",
        str(DENIED),
    ]
    assert aws.calls == []
