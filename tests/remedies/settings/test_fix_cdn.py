"""tune-cdn end to end: planned, applied, verified, taken back."""

from __future__ import annotations

import json
from pathlib import Path

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import cdn
from tests.bench import bench

CHECK = "test_cdn_is_set_to_cache_and_compress"
ALLOW = ("--allow", "disruptive")


def test_two_way(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        cdn.sow(on.sandbox)
        give_fault(on.sandbox, "cdn_compression_is_off")
        give_fault(on.sandbox, "cdn_caching_is_disabled")
        planned = on.check(CHECK, "--fix=plan", suite="weekly")
        assert planned.code == 1
        assert on.found(CHECK, "weekly") == "failed"
        (change,) = json.loads((tmp_path / "reports" / "plan.json").read_text())["changes"]
        assert change["remedy"] == "tune-cdn"
        assert set(change["parameters"]) == {"Id", "IfMatch", "changes", "else"}

        applied = on.check(CHECK, "--fix=apply", *ALLOW, suite="weekly")
        assert applied.code == 0, applied.all
        assert "the distribution is InProgress" in applied.out
        behavior = cdn.behavior_of(on.sandbox)
        assert (str(behavior.compress).lower(), behavior.cache_policy_id) == ("true", cdn.CACHING_OPTIMIZED)
        (entry,) = on.journal()
        assert on.events() == [["begun", "sent", "cured"]]

        on.project.run("checks/weekly/test_cdn.py", "--stack", "sandbox", **on.environment)
        assert set(on.project.outcomes("weekly-partial.json").values()) == {"passed"}

        undone = on.command("undo", entry["entry"], "--yes", *ALLOW)
        assert undone.code == 0, undone.all
        assert on.outcome(CHECK, "weekly") == "failed"


def test_caching_is_not_turned_on_without_being_allowed(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        cdn.sow(on.sandbox)
        give_fault(on.sandbox, "cdn_caching_is_disabled")
        ended = on.check(CHECK, "--fix=apply", suite="weekly")
        assert ended.code == 1
        assert "--allow disruptive" in ended.out
        assert on.journal() == []
