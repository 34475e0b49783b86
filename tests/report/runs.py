"""Runs that pages are made of: mornings with a past of every kind, weeks, also hostile; what a page says in words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from opschecks.core.model import (
    CheckResult,
    Deadline,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from opschecks.core.run import Past, ReportSection, Run, StackFacts, Standing
from opschecks.history.runs import file_run
from opschecks.history.storage import FolderStorage
from opschecks.history.week import nothing_of
from opschecks.report.runfile import to_json
from tests.exported import HOSTILE, NOW, hostile, page_of, ran
from tests.mornings import earlier, ending

F, P, W, B = Outcome.FAILED, Outcome.PASSED, Outcome.WAIVED, Outcome.BLIND
STRIPS = {
    "": ("passed", "failed", "blind", "waived", "not_run", "") + ("passed",) * 7,
    "ecs": ("passed",) * 10 + ("failed", "failed", "passed"),
    "alarms": ("not_run", "", "blind", "passed", "waived", "failed"),
    "dynamodb": ("passed",) * 9 + ("failed",) * 13,  # more than a strip has room for
    "logs": ("",) * 12 + ("waived",),
}
SECTION = ReportSection(
    "Releases of yesterday",
    "| service | version |\n| --- | --- |\n| backend | **v12** |\n\n1. `cdk deploy`\n2. [notes](https://example.com/)\n",
)
ATTACK = """\
<script>window.pwned = 1</script> <img src=x onerror="window.pwned = 1"> <style>*{display:none}</style>

<iframe src="URL/frame"></iframe><svg onload="window.pwned = 1"></svg>

![seen](URL/image.png) [one](javascript:window.pwned=1) [two](JaVaScRiPt:window.pwned=1)
[three](data:text/html,<script>window.pwned=1</script>) [four](vbscript:x) <javascript:window.pwned=1>

[five]: javascript:window.pwned=1
[five] {{ 7 * 7 }} <a href="javascript:window.pwned=1" onclick="window.pwned = 1">six</a>

</div></main></body><h1>Forged</h1>

| a | b |
| --- | --- |
| <b onmouseover="window.pwned = 1">x</b> | <base href="URL/"> |

```html
<script>window.pwned = 1</script>
```
"""


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _series(label: str, unit: str, value: float, limit: float | None) -> Series:
    points = tuple((NOW - timedelta(minutes=5 * n), value + n % 7) for n in range(288, 0, -1))
    return Series(label, unit, points, 300, limit)


def check_of(name: str, area: str, outcome: Outcome, slug: str, stack: str = "production") -> CheckResult:
    nodeid = f"checks/daily/test_{area}.py::{name}"
    failing = f"{name.removeprefix('test_').capitalize()} is bad"
    return CheckResult(stack, name, nodeid, area, Severity.HIGH, slug, failing, "It hurts", outcome.value, "said")


def found(check: str, name: str, outcome: Outcome, stack: str = "production") -> Finding:
    return Finding(stack, check, f"arn:{name}", name, outcome, Severity.HIGH, f"{name} is so", {"a": 1})


def journaled(entry: str, days: float, **more: Any) -> dict[str, Any]:
    """A change as the past of a run file has it."""
    told = {
        "entry": entry, "begun": ago(days).isoformat(), "by": "ann on laptop, process 7", "undoes": "",
        "remedy": "scale-service", "target": "arn:svc-still", "name": "svc-still", "differs": ["desired: 2 → 4"],
        "state": "cured", "said": "the same check passes now", "one_way": False,
    }  # fmt: skip
    return {**told, **more}


def with_everything() -> Run:
    """A morning whose past has every kind of standing, and everything else that a past can have."""
    standings = [
        ("test_load", "svc-new", "new", 0, 1),
        ("test_load", "svc-still", "still", 2, 3),
        ("test_load", "svc-flapping", "flapping", 0, 1),
        ("test_load", "svc-recovered", "recovered", 3, 4),
        ("test_tables", "table-recovered", "recovered", 1, 2),
        ("test_tables", "table-gone", "gone", 5, 6),
    ]
    unseen = Standing("test_alarms", "stack/production", "production", "unseen", ago(2), 3)
    series = (_series("CPU", "%", 60, 62), _series("memory", "%", 40, 80))
    traffic = (_series("5xx", "per minute", 3, 10), _series("p95 response time", "ms", 200, None))
    return Run(
        suite="daily",
        started=NOW,
        stacks=(
            StackFacts("production", False, "123456789012", "us-west-2", "Europe/Berlin", {"on_call": "ann"},
                       {"cluster": "c", "service": "s", "region": "us-west-2"}),
        ),
        ended=NOW + timedelta(seconds=2),
        state="finished",
        exit_code=1,
        checks=(
            check_of("test_load", "ecs", F, "high-cpu"),
            check_of("test_alarms", "alarms", B, "alarms"),
            check_of("test_tables", "dynamodb", P, "database-throttling"),
            check_of("test_logs", "logs", W, "logs"),
        ),
        findings=(
            *(found("test_load", f"svc-{state}", F) for state in ("new", "still", "flapping")),
            found("test_load", "svc-recovered", P),
            Finding("production", "test_alarms", "stack/production", "production", B, Severity.HIGH, "AccessDenied"),
            found("test_tables", "table-recovered", P),
            found("test_logs", "group", W),
        ),
        observations=(
            ObservationResult("production", "service_load", 0.1, (), "",
                              (SeenResource("arn:svc-new", "svc-new", (), series),)),
            ObservationResult("production", "traffic", 0.1, (), "", (SeenResource("lb", "lb", (), traffic),)),
        ),
        changes=(
            {"stack": "production", "check": "test_load", "remedy": "sync-dashboard", "name": "site",
             "result": "rolled back", "said": "it did not help", "entry": "own00000", "undo": "",
             "differs": ["files: 3 → 4"]},
        ),
        past=(
            Past(
                "production",
                runs=20,
                previous=ago(3),
                missed=("2026-11-22", "2026-11-23"),
                standings=(
                    *(Standing(check, f"arn:{name}", name, state, ago(days), day)
                      for check, name, state, days, day in standings),
                    unseen,
                ),
                strips=STRIPS,
                numbers={
                    "passed": tuple((ago(7 - n), value) for n, value in enumerate((4.0, 0.0, 1.0, 3.0, 2.0))),
                    "CPU, svc-new": ((ago(4), 20.0), (ago(3), 51.0)),
                    "CPU, svc-other": ((ago(4), 90.0), (ago(2), 99.0)),
                    "5xx, lb": ((ago(3), 4.0),),
                },
                changes=(
                    journaled("first000", 2.5),
                    journaled("second00", 2, undoes="older000", state="sent", said=""),
                    journaled("third000", 1, one_way=True, remedy="rotate-key", name="key", target="key"),
                    journaled("own00000", 0),
                ),
            ),
        ),
        sections=(SECTION,),
        versions={"opschecks": "0.1.0"},
    )  # fmt: skip


def hostile_past(url: str, text: str = HOSTILE) -> Run:
    """The same, where every string that comes from the world is hostile."""
    run = with_everything()
    (past,) = run.past
    attack = ATTACK.replace("URL", url)
    image = f'<img src="{url}/past.png" onerror="window.pwned = 1">'
    bad = f"{image}{text}"
    return replace(
        run,
        findings=tuple(replace(one, resource=f"{one.resource}{bad}", name=bad) for one in run.findings),
        past=(
            replace(
                past,
                standings=tuple(replace(one, resource=f"{one.resource}{bad}", name=bad) for one in past.standings),
                changes=tuple(
                    journaled(f"{n}{bad}", 1, by=bad, undoes=bad, remedy=bad, name=bad, target=bad, said=bad,
                             differs=[bad, bad], state=bad, one_way=n == 1)
                    for n in range(2)
                ),
            ),
        ),
        sections=(ReportSection(bad, attack), ReportSection("Empty", "   ")),
    )  # fmt: skip


def several_pasts() -> Run:
    """Two stacks with checks of the same names, each with a past of its own, and a third whose history is broken."""
    names = ("one", "other", "third")
    return replace(
        with_everything(),
        stacks=tuple(StackFacts(name, False, "123456789012", "us-west-2", "Europe/Berlin") for name in names),
        checks=tuple(check_of("test_load", "ecs", F, "high-cpu", name) for name in names),
        findings=tuple(found("test_load", f"svc-of-{name}", F, name) for name in names),
        observations=(),
        changes=(),
        past=(
            Past("one", 2, ago(1), standings=(
                Standing("test_load", "arn:svc-of-one", "svc-of-one", "still", ago(4), 5),
            ), strips={"": ("passed", "failed"), "ecs": ("passed", "failed")},
                 changes=(journaled("aaaa", 0.5, name="thing of one"),)),
            Past("other", 7, ago(2), standings=(
                Standing("test_load", "arn:svc-of-other", "svc-of-other", "new", NOW, 1),
            ), strips={"": ("passed",) * 7, "ecs": ("passed",) * 7}),
            Past("third", error="AccessDenied"),
        ),
    )  # fmt: skip


# weeks

TASKS, ERRORS, INGRESS = (
    "test_services_run_the_tasks_they_want", "test_server_errors_are_rare", "test_ingress_is_no_wider_than_allowed",
)  # fmt: skip
DAYS_BAD = {TASKS: (2, 9, 10, 20), ERRORS: (5, 4), INGRESS: (1, 0)}
NO_RUN = (3, 17)


def file_mornings(run: Run, state: Path) -> None:
    """58 mornings before now: some bad, one blind, two without a run."""
    for path in (state / "daily").iterdir():
        path.unlink()
    for day in range(58, -1, -1):
        if day in NO_RUN:
            continue
        outcomes = {check: F if day in bad else P for check, bad in DAYS_BAD.items()}
        if day == 12:
            outcomes["test_errors_are_rare_in_the_logs"] = B
        told: dict[str, Any] = json.loads(to_json(earlier(ending(run, outcomes), day)))
        told["numbers"] |= {"day: requests": 1000, "day: requests answered 5xx": 2 if day < 7 else 0}
        if day == 2:
            told["numbers"]["day: tasks running"] = 1
        file_run(FolderStorage(state), "daily", datetime.fromisoformat(told["started"]), json.dumps(told))


def hostile_week(stack: str) -> dict[str, Any]:
    """A week in which every string that the world or a journal gave is hostile."""
    moment = (hostile().started - timedelta(days=2)).isoformat()
    tried = [{"remedy": HOSTILE, "times": 3, "by": HOSTILE}]
    return {
        "stack": stack,
        "error": "",
        "begins": "2026-11-18",
        "ends": "2026-11-24",
        "measures": [{"key": "checks_passed_percent", "target": 98.0, "weeks": [None] * 6 + [97.5, 12.3456789]}],
        "days": [
            {"day": f"2026-11-{day}", "run": True,
              "outcomes": {"failed": 10**6, "blind": 1}, "running": 1.0, "desired": 2.0}
            for day in range(18, 25)
        ],
        "failures": [
            {"check": check, "since": moment, "until": until, "hours": hours, "cut": True, "tried": tried}
            for check, until, hours in (("test_a", "", None), (HOSTILE, moment, 0.0))
        ],
        "opened": 1,
        "recurring": [
            {"check": check, "days": 2, "times": 1, "outcomes": ["failed", "", HOSTILE], "tried": tried}
            for check in ("test_a", HOSTILE)
        ],
        "deadlines": [{"what": HOSTILE, "at": moment}],
        "words": {"test_a": {"failing": HOSTILE, "runbook": HOSTILE}},
        "restores": [{"table": HOSTILE, "at": moment, "told": {HOSTILE: [HOSTILE, HOSTILE]}}],
        "areas": [{"area": HOSTILE, "days": [None, [1, 2, 3]] * 14, "failed": [HOSTILE, "test_a"]}],
        "copies": [{"at": moment, "outcomes": {"test_a": "failed"}, "bad": [["test_a", HOSTILE, "failed"]]}],
        "drills": [{"check": HOSTILE, "at": moment, "outcome": "failed"}],
        "not_made": [
            {"at": moment, "remedy": HOSTILE, "name": HOSTILE, "check": HOSTILE, "resource": HOSTILE,
             "result": "refused", "said": HOSTILE},
        ],
    }  # fmt: skip


def hostile_weekly() -> Run:
    """The hostile run as one of a week, with costs and deadlines."""
    run = hostile()
    now = run.started
    line = Series("cost", "USD", tuple((now - timedelta(days=day), 10.0 + day) for day in range(40, 0, -1)), 86400, 5.0)
    (first, *others) = run.observations
    (seen, *_) = first.resources
    costs = SeenResource(HOSTILE, HOSTILE, seen.figures, (line,), (Deadline(HOSTILE, now - timedelta(days=400)),))
    checks = tuple(replace(check, area="backups") for check in run.checks)
    return replace(
        run,
        suite="weekly",
        checks=checks,
        observations=(
            replace(first, name="total_cost", resources=(costs,)),
            replace(first, name="service_costs", resources=(costs,) * 7),
            replace(first, name="week_incidents"),
            *others,
        ),
        past=(Past("production", 3, now - timedelta(days=7)),),
        weeks=(hostile_week("production"),),
    )


def several_weeks(run: Run) -> Run:
    """The run as one of two stacks."""
    (facts,) = run.stacks
    other = replace(facts, name="staging")
    more = tuple(replace(check, stack="staging") for check in run.checks)
    return replace(
        run,
        stacks=(facts, other),
        checks=(*run.checks, *more),
        weeks=(*run.weeks, nothing_of("staging", "Permission denied") | {"deadlines": [], "words": {}, "restores": []}),
    )


def run_of(suite: str = "daily", **more: Any) -> Run:
    """A whole run in which the one check passed."""
    whole = ran(check_of("test_load", "ecs", P, "high-cpu"), findings=(found("test_load", "svc", P),))
    return replace(whole, suite=suite, **more)


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    body = re.sub("</?time[^>]*>|<wbr>", "", page.partition("<body>")[2])
    return " ".join(unescape(re.sub("<[^>]*>", " ", body)).split())


def section(run: Run, heading: str) -> str:
    """What the run's page says below a heading, up to the next one."""
    for part in page_of(run).split("<h2")[1:]:
        if (told := text_of(f"<body><h2{part}")).startswith(heading):
            return told
    return ""
