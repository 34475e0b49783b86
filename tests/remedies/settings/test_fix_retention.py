"""Remedies of the weekly checks on indexes, retention, lifecycle and flow logs, end to end on a sandbox that stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seed import BUCKET
from opschecks.sandbox.seeds import backups, flow_logs, retention
from opschecks.sandbox.seeds.flow_logs import GROUP, ROLE, vpc_of
from tests.bench import FIX, QUICK, Bench, bench
from tests.scratch import Ended

KEYS = f'\nflow_log_group = "{GROUP}"\nflow_log_role = "arn:aws:iam::123456789012:role/{ROLE}"\n'
WEEKLY = QUICK.rstrip() + KEYS + FIX
FRESH = WEEKLY + "cooldown_minutes = 0\n"


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
        made = _fix(on, "put-lifecycle", "--target", BUCKET, "--set", "uploads=7")
        assert made.code == 0, made.all
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
        ended = on.check("test_vpcs_record_their_traffic", "--fix=apply", suite="weekly")
        assert ended.code == 1
        assert "Access error" in ended.out
        assert "the change stays in place, and it needs a person" in ended.out
        assert on.events() == [["begun", "sent", "not_cured", "handed_over"]]
        assert len(ec2.flow_logs) == 1
        on.project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
        again = _fix(on, "create-flow-log", "--target", vpc_of(on.sandbox))
        assert again.code == 1
        assert "fix the role" in again.err
