"""The certificates of ACM with which load balancers answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core.observation import fan_out

if TYPE_CHECKING:
    from .session import Aws


def listener_certificates(aws: Aws, balancers: Iterable[str]) -> list[str]:
    """ARNs of the default certificates of the listeners of these load balancers, which are ARNs as well.

    Without certificates that were uploaded to IAM. Further certificates of a listener (SNI) are not listed here:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerCertificates.html
    """
    told = fan_out(lambda arn: aws.items("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn), balancers)
    arns = (
        str(one["CertificateArn"]) for some in told for listener in some for one in listener.get("Certificates") or []
    )
    return sorted({arn for arn in arns if ":acm:" in arn})
