"""Bad input is one message that names file and key, the nearest valid name and the next step; exit code 4."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from opschecks.config.waivers import Waiver, WaiverError, load_waivers, states, waiver_for
from opschecks.core.model import Outcome
from tests.exported import NOW, made, of
from tests.scratch import QUICK, STACKS, Project, check_of_each

TODAY = NOW.date()
CHECK = check_of_each("test_things_are_fine")
WAIVER = {
    "check": '"test_things_are_fine"',
    "resource": '"a"',
    "until": str(TODAY + timedelta(days=9)),
    "owner": '"me"',
    "reason": '"known"',
}
STANDS = f"""
from datetime import datetime
from opschecks.core import clock

clock.stand_at(datetime.fromisoformat("{NOW.isoformat()}"))
"""
TWO = '[stacks.production]\nregion = "us-west-2"\n[stacks.staging]\nregion = "us-west-2"\n'


@pytest.fixture
def checked(project: Project) -> Project:
    project.append(STANDS)
    project.checks(CHECK)
    project.write("reports/daily.html", "yesterday's page")
    return project


def _refused(project: Project, *arguments: str) -> str:
    """The one message of a run that is refused."""
    ended = project.run("checks/daily", *arguments).ends(4)
    assert ended.out.strip() == ""
    lines = ended.err.strip().splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("ERROR: ")
    return lines[0].removeprefix("ERROR: ")


STACKS_FILES = {
    'default = "here"\n[stacks.here]\nregoin = "us-west-2"\n': (
        "stacks.toml: stacks.here.regoin: unknown key; did you mean 'region'?"
    ),
    'default = "here"\n[stacks.here]\nlimits = { cpu_percnt = 5 }\n': (
        "stacks.toml: stacks.here.limits.cpu_percnt: unknown key; did you mean 'cpu_percent'?"
    ),
    'default = "here"\n[stacks.here]\nlimits = { cpu_percent = "hot" }\n': (
        "stacks.toml: stacks.here.limits.cpu_percent: expected a number, not 'hot'"
    ),
    'default = "her"\n[stacks.here]\nregion = "us-west-2"\n': (
        "stacks.toml: default: no stack 'her'; did you mean 'here'?"
    ),
    'default = "here"\n[stacks.here]\n[stacks.here.limits."prod/worker"]\nmin_task = 1\n': (
        "stacks.toml: stacks.here.limits.\"prod/worker\".min_task: unknown key; did you mean 'min_tasks'?"
    ),
    'default = "here"\n[stacks.here]\ncluster = "prod"\nservices = ["worker"]\nlimits."prod/wroker".min_tasks = 1\n': (
        "stacks.toml: stacks.here: limits.\"prod/wroker\": the stack has no such resource; did you mean 'prod/worker'?"
    ),
    TWO: ("stacks.toml: default: not set; set it to one of its stacks, or name one with --stack production"),
    f'default = "box"\n[stacks.box]\nsandbox = true\n{TWO}': (
        "stacks.toml: default: it is the sandbox, although 'production' is listed; set it to a real stack, "
        "or name one with --stack production (or --stack box)"
    ),
    'default = "here"\n[stacks.here]\nwithout = ["incident_table"]\nregion = "us-west-2"\n': (
        "stacks.toml: stacks.here.without: 'incident_table' is neither a heading of RUNBOOK.md nor a check nor a key; "
        "did you mean 'incidents_table'?"
    ),
    'default = "here"\n[stacks.here]\nprofile = "on-cal"\nregion = "us-west-2"\n': (
        "stacks.here.profile: the AWS configuration has no profile 'on-cal'; did you mean 'on-call'?"
    ),
    'default = "here"\n[stacks.here]\n': (
        'stacks.here.region: not set, and neither profile nor environment names one; set region = "…" or AWS_REGION'
    ),
    "default = 1 2\n": (
        "stacks.toml: not valid TOML: Expected newline or end of document after a statement (at line 1, column 13)"
    ),
    "": "stacks.toml: no stacks in it; add a [stacks.NAME] table",
}


@pytest.mark.parametrize(("text", "message"), STACKS_FILES.items(), ids=range(len(STACKS_FILES)))
def test_stacks_toml(checked: Project, text: str, message: str) -> None:
    checked.write("stacks.toml", text)
    checked.write("aws-config", "[profile on-call]\nregion = us-west-2\n")
    assert _refused(checked) == message
    assert "no run" in checked.page().lower()
    assert message.split(":")[0].split(";")[0] in checked.page()


WAIVERS = {
    "owner": ({"owner": ""}, "owner: missing; a waiver names check, resource, until, owner and reason"),
    "empty owner": ({"owner": '" "'}, "owner: empty, or not a text; a waiver needs one"),
    "reason": ({"reason": ""}, "reason: missing; a waiver names check, resource, until, owner and reason"),
    "check": ({"check": '"test_thing_is_fine"'}, "check: no such check; did you mean 'test_things_are_fine'?"),
    "stack": ({"stack": '"hre"'}, "stack: no such stack; did you mean 'here'?"),
    "key": ({"ownr": '"me"'}, "ownr: unknown key; did you mean 'owner'?"),
    "past": (
        {"until": str(TODAY - timedelta(days=1))},
        f"until: it ended on {TODAY - timedelta(days=1)}; extend it, or delete it and let the check fail (owner: me)",
    ),
    "too long": (
        {"until": str(TODAY + timedelta(days=91))},
        (
            f"until: {TODAY + timedelta(days=91)} is more than 90 days ahead; "
            f"the latest day is {TODAY + timedelta(days=90)}"
        ),
    ),
}


def _waive(project: Project, change: dict[str, str]) -> None:
    """With WAIVER but for these keys; an empty one is left out."""
    lines = (f"{key} = {value}\n" for key, value in {**WAIVER, **change}.items() if value)
    project.write("checks/waivers.toml", f"[[waivers]]\n{''.join(lines)}")


@pytest.mark.parametrize(("change", "message"), WAIVERS.values(), ids=WAIVERS)
def test_waivers(checked: Project, change: dict[str, str], message: str) -> None:
    _waive(checked, change)
    told = _refused(checked)
    assert told.startswith("checks/waivers.toml: waiver 1 (")
    assert told.endswith(message)


def test_the_latest_and_the_last_day_are_taken(checked: Project) -> None:
    for days in (0, 90):
        _waive(checked, {"until": str(TODAY + timedelta(days=days))})
        assert checked.run("checks/daily").code == 0


def test_a_last_day_is_over_with_that_of_the_stack(checked: Project) -> None:
    """It is 23:00 of the day before in California."""
    checked.write("stacks.toml", f'{STACKS}time_zone = "America/Los_Angeles"\n')
    _waive(checked, {"until": str(TODAY - timedelta(days=1))})
    assert checked.run("checks/daily").code == 0
    assert [one["days_left"] for one in checked.told()["waivers"]] == [0]
    _waive(checked, {"until": str(TODAY - timedelta(days=2))})
    assert "it ended on" in _refused(checked)


@pytest.mark.parametrize(
    ("stack", "hour", "day"),
    [("la", 7, -1), ("tokyo", 7, 0), ("", 7, -1), ("la", 23, 0), ("tokyo", 23, 1), ("", 23, 0)],
)
def test_a_day_is_over_where_the_waiver_is_for(tmp_path: Path, stack: str, hour: int, day: int) -> None:
    """Of all stacks it is over when it is over in each of their zones; `day`: what is today there, beside UTC's."""
    zones = {"la": ZoneInfo("America/Los_Angeles"), "tokyo": ZoneInfo("Asia/Tokyo")}
    path, now = tmp_path / "waivers.toml", NOW.replace(hour=hour)

    def read(until: date) -> list[Waiver]:
        told = {**WAIVER, "until": str(until), **({"stack": f'"{stack}"'} if stack else {})}
        path.write_text("[[waivers]]\n" + "".join(f"{key} = {value}\n" for key, value in told.items()))
        return load_waivers(path, now=now, checks=lambda: ["test_things_are_fine"], zones=zones)

    today = TODAY + timedelta(days=day)
    (waiver,) = read(today)
    result = replace(made("a", "failed"), check="test_things_are_fine", stack="tokyo")
    assert [one.days_left for one in states([waiver], [result], [], now, zones)] == ([] if stack == "la" else [0])
    with pytest.raises(WaiverError, match="it ended on"):
        read(today - timedelta(days=1))


ARGUMENTS = {
    ("--stack", "hre"): "--stack hre: stacks.toml has no such stack; did you mean 'here'?",
    ("--stacks", "nowhere.toml"): "nowhere.toml: no such file; --stacks FILE names another one, and "
    "`opschecks init --sandbox --write` makes one to begin with, `opschecks init` one of what an account has",
    ("--fault", "x"): "--fault x: only the sandbox has faults, and no sandbox is selected",
    ("checks/weekly",): "daily, weekly: a run takes one suite; choose one of checks/daily, checks/weekly, "
    "checks/deploy/before, checks/deploy/after, checks/drills",
    ("checks/dayly",): "checks/dayly: not a suite; did you mean 'daily'?",
    ("tests",): None,
}


@pytest.mark.parametrize(("arguments", "message"), ARGUMENTS.items(), ids=lambda value: str(value)[:20])
def test_arguments(checked: Project, arguments: tuple[str, ...], message: str | None) -> None:
    for folder in ("checks/weekly", "tests"):
        (checked.folder / folder).mkdir(parents=True)
    told = _refused(checked, *arguments)
    assert message is None or told == message


def test_a_mistyped_name_leaves_the_page_alone(checked: Project) -> None:
    _refused(checked, "--stack", "hre")
    assert checked.page() == "yesterday's page"


def test_unknown_fault(tmp_path_factory: pytest.TempPathFactory) -> None:
    project = Project.of_the_checks(tmp_path_factory.mktemp("faults"))
    told = _refused(project, "--fault", "alarm_is_ringin")
    assert told == "--fault alarm_is_ringin: no such fault; did you mean 'alarm_is_ringing'?"


@pytest.mark.parametrize("suite", ["deploy/before", "deploy/after", "drills"])
def test_what_can_hurt_wants_its_stack_named(project: Project, suite: str) -> None:
    project.checks(CHECK, f"{suite}/test_things.py")
    ended = project.run(f"checks/{suite}").ends(4)
    assert ended.err.strip() == "ERROR: name the stack with --stack; known: here"
    assert project.run(f"checks/{suite}", "--stack", "here").code == 0


NO_CHECKS = {
    "def test_things():\n    pass\n": "checks/daily/test_things.py:9: test_things: not a check; decorate it with @",
    CHECK.replace("(things,", "(thngs,").replace("in things", "in thngs"): (
        "thngs: a check takes observations, stack, now and examine; did you mean 'things'?"
    ),
}


@pytest.mark.parametrize(("text", "message"), NO_CHECKS.items(), ids=["a test", "an unknown observation"])
def test_what_is_not_a_check(project: Project, text: str, message: str) -> None:
    project.checks(text)
    ended = project.run("checks/daily").ends(4)
    assert message in ended.err


def test_options_of_a_checks_run_are_refused_elsewhere(project: Project) -> None:
    project.write("tests/test_x.py", "def test_x():\n    pass\n")
    ended = project.run("tests", "--stack", "here").ends(4)
    assert "applies to checks only" in ended.err


def test_another_account_than_the_stacks(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path, QUICK.replace("123456789012", "210987654321"))
    project.write("reports/daily.html", "yesterday's page")
    ended = project.run("checks/daily").ends(4)
    assert (
        "stacks.sandbox.account_id is 210987654321, but the credentials belong to 123456789012; "
        "use that account's credentials, or correct account_id"
    ) in ended.err
    assert "yesterday" not in project.page()
    assert project.told()["calls"] == 1


UNREACHABLE: dict[str, tuple[str, dict[str, str]]] = {
    "NoCredentialsError": ("", {}),
    "EndpointConnectionError": (
        'endpoint_url = "http://127.0.0.1:9"\nlimits = { aws_attempts = 1 }\n',
        {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
    ),
}


@pytest.mark.parametrize("error", UNREACHABLE)
def test_what_cannot_be_reached_is_blind_and_the_page_is_written(checked: Project, error: str) -> None:
    keys, environment = UNREACHABLE[error]
    checked.write("stacks.toml", f'{STACKS}cluster = "c"\nservices = ["s"]\n{keys}')
    checked.checks(CHECK.replace("things", "services"))
    ended = checked.run("checks/daily", **environment).ends(10)
    assert f"sts:GetCallerIdentity: {error}" in ended.out
    assert "yesterday" not in checked.page()


ACCEPTED = Waiver(
    check="test_a", resource="test_a-0", until=(NOW + timedelta(days=3)).date(), owner="me", reason="known"
)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_failure_is_waived(outcome: Outcome) -> None:
    """What could not be looked at is not known, so nobody can have accepted it."""
    found = waiver_for(of(made("a", "failed"), outcome=outcome), [ACCEPTED])
    assert (found is ACCEPTED) is (outcome is Outcome.FAILED)


@pytest.mark.parametrize(
    ("of_check", "number", "accepted"), [("a", 0, True), ("a", 1, False), ("b", 0, False)], ids=["it", "one", "check"]
)
def test_only_of_its_check_and_resource(of_check: str, number: int, accepted: bool) -> None:
    assert (waiver_for(of(made(of_check, "failed"), number), [ACCEPTED]) is ACCEPTED) is accepted
