"""ECR: the age of running images, and their known vulnerabilities.

DescribeImages returns the dates of a repository's images in one call; scan results, basic or enhanced, are read per
image. An image without a recent scan could not be checked.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Deadline, Figure, Resource
from ..core.observation import CouldNotLook, NotThere, batches, fan_out, observation, seen
from .ecr import Reference, elsewhere, image_of, named, reference, repository
from .ecs import Task
from .evidence import later, utc
from .session import Aws
from .unread import or_why, readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_IMAGES = "ecr:DescribeImages"
_MANIFEST = "ecr:BatchGetImage"
_SCAN = "ecr:DescribeImageScanFindings"
IMAGES_A_CALL = 100
NAMES_KEPT = 20
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
"""In ascending order; UNDEFINED and UNTRIAGED are unrated."""
_INDEXES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")


@dataclass(frozen=True, kw_only=True)
class RunningImage(Resource):
    """An image that containers of the stack run.

    `of`: its reference. `scanned`: the digests that are scanned, its own or those of the platforms in an index, or why
    they are not known. `problem`: why it could not be checked.
    """

    of: Reference | None = None
    scanned: tuple[str, ...] | CouldNotLook = ()
    problem: CouldNotLook | None = None

    @property
    def is_there(self) -> bool:
        """Whether it is still in the registry; CouldNotLook where that could not be checked."""
        seen(self.problem)
        return not self.evidence.get("gone")

    @property
    def is_archived(self) -> bool:
        """Whether ECR keeps it in its archive, from which nothing can be pulled: userguide/archive-image.html."""
        return self.evidence.get("imageStatus") in ("ARCHIVED", "ACTIVATING")

    @property
    def pushed_at(self) -> datetime:
        """When it was pushed, in UTC; it may have been built long before."""
        seen(self.problem)
        return utc(self.evidence["imagePushedAt"])


@dataclass(frozen=True, kw_only=True)
class ImageScan(Resource):
    """The newest scan of a running image; `scan` combines all its platforms, or is why there is none."""

    scan: Mapping[str, Any] | CouldNotLook

    def at_least(self, severity: str) -> dict[str, int]:
        """Number of vulnerabilities of that severity or worse, the worst first."""
        counts: Mapping[str, int] = seen(self.scan)["counts"]
        worse = SEVERITIES[SEVERITIES.index(severity) :]
        return {one: counts[one] for one in reversed(worse) if counts.get(one)}

    def names(self, severity: str) -> list[str]:
        """Some of their names."""
        worse = SEVERITIES[SEVERITIES.index(severity) :]
        return [name for name, of in seen(self.scan)["names"].items() if of in worse]

    @property
    def unjudged(self) -> int:
        """Number of vulnerabilities without a rated severity."""
        return sum(count for of, count in seen(self.scan)["counts"].items() if of not in SEVERITIES)

    @property
    def scanned_at(self) -> datetime | None:
        """When it was scanned, in UTC; None for continuous scanning."""
        told = seen(self.scan)
        return None if told["continuous"] else told["at"]


@observation(allow=[_IMAGES, _MANIFEST])
def running_images(stack: Stack, aws: Aws, tasks: list[Task]) -> list[RunningImage]:
    """The images of the stack's running tasks, as ECR describes them."""
    run = [task for task in readable(tasks) if task.is_wanted]
    wanted = {(image, digest) for task in run for _, image, digest in task.images}
    own = sorted(pair for pair in wanted if not any(fnmatchcase(pair[0], one) for one in stack.foreign_images))
    here: dict[tuple[str, str], list[tuple[str, str, Reference]]] = defaultdict(list)
    unread = ((one, why_unread(one)) for one in tasks)
    found = [RunningImage(arn=one.arn, name=one.name, problem=why) for one, why in unread if why]
    for image, digest in own:
        of = reference(image.partition("@")[0])
        if of is None or of.region != aws.region:
            found.append(_elsewhere(image, of))
        else:
            here[of.registry, of.repository].append((image, digest or image.partition("@")[2], of))
    parts = [part for listed in here.values() for part in batches(listed, IMAGES_A_CALL)]
    return [*found, *itertools.chain.from_iterable(fan_out(lambda part: _described(aws, part), parts))]


def _elsewhere(image: str, of: Reference | None) -> RunningImage:
    problem = elsewhere(_IMAGES, image, f"it is in {of.region}, which is not read" if of else "it is not in ECR")
    return RunningImage(arn=image, name=image, evidence={"image": image}, of=of, problem=problem)


def _described(aws: Aws, part: Sequence[tuple[str, str, Reference]]) -> list[RunningImage]:
    """The images of one repository; AWS refuses the whole call where one is missing, which is then found one by one.

    Without a filter, AWS leaves archived images out: AmazonECR API_DescribeImagesFilter.html.
    """
    _, _, of = part[0]
    asked = [{"imageDigest": digest} if digest else {"imageTag": one.tag} for _, digest, one in part]
    every = {"imageStatus": "ANY"}
    try:
        details = aws.items("ecr", "DescribeImages", "imageDetails", imageIds=asked, filter=every, **repository(of))
    except NotThere as missing:
        if len(part) > 1:
            return [image for one in part for image in _described(aws, [one])]
        image, digest, _ = part[0]
        told = {"image": image, "imageDigest": digest, "gone": missing.reason}
        return [RunningImage(arn=_arn(of, digest), name=of.name, evidence=told, of=of)]
    except CouldNotLook as problem:  # of this repository alone
        return [_unread(image, digest, one, named(image, problem)) for image, digest, one in part]
    return [_running(aws, *one, details) for one in part]


def _unread(image: str, digest: str, of: Reference, problem: CouldNotLook) -> RunningImage:
    return RunningImage(arn=_arn(of, digest), name=of.name, evidence={"image": image}, of=of, problem=problem)


def _arn(of: Reference, digest: str) -> str:
    return f"{of.registry}.dkr.ecr.{of.region}.{of.domain}/{of.repository}@{digest or of.tag}"


def _running(aws: Aws, image: str, digest: str, of: Reference, details: Iterable[Answer]) -> RunningImage:
    def is_it(detail: Mapping[str, Any]) -> bool:
        return bool(detail["imageDigest"] == digest if digest else of.tag in (detail.get("imageTags") or []))

    detail = next((one for one in details if is_it(one)), None)
    if detail is None:
        why = CouldNotLook(_IMAGES, f"the answer does not mention {of.name} {digest}".rstrip())
        return _unread(image, digest, of, why)
    own = str(detail["imageDigest"])
    return RunningImage(
        arn=_arn(of, own),
        name=of.name,
        evidence=detail | {"image": image},
        deadlines=_deadlines(of.name, detail.get("imagePushedAt"), timedelta(days=aws.stack.limits.image_age_days)),
        of=of,
        scanned=_platforms(aws, of, own) if detail.get("imageManifestMediaType") in _INDEXES else (own,),
    )


def _deadlines(name: str, pushed: datetime | None, oldest: timedelta) -> tuple[Deadline, ...]:
    if pushed is None:
        return ()
    return (Deadline(f"{name} must be rebuilt", later(utc(pushed), oldest)),)


@or_why
def _platforms(aws: Aws, of: Reference, digest: str) -> tuple[str, ...]:
    """The images in an index, without attestations: an index itself is never scanned. Or why only they are unknown."""
    told = [one["imageManifest"] for one in image_of(aws, of, imageDigest=digest)["images"]]
    try:
        listed = [one for text in told for one in json.loads(text)["manifests"]]
        found = tuple(one["digest"] for one in listed if one.get("platform", {}).get("os") != "unknown")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CouldNotLook(_MANIFEST, f"the index {of.repository}@{digest} cannot be read") from None
    if not found:
        raise CouldNotLook(_MANIFEST, f"the index {of.repository}@{digest} lists no image")
    return found


@observation(allow=[_SCAN])
def image_scans(aws: Aws, running_images: list[RunningImage]) -> list[ImageScan]:
    """The newest scan of each running image."""
    return fan_out(lambda image: _scan(aws, image), running_images)


def _scan(aws: Aws, image: RunningImage) -> ImageScan:
    problem = image.problem or CouldNotLook(_SCAN, f"{image.name} is not in ECR")
    bare = ImageScan(arn=image.arn, name=image.name, evidence=image.evidence, scan=problem)
    if image.problem or not image.of:
        return bare
    if not image.is_there:
        said = f"{image.name} is no longer in the registry, so its scan results are gone"
        return replace(bare, scan=CouldNotLook(_SCAN, said))
    try:
        told = _together([_findings(aws, image, image.of, digest) for digest in seen(image.scanned)])
    except CouldNotLook as error:  # of this image alone
        return replace(bare, scan=named(image.name, error) if error.action else error)
    shown = {key: value for key, value in told.items() if value is not None}
    figures = (Figure(of.lower(), told["counts"][of]) for of in reversed(SEVERITIES) if told["counts"].get(of))
    return replace(bare, evidence={**image.evidence, "scan": shown}, scan=told, figures=tuple(figures))


def _findings(aws: Aws, image: RunningImage, of: Reference, digest: str) -> dict[str, Any]:
    """The scan of one digest: counts by severity, some names, time, and whether it is continuous."""
    asked = {**repository(of), "imageId": {"imageDigest": digest}, "maxResults": 1000}
    try:
        pages = list(aws.pages("ecr", "DescribeImageScanFindings", **asked))
    except NotThere as missing:
        if missing.reason.startswith("ScanNotFound"):
            said = f"{image.name} was never scanned: turn scanning on push on for {of.repository}, and scan it now"
            raise CouldNotLook(_SCAN, said) from None
        raise
    status = pages[0]["imageScanStatus"]
    state = status["status"]
    if state not in ("COMPLETE", "ACTIVE"):
        said = f"the scan of {image.name} is {state}"
        raise CouldNotLook(_SCAN, f"{said}: {status['description']}" if status.get("description") else said)
    told = [page["imageScanFindings"] for page in pages]
    listed = [one for page in told for key in ("findings", "enhancedFindings") for one in page.get(key) or []]
    counts = told[0].get("findingSeverityCounts")
    if counts is None:
        if not any("findings" in page or "enhancedFindings" in page for page in told):
            raise CouldNotLook(_SCAN, f"the answer has neither counts nor findings of {image.name}")
        counts = {}
    active = (one for one in listed if one.get("status", "ACTIVE") == "ACTIVE")
    counted = Counter(str(one.get("severity", "UNDEFINED")) for one in active)
    both = (counts, counted)  # neither hides the other
    # only continuous scanning has no such time
    at = told[0]["imageScanCompletedAt"] if state == "COMPLETE" else told[0].get("imageScanCompletedAt")
    worst = sorted(listed, key=lambda one: -_rank(str(one.get("severity"))))[:NAMES_KEPT]
    return {
        "counts": {of: max(int(one[of]) for one in both if of in one) for of in {**counts, **counted}},
        "names": {_name(one): str(one.get("severity")) for one in worst},
        "at": utc(at) if at else None,
        "continuous": state == "ACTIVE",
    }


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def _name(finding: Mapping[str, Any]) -> str:
    """The vulnerability's id, which basic and enhanced scans report in different places."""
    enhanced = (finding.get("packageVulnerabilityDetails") or {}).get("vulnerabilityId")
    return str(enhanced or finding.get("name") or finding.get("title") or "without a name")


def _together(scans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All platforms together: the worst count per severity, every name, and the oldest scan."""
    severities = dict.fromkeys(of for scan in scans for of in scan["counts"])
    counts = {of: max(int(scan["counts"].get(of, 0)) for scan in scans) for of in severities}
    times = [scan["at"] for scan in scans if scan["at"]]
    return {
        "counts": counts,
        "names": {name: of for scan in scans for name, of in scan["names"].items()},
        "at": min(times) if times else None,
        "continuous": all(scan["continuous"] for scan in scans),
    }
