"""`opschecks` as users type it: what it lists, the sandbox that it keeps, and how it refuses."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from opschecks.config.stack import Stack
from opschecks.core.declared import limits_in
from opschecks.hooks.select import find_checks
from tests.fault_groups import known_faults
from tests.forks import TIMEOUT_S
from tests.scratch import ROOT, Ended, Project

QUICK_STACKS = ROOT / "tests" / "quick_stacks.toml"
KINDS = ("checks", "observations", "drills", "faults", "stacks", "keys")
READ_ALARMS = """
import json, boto3
alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
print(json.dumps({alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}))
"""


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The checks of this repository, in a folder of their own."""
    return Project.of_the_checks(tmp_path_factory.mktemp("checks"))


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "opschecks.cli", *arguments]


def _listed(project: Project, kind: str, *arguments: str) -> list[dict[str, str]]:
    ended = project.opschecks("list", kind, "--format", "json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    rows: list[dict[str, str]] = json.loads(ended.out)
    return rows


def _refused(project: Project, *arguments: str) -> str:
    """The one line that says what is wrong."""
    ended = project.opschecks(*arguments)
    assert ended.code in (1, 2)
    assert ended.out == ""
    assert "Traceback" not in ended.err
    (line,) = ended.err.strip().splitlines()
    return line


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_teaches_the_next_step(project: Project, option: str) -> None:
    ended = project.opschecks(option)
    assert ended.code == 0
    for word in ("pytest checks/daily", "--stack NAME", "--fault NAME", "opschecks list faults", "opschecks sandbox"):
        assert word in ended.out


@pytest.mark.parametrize("command", ["list", "sandbox"])
def test_every_command_has_help_with_every_option_explained(project: Project, command: str) -> None:
    ended = project.opschecks(command, "--help")
    assert ended.code == 0
    options = [line for line in ended.out.splitlines() if line.strip().startswith("--")]
    assert len(options) >= 2
    assert all(len(line.split()) > 3 for line in options), options
    if command == "list":
        assert all(kind in ended.out for kind in KINDS)


def test_the_version_is_the_packages(project: Project) -> None:
    from importlib.metadata import version

    ended = project.opschecks("--version")
    assert ended.code == 0
    assert version("opschecks") in ended.out


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_json_list_the_same(checks: Project, kind: str) -> None:
    rows = _listed(checks, kind)
    shown = checks.opschecks("list", kind)
    assert (shown.code, shown.err) == (0, "")
    assert rows
    assert all(row.keys() == rows[0].keys() for row in rows)
    for row in rows:
        for value in row.values():
            assert value in shown.out
    starts = [line.split()[0] for line in shown.out.splitlines() if not line.startswith(" ")]
    assert starts == [next(iter(row.values())) for row in rows]


def test_every_check_is_listed_with_its_file_and_why_it_hurts(checks: Project) -> None:
    rows = _listed(checks, "checks")
    wanted = {(name, str(path.relative_to(ROOT))) for name, path in find_checks(ROOT / "checks")}
    assert len(wanted) > 20
    assert {(row["check"], row["file"]) for row in rows} == wanted
    assert all(row["why"].endswith(".") for row in rows)


def test_every_fault_is_listed_with_what_catches_it(checks: Project) -> None:
    rows = {row["fault"]: row for row in _listed(checks, "faults")}
    names = {name for name, _ in find_checks(ROOT / "checks")}
    assert set(rows) == set(known_faults())
    for name, row in rows.items():
        caught = set(row["caught by"].removeprefix("fails ").split(", ")) - {""}
        assert caught == set(known_faults()[name].caught_by)
        assert caught <= names
        assert caught or row["blinds"].startswith("blinds ")
        assert row["what"].endswith(".")


def test_every_observation_is_listed_with_what_it_may_ask_for(checks: Project) -> None:
    rows = {row["observation"]: row for row in _listed(checks, "observations")}
    assert rows["target_groups"]["allow"] == "IAM: elasticloadbalancing:DescribeTargetGroupAttributes"
    assert rows["websocket_session"]["allow"] == ""
    assert rows["alarms"]["what"]


def test_stacks_are_listed_with_where_they_are(project: Project) -> None:
    project.write(
        "stacks.toml",
        """\
        default = "production"
        [stacks.production]
        region = "us-west-2"
        account_id = "123456789012"
        [stacks.elsewhere]
        [stacks.box]
        sandbox = true
        """,
    )
    assert _listed(project, "stacks") == [
        {"stack": "production", "where": "123456789012, us-west-2", "default": "the default"},
        {"stack": "elsewhere", "where": "any account, any region", "default": ""},
        {"stack": "box", "where": "SANDBOX", "default": ""},
    ]


def test_another_stacks_file_can_be_listed(project: Project) -> None:
    assert [row["stack"] for row in _listed(project, "stacks", "--stacks", str(QUICK_STACKS))] == ["sandbox"]


def _keys_of(table: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The keys of a table, those of the tables in it after its own name and a dot."""
    for key, field in table.model_fields.items():
        types = [field.annotation, *get_args(field.annotation)]
        inner = [one for one in types if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            yield from _keys_of(inner[0], f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def test_every_key_of_stacks_toml_is_listed(project: Project) -> None:
    rows = {row["key"]: row for row in _listed(project, "keys")}
    wanted = set(_keys_of(Stack)) - {"name"}
    assert {"region", "limits.cpu_percent", "dashboards.path"} <= wanted
    of_checks = {f"limits.{name}" for name in limits_in(ROOT / "checks")}
    assert "limits.queue_age_minutes" in of_checks
    assert set(rows) == (wanted - {"limits.own"}) | of_checks | {'limits."RESOURCE"'}
    assert [key for key, row in rows.items() if not row["what"]] == []
    assert "the most specific" in rows['limits."RESOURCE"']["what"].lower()
    assert rows["limits.cpu_percent"]["default"] == "default: 80"
    assert rows["limits.cpu_percent"]["what"].endswith("; also per resource")
    assert not rows["limits.pages"]["what"].endswith("; also per resource")
    assert rows["dashboards.path"]["default"] == "required"


def test_where_there_are_no_checks_it_lists_those_that_opschecks_ships(project: Project) -> None:
    shutil.rmtree(project.folder / "checks")
    wanted = {(name, str(path)) for name, path in find_checks(ROOT / "checks")}
    assert {(row["check"], row["file"]) for row in _listed(project, "checks")} == wanted
    (project.folder / "checks").mkdir()
    assert _listed(project, "checks") == []
    assert project.opschecks("list", "checks").out.strip() == "no checks here; see README.md"


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(project: Project) -> None:
    ended = project.opschecks("list", "check")
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert all(kind in ended.err for kind in KINDS)


@pytest.mark.parametrize("command", [["list", "stacks"], ["sandbox"]], ids=" ".join)
def test_a_bad_stacks_file_is_one_line(project: Project, command: list[str]) -> None:
    project.write("stacks.toml", '[stacks.here]\nregoin = "x"\n')
    line = _refused(project, *command)
    assert line == "Error: stacks.toml: stacks.here.regoin: unknown key; did you mean 'region'?"
    line = _refused(project, *command, "--stacks", "nowhere.toml")
    assert line == (
        "Error: nowhere.toml: no such file; --stacks FILE names another one, and `opschecks init --sandbox --write` "
        "makes one to begin with"
    )


@pytest.mark.parametrize("text", [b"def test_things(:\n    pass\n", b"name = '\xff'\n"], ids=["no Python", "no text"])
def test_a_check_file_that_cannot_be_read_is_one_line(project: Project, text: bytes) -> None:
    project.write("checks/daily/test_things.py", "")
    (project.folder / "checks/daily/test_things.py").write_bytes(text)
    assert _refused(project, "list", "checks").startswith("Error: checks/daily/test_things.py:")


def test_an_unknown_fault_names_the_nearest(checks: Project) -> None:
    line = _refused(checks, "sandbox", "--fault", "alarm_is_ringin")
    assert line == "Error: --fault alarm_is_ringin: no such fault; did you mean 'alarm_is_ringing'?"


def test_a_sandbox_is_made_of_a_sandbox_stack_only(project: Project) -> None:
    assert _refused(project, "sandbox") == "Error: stacks.toml: no stack has sandbox = true"
    line = _refused(project, "sandbox", "--stack", "here")
    assert line == "Error: --stack here: stacks.toml has no sandbox of that name; there is none"
    line = _refused(project, "sandbox", "--stack", "sandbx", "--stacks", str(QUICK_STACKS))
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
    process = subprocess.Popen(
        _command("sandbox", "--stacks", str(QUICK_STACKS), "--format", form, *arguments),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
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
    done = subprocess.run(
        [sys.executable, "-c", READ_ALARMS],
        cwd=project.folder,
        env=project.environment(**environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    states: dict[str, str] = json.loads(done.stdout)
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
    )
    assert ended.code == 4
    assert "opschecks sandbox --fault alarm_is_ringing" in ended.err


@pytest.mark.parametrize("variable", ["OPSCHECKS_SANDBOX", "AWS_ENDPOINT_URL"])
def test_a_real_stack_is_refused_where_the_environment_is_a_sandboxs(
    kept: Kept, project: Project, variable: str
) -> None:
    project.runbook("a")
    project.checks('''
    @promise("a")
    def test_passes(things, examine):
        """Why."""
        with examine(things[0]):
            pass
    ''')
    ended = project.run("checks/daily", **{variable: kept.environment[variable]})
    assert ended.code == 4
    assert ended.out.strip() == ""
    assert f"stacks.here: {variable} is set" in ended.err
    assert not (project.folder / "reports" / "daily.json").exists()
    assert project.run("checks/daily").code == 0


@pytest.mark.parametrize("told", ["yes", "{}", '{"endpoint_url": "http://127.0.0.1:9"}', "[]"])
def test_an_environment_that_was_not_printed_by_it_is_refused(checks: Project, told: str) -> None:
    ended = checks.run("checks/daily", OPSCHECKS_SANDBOX=told)
    assert ended.code == 4
    assert "OPSCHECKS_SANDBOX: not what `opschecks sandbox` prints" in ended.err
    assert "Traceback" not in ended.all


def test_shell_exports_are_what_json_says(checks: Project) -> None:
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(checks: Project, number: signal.Signals) -> None:
    with _keep(checks) as running:
        code, said = running.end(number)
    assert (code, said) == (0, "")


def test_a_fault_is_there_before_the_environment_is_printed(checks: Project, tmp_path: Path) -> None:
    with _keep(checks, "--fault", "alarm_is_ringing", "--fault", "stickiness_is_short") as running:
        assert "ALARM" in _alarms(checks, running.environment).values()
        ended, told = _run(checks, running, tmp_path / "reports")
        code, _ = running.end(signal.SIGINT)
    assert ended.code == 1, ended.all
    failed = {one["check"] for one in told["checks"] if one["outcome"] == "failed"}
    assert failed == {"test_no_alarm_is_ringing", "test_websocket_sessions_are_sticky"}
    assert code == 0
