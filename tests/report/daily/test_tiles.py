"""Facts of a daily page: the tile of passed checks, the table of services, requests and 5xx of a day, costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.core.model import Figure, ObservationResult, SeenResource, Series
from opschecks.core.run import Past, Run, StackFacts
from opschecks.history.storage import FolderStorage
from opschecks.history.week import ERRORS, REQUESTS
from opschecks.report.daily import services, tiles
from opschecks.report.from_history import costs_seen
from opschecks.report.numbers import numbers
from opschecks.report.runfile import from_json, to_json
from opschecks.report.source import PageSource
from tests.exported import NOW, made, page_of, ran
from tests.mornings import earlier, file_all


@pytest.mark.parametrize(
    ("outcomes", "value", "note", "tone"),
    [
        (["passed"] * 32 + ["not_applicable"] * 5, "32 of 32", "5 do not apply", "good"),
        (["passed"] * 3, "3 of 3", "", "good"),
        (
            ["passed", "failed", "blind", "not_applicable"],
            "1 of 3",
            "1 failed, 1 could not look, 1 does not apply",
            "bad",
        ),
        (["passed", "waived"], "1 of 2", "1 waived", "waived"),
        (["not_applicable"], "0 of 0", "1 does not apply", "none"),
        ([], "0 of 0", "", "none"),
    ],
)
def test_checks_passed_are_counted_of_those_that_apply(outcomes: list[str], value: str, note: str, tone: str) -> None:
    run = ran(*(made(f"c{place}", outcome) for place, outcome in enumerate(outcomes)))
    tile = tiles.facts(PageSource.of(run, {}, None))[0]
    assert (tile.label, tile.value, tile.note, tile.tone) == ("Checks passed", value, note, tone)


def test_of_several_stacks_each_has_its_own() -> None:
    run = ran(made("a", "passed"), made("b", "not_applicable"), made("a", "failed", stack="other"), stacks=2)
    told = tiles.facts(PageSource.of(run, {}, None))
    assert [(tile.label, tile.value, tile.note) for tile in told] == [
        ("production", "1 of 1", "1 does not apply"), ("other", "0 of 1", "1 failed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "opened", "folded", "summary"),
    [
        ({"ecs": "passed", "rds": "passed"}, ["ECS", "RDS"], [], ""),
        ({"ecs": "failed", "rds": "passed"}, ["ECS"], ["RDS"], "1 service is ok: RDS"),
        ({"ecs": "passed", "rds": "not_applicable"}, ["ECS"], ["RDS"], "1 does not apply: RDS"),
        (
            {"ecs": "blind", "alb": "passed", "sqs": "not_applicable", "rds": "not_applicable"},
            ["ECS"], ["Load balancer", "SQS", "RDS"], "1 service is ok: Load balancer; 2 do not apply: SQS, RDS",
        ),
        ({"rds": "not_applicable"}, ["RDS"], [], "1 does not apply: RDS"),
        ({"ecs": "not_run", "alb": "waived"}, ["ECS", "Load balancer"], [], ""),
    ],
)  # fmt: skip
def test_what_does_not_apply_is_not_ok(
    outcomes: dict[str, str], opened: list[str], folded: list[str], summary: str
) -> None:
    run = ran(*(replace(made(area, outcome), area=area) for area, outcome in outcomes.items()))
    told = services.facts(PageSource.of(run, {}, None))
    assert ([row.name for row in told.rows], [row.name for row in told.folded]) == (opened, folded)
    assert told.summary == summary


GROUPS = tuple(
    SeenResource(name, name, (Figure("requests a day", requests), Figure("5xx a day", errors)))
    for name, requests, errors in (("blue", 900, 3), ("green", 0, 0))
)


def _numbers(*balancers: SeenResource, error: str = "") -> dict[str, float]:
    seen = (
        ObservationResult("here", "traffic", 0.1, (), "", GROUPS),
        ObservationResult("here", "balancer_errors", 0.1, (), error, balancers),
    )
    facts = StackFacts(name="here", sandbox=False, account_id="123456789012", region="us-west-2")
    return numbers(Run("daily", datetime(2026, 11, 27, tzinfo=UTC), (facts,), observations=seen))


def test_the_errors_of_a_load_balancer_of_its_own_count() -> None:
    told = _numbers(SeenResource("web", "web", (Figure("5xx a day", 7),)), SeenResource("edge", "edge"))
    assert (told[REQUESTS], told[ERRORS]) == (900, 10)


def test_those_of_a_shared_one_do_not() -> None:
    assert _numbers(SeenResource("web", "web", (Figure("5xx of every stack a day", 7000),)))[ERRORS] == 3


def test_errors_that_are_known_by_halves_are_not_kept() -> None:
    assert not {REQUESTS, ERRORS} & _numbers(error="cloudwatch:GetMetricData: denied").keys()


HERE = StackFacts("here", False, "123456789012", "us-west-2")


def weekly(week_usd: float | None) -> Run:
    """A weekly run of now that saw such a cost; None: it could not look."""
    days = tuple((datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=day), 40.0 + day) for day in range(39, -1, -1))
    usd = {"7 days": week_usd or 0, "7 days before": 300.0, "month": 1369.07, "budget": 2000.0}
    figures = (*(Figure(label, value, "USD") for label, value in usd.items()), Figure("until", "2026-11-22"))
    seen = SeenResource("costs/total", "total", figures, (Series("cost", "USD", days, 86400, 66.67),))
    told = (
        ObservationResult("here", "total_cost", 0.1, (), "", (seen,))
        if week_usd is not None
        else ObservationResult("here", "total_cost", 0.1, (), "AccessDenied")
    )
    return Run("weekly", NOW, (HERE,), NOW, state="finished", observations=(told,))


def test_the_newest_weekly_run_counts(store: FolderStorage) -> None:
    file_all(store, [earlier(weekly(100), 8), earlier(weekly(312.5), 1)])
    told = costs_seen(store, NOW)
    assert told["seen"] == (NOW - timedelta(days=1)).isoformat()
    assert told["told"]["7 days"] == 312.5
    assert (len(told["days"]), told["days"][-1], told["limit"]) == (14, ["2026-11-21", 40.0], 66.67)


def test_the_future_and_stray_files_do_not(store: FolderStorage) -> None:
    file_all(store, [earlier(weekly(100), 8), earlier(weekly(312.5), -1)])
    store.create("weekly/notes.txt", "not a run")
    store.create(f"weekly/{NOW - timedelta(days=1):%Y-%m-%dT%H-%M-%S.%f}Z.json", "{")
    assert costs_seen(store, NOW)["told"]["7 days"] == 100


def test_a_week_that_could_not_look_hides_the_sums_of_the_one_before(store: FolderStorage) -> None:
    file_all(store, [earlier(weekly(100), 8), earlier(weekly(None), 1)])
    assert costs_seen(store, NOW) == {}


def test_without_a_weekly_run_there_is_nothing(store: FolderStorage) -> None:
    assert costs_seen(store, NOW) == {}


def shown(cost: dict[str, Any], suite: str = "daily") -> str:
    run = Run(suite, NOW, (HERE,), NOW, state="finished", past=(Past("here", cost=cost),))
    return page_of(from_json(to_json(run)))


def test_the_daily_page_shows_them_with_their_day(store: FolderStorage) -> None:
    file_all(store, [earlier(weekly(312.5), 1)])
    page = shown(costs_seen(store, NOW))
    assert 'Cost <span class="dim">from the weekly run of Mon 23 Nov</span>' in page
    assert "$312 in the 7 settled days until Sun 22 Nov, +$12.50 (+4 %) against the week before" in page
    assert "at this rate the month comes to $1,369 of $2,000" in page
    assert "cost a day USD – here" in page
    assert 'To look at them: <code class="command">pytest checks/<wbr>weekly --stack here' in shown({})
    assert "<h2>Cost" not in shown(costs_seen(store, NOW), "deploy-after")


def test_a_history_that_cannot_be_read_says_nothing_of_costs() -> None:
    run = Run("daily", NOW, (HERE,), NOW, state="finished", past=(Past("here", error="disk full"),))
    assert "<h2>Cost" not in page_of(run)


@pytest.fixture
def store(tmp_path: Any) -> FolderStorage:
    return FolderStorage(tmp_path)
