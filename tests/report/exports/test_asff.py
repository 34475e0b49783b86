"""ASFF: what BatchImportFindings takes, held against botocore's model of it and the lengths that AWS documents."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader

from opschecks.core.change import Request
from opschecks.core.model import Outcome
from opschecks.core.run import Past, Run, Standing
from opschecks.report.exports.asff import BATCH, NoAccountError, batches, placeless, to_asff, to_text
from tests.canned import fits
from tests.exported import KEY, RUNS, made, of, ran, worst
from tests.report.runs import ago
from tests.report.situations import FAULTS, SERVICE, denied, morning, on_three_stacks, thousand, waived

LONGEST = {"Id": 512, "GeneratorId": 512, "Title": 256, "Description": 1024, "ProductArn": 2048, "Region": 16}
REQUIRED = {
    "AwsAccountId", "CreatedAt", "Description", "GeneratorId", "Id", "ProductArn", "Resources", "SchemaVersion",
    "Severity", "Title", "Types", "UpdatedAt",
}  # fmt: skip
"""https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html."""
LABELS = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
RUNS_PLACED = [run for name, run in RUNS.items() if name not in ("sandbox", "many")]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def taken(run: Run) -> list[dict[str, Any]]:
    """The findings of the run, each of which Security Hub takes."""
    findings = to_asff(run, page_url="https://pages.example/daily.html")
    for _, _, batch in batches(findings):
        assert len(batch) <= 100
        assert len(to_text(batch).encode()) < 6_000_000
        fits(Request("securityhub", "BatchImportFindings", {"Findings": batch}))
    for one in findings:
        assert set(one) >= REQUIRED
        assert one["Severity"]["Label"] in LABELS
        assert re.fullmatch(r"arn:aws[a-z-]*:securityhub:[a-z0-9-]+:(\d{12}):product/\1/default", one["ProductArn"])
        assert re.fullmatch(r"\d{12}", one["AwsAccountId"])
        assert all(_TIME.fullmatch(one[key]) for key in one if key.endswith("At"))
        assert all(0 < len(one[key]) <= most for key, most in LONGEST.items())
        assert len(one.get("Remediation", {}).get("Recommendation", {}).get("Text", "")) <= 512
        assert all(len(key) <= 128 and 0 < len(value) <= 2048 for key, value in one["ProductFields"].items())
        assert len(json.dumps(one).encode()) < 240_000
        assert all(re.search(r"\S", text) for text in _texts(one))
    assert max(Counter(one["Id"] for one in findings).values(), default=1) == 1
    return findings


def active(run: Run) -> list[dict[str, Any]]:
    """Those that are not archived."""
    return [one for one in taken(run) if one["RecordState"] == "ACTIVE"]


def states(run: Run) -> dict[str, tuple[str, str]]:
    """Of each identifier, its state and its compliance."""
    return {one["Id"].rpartition("/")[2]: (one["RecordState"], one["Compliance"]["Status"]) for one in taken(run)}


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("run", RUNS_PLACED)
def test_security_hub_takes_the_findings_of_every_run(run: Run) -> None:
    assert KEY not in to_text(taken(run))


def test_a_finding_is_what_the_card_says() -> None:
    first = taken(morning(FAULTS))[0]
    assert first["Title"] == "A service's CPU is saturated"
    assert first["Description"] == "backend: CPU peaked at 98 % within the last half hour; expected: at most 90 %"
    assert first["Severity"] == {"Label": "CRITICAL", "Original": "critical"}
    assert first["Compliance"] == {"Status": "FAILED"}
    assert first["RecordState"] == "ACTIVE"
    assert first["Resources"] == [{"Type": "AwsEcsService", "Id": SERVICE, "Partition": "aws", "Region": "us-west-2"}]
    assert first["SourceUrl"].startswith("https://pages.example/daily.html#production-cpu_is_not_saturated-")
    assert first["ProductFields"]["opschecks/Owner"] == "the platform team"


def test_a_security_group_has_an_arn_and_what_has_no_type_is_other() -> None:
    group, target = active(morning(FAULTS))[2:]
    assert group["Resources"][0] == {
        "Type": "AwsEc2SecurityGroup", "Partition": "aws", "Region": "us-west-2",
        "Id": "arn:aws:ec2:us-west-2:123456789012:security-group/sg-0a1b2c3d4e5f60718",
    }  # fmt: skip
    assert target["Resources"][0]["Type"] == "Other"


def test_what_could_not_look_is_not_available_and_never_passed() -> None:
    found = active(denied())
    assert {one["Compliance"]["Status"] for one in found} == {"NOT_AVAILABLE"}
    assert len(found) == 13
    whole = made("b", "blind", message="no network")
    assert taken(ran(whole))[0]["Description"] == "production: no network"


def test_what_is_waived_is_archived_and_nothing_is_in_a_field_that_cannot_be_updated() -> None:
    (one,) = [one for one in taken(waived()) if "opschecks/WaivedUntil" in one["ProductFields"]]
    assert (one["RecordState"], one["Compliance"]["Status"]) == ("ARCHIVED", "FAILED")
    assert one["ProductFields"]["opschecks/WaivedUntil"] == "2026-12-01"
    assert one["ProductFields"]["opschecks/WaiverOwner"]
    model = Loader().load_service_model("securityhub", "service-2")["operations"]["BatchImportFindings"]
    theirs = re.findall(r"<li> <p> <code>(\w+)</code>", model["documentation"].partition("Finding providers also")[0])
    assert "Workflow" in theirs
    assert not {key for found in map(taken, RUNS_PLACED) for one in found for key in one} & set(theirs)


def test_what_passes_is_archived_whatever_was_sent_before() -> None:
    """One run could not look, the next one can: the identifiers are the same, or Security Hub keeps the first ones."""
    one, whole = made("a", "blind"), made("b", "blind", message="no network")
    found = of(one, outcome=Outcome.BLIND), of(one, 1, outcome=Outcome.BLIND)
    before = states(ran(one, whole, findings=found))
    assert [key for key, told in before.items() if told == ("ACTIVE", "NOT_AVAILABLE")] == list(before)[:3]
    good, seen = replace(one, outcome="failed"), replace(whole, outcome="passed")
    after = states(ran(good, seen, findings=(of(good, outcome=Outcome.PASSED), of(good, 1, outcome=Outcome.FAILED))))
    assert set(before) == set(after)
    assert Counter(after.values()) == {("ARCHIVED", "PASSED"): 3, ("ACTIVE", "FAILED"): 1}


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("not_run", None),
        ("blind", "ACTIVE"),
        ("failed", "ACTIVE"),
        ("waived", "ARCHIVED"),
        ("not_applicable", "ARCHIVED"),
    ],
)
def test_only_a_check_that_looked_archives_what_stood_for_it(outcome: str, told: str | None) -> None:
    assert next(iter(states(ran(made("a", outcome))).values()), (None,))[0] == told


def test_what_ended_is_archived_under_the_identifier_that_it_had() -> None:
    check = made("a", "failed")
    then = ran(check, findings=(of(check),))
    past = Past("production", 3, ago(1), standings=(
        Standing(check.check, of(check).resource, "x", "recovered", ago(2), 3),
        Standing(check.check, "arn:other", "y", "gone", ago(2), 3),
        Standing(check.check, "arn:unseen", "z", "hidden", ago(2), 3),
    ))  # fmt: skip
    good = replace(check, outcome="passed")
    now = replace(ran(good, findings=(of(good, outcome=Outcome.PASSED),)), past=(past,))
    recovered, gone, _whole = taken(now)
    assert recovered["Id"] == taken(then)[0]["Id"]
    assert (recovered["RecordState"], recovered["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")
    assert (gone["RecordState"], gone["Compliance"]["Status"]) == ("ARCHIVED", "NOT_AVAILABLE")


def test_a_thousand_are_ten_calls_and_each_account_has_its_own() -> None:
    assert len(active(thousand())) == 1_000
    sizes = [len(batch) for _, _, batch in batches(taken(thousand()))]
    assert sizes[:-1] == [BATCH] * (len(sizes) - 1)
    run = on_three_stacks()
    places = [("123456789012", "us-west-2"), ("210987654321", "eu-central-1"), ("210987654321", "cn-north-1")]
    stacks = tuple(
        replace(one, account_id=account, region=region)
        for one, (account, region) in zip(run.stacks, places, strict=True)
    )
    found = taken(replace(run, stacks=stacks))
    assert [(account, region) for account, region, _ in batches(found)] == places
    assert found[-1]["ProductArn"] == "arn:aws-cn:securityhub:cn-north-1:210987654321:product/210987654321/default"


def test_a_sandbox_and_an_unknown_account_have_no_place() -> None:
    with pytest.raises(NoAccountError, match="is a sandbox"):
        to_asff(RUNS["sandbox"])
    run = morning(FAULTS)
    with pytest.raises(NoAccountError, match="account or region is not known"):
        to_asff(replace(run, stacks=(replace(run.stacks[0], account_id=""),)))


def test_one_stack_without_an_account_costs_only_its_own_findings() -> None:
    run = RUNS["several stacks"]
    alone = replace(run, stacks=(replace(run.stacks[0], account_id=""), run.stacks[1]))
    assert {one["AwsAccountId"] for one in taken(run)} == {"123456789012", "210987654321"}
    assert {one["AwsAccountId"] for one in taken(alone)} == {"210987654321"}
    assert [why.partition(":")[0] for why in placeless(alone)] == ["production"]


def test_the_worst_strings_fit() -> None:
    run = worst()
    assert len(active(replace(run, stacks=ran().stacks, checks=run.checks[:3], findings=run.findings[:15]))) == 15
