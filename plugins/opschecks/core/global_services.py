"""Services without a region keep their alarms, metrics and tags in one region of the partition."""

from __future__ import annotations


def home_of_cloudfront(region: str) -> str:
    """The region where CloudFront's metrics, alarms and tags are; empty where the partition has no CloudFront.

    Source: "Monitor CloudFront with Amazon CloudWatch" of the CloudFront developer guide. China has its own CloudFront,
    whose endpoint is in Ningxia.
    """
    if region.startswith("cn-"):
        return "cn-northwest-1"
    return "" if region.startswith(("us-gov-", "us-iso", "eu-isoe-", "eusc-")) else "us-east-1"


def region_of(arn: str) -> str:
    """The region that an ARN names, empty for anything else."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" else ""
