"""What is deleted in time: a lifecycle configuration of the dashboard bucket. Log groups already have a retention."""

from __future__ import annotations

from typing import Any

from ..moto_server import backend
from ..seed import BUCKET
from . import Sandbox

EVERYTHING = {"Prefix": ""}


def sow(sandbox: Sandbox) -> None:
    """A rule for the whole bucket, and a disabled one for previews."""
    lifecycle(tidy(), previews())


def lifecycle(*rules: dict[str, Any]) -> None:
    """Replace the rules of the dashboard bucket."""
    backend("s3", "aws").put_bucket_lifecycle_configuration(BUCKET, list(rules))


def tidy(**changes: Any) -> dict[str, Any]:
    """The rule for the whole bucket; a change to None removes a key."""
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
    """The disabled rule for previews, which the site no longer has."""
    return {
        "ID": "previews",
        "Status": "Disabled",
        "Filter": {"Prefix": "previews/"},
        "Expiration": {"Days": 14},
        **changes,
    }
