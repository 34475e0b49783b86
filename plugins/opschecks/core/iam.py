"""What a call of AWS is called in an IAM policy."""

from __future__ import annotations

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
