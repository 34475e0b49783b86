"""tune-cdn end to end: planned, applied, verified, taken back."""

from __future__ import annotations

import json
from pathlib import Path

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import cdn
from tests.bench import Bench, bench
from tests.scratch import Ended

CHECK = "test_cdn_is_set_to_cache_and_compress"
ALLOW = ("--allow", "disruptive")


def _weekly(on: Bench, *options: str) -> Ended:
    return on.project.run("checks/weekly/test_cdn.py", "--stack", "sandbox", "-k", CHECK, *options, **on.environment)


def _outcome(on: Bench) -> str:
    _weekly(on)
    return on.project.outcomes("weekly-partial.json")[CHECK]


def test_two_way(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        cdn.sow(on.sandbox)
        give_fault(on.sandbox, "cdn_compression_is_off")
        give_fault(on.sandbox, "cdn_caching_is_disabled")
        planned = _weekly(on, "--fix=plan")
        assert planned.code == 1
        assert on.project.outcomes("weekly-partial.json")[CHECK] == "failed"
        (change,) = json.loads((tmp_path / "reports" / "plan.json").read_text())["changes"]
        assert change["remedy"] == "tune-cdn"
        assert set(change["parameters"]) == {"Id", "IfMatch", "changes", "else"}

        applied = _weekly(on, "--fix=apply", *ALLOW)
        assert applied.code == 0, applied.all
        assert "the distribution is InProgress" in applied.out
        behavior = cdn.behavior_of(on.sandbox)
        assert (str(behavior.compress).lower(), behavior.cache_policy_id) == ("true", cdn.CACHING_OPTIMIZED)
        (entry,) = on.journal()
        assert [step["event"] for step in entry["steps"]] == ["begun", "sent", "cured"]

        on.project.run("checks/weekly/test_cdn.py", "--stack", "sandbox", **on.environment)
        assert set(on.project.outcomes("weekly-partial.json").values()) == {"passed"}

        undone = on.command("undo", entry["entry"], "--yes", *ALLOW)
        assert undone.code == 0, undone.all
        assert _outcome(on) == "failed"


def test_caching_is_not_turned_on_without_being_allowed(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        cdn.sow(on.sandbox)
        give_fault(on.sandbox, "cdn_caching_is_disabled")
        ended = _weekly(on, "--fix=apply")
        assert ended.code == 1
        assert "--allow disruptive" in ended.out
        assert on.journal() == []
