"""Remedies of the weekly checks on lifecycles, flow logs and what rests at night, end to end on a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opschecks.config.toml_tables import WEEKDAYS
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seed import BUCKET
from opschecks.sandbox.seeds import backups, flow_logs, retention, unused
from opschecks.sandbox.seeds.flow_logs import GROUP, ROLE, vpc_of
from tests.bench import FIX, QUICK, Bench, bench
from tests.scratch import Ended

KEYS = f'\nflow_log_group = "{GROUP}"\nflow_log_role = "arn:aws:iam::123456789012:role/{ROLE}"\n'
WEEKLY = QUICK.rstrip() + KEYS + FIX


@contextmanager
def weekly(folder: Path, fault: str = "", stacks: str = WEEKLY) -> Iterator[Bench]:
    """A bench with what the weekly checks of this area look at."""
    with bench(folder) as on:
        for seed in (backups, flow_logs, retention):
            seed.sow(on.sandbox)
        if fault:
            give_fault(on.sandbox, fault)
        on.project.write("stacks.toml", stacks)
        yield on


def _fix(on: Bench, remedy: str, *options: str, first: str = "") -> Ended:
    return on.command("fix", remedy, "--yes", *options, first=first)


def test_what_others_have_set_up_comes_through_unchanged(tmp_path: Path) -> None:
    with weekly(tmp_path) as on:
        s3 = on.sandbox.client("s3")
        retention.lifecycle(retention.tidy(AbortIncompleteMultipartUpload=None), retention.previews())
        before = _rules(s3)
        made = _fix(on, "put-lifecycle", "--target", BUCKET, "--set", "uploads=7").ends(0)
        assert "risk safe" in made.out
        after = _rules(s3)
        assert {name: rule for name, rule in after.items() if name in before} == before
        assert set(after) - set(before) == {"opschecks incomplete uploads 7 days"}
        assert on.check("test_buckets_let_go_what_nobody_needs", suite="weekly").code == 0
        (entry,) = on.journal()
        assert on.command("undo", entry["entry"], "--yes").code == 0
        assert _rules(s3) == before


def _rules(s3: Any) -> dict[str, Any]:
    return {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]}


def test_a_flow_log_that_does_not_deliver_is_handed_over_and_stays(tmp_path: Path) -> None:
    with weekly(tmp_path, "vpc_has_no_flow_log") as on:
        ec2 = on.sandbox.backend("ec2")
        create = ec2.create_flow_logs

        def without_a_right(*arguments: Any, **more: Any) -> Any:
            made, refused = create(*arguments, **more)
            made[0].deliver_logs_status, made[0].deliver_logs_error_message = "FAILED", "Access error"
            return made, refused

        ec2.create_flow_logs = without_a_right
        conftest = (
            'import datetime, opschecks.remedies.settings.flow_logs as it\npytest_plugins = ["opschecks"]\n'
            "it.CreateFlowLog.settles_within = datetime.timedelta(seconds=0.2)\n"
        )
        on.project.write("conftest.py", conftest)
        ended = on.check("test_vpcs_record_their_traffic", "--fix=apply", suite="weekly").ends(1)
        assert "Access error" in ended.out
        assert "the change stays in place, and it needs a person" in ended.out
        assert on.events() == [["begun", "sent", "not_cured", "handed_over"]]
        assert len(ec2.flow_logs) == 1
        on.project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
        again = _fix(on, "create-flow-log", "--target", vpc_of(on.sandbox)).ends(1)
        assert "fix the role" in again.err


CHECK = "test_dev_services_rest_outside_their_hours"


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
    with bench(tmp_path, fix=f"{FIX}cooldown_minutes = 0\n{_hours(3)}") as on:
        service, own = _running(on, 3), on.sandbox.service()
        assert on.outcome(CHECK, "weekly") == "failed"
        refused = on.check(CHECK, "--fix=apply", suite="weekly")
        assert "it is disruptive: --allow disruptive permits it" in refused.all
        assert service.desired_count == 3
        planned = on.check(CHECK, "--fix=plan", suite="weekly")
        assert "scale-dev-to-zero on incident-commander-dev/backend" in planned.out
        assert service.desired_count == 3
        on.check(CHECK, "--fix=apply", "--allow", "disruptive", suite="weekly").ends(0)
        assert (service.desired_count, service.running_count) == (0, 0)
        (entry,) = on.journal()
        assert entry["change"]["before"] == {"desiredCount": 3}
        assert on.events() == [["begun", "sent", "cured"]]
        assert on.outcome(CHECK, "weekly") == "passed"
        assert on.command("undo", entry["entry"], "--yes").code == 0
        assert service.desired_count == 3
        assert on.outcome(CHECK, "weekly") == "failed"
        assert own.desired_count == 2
