"""A service that is no production, stopped for the night and started again; end to end on a sandbox that stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opschecks.config.toml_tables import WEEKDAYS
from opschecks.sandbox.seeds import unused
from tests.bench import FIX, Bench, bench

CHECK = "test_dev_services_rest_outside_their_hours"
FRESH = FIX + "cooldown_minutes = 0\n"


def _hours(days: float) -> str:
    """Office hours that are the whole of the day in so many days, and no other."""
    day = WEEKDAYS[(datetime.now(UTC) + timedelta(days=days)).weekday()]
    return f'\n[stacks.sandbox.office_hours]\ndays = ["{day}"]\nbegins = "00:00"\nends = "23:59:59"\n'


def _running(on: Bench, tasks: int) -> Any:
    """The development service, of which so many tasks run since a moment ago."""
    unused.sow(on.sandbox)
    (name,) = on.sandbox.stack.dev_services
    service = on.sandbox.backend("ecs").services[name.replace("/", ":")]
    service.desired_count = service.running_count = tasks
    service.deployments[0].update(desiredCount=tasks, runningCount=tasks, createdAt=on.sandbox.now)
    return service


def test_it_is_stopped_for_the_night_and_undo_starts_as_many(tmp_path: Path) -> None:
    with bench(tmp_path, fix=FRESH + _hours(3)) as on:
        service, own = _running(on, 3), on.sandbox.service()
        assert on.outcome(CHECK, "weekly") == "failed"
        refused = on.check(CHECK, "--fix=apply", suite="weekly")
        assert "it is disruptive: --allow disruptive permits it" in refused.all
        assert service.desired_count == 3
        planned = on.check(CHECK, "--fix=plan", suite="weekly")
        assert "scale-dev-to-zero on incident-commander-dev/backend" in planned.out
        assert service.desired_count == 3
        cured = on.check(CHECK, "--fix=apply", "--allow", "disruptive", suite="weekly")
        assert cured.code == 0, cured.all
        assert (service.desired_count, service.running_count) == (0, 0)
        (entry,) = on.journal()
        assert entry["change"]["before"] == {"desiredCount": 3}
        assert on.events() == [["begun", "sent", "cured"]]
        assert on.outcome(CHECK, "weekly") == "passed"
        assert on.command("undo", entry["entry"], "--yes").code == 0
        assert service.desired_count == 3
        assert on.outcome(CHECK, "weekly") == "failed"
        assert own.desired_count == 2
