"""ECR: the digests of the tags from which running containers were started."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
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
    domain: str = field(default="amazonaws.com", compare=False)
    """AWS's, of the partition."""


def reference(image: str) -> Reference | None:
    """The parts of an image reference with a tag in ECR; None for other registries and references by digest."""
    match = _REFERENCE.fullmatch(image)
    if not match:
        return None
    ends = {".cn": "amazonaws.com.cn", ".eu": "amazonaws.eu"}
    domain = ends.get(image.partition("/")[0][-3:], "amazonaws.com")
    return Reference(match[1], match[2], match[3], match[4] or "latest", domain)


@dataclass(frozen=True, kw_only=True)
class RegistryImage(Resource):
    """The current image of a tag. `digests`: of the image, and of each platform's if it is an index; may be empty."""

    digests: frozenset[str]


@observation(allow=["ecr:BatchGetImage"])
def registry_images(aws: Aws, tasks: list[Task]) -> list[RegistryImage]:
    """The digests of each tag in ECR that containers of the stack's running tasks were started from."""
    images = sorted({image for task in tasks if task.is_wanted for _, image, _ in task.images})
    wanted = [(image, told) for image in images if (told := reference(image))]
    return fan_out(lambda pair: _image(aws, *pair), wanted)


def _image(aws: Aws, image: str, of: Reference) -> RegistryImage:
    if of.region != aws.region:
        raise CouldNotLook("ecr:BatchGetImage", f"{image} is in {of.region}; only {aws.region} is read")
    answer = image_of(aws, of, imageTag=of.tag)
    found = answer["images"]
    failures = answer.get("failures", [])
    if not found and not failures:
        raise CouldNotLook("ecr:BatchGetImage", f"the answer does not mention {image}")
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
    """Its own digest, and those of the platforms in an index: ECS reports either."""
    own = str(image["imageId"]["imageDigest"])
    try:
        manifest = json.loads(image.get("imageManifest", "{}"))
    except ValueError:
        return [own]
    listed = manifest.get("manifests", []) if isinstance(manifest, dict) else []
    return [own, *(str(one["digest"]) for one in listed if "digest" in one)]
