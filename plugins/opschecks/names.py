"""The nearest valid name, for messages about an unknown one; and what a call of AWS is called."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause for the end of a message: "did you mean 'x'?" or the list of what there is."""
    import difflib

    known = sorted(valid)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    if not known:
        return "there is none"
    shown = ", ".join(known[:12])
    return f"known: {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")


IAM_PREFIX = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
"""Where the IAM prefix of a service is not the name of its client."""

_ALLOWED_BY = {
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("s3", "DeleteBucketLifecycle"): "s3:PutLifecycleConfiguration",
    ("dynamodb", "TransactWriteItems"): "dynamodb:DeleteItem",  # IAM knows the parts of a transaction only
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "DeleteObjects"): "s3:DeleteObject",
    ("s3", "CopyObject"): "s3:PutObject",
}
"""Calls whose IAM action has another name than the operation."""


def iam_action(service: str, operation: str) -> str:
    """How a call is named everywhere: as the IAM action that allows it."""
    return _ALLOWED_BY.get((service, operation)) or f"{IAM_PREFIX.get(service, service)}:{operation}"
