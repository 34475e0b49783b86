"""Certificates of ACM: valid for long enough, and renewed in time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opschecks import (  # fmt: skip
    Aws,
    CouldNotLook,
    Examine,
    Inventory,
    Resource,
    Severity,
    Stack,
    Unread,
    check,
    each_alone,
    fault,
    in_words,
    limit,
    observation,
    seed,
)

DAYS = limit("acm_certificate_days", 30, "days that a certificate of ACM in use must still be valid")
KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
"""Without them ListCertificates leaves out all but RSA keys of 1024 and 2048 bits (API_ListCertificates)."""


@dataclass(frozen=True, kw_only=True)
class Certificate(Resource):
    """A certificate: the evidence is what DescribeCertificate says of it."""

    @property
    def is_used(self) -> bool:
        """Whether a balancer, a distribution or something else of AWS uses it."""
        return bool(self.evidence["InUseBy"])

    @property
    def ends(self) -> datetime:
        """When it ends, in UTC."""
        moment: datetime = self.evidence["NotAfter"]
        return moment.astimezone(UTC)

    @property
    def renewal(self) -> str:
        """How the last renewal by ACM stands; "" where none was due, and of imported ones, which ACM never renews."""
        return str(self.evidence.get("RenewalSummary", {}).get("RenewalStatus", ""))

    @property
    def unproven(self) -> str:
        """The domains of which ACM could not find its DNS record, or got no answer to its mail."""
        options = self.evidence["RenewalSummary"]["DomainValidationOptions"]
        return ", ".join(str(one["DomainName"]) for one in options if one.get("ValidationStatus") != "SUCCESS")


@observation(allow=["acm:ListCertificates", "acm:DescribeCertificate"])
def acm_certificates(aws: Aws, inventory: Inventory) -> list[Certificate]:
    """The stack's certificates of ACM, by ARN or domain name; those of CloudFront are in us-east-1."""
    named = inventory.others("certificates", "AWS::CertificateManager::Certificate", "acm:certificate/")
    arns = [one for one in named if one.startswith("arn:")]
    if domains := {*named} - {*arns}:
        listed = aws.items("acm", "ListCertificates", "CertificateSummaryList", Includes={"keyTypes": KEY_TYPES})
        if missing := domains - {str(one["DomainName"]) for one in listed}:
            raise CouldNotLook("acm:ListCertificates", f"there is no certificate of {', '.join(sorted(missing))}")
        arns += [one["CertificateArn"] for one in listed if one["DomainName"] in domains]

    def read(arn: str) -> Certificate:
        if not (region := arn.partition(":acm:")[2].partition(":")[0]):
            raise CouldNotLook("acm:DescribeCertificate", f"{arn} is not the ARN of a certificate of ACM")
        there = aws if region == aws.region else aws.elsewhere(region)
        told = there.call("acm", "DescribeCertificate", CertificateArn=arn)["Certificate"]
        return Certificate(arn=arn, name=told["DomainName"], evidence=told)

    return each_alone(read, dict.fromkeys(arns), lambda arn, why: Certificate(arn=arn, name=arn, evidence=Unread(why)))


@check(Severity.HIGH, runbook="certificates", failing="A certificate ends soon")
def test_certificates_stay_valid(
    acm_certificates: list[Certificate], stack: Stack, now: datetime, examine: Examine
) -> None:
    """Browsers refuse a site whose certificate has ended, all at once."""
    for one in acm_certificates:
        with examine(one) as note:
            status = str(one.evidence["Status"])
            note(f"{status}, {one.evidence['Type']}{'' if one.is_used else ', and nothing uses it'}")
            if not one.is_used:
                continue
            assert status == "ISSUED", f"a certificate in use is {status}"
            least, left = timedelta(days=DAYS.of(stack, one)), one.ends - now
            assert left >= least, f"{in_words(max(left, timedelta()))} left, limit {in_words(least)}"


@check(Severity.HIGH, runbook="certificates", failing="A certificate is not renewed")
def test_certificates_are_renewed(acm_certificates: list[Certificate], examine: Examine) -> None:
    """ACM renews by itself as long as it can prove the domain; where it cannot, it waits until the certificate ends."""
    for one in acm_certificates:
        with examine(one) as note:
            note(one.renewal or "no renewal was due")
            if one.is_used:
                assert one.renewal != "FAILED", str(one.evidence["RenewalSummary"].get("RenewalStatusReason", "FAILED"))
                assert one.renewal != "PENDING_VALIDATION", f"ACM waits for the proof of {one.unproven}"


@seed
def certificates_of_the_stack(sandbox: Any) -> None:
    """Each certificate that the stack names, issued and in use."""
    for domain in sandbox.stack.resources.get("certificates", ()):
        arn = sandbox.client("acm").request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
        _say(sandbox, arn, Status="ISSUED", InUseBy=[sandbox.seeded.load_balancer])


def _say(sandbox: Any, arn: str, **more: Any) -> None:
    """Let DescribeCertificate say more of it."""
    bundle = sandbox.backend("acm").get_certificate(arn)
    told = {**bundle.describe()["Certificate"], **more}
    bundle.describe = lambda: {"Certificate": dict(told)}


def _first(sandbox: Any) -> str:
    return str(sandbox.client("acm").list_certificates()["CertificateSummaryList"][0]["CertificateArn"])


@fault(caught_by=["test_certificates_stay_valid"])
def certificate_ends(sandbox: Any) -> None:
    """A certificate that ACM cannot renew ends in five days."""
    _say(sandbox, _first(sandbox), NotAfter=(sandbox.now + timedelta(days=5)).timestamp())


@fault(caught_by=["test_certificates_are_renewed"])
def renewal_waits_for_a_record(sandbox: Any) -> None:
    """Somebody deleted the DNS record with which ACM proves the domain."""
    waits = {"DomainName": "shop.example.com", "ValidationStatus": "PENDING_VALIDATION"}
    summary = {"RenewalStatus": "PENDING_VALIDATION", "UpdatedAt": 1.0, "DomainValidationOptions": [waits]}
    _say(sandbox, _first(sandbox), RenewalSummary=summary)
