"""What a card says: facts first, one cause told once, severity by weight and word, links where a hand reaches."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

import pytest

from opschecks.core.model import Outcome, Severity
from opschecks.core.run import Run
from tests.exported import changed, page_of
from tests.report.runs import ago, text_of
from tests.report.situations import FAULTS, SERVICE, denied, morning, on_three_stacks, thousand

F = Outcome.FAILED


def cards(run: Run) -> dict[str, str]:
    """The cards of the run's page by id, in their order."""
    page = page_of(run)
    return {
        found[1]: found[0]
        for one in page.split("<article ")[1:]
        if (found := re.search(r'id="([^"]*)".*</article>', one, re.DOTALL))
    }


def told(card: str) -> str:
    return text_of(f"<body><{card}")


def test_facts_come_first_then_the_next_command_then_the_runbook_then_evidence() -> None:
    said = told(cards(morning(FAULTS))["production-cpu_is_not_saturated"])
    order = [
        "critical new A service's CPU is saturated", "last 14 runs: 13 passed, 1 failed", "1 of 1 examined",
        "owner the platform team", "Observed CPU peaked at 98 % within the last half hour", "Expected at most 90 %",
        "Where backend", "Also seen 2 of 2 tasks run", "Changed deployed backend:17 on",
        "no change by opschecks in 30 days", "CPU – backend",
        "Fix scale-service can fix this. Preview (changes nothing): pytest checks/daily --stack production --fix=plan",
        "Runbook high-cpu: ", "3 steps to look, 3 to act", "Why it matters: Users notice this",
        "aws ecs describe-services --region us-west-2",
        "Check again: pytest checks/daily -k test_cpu_is_not_saturated --stack production", "Evidence 1 raw response",
    ]  # fmt: skip
    places = [said.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_what_a_check_promises_is_expected_where_it_says_no_limit() -> None:
    said = told(cards(morning(FAULTS))["production-websocket_sessions_are_sticky"])
    assert "Observed stickiness is off Expected WebSocket sessions are sticky Where" in said


def test_a_thousand_resources_of_one_cause_are_one_row_and_one_plan() -> None:
    page = page_of(thousand())
    (card,) = cards(thousand()).values()
    said = told(card)
    assert said.count("tcp 22 from 0.0.0.0/0 Expected") == 1
    assert "1,000 of 1,000 examined" in said
    assert "day 4, since" in said
    assert "and 994 more" in said
    assert "planned revoke-ingress on web-0000-tasks, web-0001-tasks, web-0002-tasks and 997 more: tcp 22" in said
    assert "Make exactly these changes: opschecks fix reports/plan.json --stack production" in said
    assert all(f"sg-{n:017x}" in page.replace("<wbr>", "") for n in range(1000))
    assert len(page) < 1_000_000


def test_the_next_command_names_the_plan_where_it_lies_and_what_is_to_be_allowed() -> None:
    run = thousand()
    changes = ({**run.changes[0], "risk": "disruptive"}, *run.changes[1:])
    (card,) = cards(replace(run, plan="out of/plan.json", changes=changes)).values()
    assert "opschecks fix 'out of/plan.json' --stack production --allow disruptive" in told(card)


def test_one_denied_action_is_told_once() -> None:
    page = page_of(denied())
    (card,) = cards(denied()).values()
    assert "13 checks Observed ecs:DescribeServices: AccessDenied: not authorized Next step allow" in told(card)
    assert card.count("<li") == 13
    services = page.partition('id="services"')[2].partition("<h2")[0]
    assert "AccessDenied" not in services
    assert services.count('href="#cause-') >= 3
    assert page.partition('id="all-checks"')[0].count("AccessDenied") == 1


def test_one_failure_on_three_stacks_is_one_card() -> None:
    found = cards(on_three_stacks())
    (card,) = found.values()
    said = told(card)
    for stack in ("production", "staging", "europe"):
        assert re.search(rf"{stack} · (new · )?last 14 runs", said), said
        assert f"--fix=plan --stack {stack}" in said or f"--stack {stack} --fix=plan" in said
    assert card.count("<details><summary>high-cpu") == 1
    assert said.count("CPU peaked at 98 %") == 1
    assert said.count("Observed the same as on production Where backend") == 2
    assert 'id="staging-cpu_is_not_saturated"' in card


def test_a_runbook_stands_once_and_is_linked_from_other_cards() -> None:
    first, second = FAULTS[0], FAULTS[3]
    check = replace(second[0], runbook=first[0].runbook)
    page = page_of(morning([first, (check, second[1])]))
    assert page.count('id="runbook-high-cpu"') == 1
    assert "high-cpu , in the card above" in told(
        cards(morning([first, (check, second[1])]))["production-websocket_sessions_are_sticky"]
    )


@pytest.mark.parametrize("severity", list(Severity))
def test_severity_is_told_by_weight_and_word(severity: Severity) -> None:
    check, finding = FAULTS[0]
    page = page_of(morning([(replace(check, severity=severity), finding)]))
    tone = {"critical": "grave", "high": "bad", "medium": "warn", "low": ""}[severity.value]
    assert f'<article class="card failed {severity.value} of-0"' in page
    assert f'<h3><span class="badge {tone}">{severity.value}</span>' in page


def test_resources_with_facts_of_their_own_have_rows_of_their_own() -> None:
    check, finding = FAULTS[0]
    several = [
        replace(
            finding,
            resource=f"{SERVICE}-{n}",
            name=f"svc-{n}",
            message=f"{n} %",
            facts=(replace(finding.facts[0], observed=f"{n} %"),),
        )
        for n in range(9)
    ]
    said = told(cards(replace(morning([(check, finding)]), findings=tuple(several)))["production-cpu_is_not_saturated"])
    assert "svc-0 service/incident-commander/backend-0 0 %" in said
    assert said.count("at most 90 %") == 1
    assert "and 3 more" in said


def test_a_resource_has_its_page_in_the_console_and_a_sandbox_has_none() -> None:
    run = morning(FAULTS)
    links = re.findall(r'<a href="(https://[^"]*)" rel="noreferrer">', page_of(run))
    assert len(links) == 4
    assert links[0].startswith("https://us-west-2.console.aws.amazon.com/ecs/v2/clusters/incident-commander/")
    sandbox = replace(run, stacks=(replace(run.stacks[0], sandbox=True),))
    assert "console.aws" not in page_of(sandbox)
    portal = replace(run, stacks=(replace(run.stacks[0], portal="https://x.awsapps.com/start"),))
    assert page_of(portal).count("https://x.awsapps.com/start/#/console?account_id=123456789012&amp;destination=") == 4


def test_results_of_remedies_are_told_once_for_all_resources() -> None:
    check, finding = FAULTS[0]
    result = {**changed("refused"), "check": check.check, "said": "a freeze until Monday", "undo": ""}
    run = replace(morning([(check, finding)]), changes=tuple({**result, "name": f"svc-{n}"} for n in range(50)))
    said = told(cards(run)["production-cpu_is_not_saturated"])
    assert said.count("a freeze until Monday") == 1
    assert "svc-0, svc-1, svc-2 and 47 more" in said


def test_the_icon_tells_the_verdict() -> None:
    good, bad = (unquote(re.search(r'<link rel="icon" href="data:image/svg\+xml,([^"]*)">', page_of(run))[1])  # type: ignore[index]
                 for run in (morning(), morning(FAULTS)))  # fmt: skip
    assert "#1b6b34" in good
    assert "#a61b1b" in bad
    assert "img-src data:" in unescape(page_of(morning()))


def test_every_section_and_finding_has_an_id_that_stays_the_same() -> None:
    page = page_of(morning(FAULTS))
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert all(" id=" in head for head in re.findall(r"<h2[^>]*>", page))
    assert {"needs-action", "services", "incidents", "what-changed", "charts", "all-checks", "cost"} <= set(ids)
    findings = [one for one in ids if re.fullmatch(r"production-ingress_is_no_wider_than_allowed-[0-9a-f]{8}", one)]
    later = page_of(replace(morning(FAULTS), started=ago(-1)))
    assert len(findings) == 1
    assert f'id="{findings[0]}"' in later


def test_the_verdict_lists_each_card_once_with_its_facts() -> None:
    verdict = page_of(morning(FAULTS)).partition('aria-labelledby="verdict"')[2].partition("</section>")[0]
    said = text_of(f"<body><x {verdict}")
    assert said.count("CPU is saturated") == 1
    peaked = "backend: CPU peaked at 98 % within the last half hour, expected at most 90 %"
    assert f"A service's CPU is saturated , new – {peaked}" in said
    assert "A security group lets in more than allowed , day 4 – incident-commander-tasks: tcp 22" in said
    assert "the platform team · high-cpu" in said
    reasons = text_of(f"<body>{page_of(denied()).partition('aria-labelledby')[2]}")
    assert "could not look 13 checks – allow ecs:DescribeServices" in reasons


def test_cards_of_several_stacks_can_be_chosen_by_stack() -> None:
    check, finding = FAULTS[2]
    run = morning(FAULTS[:1])
    run = replace(
        run,
        stacks=(*run.stacks, replace(run.stacks[0], name="staging")),
        checks=(*run.checks, replace(check, stack="staging")),
        findings=(*run.findings, replace(finding, stack="staging")),
    )
    page = page_of(run)
    assert '<label for="show-of-0">production 1</label>' in page
    assert '<label for="show-of-1">staging 1</label>' in page
    assert "main:has(#show-of-1:checked) :is(.card, .row):not(.of-1)" in page
    assert '<article class="card failed medium of-1"' in page


def test_a_plan_that_says_what_changes_says_it_once() -> None:
    check, finding = FAULTS[0]
    plan = {**changed("planned"), "check": check.check, "said": "v: 0 → 1", "entry": ""}
    said = told(cards(replace(morning([(check, finding)]), changes=(plan,)))["production-cpu_is_not_saturated"])
    assert said.count("v: 0 → 1") == 1
