"""ECR: what the tags stand for of which running containers were started."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..core.answer import Answer
from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out, observation
from .ecs import Task
from .session import Aws

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


def reference(image: str) -> Reference | None:
    """The parts of an image that a tag of ECR names; None where it lies elsewhere, or is named by its digest."""
    match = _REFERENCE.fullmatch(image)
    return Reference(match[1], match[2], match[3], match[4] or "latest") if match else None


@dataclass(frozen=True, kw_only=True)
class RegistryImage(Resource):
    """What a tag stands for now. `digests`: of the image, and of each platform's where it is an index; or none."""

    digests: frozenset[str]


@observation(allow=["ecr:BatchGetImage"])
def registry_images(aws: Aws, tasks: list[Task]) -> list[RegistryImage]:
    """The digests of each tag in ECR that containers of the stack's running tasks were started from."""
    images = sorted({image for task in tasks if task.is_wanted for _, image, _ in task.images})
    wanted = [(image, told) for image in images if (told := reference(image))]
    return fan_out(lambda pair: _image(aws, *pair), wanted)


def _image(aws: Aws, image: str, of: Reference) -> RegistryImage:
    if of.region != aws.region:
        raise CouldNotLook("ecr:BatchGetImage", f"{image} lies in {of.region}, and only {aws.region} is looked at")
    answer = image_of(aws, of, imageTag=of.tag)
    found = answer["images"]
    failures = answer.get("failures", [])
    if not found and not failures:
        raise CouldNotLook("ecr:BatchGetImage", f"the answer says nothing of {image}")
    unlike = [one for one in failures if one.get("failureCode") != "ImageNotFound"]
    if unlike:
        raise CouldNotLook("ecr:BatchGetImage", f"{image}: {unlike[0].get('failureCode')}")
    digests = {digest for one in found for digest in _digests(one)}
    return RegistryImage(arn=image, name=f"{of.repository}:{of.tag}", digests=frozenset(digests), evidence=answer)


def repository(of: Reference) -> dict[str, str]:
    """The parameters that name an image's repository."""
    return {"registryId": of.registry, "repositoryName": of.repository}


def image_of(aws: Aws, of: Reference, **identifier: str) -> Answer:
    """BatchGetImage of one image of the repository, by imageTag or imageDigest."""
    return aws.call("ecr", "BatchGetImage", imageIds=[identifier], acceptedMediaTypes=list(MANIFESTS), **repository(of))


def _digests(image: dict[str, Any]) -> list[str]:
    """Its own, and those of the platforms' images that an index lists: a task may be told by either."""
    own = str(image["imageId"]["imageDigest"])
    try:
        manifest = json.loads(image.get("imageManifest", "{}"))
    except ValueError:
        return [own]
    listed = manifest.get("manifests", []) if isinstance(manifest, dict) else []
    return [own, *(str(one["digest"]) for one in listed if "digest" in one)]
