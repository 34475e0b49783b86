"""Each sentence of a report that was once untrue, made from run files of which it is true and of which it is not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.model import Deadline, Figure, Finding, ObservationResult, Outcome, SeenResource, Series, Severity
from opschecks.core.run import Past, Run, Standing, WaiverState
from opschecks.history.week import nothing_of
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.news import by_kind
from opschecks.report.notes import notes
from opschecks.report.times import written
from opschecks.report.verdict import verdict
from tests.exported import NOW, changed, not_made, page_of
from tests.report.runs import ago, check_of, found, run_of, section, text_of, with_everything

F, P, B = Outcome.FAILED, Outcome.PASSED, Outcome.BLIND
NOTHING: dict[str, Any] = {"deadlines": [], "words": {}, "looked": {}, "restores": []}


# 1. what was not seen


def week_of(runs: str, **more: Any) -> dict[str, Any]:
    """A week, a letter for each day: "." a good run, "b" one that could not see a result, "-" none."""
    days = [
        {
            "day": f"{ago(6 - place):%Y-%m-%d}",
            "run": letter != "-",
            "outcomes": {} if letter == "-" else {"passed": 3} | ({"blind": 1} if letter == "b" else {}),
            "running": None,
            "desired": None,
        }
        for place, letter in enumerate(runs)
    ]
    shares: list[dict[str, Any]] = [
        {"key": "checks_passed_percent", "target": None, "weeks": [None] * 7 + [100.0 if "." in runs else None]}
    ]
    span = {"begins": days[0]["day"], "ends": days[-1]["day"], "days": days, "measures": shares}
    return nothing_of("production", "") | NOTHING | span | more


WEEKS: dict[str, tuple[str, tuple[str, str], str]] = {
    "every day": (".......", ("All good", "good"), "no failures began; none is open."),
    "no day": (
        "-------",
        ("Good now; the week was not seen", "warn"),
        "no daily run of this week is on record: what failed on which day is not known.",
    ),
    "not one of them": (
        "..-....",
        ("Good; not every day was seen", "warn"),
        "none is open; no daily run on Fri 20 Nov.",
    ),
    "a result of one": (
        "..b....",
        ("Good; not every day was seen", "warn"),
        "none is open; 1 result of daily checks could not be seen.",
    ),
}


@pytest.mark.parametrize(("runs", "word", "sentence"), WEEKS.values(), ids=WEEKS)
def test_a_week_is_all_good_only_where_each_day_of_it_was_seen(runs: str, word: tuple[str, str], sentence: str) -> None:
    told = verdict(run_of("weekly", weeks=(week_of(runs),)))
    assert (told.word, told.tone) == word
    assert told.sentence.endswith(sentence)


def test_nothing_failed_is_said_of_days_that_were_seen() -> None:
    whole, part, none = (run_of("weekly", weeks=(week_of(runs),)) for runs in (".......", "-......", "-------"))
    assert section(whole, "Time to resolve").endswith("good Nothing failed in the daily runs of 7 days.")
    assert section(part, "Time to resolve").endswith(
        "not seen No daily run on Wed 18 Nov. Nothing failed in the daily runs of 6 days."
    )
    assert section(none, "Time to resolve").endswith("not seen No daily run of this week is on record.")
    assert "No check failed on more than one of the days on record." in section(whole, "Recurring failures")
    assert section(none, "Recurring failures").endswith("not seen No daily run of these 28 days is on record.")
    assert "no run" in section(part, "Not passing, per day")


def looked(name: str, error: str = "", *ends: Deadline) -> ObservationResult:
    seen = () if error else (SeenResource(f"arn:{name}", name, deadlines=ends),)
    return ObservationResult("production", name, 0.1, (), error, seen)


def test_nothing_is_due_only_of_what_could_be_seen() -> None:
    week = week_of(".......", looked={"health": ""}, words={"test_load": {"failing": "x", "runbook": "y"}})
    seen = tuple(map(looked, ("key_holders", "running_images", "total_cost", "restore_rehearsal")))
    whole = run_of("weekly", weeks=(week,), observations=seen)
    denied = replace(whole, observations=(looked("key_holders", "iam:ListUsers: AccessDenied"), *seen[1:]))
    blind_day = replace(whole, weeks=({**week, "looked": {"health": "no route to host"}},))
    no_day = replace(whole, weeks=(week_of("-------"),))
    told = section(whole, "Coming up")
    everything = "waivers, access keys, images, the budget, restore tests, certificates"
    assert f"Nothing is due within 60 days of: {everything}." in told
    assert "not seen" not in told
    told = section(denied, "Coming up")
    assert "Nothing is due within 60 days of: waivers, images, the budget, restore tests, certificates." in told
    assert told.endswith("not seen access keys: iam:ListUsers: AccessDenied")
    assert section(blind_day, "Coming up").endswith("not seen certificates: no route to host")
    assert section(no_day, "Coming up").endswith("not seen certificates: no run that looks at them is on record")


def test_what_is_due_stands_beside_what_was_not_seen() -> None:
    end = Deadline("key of ann must be rotated", NOW + timedelta(days=3))
    run = run_of("weekly", weeks=(week_of("......."),), observations=(
        looked("key_holders", "", end), looked("total_cost", "ce:GetCostAndUsage: AccessDenied"),
    ))  # fmt: skip
    told = section(run, "Coming up")
    assert "Key of ann must be rotated" in told
    assert "not seen the budget: ce:GetCostAndUsage: AccessDenied" in told
    assert section(run, "Cost").endswith("could not look ce:GetCostAndUsage: AccessDenied")


# 2. one classification


def news(states: str, **more: Any) -> Run:
    """A run whose failures have these standings, a letter each: new, Flapping, still, hidden before; and recovered."""
    names = {"n": "new", "f": "flapping", "s": "still", "o": "new", "r": "recovered"}
    failing = [(f"test_{place}", state) for place, state in enumerate(states)]
    return run_of(
        checks=tuple(check_of(check, "ecs", P if state == "r" else F, "high-cpu") for check, state in failing),
        findings=tuple(found(check, check, P if state == "r" else F) for check, state in failing),
        exit_code=1,
        past=(
            Past("production", 9, ago(1), standings=tuple(
                Standing(check, f"arn:{check}", check, names[state], ago(3), 4, at_least=state == "o")
                for check, state in failing
            )),
        ),
        **more,
    )  # fmt: skip


NEWS = {
    "one new, one flapping, one still": ("nfs", "1 new; 1 flapping; 1 still failing."),
    "two new, one still": ("nns", "2 new; 1 still failing."),
    "only flapping": ("ff", "2 flapping."),
    "hidden before, and recovered": ("onrr", "1 new; 1 new (or not visible before); 2 recovered."),
}


@pytest.mark.parametrize(("states", "clause"), NEWS.values(), ids=NEWS)
def test_verdict_and_lists_count_the_same_everywhere(states: str, clause: str) -> None:
    run = news(states)
    lists = {key: len(of) for key, of in by_kind(run, run.past[0]).items()}
    headings = re.findall(r"<h3 class=\"\w+\">([^<]*) \((\d+)\)</h3>", page_of(run))
    assert sum(lists.values()) == len(states)
    assert [int(count) for _, count in headings] == list(lists.values())
    assert verdict(run).sentence.endswith(clause)
    slack = str(to_slack(run))
    for output in (text_of(page_of(run)), to_markdown(run), to_email(run), slack):
        assert clause in output


def test_failures_of_one_check_are_counted_as_resources() -> None:
    run = with_everything()
    assert "3 failing resources: 1 new, 1 flapping, 1 still failing; 2 recovered" in verdict(run).sentence


def test_a_check_is_as_old_everywhere() -> None:
    run = news("s")
    assert ", day 4 –" in verdict(run).actions[0]
    assert notes(run).bad[0].longest == "day 4, since Sat 21 Nov, 08:00 CET"
    assert "day 4, since Sat 21 Nov, 08:00 CET" in text_of(page_of(run))


# 3. gates


def rollout(*deployments: tuple[str, str, str, int], message: str = "rev; the deployment is FAILED") -> Finding:
    """What a gate saw of a service, as (status, revision, rolloutState, failedTasks)."""
    told = [
        {"status": status, "taskDefinition": f"arn:aws:ecs:r:1:task-definition/backend:{revision}",
         "rolloutState": state, "failedTasks": failed}
        for status, revision, state, failed in deployments
    ]  # fmt: skip
    return Finding("production", "test_serves", "arn:svc", "svc", F, Severity.CRITICAL, message, {"deployments": told})


def gate(suite: str, *findings: Finding, **more: Any) -> Run:
    outcome = findings[0].outcome if findings else P
    check = replace(check_of("test_serves", "deployment", outcome, "deploy-backend"), remedy="roll-back-service")
    return run_of(suite, checks=(check,), findings=findings, exit_code=int(outcome is F), **more)


BACK = {"check": "test_serves", "remedy": "roll-back-service", "name": "svc",
        "differs": ["taskDefinition: 'backend:7' → 'backend:6'"]}  # fmt: skip


BAD = rollout(("PRIMARY", "7", "FAILED", 4), ("ACTIVE", "6", "COMPLETED", 0))
ALONE = rollout(("PRIMARY", "7", "COMPLETED", 4), message="40 5xx in a minute since the deploy began, limit 10")
UNDER_WAY = rollout(("PRIMARY", "7", "IN_PROGRESS", 0), ("ACTIVE", "6", "COMPLETED", 0))
WENT_BACK = rollout(("PRIMARY", "6", "COMPLETED", 0), message="rev; expected backend:7, running backend:6")
UNSEEN = replace(BAD, outcome=B, message="AccessDenied")
GATES: dict[str, tuple[Run, tuple[str, str]]] = {
    "before, good": (gate("deploy-before"), ("Ready to ship", "good")),
    "before, failed": (gate("deploy-before", BAD), ("Do not ship", "bad")),
    "before, blind": (gate("deploy-before", UNSEEN), ("Do not ship yet", "unsure")),
    "before, a part": (gate("deploy-before", partial="-k x"), ("Not decided (partial run)", "warn")),
    "after, good": (gate("deploy-after"), ("Deploy confirmed", "good")),
    "after, blind": (gate("deploy-after", UNSEEN), ("Deploy not confirmed", "unsure")),
    "after, and the one before runs beside it": (gate("deploy-after", BAD), ("Roll back to backend:6", "bad")),
    "after, and nothing says what ran before": (gate("deploy-after", ALONE), ("Roll back", "bad")),
    "after, and a plan says it": (
        gate("deploy-after", ALONE, changes=(not_made("planned", **BACK),)), ("Roll back to backend:6", "bad")),
    "after, still under way": (gate("deploy-after", UNDER_WAY), ("Deploy not finished", "bad")),
    "after, and ECS went back": (gate("deploy-after", WENT_BACK), ("Deploy failed", "bad")),
    "after, and it was rolled back": (
        gate("deploy-after", changes=(changed("fixed", **BACK),)), ("Rolled back to backend:6", "warn")),
    "no gate": (gate("daily", BAD), ("Action needed", "bad")),
    "no gate, good": (gate("daily"), ("All good", "good")),
    "cut short": (gate("deploy-before", state="unfinished"), ("Unfinished", "none")),
}  # fmt: skip


@pytest.mark.parametrize(("run", "word"), GATES.values(), ids=GATES)
def test_a_gate_speaks_of_shipping(run: Run, word: tuple[str, str]) -> None:
    told = verdict(run)
    assert (told.word, told.tone) == word
    assert told.word in notes(run).headline


@pytest.mark.parametrize(("value", "before", "worse"), [(97.0, 45.0, True), (50.0, 45.0, False), (97.0, 99.0, False)])
def test_a_tile_that_is_worse_and_beyond_its_limit_is_not_grey(value: float, before: float, worse: bool) -> None:
    line = Series("CPU", "%", ((ago(0.1), before), (ago(0.01), value)), 300, 90.0)
    seen = ObservationResult("production", "service_load", 0.1, (), "", (SeenResource("a", "svc", (), (line,)),))
    past = Past("production", 1, ago(1), numbers={"CPU, svc": ((ago(1), before),)})
    page = page_of(run_of(observations=(seen,), past=(past,)))
    arrow = "▲" if value > before else "▼"
    tone = "worse" if worse else "dim"
    assert f'<span class="{tone}">{arrow} {abs(value - before):g} points</span>' in page


# 6. one source for one fact

TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/incidents"
DRILL = {"table": "incidents", "at": ago(10).isoformat(), "told": {"result": ["as the backup", ""]}}
BY_AWS = (Figure("last restore", written(ago(7))), Figure("restored table", "incidents"))
RESTORED: dict[str, tuple[list[dict[str, Any]], tuple[Figure, ...], str, str]] = {
    "neither": ([], (), "", "no drill on record"),
    "by AWS": ([], BY_AWS, "", "Tue 17 Nov, 08:00 CET, as AWS reports; not by a drill, so nothing was compared"),
    "by a drill": ([DRILL], (), "", "Sat 14 Nov, 08:00 CET: as the backup"),
    "by a drill, and later": (
        [DRILL], BY_AWS, "", "Tue 17 Nov, 08:00 CET, as AWS reports; not by a drill, so nothing was compared"),
    "by a drill, as AWS reports": (
        [{**DRILL, "at": ago(7.01).isoformat()}], BY_AWS, "", "Tue 17 Nov, 07:45 CET: as the backup"),
    "unknown": ([], (), "AccessDenied", "no drill on record; what AWS reports could not be read: AccessDenied"),
    "a figure that is no moment": ([], (Figure("last restore", "x"), BY_AWS[1]), "", "no drill on record"),
}  # fmt: skip


@pytest.mark.parametrize(("drills", "figures", "error", "told"), RESTORED.values(), ids=RESTORED)
def test_a_restore_that_anything_on_the_page_knows_is_not_never(
    drills: list[dict[str, Any]], figures: tuple[Figure, ...], error: str, told: str
) -> None:
    rehearsal = ObservationResult(
        "production", "restore_rehearsal", 0.1, (), error, (SeenResource("r", "restores", figures),)
    )
    run = run_of(
        "weekly",
        checks=(check_of("test_tables", "backups", P, "table-backups"),),
        findings=(Finding("production", "test_tables", TABLE, "incidents", P, Severity.HIGH, "made"),),
        observations=(rehearsal,),
        weeks=(week_of(".......", restores=drills),),
    )
    assert section(run, "Backups").endswith(f"last restore: {told}")


def test_a_waiver_that_ends_is_due() -> None:
    waiver = WaiverState("production", "test_load", "svc", "ann", "known", "2026-12-01", 7, "active")
    run = run_of("weekly", weeks=(week_of("......."),), waivers=(waiver,))
    assert "The waiver of “Load is bad” for svc ends: known" in section(run, "Coming up")


REASONS = {
    "iam:ListUsers: AccessDenied: not authorized": "Restore access (1 check blocked): iam:ListUsers: AccessDenied",
    "ExpiredToken: the token is expired": "Restore access (1 check blocked): ExpiredToken",
    "logs:FilterLogEvents: ResourceNotFoundException: no such group": "1 check could not look: logs:FilterLogEvents",
    "credentials: OSError: [Errno 22] Invalid argument": "1 check could not look: credentials: OSError",
}


@pytest.mark.parametrize(("why", "action"), REASONS.items(), ids=REASONS)
def test_access_is_to_be_restored_only_where_it_was_refused(why: str, action: str) -> None:
    blind = replace(found("test_load", "svc", B), message=why)
    run = run_of(checks=(check_of("test_load", "ecs", B, "high-cpu"),), findings=(blind,), exit_code=10)
    assert verdict(run).actions[0].startswith(action)
