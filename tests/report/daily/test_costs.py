"""Costs on the daily page: those that the newest weekly run saw, with its day, and never older ones in their place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.core.model import Figure, ObservationResult, SeenResource, Series
from opschecks.core.run import Past, Run, StackFacts
from opschecks.history.storage import FolderStorage
from opschecks.report.from_history import costs_seen
from opschecks.report.runfile import from_json, to_json
from tests.exported import NOW, page_of
from tests.mornings import earlier, file_all

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
