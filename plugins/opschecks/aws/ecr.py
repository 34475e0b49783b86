"""ECR: the digests of the tags from which running containers were started."""

from __future__ import annotations

import re
from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out, observation, seen
from .ecs import Task
from .evidence import json_object
from .session import Aws
from .unread import readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "ecr:BatchGetImage"
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_DOMAIN = r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn))"
_HOST = rf"(\d{{12}})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.{_DOMAIN}"
_REFERENCE = re.compile(_HOST + r"/([^:@]+)(?::([^@]+))?$")


@dataclass(frozen=True)
class Reference:
    """`ACCOUNT.dkr.ecr.REGION.amazonaws.com/repository:tag`, taken apart."""

    registry: str
    region: str
    repository: str
    tag: str
    domain: str = field(default="amazonaws.com", compare=False)
    """AWS's, of the partition."""

    @property
    def name(self) -> str:
        """`repository:tag`."""
        return f"{self.repository}:{self.tag}"


def reference(image: str) -> Reference | None:
    """The parts of an image reference with a tag in ECR; None for other registries and references by digest."""
    if not (match := _REFERENCE.fullmatch(image)):
        return None
    domain = {".cn": "amazonaws.com.cn", ".eu": "amazonaws.eu"}.get(image.partition("/")[0][-3:], "amazonaws.com")
    return Reference(match[1], match[2], match[3], match[4] or "latest", domain)


def is_pinned(image: str) -> bool:
    """Whether it is an image of ECR that is named by its digest."""
    return "@" in image and reference(image.partition("@")[0]) is not None


@dataclass(frozen=True, kw_only=True)
class RegistryImage(Resource):
    """The current image of a tag. `problem`: why it could not be read, which says nothing of others."""

    known: frozenset[str] = frozenset()
    problem: CouldNotLook | None = None

    @property
    def digests(self) -> frozenset[str]:
        """Of the image, and of each platform's if it is an index; empty where ECR has none. CouldNotLook otherwise."""
        seen(self.problem)
        return self.known


@observation(allow=[_CALL])
def registry_images(stack: Stack, aws: Aws, tasks: list[Task]) -> list[RegistryImage]:
    """The digests of each tag in ECR that containers of the stack's running tasks were started from.

    Without `foreign_images`, for which others are responsible.
    """
    images = sorted({image for task in readable(tasks) if task.is_wanted for _, image, _ in task.images})
    own = [image for image in images if not any(fnmatchcase(image, one) for one in stack.foreign_images)]
    wanted = [(image, told) for image in own if (told := reference(image))]
    unread = [RegistryImage(arn=one.arn, name=one.name, problem=why) for one in tasks if (why := why_unread(one))]
    return [*fan_out(lambda pair: _image_or_problem(aws, *pair), wanted), *unread]


def _image_or_problem(aws: Aws, image: str, of: Reference) -> RegistryImage:
    try:
        return _image(aws, image, of)
    except CouldNotLook as problem:  # of this image alone
        return RegistryImage(arn=image, name=of.name, evidence={"image": image}, problem=problem)


def elsewhere(call: str, image: str, where: str) -> CouldNotLook:
    """Of an image that is not read, with what to do where that is right."""
    return CouldNotLook(call, f"{image}: {where}; if others are responsible for it, add it to foreign_images")


def _image(aws: Aws, image: str, of: Reference) -> RegistryImage:
    if of.region != aws.region:
        raise elsewhere(_CALL, image, f"it is in {of.region}; only {aws.region} is read")
    try:
        answer = image_of(aws, of, imageTag=of.tag)
    except CouldNotLook as error:
        raise named(image, error) from None
    found = answer["images"]
    failures = answer.get("failures", [])
    if not found and not failures:
        raise CouldNotLook(_CALL, f"the answer does not mention {image}")
    if unlike := [one for one in failures if one.get("failureCode") != "ImageNotFound"]:
        raise CouldNotLook(_CALL, f"{image}: {unlike[0].get('failureCode')}")
    digests = {digest for one in found for digest in _digests(one)}
    return RegistryImage(arn=image, name=of.name, known=frozenset(digests), evidence=answer)


def named(image: str, error: CouldNotLook) -> CouldNotLook:
    """The error, naming the image that it is about: a repository of another account must permit it by its policy."""
    also = f" – for a repository of another account, its policy must allow {error.action} too" if error.action else ""
    return type(error)(error.call, f"{image}: {error.reason}{also}", action=error.action)


def repository(of: Reference) -> dict[str, str]:
    """The parameters that name an image's repository."""
    return {"registryId": of.registry, "repositoryName": of.repository}


def image_of(aws: Aws, of: Reference, **identifier: str) -> Answer:
    """BatchGetImage of one image of the repository, by imageTag or imageDigest."""
    return aws.call("ecr", "BatchGetImage", imageIds=[identifier], acceptedMediaTypes=list(MANIFESTS), **repository(of))


def _digests(image: dict[str, Any]) -> list[str]:
    """Its own digest, and those of the platforms in an index: ECS reports either."""
    listed = (json_object(image.get("imageManifest", "{}")) or {}).get("manifests")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [str(image["imageId"]["imageDigest"]), *(str(one["digest"]) for one in found if "digest" in one)]
