"""Static assets of the site as a browser gets them again: from the cache, and compressed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..aws.cloudfront import Distribution
from ..aws.session import Aws
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotConfigured, fan_out, names_no, observation
from .client.packing import packings
from .http import Http, Response
from .site_objects import list_objects

if TYPE_CHECKING:
    from ..config.stack import Stack

SUFFIXES = (".js", ".mjs", ".css", ".svg", ".json")
"""Static assets that CloudFront compresses."""
BYTES = range(1_000, 1_000_000)
"""CloudFront does not compress smaller ones; larger ones are too much to fetch for a check."""
ASSETS = 3
REQUESTS = 4
"""How often an asset is requested until it comes from the cache: an edge has several caches, so the second may miss."""
_UNCACHED = ("no-store", "no-cache", "private")
"""With the names of headers as a value (no-cache="Set-Cookie"), the rest may be kept."""
_TELLS = ("X-Cache", "Cache-Status", "CF-Cache-Status")
_HIT = re.compile(r"^\s*(tcp_(mem_)?|refresh|originshield)?hit\b|;\s*hit\b")


@dataclass(frozen=True, kw_only=True)
class StaticAsset(Resource):
    """An asset of the bucket, and the CDN's answers for it, in order."""

    answers: tuple[Response, ...]

    @property
    def last(self) -> Response:
        """The newest answer."""
        return self.answers[-1]

    @property
    def cache_control(self) -> str:
        """Its Cache-Control header."""
        return self.last.header("Cache-Control")

    @property
    def forbids_caching(self) -> bool:
        """Whether Cache-Control, Vary: * or (where there is no age) Expires forbid a shared cache to keep it."""
        parts = (part.partition("=") for part in self.cache_control.split(","))
        told = {name.strip().lower(): value.strip(' "') for name, _, value in parts}
        if self.last.header("Vary").strip() == "*" or any(told.get(name) == "" for name in _UNCACHED):
            return True
        age = told.get("s-maxage", told.get("max-age"))
        if age is not None:
            return age == "0"
        return _is_past(self.last.header("Expires"), self.last.header("Date"))

    @property
    def is_from_cache(self) -> bool:
        """Whether the last answer came from a cache; CouldNotLook where no answer shows its origin."""
        if not any(one.header(name) for one in self.answers for name in (*_TELLS, "Age")):
            why = "no answer has X-Cache, Cache-Status or Age, which show whether it came from a cache"
            raise CouldNotLook(f"GET {self.arn}", why)
        return comes_from_cache(self.last)

    @property
    def encoding(self) -> str:
        """The compression of its last answer; empty where there was none."""
        return ", ".join(packings(self.last.header("Content-Encoding")))


def comes_from_cache(answer: Response) -> bool:
    """Whether it came from a cache, of which there may be several; some servers tell only an age.

    CloudFront says "Hit from cloudfront", "RefreshHit …" or "OriginShieldHit …", others "HIT, MISS" or "TCP_HIT";
    Cache-Status (RFC 9211) is a list such as "edge; hit".
    """
    told = [one for name in _TELLS for one in answer.header(name).lower().split(",") if one.strip()]
    return any(_HIT.search(one) for one in told) if told else bool(answer.header("Age"))


def _is_past(expires: str, date: str) -> bool:
    """Whether Expires is not after Date; any text that is no date, such as 0, means the past (RFC 9111)."""
    if not expires:
        return False
    try:
        return parsedate_to_datetime(expires) <= parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return not date or "GMT" not in expires


@observation(allow=["s3:ListBucket"])
def static_assets(stack: Stack, aws: Aws, http: Http, distribution: Distribution) -> list[StaticAsset]:
    """The largest scripts and style sheets of the dashboard bucket, each asked for until it comes from the cache."""
    if not stack.dashboard_url:
        raise names_no(stack.name, "dashboards", "dashboard_url")
    bucket, prefix = distribution.origin
    if not (chosen := _largest(list_objects(aws, bucket, prefix))):
        raise NotConfigured("", f"{bucket} holds no script or style sheet of 1 kB or more to try it with")
    timeout_s, root = stack.limits.probe_timeout_s, stack.dashboard_url
    urls = [f"{root}/{quote(str(one['Key'])[len(prefix) :])}" for one in chosen]
    answers = fan_out(lambda url: _asked(http, url, timeout_s), urls)
    return [_asset(url, one, told) for url, one, told in zip(urls, chosen, answers, strict=True)]


def _largest(listed: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    fit = [one for one in listed if int(one["Size"]) in BYTES and one["Key"].endswith(SUFFIXES)]
    return sorted(fit, key=lambda one: (-int(one["Size"]), str(one["Key"])))[:ASSETS]


def _asked(http: Http, url: str, timeout_s: float) -> tuple[Response, ...]:
    """The answers until one comes from a cache or is not a success."""
    answers = [http.get(url, timeout_s)]
    while len(answers) < REQUESTS and answers[-1].status == 200:
        answers.append(http.get(url, timeout_s))
        if comes_from_cache(answers[-1]):
            break
    return tuple(answers)


def _asset(url: str, listed: Mapping[str, Any], answers: tuple[Response, ...]) -> StaticAsset:
    return StaticAsset(
        arn=url,
        name=str(listed["Key"]),
        answers=answers,
        evidence={"bytes in the bucket": listed["Size"], "answers": [one.evidence for one in answers]},
        figures=(Figure("latency", round(answers[-1].latency_ms), "ms"),),
    )
