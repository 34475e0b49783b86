"""Images for stacks.toml that run in a stack and are not in ECR: their age and their scans are known to nobody here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .proposed_file import Line

if TYPE_CHECKING:
    from ..core.gathering import Gathering

_END = re.compile(r"(:[^:/@]+)?(@.+)?$")
PUBLIC = "public.ecr.aws/"


def foreign_images(store: Gathering) -> list[Line]:
    """The line of `foreign_images`, by the images that the observation of running ones could not find in ECR."""
    result = store.results.get("running_images")
    seen = result.value if result and result.done.is_set() and not result.error else []
    images = {str(one.evidence["image"]) for one in seen if one.problem and one.of is None and "image" in one.evidence}
    patterns = sorted({_pattern(one) for one in images})
    return [Line("foreign_images", patterns, "not in ECR: their age and scans are not seen")] if patterns else []


def _pattern(image: str) -> str:
    """One that fits the image under any tag and digest."""
    if image.startswith(PUBLIC):
        return f"{PUBLIC}*"
    tag, digest = _END.search(image).groups()  # type: ignore[union-attr]
    base = image[: len(image) - len(tag or "") - len(digest or "")]
    return base + (":*" if tag else "@*" if digest else "")
