"""Certificates of ACM as real accounts have them: imported, left over, waiting for a proof, of CloudFront."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.inventory import inventory
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, stack, weekly
from tests.real.rows import Row

checks = weekly("certificates")
VALID, RENEWED = checks.test_certificates_stay_valid, checks.test_certificates_are_renewed
DOCS = "https://docs.aws.amazon.com/acm/latest/"
RENEWAL = f"{DOCS}userguide/check-certificate-renewal-status.html"
DETAIL = f"{DOCS}APIReference/API_CertificateDetail.html"
ARN = f"arn:aws:acm:{ACCOUNT}:certificate/1f"
THERE = "arn:aws:acm:us-east-1:123456789012:certificate/cdn"


DOMAIN = "shop.example.com"


def certificate(days: float = 200, **changes: Any) -> Raw:
    """DescribeCertificate's answer; a change to None takes a key away."""
    raw = {
        "CertificateArn": ARN,
        "DomainName": "shop.example.com",
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "InUseBy": [f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/shop/1f"],
        "NotAfter": ago(days=-days),
        "RenewalEligibility": "ELIGIBLE",
    }
    return given(raw, changes)


def renewal(status: str, **more: Any) -> Raw:
    """The RenewalSummary of one whose domain is not proven."""
    option = {"DomainName": "shop.example.com", "ValidationStatus": "PENDING_VALIDATION", "ValidationMethod": "DNS"}
    return {"RenewalStatus": status, "UpdatedAt": ago(days=1), "DomainValidationOptions": [option], **more}


def seen(*told: Raw | CouldNotLook, named: tuple[str, ...] = (DOMAIN,), listed: int = 1) -> Mapping[str, Any]:
    """What the checks are given where the certificates of these names answer so."""
    here = stack(resources={"certificates": named})
    summaries = [{"CertificateArn": f"{ARN}{n or ''}", "DomainName": "shop.example.com"} for n in range(listed)]
    answers = {summary["CertificateArn"]: one for summary, one in zip(summaries, told, strict=False)}

    def describe(CertificateArn: str) -> Any:  # noqa: N803 - AWS's name
        one = answers.get(CertificateArn, told[0])
        return one if isinstance(one, CouldNotLook) else {"Certificate": one}

    aws = Aws(
        {
            ("acm", "ListCertificates"): {"CertificateSummaryList": summaries},
            ("acm", "DescribeCertificate"): describe,
            ("us-east-1 acm", "DescribeCertificate"): describe,
        },
        here,
    )
    return {"acm_certificates": checks.acm_certificates(aws, inventory(here, aws)), "stack": here, "now": NOW}


ROWS = {
    "renewed last month": Row(VALID, lambda: seen(certificate()), "passed", DETAIL, "ISSUED, AMAZON_ISSUED"),
    "it ends in nine days": Row(VALID, lambda: seen(certificate(9)), "failed", DETAIL, "9 days left, limit 30 days"),
    "it has ended": Row(VALID, lambda: seen(certificate(-1, Status="EXPIRED")), "failed", DETAIL, "EXPIRED"),
    "the one before it was left behind, ended and unused": Row(
        VALID,
        lambda: seen(certificate(), certificate(-90, Status="EXPIRED", InUseBy=[]), listed=2),
        {"shop.example.com": "passed"},
        DETAIL,
        "nothing uses it",
    ),
    "a new one waits for its proof and is not in use yet": Row(
        VALID, lambda: seen(certificate(Status="PENDING_VALIDATION", NotAfter=None, InUseBy=[])), "passed", DETAIL
    ),
    "that of CloudFront is read in us-east-1": Row(
        VALID, lambda: seen(certificate(CertificateArn=THERE), named=(THERE,)), "passed", DETAIL
    ),
    "an answer without the end of a certificate in use": Row(
        VALID, lambda: seen(certificate(NotAfter=None)), "blind", DETAIL, "NotAfter"
    ),
    "no renewal was due yet": Row(RENEWED, lambda: seen(certificate()), "passed", RENEWAL, "no renewal was due"),
    "ACM renews it at the moment": Row(
        RENEWED, lambda: seen(certificate(50, RenewalSummary=renewal("PENDING_AUTO_RENEWAL"))), "passed", RENEWAL
    ),
    "somebody deleted the record that proves the domain": Row(
        RENEWED,
        lambda: seen(certificate(40, RenewalSummary=renewal("PENDING_VALIDATION"))),
        "failed",
        RENEWAL,
        "ACM waits for the proof of shop.example.com",
    ),
    "a record of the authority forbids it": Row(
        RENEWED,
        lambda: seen(certificate(20, RenewalSummary=renewal("FAILED", RenewalStatusReason="CAA_ERROR"))),
        "failed",
        RENEWAL,
        "CAA_ERROR",
    ),
    "imported ones are not renewed by ACM, and have no summary": Row(
        RENEWED, lambda: seen(certificate(Type="IMPORTED", RenewalEligibility="INELIGIBLE")), "passed", RENEWAL
    ),
    "waiting for a proof, but nothing uses it": Row(
        RENEWED,
        lambda: seen(certificate(40, InUseBy=[], RenewalSummary=renewal("PENDING_VALIDATION"))),
        "passed",
        RENEWAL,
    ),
}
