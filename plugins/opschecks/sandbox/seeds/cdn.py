"""Assets that can be cached: a script and a style sheet for a year, and a cache policy that keeps them."""

from __future__ import annotations

from typing import Any

from ..moto_server import backend
from ..seed import BUCKET
from . import Sandbox

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SCRIPT = "assets/app-5b1f4c7e.js"
FOR_A_YEAR = "public, max-age=31536000, immutable"


def sow(sandbox: Sandbox) -> None:
    """Put the assets into the bucket, and use AWS's managed cache policy."""
    put_asset(sandbox, SCRIPT, "text/javascript; charset=utf-8")
    put_asset(sandbox, "assets/site-77aa0c1d.css", "text/css; charset=utf-8")
    behavior_of(sandbox).cache_policy_id = CACHING_OPTIMIZED


def put_asset(sandbox: Sandbox, key: str, content_type: str, cache_control: str = FOR_A_YEAR) -> None:
    """An asset large enough to be compressed."""
    body = "".join(f"/* line {number} of {key} */\n" for number in range(120)).encode()
    sandbox.client("s3").put_object(
        Bucket=BUCKET, Key=key, Body=body, ContentType=content_type, CacheControl=cache_control
    )


def behavior_of(sandbox: Sandbox) -> Any:
    """moto's object of the distribution's default behavior."""
    return config_of(sandbox).DefaultCacheBehavior


def config_of(sandbox: Sandbox) -> Any:
    """moto's object of the distribution's configuration."""
    return backend("cloudfront", "aws").distributions[sandbox.distribution_id].distribution_config
