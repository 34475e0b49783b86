"""The dashboard site: the objects in its bucket, compared with what the CDN serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..aws.cloudfront import Distribution
from ..aws.session import Aws
from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out, names_no, observation
from .http import Http, Response

if TYPE_CHECKING:
    from ..config.stack import Stack


@dataclass(frozen=True, kw_only=True)
class SiteObject(Resource):
    """An object of the site's bucket, and the CDN's answer for it."""

    answer: Response

    @property
    def etag(self) -> str:
        """The object's ETag in the bucket."""
        return str(self.evidence["ETag"]).strip('"')

    @property
    def is_current(self) -> bool:
        """Whether the CDN is known to serve what the bucket holds."""
        return self.answer.status == 200 and self.answer.header("ETag").removeprefix("W/").strip('"') == self.etag

    @property
    def served_etag(self) -> str:
        """The ETag that the CDN serves; CouldNotLook where it has none, so that the two cannot be compared."""
        told = self.answer.header("ETag")
        if self.answer.status == 200 and not told:
            raise CouldNotLook(f"HEAD {self.arn}", "the answer has no ETag to compare")
        return told.removeprefix("W/").strip('"')


@observation(allow=["s3:ListBucket"])
def site_objects(
    stack: Stack,
    aws: Aws,
    http: Http,
    distribution: Distribution,
    earlier: Sequence[SiteObject] | None = None,
) -> list[SiteObject]:
    """Each object of the dashboard bucket, and HEAD of it through the CDN.

    While a bake waits for the CDN, only objects that were not served as the bucket holds them are asked for again.
    """
    if earlier:
        return _again(stack, http, earlier)
    if not stack.dashboard_url:
        raise names_no(stack.name, "dashboards", "dashboard_url")
    bucket, prefix = distribution.origin
    listed = list_objects(aws, bucket, prefix)
    urls = [f"{stack.dashboard_url}/{quote(one['Key'][len(prefix) :])}" for one in listed]
    answers = fan_out(lambda url: http.head(url, stack.limits.probe_timeout_s), urls)
    return [
        SiteObject(arn=url, name=str(one["Key"]), answer=answer, evidence=one | {"served": answer.evidence})
        for url, one, answer in zip(urls, listed, answers, strict=True)
    ]


def _again(stack: Stack, http: Http, earlier: Sequence[SiteObject]) -> list[SiteObject]:
    """The same objects; those that were not served as the bucket held them are asked for again."""
    stale = [one.arn for one in earlier if not one.is_current]
    answers = dict(zip(stale, fan_out(lambda url: http.head(url, stack.limits.probe_timeout_s), stale), strict=True))
    return [
        replace(one, answer=answers[one.arn], evidence={**one.evidence, "served": answers[one.arn].evidence})
        if one.arn in answers
        else one
        for one in earlier
    ]


def list_objects(aws: Any, bucket: str, prefix: str) -> list[Answer]:
    """Every object under the prefix, without empty ones that represent folders; an empty page has no Contents."""
    found: list[Answer] = []
    parameters: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix} if prefix else {"Bucket": bucket}
    for page in aws.pages("s3", "ListObjectsV2", **parameters):
        if int(page["KeyCount"]):
            found += page["Contents"]
    return [one for one in found if not str(one["Key"]).endswith("/") or one.get("Size")]
