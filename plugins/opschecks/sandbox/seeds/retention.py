"""What the stack lets go: a lifecycle of the dashboard bucket. Its log groups come with their retention."""

from __future__ import annotations

from typing import Any

from ..moto_server import backend
from ..seed import BUCKET
from . import Sandbox

EVERYTHING = {"Prefix": ""}


def sow(sandbox: Sandbox) -> None:
    """A rule for all of the bucket, and one for previews that is switched off."""
    lifecycle(tidy(), previews())


def lifecycle(*rules: dict[str, Any]) -> None:
    """Give the dashboard bucket these rules, in place of those that it has."""
    backend("s3", "aws").put_bucket_lifecycle_configuration(BUCKET, list(rules))


def tidy(**changes: Any) -> dict[str, Any]:
    """The rule for all of the bucket; a change to None takes a key away."""
    rule = {
        "ID": "tidy",
        "Status": "Enabled",
        "Filter": EVERYTHING,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        **changes,
    }
    return {key: value for key, value in rule.items() if value is not None}


def previews(**changes: Any) -> dict[str, Any]:
    """The rule for previews, which the site no longer has: it is Disabled."""
    return {
        "ID": "previews",
        "Status": "Disabled",
        "Filter": {"Prefix": "previews/"},
        "Expiration": {"Days": 14},
        **changes,
    }
