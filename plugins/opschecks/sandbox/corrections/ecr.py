"""Where moto's ECR is not like AWS's: an image stays when its tag is pushed again."""

from __future__ import annotations

from typing import Any

from moto.ecr.models import ECRBackend

from ..correction import Before, Kind, extends


@extends(ECRBackend, "put_image", Kind.BUG, "AmazonECR/latest/userguide/image-tag-mutability.html")
def _put_image(
    before: Before, self: Any, repository_name: str, image_manifest: str, image_tag: str, *rest: Any, **more: Any
) -> Any:
    """moto deletes an image whose tag is pushed again; on AWS it only loses the tag."""
    repository = self.repositories.get(repository_name)
    for image in repository.images if repository and repository.image_tag_mutability == "MUTABLE" else []:
        if image_tag in image.image_tags and image.image_manifest != image_manifest:
            image.image_tags.remove(image_tag)
            image.image_tag = image.image_tags[-1] if image.image_tags else None
    return before(self, repository_name, image_manifest, image_tag, *rest, **more)
