"""Suites of one's own, by a conftest or an opschecks.ini; and one run of own checks and of shipped ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from opschecks.cli.policy import named_suites
from opschecks.core.check_names import check_names
from opschecks.core.shipped import roots_of, shipped_checks
from opschecks.core.suites import SuiteError, own_suites, suites_in
from tests.cli.typed import opschecks
from tests.scratch import ROOT, Project, check_of_each


def said(name: str) -> str:
    return f'suite = "{name}"\n'


@pytest.fixture
def hourly(project: Project) -> Project:
    project.checks(check_of_each("test_often"), "often/test_things.py")
    project.write("checks/often/conftest.py", said("hourly"))
    return project


def test_it_runs_is_filed_and_is_compared_as_the_others_are(hourly: Project) -> None:
    for _ in range(2):
        ended = hourly.run("checks/often").ends(0)
    assert "opschecks: hourly checks of here" in ended.out
    assert hourly.outcomes("hourly.json") == {"test_often": "passed"}
    assert len(list((hourly.folder / "reports/history/here/hourly").glob("*.json"))) == 2
    assert "hourly checks of here" in hourly.page("hourly.html")
    assert hourly.told("hourly.json")["past"][0]["runs"] == 1
    listed = hourly.opschecks("history", "list", "--suite", "hourly")
    assert listed.out.count("0 failed") == 2, listed.all


def test_the_others_do_not_have_its_checks(hourly: Project) -> None:
    hourly.checks(check_of_each("test_daily"))
    assert hourly.run("checks/daily").code == 0
    assert hourly.outcomes() == {"test_daily": "passed"}
    ended = hourly.run("checks/daily", "checks/often").ends(4)
    assert "a run takes one suite; choose one of checks/daily" in ended.err
    assert "checks/often" in ended.err


def test_a_mistyped_one_is_told_with_the_nearest(hourly: Project) -> None:
    (hourly.folder / "checks/oftn").mkdir()
    assert "checks/oftn: not a suite; did you mean 'often'?" in hourly.run("checks/oftn").err


def test_policy_and_list_know_it(hourly: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly.checks(check_of_each("test_often", of="alarms"), "often/test_things.py")
    hourly.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "eu-west-1"\nalarm_prefix = "shop-"\n')
    monkeypatch.chdir(hourly.folder)
    for name in ("hourly", "checks/often"):
        made = hourly.opschecks("policy", name)
        assert '"cloudwatch:DescribeAlarms"' in made.out, made.all
    told = opschecks("policy", "hourli").output
    assert told == "Error: hourli: no such suite; did you mean 'often'?\n" or "no such suite" in told
    assert "test_often" in hourly.opschecks("list", "actions").out


TAKEN = "opschecks has other files of that name in reports/ or in the state; give it another name"
WRONG = {
    "a name that is none": ("often", "Every Hour", "expected lower-case letters, digits and '-', such as hourly"),
    "one of ours": ("often", "weekly", "checks/weekly is that suite; give it another name"),
    "within another": ("daily/often", "hourly", "it and checks/daily are one within the other; move it"),
    "around others": ("deploy", "hourly", "it and checks/deploy/before are one within the other; move it"),
    "one of ours by another name": ("daily", "hourly", "the folder cannot be another suite; make one beside it"),
    "all of checks": ("", "hourly", "checks/ has all suites; make a folder in it"),
    **{
        name: ("often", name, TAKEN)
        for name in ("plan", "fleet", "replay", "lock", "journal", "hourly-partial", "daily-partial")
    },
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_cannot_be_a_suite_is_refused(case: tuple[str, str, str], tmp_path: Path) -> None:
    folder, name, why = case
    conftest = tmp_path / folder / "conftest.py"
    conftest.parent.mkdir(parents=True, exist_ok=True)
    conftest.write_text(said(name))
    with pytest.raises(SuiteError) as told:
        suites_in(tmp_path)
    assert str(told.value) == f"{conftest}: suite = {name!r}: {why}"


def test_two_folders_are_not_one_suite(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "conftest.py").write_text(said("hourly"))
    with pytest.raises(SuiteError, match="checks/a is that suite"):
        suites_in(tmp_path)


NAME = "expected lower-case letters, digits and '-', such as hourly"
KEY = "expected [opschecks] and suite = NAME, such as hourly, and nothing else"
INI = {
    "[opschecks]\nsuite = hourly\n": "",
    '\ufeff; each hour\n[opschecks]\nsuite = "hourly"\n': "",
    "[opschecks]\nsuite = Every Hour\n": f"suite = 'Every Hour': {NAME}",
    "[opschecks]\nsuite =\n": f"suite = '': {NAME}",
    "[pytest]\nopschecks_suite = hourly\n": KEY,
    "[opschecks]\nsuite = hourly\nsuit = x\n": KEY,
    "": KEY,
    "suite = hourly\n": "it cannot be read: File contains no section headers.",
}


@pytest.mark.parametrize("text", INI)
def test_its_ini_file_says_it_as_well(text: str, tmp_path: Path) -> None:
    ini = tmp_path / "often" / "opschecks.ini"
    ini.parent.mkdir()
    ini.write_text(text, encoding="utf-8")
    if not INI[text]:
        assert own_suites(tmp_path) == {"hourly": Path("often")}
        return
    with pytest.raises(SuiteError) as told:
        suites_in(tmp_path)
    assert str(told.value) == f"{ini}: {INI[text]}"


def test_a_folder_says_one_name(tmp_path: Path) -> None:
    """Twice the same is fine."""
    (tmp_path / "often").mkdir()
    (tmp_path / "often" / "conftest.py").write_text(said("hourly"))
    for name, why in (("hourly", ""), ("frequent", "the folder is the suite hourly already; remove one of the two")):
        (tmp_path / "often" / "opschecks.ini").write_text(f"[opschecks]\nsuite = {name}\n")
        if not why:
            assert own_suites(tmp_path) == {"hourly": Path("often")}
            continue
        with pytest.raises(SuiteError, match=why):
            suites_in(tmp_path)


def test_a_run_of_one_that_an_ini_file_names(hourly: Project) -> None:
    """One of pytest's there would take the place of the project's, with all that the project's conftest brings."""
    (hourly.folder / "checks/often/conftest.py").unlink()
    hourly.write("checks/often/opschecks.ini", "[opschecks]\nsuite = hourly\n")
    hourly.run("checks/often").ends(0)
    assert hourly.outcomes("hourly.json") == {"test_often": "passed"}
    hourly.write("checks/often/pytest.ini", "[pytest]\nopschecks_suite = hourly\n")
    refused = hourly.run("-p", "opschecks", "checks/often")
    why = (
        "pytest takes its folder for the project and reads no other settings because of it; move them to the project's"
    )
    told = f"ERROR: checks/often/pytest.ini: {why}, and the name of a suite to opschecks.ini beside it"
    assert (refused.code, refused.err.strip()) == (4, told)


def test_ours_may_say_their_own_names(tmp_path: Path) -> None:
    (tmp_path / "daily").mkdir()
    (tmp_path / "daily" / "conftest.py").write_text(said("daily"))
    assert "daily" in suites_in(tmp_path)


SAID = {
    'suite = "hourly"  # each hour\n': ["hourly"],
    "suite: str = 'hourly'\n": ["hourly"],
    "suite = (\n    'hourly'\n)\n": ["hourly"],
    '"""Not one:\n\nsuite = "hourly"\n"""\n': [],
    'def f():\n    suite = "hourly"\n': [],
    'TEXT = """\nsuite = "hourly"\n"""\n': [],
    "suite = make('hourly')\n": [],
    'suite = "hourly"\ndef broken(:\n': [],
}


@pytest.mark.parametrize("text", SAID)
def test_only_an_assignment_says_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "often").mkdir()
    (tmp_path / "often" / "conftest.py").write_text(text)
    assert list(own_suites(tmp_path)) == SAID[text]


@pytest.fixture
def canary(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Of a name that begins as two of ours do."""
    project.checks(check_of_each("test_often", of="alarms"), "often/test_things.py")
    project.write("checks/often/conftest.py", said("deploy-canary"))
    project.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "eu-west-1"\nalarm_prefix = "shop-"\n')
    (project.folder / "conftest.py").unlink()  # it would be imported into this process
    monkeypatch.chdir(project.folder)
    return project


def test_own_names_come_first(canary: Project) -> None:
    assert named_suites(("deploy-canary", "deploy-before", "checks/often/", "deploy/after")) == (
        "often", "deploy/before", "often", "deploy/after",
    )  # fmt: skip
    assert named_suites(()) == ("daily", "weekly", "deploy/before", "deploy/after", "often")
    made = opschecks("policy", "deploy-canary")
    assert '"cloudwatch:DescribeAlarms"' in made.output, made.output


def test_doctor_looks_for_own_ones_too(canary: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def rows(name: str | None, suites: tuple[str, ...], *_: Path) -> list[object]:
        asked.append(suites)
        return []

    monkeypatch.setattr("opschecks.cli.doctor._rows", rows)
    for arguments in ((), ("--suite", "deploy-canary")):
        assert opschecks("doctor", *arguments).exit_code == 0
    assert asked == [("daily", "weekly", "deploy/before", "deploy/after", "often"), ("often",)]


def test_policys_help_names_them() -> None:
    assert "and the project's own" in " ".join(opschecks("policy", "--help").output.split())


BOTH = ("--pyargs", "opschecks.checks.daily", "checks/daily")
OURS = set(check_names(ROOT / "checks" / "daily"))


@pytest.fixture
def own(project: Project) -> Project:
    """With a check of its own, in a file that is called as one of ours."""
    project.checks(check_of_each("test_own"), "daily/test_ecs.py")
    return project


def test_both_are_one_run(own: Project) -> None:
    """The stack has no credentials: what looks at AWS is blind, and what does not is looked at."""
    own.write("waivers.toml", "[[waivers]]\ncheck = 'test_own'\n")  # where they lay while there were no own checks
    refused = own.run(*BOTH)
    assert (refused.code, refused.err.split("):")[0]) == (4, "ERROR: waivers.toml: waiver 1 (test_own on no resource")
    (own.folder / "waivers.toml").unlink()
    own.run(*BOTH).ends(10)
    outcomes = own.outcomes()
    assert outcomes.keys() == {*OURS, "test_own"}
    assert outcomes["test_own"] == "passed"
    assert Counter(outcomes.values()).keys() <= {"blind", "not_applicable", "passed"}
    assert own.told()["partial"] == ""


def test_a_check_that_has_the_name_of_ours_is_left_out_with_its_line(own: Project) -> None:
    own.checks(check_of_each("test_no_alarm_is_ringing"), "daily/test_other.py")
    ended = own.run(*BOTH).ends(10)
    assert "checks/daily/test_other.py:11: test_no_alarm_is_ringing: names of checks are unique; see " in ended.out
    assert own.outcomes().keys() == {*OURS, "test_own"}


def test_two_suites_are_no_run(own: Project) -> None:
    ended = own.run("--pyargs", "opschecks.checks.weekly", "checks/daily").ends(4)
    assert "daily, weekly: a run takes one suite" in ended.err


def test_a_project_with_copies_of_ours_has_no_others(own: Project) -> None:
    assert roots_of(own.folder) == (own.folder / "checks", shipped_checks())
    copy = own.folder / "checks" / "daily" / "test_alarms.py"
    copy.write_bytes((ROOT / "checks" / "daily" / "test_alarms.py").read_bytes())
    assert roots_of(own.folder) == (own.folder / "checks",)
    assert roots_of(ROOT) == (ROOT / "checks",)
    assert roots_of(own.folder / "nowhere") == (shipped_checks(),)
