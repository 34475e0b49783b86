"""The IAM action of an AWS call."""

from __future__ import annotations

IAM_PREFIX = {
    "cloudcontrol": "cloudformation",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
"""IAM prefixes that differ from the name of the client."""
_ALLOWED_BY = {
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("s3", "DeleteBucketLifecycle"): "s3:PutLifecycleConfiguration",
    ("dynamodb", "TransactWriteItems"): "dynamodb:DeleteItem",  # IAM has actions only for the parts of a transaction
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "DeleteObjects"): "s3:DeleteObject",
    ("s3", "CopyObject"): "s3:PutObject",
}
"""IAM actions that differ from the name of the operation."""


def iam_action(service: str, operation: str) -> str:
    """The IAM action that allows the call; everywhere the name of the call."""
    return _ALLOWED_BY.get((service, operation)) or f"{IAM_PREFIX.get(service, service)}:{operation}"
