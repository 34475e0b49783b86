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


def _weekly(on: Bench, *options: str) -> Any:
    return on.project.run("checks/weekly", "--stack", "sandbox", "-k", CHECK, *options, **on.environment)


def _outcome(on: Bench) -> str:
    _weekly(on)
    return on.project.outcomes("weekly-partial.json")[CHECK]


def test_it_is_stopped_for_the_night_and_undo_starts_as_many(tmp_path: Path) -> None:
    with bench(tmp_path, fix=FRESH + _hours(3)) as on:
        service, own = _running(on, 3), on.sandbox.service()
        assert _outcome(on) == "failed"
        refused = _weekly(on, "--fix=apply")
        assert "it is disruptive: --allow disruptive permits it" in refused.all
        assert service.desired_count == 3
        planned = _weekly(on, "--fix=plan")
        assert "scale-dev-to-zero on incident-commander-dev/backend" in planned.out
        assert service.desired_count == 3
        cured = _weekly(on, "--fix=apply", "--allow", "disruptive")
        assert cured.code == 0, cured.all
        assert (service.desired_count, service.running_count) == (0, 0)
        (entry,) = on.journal()
        assert entry["change"]["before"] == {"desiredCount": 3}
        assert [step["event"] for step in entry["steps"]] == ["begun", "sent", "cured"]
        assert _outcome(on) == "passed"
        assert on.command("undo", entry["entry"], "--yes").code == 0
        assert service.desired_count == 3
        assert _outcome(on) == "failed"
        assert own.desired_count == 2


def test_within_its_hours_it_goes_on(tmp_path: Path) -> None:
    with bench(tmp_path, fix=FRESH + _hours(0)) as on:
        service = _running(on, 2)
        ended = on.command("fix", "scale-dev-to-zero", "--allow", "disruptive", "--yes")
        assert ended.code == 1
        assert "within its hours: what ran at night is over" in ended.err
        named = "service/incident-commander/backend"
        production = on.command("fix", "scale-dev-to-zero", "--target", named, "--allow", "disruptive", "--yes")
        assert "service/incident-commander/backend is not one of dev_services" in production.err
        assert service.desired_count == on.sandbox.service().desired_count == 2
        assert on.journal() == []
