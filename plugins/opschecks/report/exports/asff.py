"""Run to the AWS Security Finding Format, for Security Hub: its BatchImportFindings, as a custom integration.

https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-custom-providers.html
https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html has the longest of each text.
https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html: Workflow, Note and the like
belong to Security Hub's users, and a provider cannot update them: they are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ...core.model import NOT_APPLICABLE, CheckResult, Finding, Outcome
from ...core.run import Past, Run, StackFacts
from ..console import partition_of
from ..notes import WEB_ADDRESS, brief, place_of, whole_finding
from ..observed import observed
from ..owners import called_first
from ..standing import finding_anchor

SCHEMA = "2018-10-08"
BATCH = 100
"""Findings of one call; a call may have 6 MB, and each of these has a few KB."""
LONGEST_ID, LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_ADVICE, LONGEST_FIELD = 512, 256, 1024, 512, 2048
TYPES = "Software and Configuration Checks/opschecks"
_TYPES = (
    (r":ecs:[^:]*:[^:]*:service/", "AwsEcsService"),
    (r":ecs:[^:]*:[^:]*:task/", "AwsEcsTask"),
    (r":ecs:[^:]*:[^:]*:cluster/", "AwsEcsCluster"),
    (r":ecs:[^:]*:[^:]*:task-definition/", "AwsEcsTaskDefinition"),
    (r":elasticloadbalancing:[^:]*:[^:]*:loadbalancer/", "AwsElbv2LoadBalancer"),
    (r":dynamodb:[^:]*:[^:]*:table/[^/]+$", "AwsDynamoDbTable"),
    (r":cloudwatch:[^:]*:[^:]*:alarm:", "AwsCloudWatchAlarm"),
    (r":cloudfront::[^:]*:distribution/", "AwsCloudFrontDistribution"),
    (r":cloudformation:[^:]*:[^:]*:stack/", "AwsCloudFormationStack"),
    (r":s3:::[^/]+$", "AwsS3Bucket"),
    (r":lambda:[^:]*:[^:]*:function:", "AwsLambdaFunction"),
    (r":sqs:[^:]*:[^:]*:", "AwsSqsQueue"),
    (r":sns:[^:]*:[^:]*:", "AwsSnsTopic"),
    (r":rds:[^:]*:[^:]*:db:", "AwsRdsDbInstance"),
    (r":rds:[^:]*:[^:]*:cluster:", "AwsRdsDbCluster"),
    (r":iam::[^:]*:user/", "AwsIamUser"),
    (r":iam::[^:]*:role/", "AwsIamRole"),
    (r":acm:[^:]*:[^:]*:certificate/", "AwsCertificateManagerCertificate"),
    (r":ecr:[^:]*:[^:]*:repository/", "AwsEcrRepository"),
    (r":ec2:[^:]*:[^:]*:security-group/", "AwsEc2SecurityGroup"),
    (r":ec2:[^:]*:[^:]*:vpc/", "AwsEc2Vpc"),
    (r":ec2:[^:]*:[^:]*:volume/", "AwsEc2Volume"),
)
"""How the ARNs of a type are recognised; of others it is "Other", as the format asks for."""
_EC2 = (("sg-", "security-group"), ("vpc-", "vpc"), ("vol-", "volume"))
"""Ids that EC2 names without an ARN, and the type in the ARN."""


class NoAccountError(ValueError):
    """Of no stack are account and region known, or all are sandboxes: Security Hub has no place for their findings."""


def to_asff(run: Run, *, page_url: str = "") -> list[dict[str, Any]]:
    """Each resource that failed or could not be looked at as active, and all that does not as archived.

    Identifiers are the same in every run, so that Security Hub updates a finding. What passes is archived in every run,
    as is each check's own finding once it could look: nothing depends on what was sent before. What is waived is
    archived, too, with the waiver among its fields. NoAccountError where no stack has a place there: see `placeless`.
    """
    placed, reasons = [one for one in run.stacks if not _why_not(one)], placeless(run)
    if reasons and not placed:
        raise NoAccountError("; ".join(reasons))
    found: dict[str, dict[str, Any]] = {}
    for stack in placed:
        past = run.past_of(stack.name)
        for check, one in _bad(run, stack):
            standing = past.standing(check.check, one.resource)
            told = _finding(run, stack, check, one, standing.since if standing else run.started, page_url)
            found[told["Id"]] = told
        for told in (*_ended(run, stack, past), *_good(run, stack)):
            found.setdefault(told["Id"], told)
    return list(found.values())


def placeless(run: Run) -> list[str]:
    """Why the findings of some stacks are left out, a line for each of these stacks."""
    return [why for stack in run.stacks if (why := _why_not(stack))]


def batches(findings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    """Account, region, and as many findings as one call takes: an account imports its own alone, in their region."""
    places = dict.fromkeys((one["AwsAccountId"], one["Region"]) for one in findings)
    for account, region in places:
        own = [one for one in findings if (one["AwsAccountId"], one["Region"]) == (account, region)]
        for begin in range(0, len(own), BATCH):
            yield account, region, own[begin : begin + BATCH]


def to_text(findings: Sequence[Mapping[str, Any]]) -> str:
    """As JSON for `aws securityhub batch-import-findings --findings file://…`."""
    return json.dumps(findings, ensure_ascii=False, indent=1) + "\n"


def _why_not(stack: StackFacts) -> str:
    if stack.sandbox:
        return f"{stack.name} is a sandbox: it has no account of AWS"
    if not re.fullmatch(r"\d{12}", stack.account_id) or not stack.region:
        return f"{stack.name}: its account or region is not known in this run, as AWS could not be asked"
    return ""


def _bad(run: Run, stack: StackFacts) -> Iterator[tuple[CheckResult, Finding]]:
    """The findings that are not good; a check that could not look at all stands for the stack."""
    for check in run.checks_of(stack.name):
        if check.outcome in (Outcome.FAILED, Outcome.BLIND, Outcome.WAIVED):
            own = [one for one in run.findings_of(check) if one.outcome not in (Outcome.PASSED, Outcome.NOT_RUN)]
            yield from ((check, one) for one in own or [whole_finding(check)])


def _finding(
    run: Run, stack: StackFacts, check: CheckResult, finding: Finding, since: datetime, page_url: str
) -> dict[str, Any]:
    blind, seen, place = finding.outcome is Outcome.BLIND, observed(finding, check), place_of(run, check, finding)
    began = _time(since)
    fix = f" The remedy {check.remedy} can fix it: pytest --fix=plan shows what it would change."
    advice = f"Follow “{check.runbook}” in the runbook.{fix if check.remedy else ''}"
    times = {"CreatedAt": began, "FirstObservedAt": began, "LastObservedAt": _time(run.started)}
    said = f"{seen.observed or finding.message}{f'; expected: {seen.expected}' if seen.expected else ''}"
    told = {
        **_told(run, stack, check, finding, times, check.severity.value.upper(), said),
        "Compliance": {"Status": "NOT_AVAILABLE" if blind else "FAILED"},
        "RecordState": "ARCHIVED" if finding.outcome is Outcome.WAIVED else "ACTIVE",
        "Remediation": {"Recommendation": {"Text": _text(advice, LONGEST_ADVICE)}},
    }
    if blind:
        told["Title"] = _text(f"Could not look: {check.failing}", LONGEST_TITLE)
    told["ProductFields"] |= _fields(
        {
            "opschecks/Runbook": check.runbook,
            "opschecks/Owner": called_first(stack, check, [finding]),
            "opschecks/Page": place,
            **_waiver(finding),
        }
    )
    address = f"{page_url.partition('#')[0]}#{place.partition('#')[2]}"
    return {**told, "SourceUrl": address} if WEB_ADDRESS.fullmatch(address) else told


def _waiver(finding: Finding) -> dict[str, str]:
    told = (finding.waiver or {}) if finding.outcome is Outcome.WAIVED else {}
    return {f"opschecks/Waive{end}": str(told.get(key, "")) for end, key in
            (("dUntil", "until"), ("rOwner", "owner"), ("rReason", "reason"))}  # fmt: skip


def _ended(run: Run, stack: StackFacts, past: Past) -> Iterator[dict[str, Any]]:
    """What failed before: it passes now, or it is no longer there."""
    checks = {check.check: check for check in run.checks_of(stack.name)}
    for one in past.standings:
        if one.state in ("recovered", "gone") and one.check in checks:
            check, is_good = checks[one.check], one.state == "recovered"
            words = "it passes again" if is_good else "it is no longer there"
            mark = Finding(stack.name, one.check, one.resource, one.name, Outcome.PASSED, check.severity, words)
            yield _archived(run, stack, check, mark, one.since, "PASSED" if is_good else "NOT_AVAILABLE")


def _good(run: Run, stack: StackFacts) -> Iterator[dict[str, Any]]:
    """What passes, and of each check that looked, what stood for the stack while it could not."""
    for check in run.checks_of(stack.name):
        if check.outcome == Outcome.NOT_RUN:
            continue
        for one in run.findings_of(check):
            if one.outcome is Outcome.PASSED:
                yield _archived(run, stack, check, replace(one, message="it passes"), run.started, "PASSED")
        applies = check.outcome != NOT_APPLICABLE
        words = "the check could look" if applies else "the check does not apply"
        whole = whole_finding(replace(check, outcome=Outcome.PASSED.value, message=words))
        yield _archived(run, stack, check, whole, run.started, "PASSED" if applies else "NOT_AVAILABLE")


def _archived(
    run: Run, stack: StackFacts, check: CheckResult, finding: Finding, since: datetime, status: str
) -> dict[str, Any]:
    told = _told(run, stack, check, finding, {"CreatedAt": _time(since)}, "INFORMATIONAL", finding.message)
    return {**told, "Compliance": {"Status": status}, "RecordState": "ARCHIVED"}


def _told(
    run: Run, stack: StackFacts, check: CheckResult, finding: Finding, times: Mapping[str, str], label: str, said: str
) -> dict[str, Any]:
    """What every finding has: whose it is, what it is about, how it stands."""
    partition, account, own = partition_of(stack.region), stack.account_id, finding_anchor(finding)
    short = own if len(own) <= LONGEST_ID - 100 else hashlib.sha256(own.encode("utf-8", "replace")).hexdigest()
    provided = {
        "Severity": {"Label": label, "Original": check.severity.value},
        "Types": [f"{TYPES}/{brief(check.area, 100).replace('/', '-') or 'checks'}"],
    }
    return {
        "SchemaVersion": SCHEMA,
        "Id": _text(f"opschecks/{stack.region}/{account}/{short}", LONGEST_ID),
        "ProductArn": f"arn:{partition}:securityhub:{stack.region}:{account}:product/{account}/default",
        "ProductName": "opschecks",
        "CompanyName": "opschecks",
        "Region": stack.region,
        "AwsAccountId": account,
        "GeneratorId": _text(f"opschecks/{run.suite}/{check.check}", LONGEST_ID),
        "UpdatedAt": _time(run.ended or run.started),
        "Resources": [_resource(stack, finding.resource)],
        "ProductFields": _fields(
            {
                "opschecks/Stack": stack.name,
                "opschecks/Suite": run.suite,
                "opschecks/Check": check.check,
                "opschecks/Id": own,
            }
        ),
        **times,
        **provided,
        "FindingProviderFields": provided,
        "Title": _text(check.failing, LONGEST_TITLE),
        "Description": _text(f"{finding.name}: {said}", LONGEST_DESCRIPTION),
    }


def _resource(stack: StackFacts, resource: str) -> dict[str, Any]:
    """The resource by its ARN; one without is "Other", by the name that it has."""
    partition = partition_of(stack.region)
    kind = next((kind for start, kind in _EC2 if re.fullmatch(f"{start}[0-9a-f]+", resource)), "")
    arn = f"arn:{partition}:ec2:{stack.region}:{stack.account_id}:{kind}/{resource}" if kind else resource
    type_ = next((name for of, name in _TYPES if arn.startswith("arn:") and re.search(of, arn)), "Other")
    return {"Type": type_, "Id": _text(arn, LONGEST_ID), "Partition": partition, "Region": stack.region}


def _fields(told: Mapping[str, str]) -> dict[str, str]:
    """Without those that are empty, which the format does not take."""
    return {key: _text(value, LONGEST_FIELD) for key, value in told.items() if value.strip()}


def _text(text: str, longest: int) -> str:
    """At most so long, secrets masked, never empty."""
    return brief(text, longest) or "–"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
