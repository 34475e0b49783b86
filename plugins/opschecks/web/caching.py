"""Static assets of the site as a browser gets them again: from the cache, and compressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..aws.cloudfront import Distribution
from ..aws.session import Aws
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotConfigured, fan_out, names_no, observation
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
_UNCACHED = {"no-store", "no-cache", "private"}


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
        """Whether its Cache-Control forbids caching."""
        told = {part.strip().lower() for part in self.cache_control.split(",")}
        ages = [part for name in ("s-maxage=", "max-age=") for part in told if part.startswith(name)]
        return bool(told & _UNCACHED) or bool(ages and ages[0].endswith("=0"))

    @property
    def is_from_cache(self) -> bool:
        """Whether the last answer came from a cache; CouldNotLook where no answer shows its origin."""
        if not any(one.header("X-Cache") or one.header("Age") for one in self.answers):
            raise CouldNotLook(
                f"GET {self.arn}", "no answer has X-Cache or Age, which show whether it came from a cache"
            )
        return comes_from_cache(self.last)

    @property
    def encoding(self) -> str:
        """The compression of its last answer; empty where there was none."""
        told = self.last.header("Content-Encoding").lower()
        return "" if told == "identity" else told


def comes_from_cache(answer: Response) -> bool:
    """Whether it came from a cache; CloudFront answers Hit or RefreshHit, others only an age."""
    told = answer.header("X-Cache").lower()
    return told.startswith(("hit", "refreshhit")) if told else bool(answer.header("Age"))


@observation(allow=["s3:ListBucket"])
def static_assets(stack: Stack, aws: Aws, http: Http, distribution: Distribution) -> list[StaticAsset]:
    """The largest scripts and style sheets of the dashboard bucket, each asked for until it comes from the cache."""
    if not stack.dashboard_url:
        raise names_no(stack.name, "dashboards", "dashboard_url")
    bucket, prefix = distribution.origin
    chosen = _largest(list_objects(aws, bucket, prefix))
    if not chosen:
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
    told = [one.evidence for one in answers]
    return StaticAsset(
        arn=url,
        name=str(listed["Key"]),
        answers=answers,
        evidence={"bytes in the bucket": listed["Size"], "answers": told},
        figures=(Figure("latency", round(answers[-1].latency_ms), "ms"),),
    )
