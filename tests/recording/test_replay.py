"""A recorded run replays to the same findings, elsewhere and offline; what the recording lacks is blind."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.core import clock
from tests.forks import TIMEOUT_S
from tests.scratch import Project

SUITES = {"daily": "checks/daily", "weekly": "checks/weekly", "deploy-before": "checks/deploy/before"}
FAULTS = {
    "daily": ("alarm_is_ringing", "component_is_unhealthy", "dashboard_is_missing", "websocket_sessions_break"),
    "weekly": ("alarm_calls_nobody",),
    "deploy-before": ("alarm_is_ringing",),
}
ELSEWHERE = {"TZ": "Asia/Kolkata", "AWS_PROFILE": "nobody-has-this", "AWS_CONFIG_FILE": "/nowhere"}
"""Another zone, and no way to AWS."""
OFFLINE = ("--disable-socket",)
"""pytest-socket: no socket can be made."""


def record(project: Project, suite: str, *more: str, faults: tuple[str, ...] = ()) -> None:
    options = [option for fault in faults for option in ("--fault", fault)]
    stack = ["--stack", "sandbox"] if suite.startswith("deploy") else []
    done = project.run(SUITES[suite], "--record", "it.rec", *stack, *options, *more)
    assert done.code in (0, 1, 10), done.all
    assert "recording: it.rec" in done.out


def replay(project: Project, suite: str, *more: str) -> Any:
    done = project.run(SUITES[suite], "--replay", "it.rec", *OFFLINE, *more, **ELSEWHERE)
    assert done.code in (0, 1, 10), done.all
    return done


def found(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(one["check"], one["resource"], one["name"], one["outcome"], one["message"]) for one in told["findings"]]


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("broken", [False, True], ids=["healthy", "broken"])
def test_a_recording_replays_to_the_same_findings(tmp_path: Path, suite: str, broken: bool) -> None:
    project = Project.of_the_checks(tmp_path)
    record(project, suite, "--record-raw", faults=FAULTS[suite] if broken else ())
    recorded = project.told(f"{suite}.json")
    done = replay(project, suite)
    replayed = project.told(f"replay/{suite}.json")
    assert found(replayed) == found(recorded)
    assert [(one["check"], one["outcome"], one["message"]) for one in replayed["checks"]] == [
        (one["check"], one["outcome"], one["message"]) for one in recorded["checks"]
    ]
    assert replayed["started"] == recorded["started"]
    assert (recorded["replayed"], replayed["replayed"]) == (False, True)
    assert "Replayed from a recording; nothing was asked of AWS." in done.out
    assert bool(recorded["counts"]["failed"]) is broken
    assert broken or recorded["counts"]["blind"] == 0
    assert done.code == recorded["exit_code"]


def _edit(path: Path, change: Any) -> None:
    head, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    kept = change(json.loads(head), [json.loads(line) for line in lines])
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in kept).encode()))


def test_a_call_that_the_recording_lacks_is_blind_and_named(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    record(project, "daily", "--record-raw")
    lost = "cloudwatch:DescribeAlarms"
    _edit(tmp_path / "it.rec", lambda head, lines: [head, *(one for one in lines if one.get("call") != lost)])
    assert replay(project, "daily").code == 10
    blind = [one for one in project.told("replay/daily.json")["findings"] if one["outcome"] == "blind"]
    assert blind
    assert all(f"not in the recording: {lost} {{" in one["message"] for one in blind)
    assert "failed" not in {one["outcome"] for one in project.told("replay/daily.json")["findings"]}


def test_a_replay_leaves_reports_and_history_of_runs_alone(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    record(project, "daily", "--record-raw")

    def files() -> dict[str, bytes]:
        reports = tmp_path / "reports"
        return {
            str(one.relative_to(reports)): one.read_bytes()
            for one in reports.rglob("*")
            if one.is_file() and "replay" not in one.relative_to(reports).parts
        }

    before = files()
    assert any(name.startswith("history/") for name in before)
    replay(project, "daily")
    assert files() == before
    assert not (tmp_path / "reports" / "replay" / "history").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--record", "a", "--replay", "b"], "--record: does not go with --replay"),
        (["--record", "a", "--fix=plan", "--stack", "here"], "--record: does not go with --fix"),
        (["--replay", "a", "--fix=plan", "--stack", "here"], "--replay: does not go with --fix"),
        (["--record", "a", "-n2"], "--record: a recording is of one process; remove -n"),
        (["--replay", "a", "--stack", "here"], "--replay: does not go with --stack, which the recording has itself"),
        (["--record-raw"], "--record-raw: goes with --record FILE"),
        (["--record", "stacks.toml"], "--record stacks.toml: the file exists"),
        (["--replay", "none"], "--replay none: no such file"),
        (["--replay", "stacks.toml"], "--replay stacks.toml: not a recording"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_one_line(
    project: Project, options: list[str], said: str
) -> None:
    project.checks("")
    done = project.run("checks/daily", *options)
    assert done.code == 4, done.all
    [line] = [line for line in done.err.splitlines() if line.startswith("ERROR")]
    assert said in line


def test_drills_and_bakes_are_not_recorded(project: Project) -> None:
    project.checks("", "drills/test_it.py")
    project.checks("", "deploy/after/test_it.py")
    for options in (["checks/drills", "--record"], ["checks/deploy/after", "--bake=1m", "--replay"]):
        done = project.run(*options, "a", "--stack=here")
        assert done.code == 4
        assert "does not" in done.err


def test_a_recording_of_another_suite_or_a_newer_format_is_refused(project: Project) -> None:
    project.checks("", "daily/test_it.py")
    head: dict[str, Any]
    for head, said in (({"opschecks recording": 99}, "newer opschecks"), ({"a": 1}, "not a recording")):
        (project.folder / "it").write_bytes(gzip.compress(json.dumps(head).encode() + b"\n"))
        done = project.run("checks/daily", "--replay", "it")
        assert (done.code, said in done.err) == (4, True), done.all
    head = {"opschecks recording": 1, "scrubbed": True, "suite": "weekly", "started": "2026-11-24T07:00:00+00:00"}
    (project.folder / "it").write_bytes(gzip.compress(f"{json.dumps(head)}\n".encode()))
    assert "it does not say its expected, partial, stacks" in project.run("checks/daily", "--replay", "it").err
    head |= {"partial": "", "versions": {}, "stacks": [], "waivers": [], "expected": {}}
    (project.folder / "it").write_bytes(gzip.compress(f'{json.dumps(head)}\n{{"ended":[]}}\n'.encode()))
    done = project.run("checks/daily", "--replay", "it")
    assert "a recording of the weekly checks: pytest checks/weekly --replay it" in done.err


def test_the_clock_goes_on_after_a_replay_that_was_refused(project: Project) -> None:
    """A program that runs pytest within it goes on with the time of today."""
    project.checks("", "daily/test_it.py")
    head = {"opschecks recording": 1, "scrubbed": True, "suite": "daily", "started": "2026-11-24T07:00:00+00:00",
            "partial": "", "versions": {}, "stacks": [], "waivers": [], "expected": {}}  # fmt: skip
    (project.folder / "it").write_bytes(gzip.compress(f'{json.dumps(head)}\n{{"ended":[]}}\n'.encode()))
    told = (
        "import pytest; from opschecks.core import clock; "
        "print(pytest.main(['checks/daily', '--replay', 'it', '--reports', 'it/reports']), clock.now().isoformat())"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=project.folder, env=project.environment(),
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert "the folder cannot be created" in done.stderr
    assert done.stdout.startswith("4 20")
    assert str(head["started"]) not in done.stdout


def test_a_run_that_records_nothing_imports_none_of_it(project: Project) -> None:
    project.checks("")
    _, loaded = project.imports("checks/daily")
    assert "opschecks.core.tape" in loaded
    assert not [name for name in loaded if name.startswith("opschecks.recording")]


CONFTEST = '''\
from datetime import timedelta
from opschecks import Resource, observation

pytest_plugins = ["opschecks"]


@observation()
def heard(aws, http, now, tape) -> list[Resource]:
    """What the world says."""
    told = aws.call("ecs", "ListTasks", cluster="c", startedBy=f"{now:%H:%M:%S.%f}", family="f")
    tape.ask("dns", "the address of x", {"host": "x"}, lambda: ["1.2.3.4"])
    return [Resource(arn=one, name=one, evidence={}) for one in told["taskArns"]]


def pytest_opschecks_finding(finding):
    open("told", "a").write(f"{finding.outcome}\\n")
'''
CHECK = """
@promise("a")
def test_tasks(heard, examine):
    '''Why.'''
    for one in heard:
        with examine(one):
            assert one.name.endswith("1")
"""


def _recorded(project: Project, *lines: dict[str, Any]) -> None:
    """A recording of the scratch project, made by hand."""
    moment = "2026-11-24T07:00:00.000005+00:00"
    stack = {"name": "here", "region": "us-west-2"}
    head = {"opschecks recording": 1, "scrubbed": True, "suite": "daily", "started": moment, "partial": ""}
    head |= {"versions": {}, "stacks": [stack], "waivers": [], "expected": {}}
    clock = {"kind": "moment", "call": "the clock", "question": {"stack": "here"}, "answer": {"$moment": moment}}
    text = "".join(json.dumps(one) + "\n" for one in (head, clock, *lines, {"ended": []}))
    (project.folder / "it.rec").write_bytes(gzip.compress(text.encode()))


def _aws(operation: str, answer: Any, service: str = "ecs", **parameters: Any) -> dict[str, Any]:
    asked = {"stack": "here", "service": service, "operation": operation, "parameters": parameters}
    return {"kind": "aws", "call": f"{service}:{operation}", "question": asked, "answer": answer}


IDENTITY = _aws("GetCallerIdentity", {"Account": "000000000001"}, "sts")
DNS = {"kind": "dns", "call": "x", "question": {"host": "x"}, "answer": ["1.2.3.4"]}


def test_what_is_asked_relative_to_the_clock_is_found_at_its_moment(project: Project) -> None:
    project.write("conftest.py", CONFTEST)
    project.checks(CHECK)
    tasks = _aws("ListTasks", {"taskArns": ["t1", "t2"]}, family="f", startedBy="07:00:00.000005", cluster="c")
    _recorded(project, IDENTITY, DNS, tasks)
    assert project.run("checks/daily", "--replay", "it.rec", *OFFLINE, TZ="America/Lima").code == 1
    told = project.told("replay/daily.json")
    assert [(one["name"], one["outcome"]) for one in told["findings"]] == [("t1", "passed"), ("t2", "failed")]
    assert told["stacks"][0]["account_id"] == "000000000001"
    assert not (project.folder / "told").exists(), "somebody was called for a finding that is long over"


def test_a_newer_check_that_asks_otherwise_is_blind(project: Project) -> None:
    project.write("conftest.py", CONFTEST.replace('family="f"', 'family="other"'))
    project.checks(CHECK)
    tasks = _aws("ListTasks", {"taskArns": ["t1"]}, family="f", startedBy="07:00:00.000005", cluster="c")
    _recorded(project, IDENTITY, DNS, tasks)
    assert project.run("checks/daily", "--replay", "it.rec", *OFFLINE).code == 10
    [finding] = project.told("replay/daily.json")["findings"]
    assert finding["message"].startswith('not in the recording: ecs:ListTasks {"cluster": "c"')
    assert '"family": "other"' in finding["message"]


def test_a_recorded_refusal_is_the_same_refusal(project: Project) -> None:
    project.write("conftest.py", CONFTEST)
    project.checks(CHECK)
    tasks = _aws("ListTasks", None, family="f", startedBy="07:00:00.000005", cluster="c")
    why = {"kind": "CouldNotLook", "call": "ecs:ListTasks", "reason": "AccessDenied: no", "action": "ecs:ListTasks"}
    _recorded(project, IDENTITY, DNS, {**{key: tasks[key] for key in ("kind", "call", "question")}, "error": why})
    assert project.run("checks/daily", "--replay", "it.rec").code == 10
    [finding] = project.told("replay/daily.json")["findings"]
    assert finding["message"] == "ecs:ListTasks: AccessDenied: no – allow ecs:ListTasks"


WAIVED = """
@promise("a")
def test_things(things, examine, now):
    '''Why.'''
    for thing in things:
        with examine(thing):
            assert thing.name != "a", f"at {now:%H:%M:%S.%f}"
"""


@pytest.mark.parametrize("how", [[], ["--record-raw"]], ids=["scrubbed", "raw"])
def test_waivers_and_the_moment_are_those_of_the_recorded_run(project: Project, how: list[str]) -> None:
    project.checks(WAIVED)
    project.write(
        "checks/waivers.toml",
        """\
        [[waivers]]
        check = "test_things"
        resource = "a"
        until = 2099-01-01
        owner = "Zanarq"
        reason = "known"
        """.replace("2099-01-01", f"{clock.now() + timedelta(days=3):%Y-%m-%d}"),
    )
    first = project.run("checks/daily", "--record", "it.rec", *how)
    assert "recording: it.rec" in first.out, first.all
    recorded = project.told()
    (project.folder / "checks" / "waivers.toml").unlink()
    replay(project, "daily")
    replayed = project.told("replay/daily.json")
    assert found(replayed) == found(recorded)
    assert [one["outcome"] for one in replayed["findings"]].count("waived") == 1
    assert (b"anarq" in gzip.decompress((project.folder / "it.rec").read_bytes())) is bool(how)


def test_a_recording_that_cannot_be_written_is_told_and_ends_the_run_as_no_success(project: Project) -> None:
    project.checks(WAIVED)
    project.write("folder", "a file where a folder should be")
    done = project.run("checks/daily", "--record", "folder/it.rec")
    assert done.code == 3
    assert "the recording could not be written: " in done.out


def test_a_raw_recording_is_the_owners_alone(project: Project) -> None:
    project.checks(WAIVED)
    done = project.run("checks/daily", "--record", "new/it.rec", "--record-raw")
    assert "RAW: it has names, addresses, logs and secrets" in done.out
    assert (project.folder / "new" / "it.rec").stat().st_mode & 0o077 == 0
