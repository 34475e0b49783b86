"""The dashboards' distribution, its invalidations and its objects as CloudFront and S3 return them."""

from __future__ import annotations

from typing import Any

from tests.canned import Raw, ago


def config(domain: str, path: str = "", *others: Raw) -> Raw:
    """A DistributionConfig whose default origin is the last of several."""
    items = [*others, {"Id": "site", "DomainName": domain, "OriginPath": path}]
    return {
        "CallerReference": "cdk",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": len(items), "Items": items},
        "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
    }


def told_of(domain: str, path: str = "", *others: Raw) -> Raw:
    """A distribution as GetDistribution tells of it."""
    return {
        "Id": "E1SITE",
        "ARN": "arn:aws:cloudfront::123456789012:distribution/E1SITE",
        "Status": "Deployed",
        "LastModifiedTime": ago(days=9),
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "DistributionConfig": config(domain, path, *others),
    }


API = {"Id": "api", "DomainName": "web-1.us-west-2.elb.amazonaws.com", "OriginPath": ""}
CUSTOM = "which is not an S3 bucket"


def listing(*items: Raw, **changes: Any) -> Raw:
    """ListInvalidations' answer; AWS leaves Items out where there is none."""
    told = {"Marker": "", "MaxItems": 20, "IsTruncated": False, "Quantity": len(items), **changes}
    return {"InvalidationList": {**told, **({"Items": list(items)} if items else {})}}


def invalidation(number: int, status: str = "Completed", **how_long: float) -> Raw:
    return {"Id": f"I{number}", "CreateTime": ago(**(how_long or {"days": number})), "Status": status}


CDN = "https://dashboard.test"
MD5, OTHER = "1" * 32, "2" * 32


def item(key: str = "index.html", etag: str = MD5, **changes: Any) -> Raw:
    told = {"Key": key, "ETag": f'"{etag}"', "Size": 12, "LastModified": ago(hours=1), **changes}
    return {name: value for name, value in told.items() if value is not None}


def page(*items: Raw, **more: Any) -> Raw:
    """ListObjectsV2's answer; AWS leaves Contents out where there is none."""
    return {"IsTruncated": False, "KeyCount": len(items), **({"Contents": list(items)} if items else {}), **more}
