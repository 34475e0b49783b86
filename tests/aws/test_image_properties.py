"""ECR: every property of a running image and of its scan, and what tags and references stand for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.ecr import Reference, RegistryImage, is_pinned, named, reference, registry_images
from opschecks.aws.ecs import Task
from opschecks.aws.image_scans import (
    IMAGES_A_CALL,
    NAMES_KEPT,
    ImageScan,
    RunningImage,
    image_scans,
    running_images,
)
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, stack

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

REFERENCES: dict[str, tuple[str, str, bool]] = {
    "with a tag": (WEB, "amazonaws.com", False),
    "in China": (WEB.replace("us-west-2.amazonaws.com", "cn-north-1.amazonaws.com.cn"), "amazonaws.com.cn", False),
    "in Europe's own cloud": (WEB.replace("us-west-2.amazonaws.com", "eusc-de-east-1.amazonaws.eu"), "amazonaws.eu",
                              False),
    "by digest": (f"{REGISTRY}/web@{ONE}", "", True),
    "by tag and digest": (f"{WEB}@{ONE}", "", True),
    "by digest, of another registry": (f"nginx@{ONE}", "", False),
    "of another registry": ("nginx:1.27", "", False),
}  # fmt: skip


@pytest.mark.parametrize("case", REFERENCES)
def test_the_partition_of_a_reference_and_whether_it_is_pinned(case: str) -> None:
    image, domain, pinned = REFERENCES[case]
    told = reference(image)
    assert (told.domain if told else "") == domain
    assert is_pinned(image) is pinned


def manifest(digest: str = ONE, text: str | None = "{}") -> Raw:
    return given({"imageId": {"imageDigest": digest, "imageTag": "v1"}}, {"imageManifest": text})


MANIFESTS: dict[str, tuple[list[Raw], set[str]]] = {
    "one image": ([manifest()], {ONE}),
    "without its manifest": ([manifest(text=None)], {ONE}),
    "not JSON": ([manifest(text="<html>")], {ONE}),
    "a list": ([manifest(text="[1]")], {ONE}),
    "an index": ([manifest(text=json.dumps({"manifests": [{"digest": TWO}, {"digest": THREE}]}))], {ONE, TWO, THREE}),
    "an index with what is no platform": (
        [manifest(text=json.dumps({"manifests": ["x", {"size": 1}, {"digest": TWO}]}))], {ONE, TWO}),
    "an index that is no list": ([manifest(text=json.dumps({"manifests": {"digest": TWO}}))], {ONE}),
    "two images": ([manifest(), manifest(TWO)], {ONE, TWO}),
}  # fmt: skip


@pytest.mark.parametrize("case", MANIFESTS)
def test_the_digests_that_a_tag_stands_for(case: str) -> None:
    images, digests = MANIFESTS[case]
    [found] = registry_images(stack(), Aws({("ecr", "BatchGetImage"): {"images": images}}), [task((WEB, ""))])
    assert (found.arn, found.name, found.problem, set(found.digests)) == (WEB, "web:v1", None, digests)


FAILURES: dict[str, tuple[list[str], str]] = {
    "gone": (["ImageNotFound"], ""),
    "refused": (["KmsError"], f"{WEB}: KmsError"),
    "gone, and refused": (["ImageNotFound", "KmsError"], f"{WEB}: KmsError"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_image_that_is_gone_has_no_digest_and_one_that_is_refused_is_not_known(case: str) -> None:
    codes, says = FAILURES[case]
    answer = {"images": [], "failures": [{"imageId": {"imageTag": "v1"}, "failureCode": code} for code in codes]}
    [found] = registry_images(stack(), Aws({("ecr", "BatchGetImage"): answer}), [task((WEB, ""))])
    if not says:
        assert found.digests == frozenset()
        return
    assert (found.arn, found.name, found.evidence) == (WEB, "web:v1", {"image": WEB})
    with pytest.raises(CouldNotLook, match=says):
        found.digests  # noqa: B018 - it raises


def test_what_cannot_be_read_of_a_task_is_told_beside_what_can() -> None:
    aws = Aws({("ecr", "BatchGetImage"): {"images": [manifest()]}})
    web, unread = registry_images(stack(), aws, [UNREAD, task((WEB, ""))])
    assert (set(web.digests), unread.arn, unread.name) == ({ONE}, "service/jobs/mail", "jobs/mail")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        unread.digests  # noqa: B018 - it raises
    assert RegistryImage(arn="x", name="x").digests == frozenset()


def test_a_refusal_names_the_image_and_the_policy_only_where_access_was_denied() -> None:
    denied = named("web:v1", CouldNotLook("ecr:BatchGetImage", "AccessDenied: no", action="ecr:BatchGetImage"))
    assert denied.reason == (
        "web:v1: AccessDenied: no – for a repository of another account, its policy must allow ecr:BatchGetImage too"
    )
    assert denied.action == "ecr:BatchGetImage"
    slow = named("web:v1", NotThere("ecr:BatchGetImage", "RepositoryNotFoundException: no"))
    assert (type(slow), slow.reason, slow.action) == (NotThere, "web:v1: RepositoryNotFoundException: no", "")


def detail(digest: str = ONE, **changes: Any) -> Raw:
    return given({"imageDigest": digest, "imageTags": ["v1"], "imagePushedAt": ago(days=6)}, changes)


def described(*details: Raw, images: Sequence[tuple[str, str]] = ((WEB, ONE),), more: Any = None) -> list[RunningImage]:
    aws = Aws({("ecr", "DescribeImages"): {"imageDetails": list(details)}, **(more or {})}, stack())
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


@pytest.mark.parametrize(
    ("status", "archived"), [("ACTIVE", False), ("ARCHIVED", True), ("ACTIVATING", True), (None, False)]
)
def test_an_image_in_the_archive(status: str | None, archived: bool) -> None:
    [found] = described(detail(imageStatus=status))
    assert found.is_archived is archived


FOUND: dict[str, tuple[str, str, list[Raw], str]] = {
    "by its digest, of several": (WEB, TWO, [detail(), detail(TWO, imageTags=["v2"])], TWO),
    "by its tag": (WEB, "", [detail(TWO, imageTags=None), detail(THREE, imageTags=["v0"]), detail(ONE)], ONE),
    "by the digest that it is named by": (f"{WEB}@{TWO}", "", [detail(), detail(TWO)], TWO),
    "by the digest that ECS tells, whatever it is named by": (f"{WEB}@{TWO}", ONE, [detail(TWO), detail()], ONE),
}


@pytest.mark.parametrize("case", FOUND)
def test_which_of_the_described_images_runs(case: str) -> None:
    image, digest, details, expected = FOUND[case]
    [found] = described(*details, images=[(image, digest)])
    assert (found.arn, found.scanned) == (f"{REGISTRY}/web@{expected}", (expected,))


@pytest.mark.parametrize(("digest", "says"), [(ONE, f"web:v1 {ONE}$"), ("", "web:v1$")], ids=["by digest", "by tag"])
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


MOMENTS: dict[str, tuple[datetime | None, tuple[datetime, ...]]] = {
    "none": (None, ()),
    "an ordinary one": (ago(days=1), (NOW + timedelta(days=89),)),
    "the last that has an end": (datetime.max.replace(tzinfo=UTC) - timedelta(days=90), (
        datetime.max.replace(tzinfo=UTC),)),
    "the end of all days": (datetime.max.replace(tzinfo=UTC), ()),
}  # fmt: skip


@pytest.mark.parametrize("case", MOMENTS)
def test_until_when_an_image_must_be_rebuilt(case: str) -> None:
    pushed, ends = MOMENTS[case]
    [found] = described(detail(imagePushedAt=pushed))
    assert tuple(one.at for one in found.deadlines) == ends


def platforms(*told: Raw) -> Raw:
    return {"images": [{"imageId": {"imageDigest": ONE}, "imageManifest": json.dumps({"manifests": list(told)})}]}


ARM, X86 = ({"digest": digest, "platform": {"os": "linux"}} for digest in (TWO, THREE))
ATTESTS = {"digest": ONE, "platform": {"os": "unknown"}}


@pytest.mark.parametrize("kind", [LIST, INDEX], ids=["of Docker", "of OCI"])
def test_of_an_index_its_platforms_are_scanned(kind: str) -> None:
    told = platforms(ARM, X86, ATTESTS, {"digest": ONE})
    [found] = described(detail(imageManifestMediaType=kind), more={("ecr", "BatchGetImage"): told})
    assert found.scanned == (TWO, THREE, ONE)
    plain = described(detail(imageManifestMediaType="application/vnd.oci.image.manifest.v1+json"))
    assert plain[0].scanned == (ONE,)


BAD: dict[str, tuple[Any, str]] = {
    "no image": (platforms(ATTESTS), f"the index web@{ONE} lists no image"),
    "no answer": ({"images": []}, f"the index web@{ONE} lists no image"),
    "not JSON": ({"images": [{"imageManifest": "{"}]}, f"the index web@{ONE} cannot be read"),
    "without manifests": ({"images": [{"imageManifest": "{}"}]}, f"the index web@{ONE} cannot be read"),
    "a list": ({"images": [{"imageManifest": "[]"}]}, f"the index web@{ONE} cannot be read"),
    "of what is no platform": (
        {"images": [{"imageManifest": '{"manifests": [1]}'}]}, f"the index web@{ONE} cannot be read"),
    "refused": (CouldNotLook("ecr:BatchGetImage", "ServerException: no"), "ServerException: no"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_an_index_that_cannot_be_read_leaves_the_age_known(case: str) -> None:
    answer, says = BAD[case]
    [found] = described(detail(imageManifestMediaType=INDEX), more={("ecr", "BatchGetImage"): answer})
    assert found.pushed_at == NOW - timedelta(days=6)
    assert str(found.scanned) == f"ecr:BatchGetImage: {says}"


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


COUNTS: dict[str, tuple[Raw, dict[str, int]]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTS)
def test_neither_counts_nor_findings_hide_the_others(case: str) -> None:
    answer, counts = COUNTS[case]
    found = scanned(answer)
    assert found.scan["counts"] == counts  # type: ignore[index]


NAMES: dict[str, tuple[Raw, str]] = {
    "basic": (cve("CVE-1", "HIGH"), "CVE-1"),
    "enhanced": (enhanced("CVE-1", "HIGH", title="CVE-1 - openssl"), "CVE-1"),
    "enhanced, without its id": (
        {"severity": "HIGH", "title": "CVE-1 - openssl", "packageVulnerabilityDetails": {}}, "CVE-1 - openssl"),
    "without a name": ({"severity": "HIGH"}, "without a name"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES)
def test_the_name_of_a_vulnerability(case: str) -> None:
    one, name = NAMES[case]
    key = "enhancedFindings" if "packageVulnerabilityDetails" in one else "findings"
    assert scanned(scan(**{"findings": None, key: [one]})).names("HIGH") == [name]


def test_the_worst_twenty_are_named() -> None:
    listed = [*(cve(f"low-{number}", "LOW") for number in range(20)), cve("high", "HIGH"), cve("none", "UNDEFINED")]
    found = scanned(scan(findings=listed))
    assert NAMES_KEPT == 20
    assert list(found.scan["names"]) == ["high", *(f"low-{number}" for number in range(19))]  # type: ignore[index]


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
NOT_KNOWN: dict[str, tuple[list[Any], str]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_KNOWN)
def test_a_scan_that_is_not_there(case: str) -> None:
    answers, says = NOT_KNOWN[case]
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
