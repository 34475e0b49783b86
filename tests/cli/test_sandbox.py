"""`opschecks sandbox`: what it keeps running, what it prints, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.typed import QUICK_STACKS, refused_fresh
from tests.forks import TIMEOUT_S
from tests.scratch import Ended, Project, check_of_each

READ_ALARMS = """
import json, boto3
alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
print(json.dumps({alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}))
"""


def test_an_unknown_fault_names_the_nearest(checks: Project) -> None:
    line = refused_fresh(checks, "sandbox", "--fault", "alarm_is_ringin")
    assert line == "--fault alarm_is_ringin: no such fault; did you mean 'alarm_is_ringing'?"


def test_a_sandbox_is_made_of_a_sandbox_stack_only(project: Project) -> None:
    assert refused_fresh(project, "sandbox") == "stacks.toml: no stack has sandbox = true"
    line = refused_fresh(project, "sandbox", "--stack", "here")
    assert line == "--stack here: stacks.toml has no sandbox of that name; there is none"
    line = refused_fresh(project, "sandbox", "--stack", "sandbx", "--stacks", str(QUICK_STACKS))
    assert line.endswith("did you mean 'sandbox'?")


class Kept:
    """A sandbox that `opschecks sandbox` keeps running."""

    def __init__(self, process: subprocess.Popen[str], printed: str, environment: Mapping[str, str]) -> None:
        self.process = process
        self.printed = printed
        self.environment = dict(environment)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit code and what it said, once it has been sent the signal."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, said


@contextmanager
def _keep(project: Project, *arguments: str, form: str = "json") -> Iterator[Kept]:
    command = [sys.executable, "-m", "opschecks.cli", "sandbox", "--stacks", str(QUICK_STACKS), "--format", form]
    process = subprocess.Popen(
        [*command, *arguments], cwd=project.folder, env=project.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = ""
        while "running" not in said and (line := process.stderr.readline()):
            said += line
        assert "running" in said, said
        last = "}" if form == "json" else "export DASHBOARD_URL="
        printed = ""
        while not (line := process.stdout.readline()).startswith(last):
            assert line, printed
            printed += line
        printed += line
        yield Kept(process, printed, json.loads(printed) if form == "json" else {})
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def kept(checks: Project) -> Iterator[Kept]:
    with _keep(checks) as running:
        yield running


def _run(project: Project, kept: Kept, folder: Path) -> tuple[Ended, dict[str, Any]]:
    """A daily run with the environment that was printed; how it ended, and its run file."""
    ended = project.run("checks/daily", "--stacks", str(QUICK_STACKS), "--reports", str(folder), **kept.environment)
    told: dict[str, Any] = json.loads((folder / "daily.json").read_text(encoding="utf-8"))
    return ended, told


def _alarms(project: Project, environment: Mapping[str, str]) -> dict[str, str]:
    done = project.python("-c", READ_ALARMS, **environment).ends(0)
    states: dict[str, str] = json.loads(done.out)
    return states


def test_the_printed_environment_points_boto3_at_the_sandbox(kept: Kept, checks: Project) -> None:
    assert kept.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert kept.environment["AWS_ACCESS_KEY_ID"] == "sandbox"
    states = _alarms(checks, kept.environment)
    assert states
    assert set(states.values()) == {"OK"}


def test_a_run_with_the_printed_environment_is_of_that_sandbox(kept: Kept, checks: Project, tmp_path: Path) -> None:
    ended, told = _run(checks, kept, tmp_path / "reports")
    assert ended.code == 0, ended.all
    assert "SANDBOX" in ended.out
    assert told["sandbox"] is True
    assert told["stacks"][0]["tokens"]["backend-url"] == kept.environment["BACKEND_URL"]
    assert "SANDBOX" in (tmp_path / "reports" / "daily.html").read_text(encoding="utf-8")
    assert kept.process.poll() is None


def test_the_printed_environment_takes_no_fault_of_a_run(kept: Kept, checks: Project) -> None:
    ended = checks.run(
        "checks/daily", "--fault", "alarm_is_ringing", OPSCHECKS_SANDBOX=kept.environment["OPSCHECKS_SANDBOX"]
    ).ends(4)
    assert "opschecks sandbox --fault alarm_is_ringing" in ended.err


@pytest.mark.parametrize("variable", ["OPSCHECKS_SANDBOX", "AWS_ENDPOINT_URL"])
def test_a_real_stack_is_refused_where_the_environment_is_a_sandboxs(
    kept: Kept, project: Project, variable: str
) -> None:
    project.checks(check_of_each("test_passes"))
    ended = project.run("checks/daily", **{variable: kept.environment[variable]}).ends(4)
    assert ended.out.strip() == ""
    assert f"stacks.here: {variable} is set" in ended.err
    assert not (project.folder / "reports" / "daily.json").exists()
    assert project.run("checks/daily").code == 0


@pytest.mark.parametrize("told", ["yes", "{}", '{"endpoint_url": "http://127.0.0.1:9"}', "[]"])
def test_an_environment_that_was_not_printed_by_it_is_refused(checks: Project, told: str) -> None:
    ended = checks.run("checks/daily", OPSCHECKS_SANDBOX=told).ends(4)
    assert "OPSCHECKS_SANDBOX: not what `opschecks sandbox` prints" in ended.err
    assert "Traceback" not in ended.all


def test_shell_exports_are_what_json_says_and_sigterm_ends_it_in_order(checks: Project) -> None:
    with _keep(checks, form="shell") as running:
        script = f'{running.printed}\nexec {sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"'
        done = subprocess.run(
            ["bash", "-c", script], env=checks.environment(), capture_output=True, text=True, check=True
        )
        environment = json.loads(done.stdout)
        facts = json.loads(environment["OPSCHECKS_SANDBOX"])
        assert environment["AWS_ENDPOINT_URL"] == facts["endpoint_url"]
        assert environment["BACKEND_URL"] == facts["backend_url"]
        assert environment["AWS_SECRET_ACCESS_KEY"] == facts["credentials"]["aws_secret_access_key"]
        assert _alarms(checks, environment)
        assert running.end(signal.SIGTERM) == (0, "")


def test_a_fault_is_there_before_the_environment_is_printed_and_ctrl_c_ends_it_in_order(
    checks: Project, tmp_path: Path
) -> None:
    with _keep(checks, "--fault", "alarm_is_ringing", "--fault", "stickiness_is_short") as running:
        assert "ALARM" in _alarms(checks, running.environment).values()
        ended, told = _run(checks, running, tmp_path / "reports")
        assert running.end(signal.SIGINT) == (0, "")
    assert ended.code == 1, ended.all
    failed = {one["check"] for one in told["checks"] if one["outcome"] == "failed"}
    assert failed == {"test_no_alarm_is_ringing", "test_websocket_sessions_are_sticky"}
