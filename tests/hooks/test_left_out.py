"""Mistakes in users' own files: one message each, with file, line and nearest name; others run, nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.core.own_limits import LIMITS, limit
from tests.scratch import HEAD, Project, check_of_each

OBSERVING = "from opschecks import limit, observation\n\n\n"


def observing(name: str, parameters: str = "") -> str:
    return f'@observation()\ndef {name}({parameters}):\n    """Things."""\n    return []\n'


MISTAKES = {
    "test_observation.py": (
        HEAD + check_of_each("test_observation", of="thngs"),
        (
            "test_observation.py:9: test_observation: thngs: a check takes observations, stack, now and examine; "
            "did you mean 'things'?"
        ),
    ),
    "test_fixture.py": (
        HEAD + check_of_each("test_fixture").replace("examine", "examin", 1),
        (
            "test_fixture.py:9: test_fixture: examin: a check takes observations, stack, now and examine; "
            "did you mean 'examine'?"
        ),
    ),
    "test_import.py": (
        f"from opschecks import Metrc\n{HEAD}" + check_of_each("test_import"),
        "test_import.py:1: cannot import name 'Metrc' from 'opschecks'; did you mean 'Metric'?",
    ),
    "test_syntax.py": (f"{HEAD}\ndef f(:\n" + check_of_each("test_syntax"), "test_syntax.py:8: SyntaxError: "),
    "test_slug.py": (
        HEAD + check_of_each("test_slug", promise='"alarm"'),
        "test_slug.py:9: test_slug: runbook='alarm': RUNBOOK.md has no such heading; did you mean 'alarms'?",
    ),
    "test_undecorated.py": (
        "def test_undecorated(things):\n    pass\n",
        "test_undecorated.py:1: test_undecorated: not a check; decorate it with @check(",
    ),
    "test_zz.py": (
        HEAD + check_of_each("test_good"),
        "test_zz.py:9: test_good: names of checks are unique; see checks/daily/test_things.py:11: test_good",
    ),
    "hides_ours.py": (
        OBSERVING + observing("alarms") + observing("of_hides_ours"),
        (
            "hides_ours.py:4: it cannot be imported: TypeError: observation alarms is declared twice: in "
            "opschecks.aws.cloudwatch_alarms too"
        ),
    ),
    "test_of_hides_ours.py": (HEAD + check_of_each("test_of_hides_ours", of="of_hides_ours"), ""),
    "unreadable.py": (OBSERVING + observing("unreadable", ":"), "unreadable.py:5: it cannot be imported: SyntaxError"),
    "test_of_unreadable.py": (HEAD + check_of_each("test_of_unreadable", of="unreadable"), ""),
    "needs_unknown.py": (
        OBSERVING + observing("needs_unknown", "thngs"),
        "needs_unknown.py:5: observation needs_unknown: thngs: no such observation; did you mean 'things'?",
    ),
    "test_of_needs_unknown.py": (HEAD + check_of_each("test_of_needs_unknown", of="needs_unknown"), ""),
    "hides_a_limit.py": (
        f"{OBSERVING}MOST = limit('cpu_percent', 5, 'how much')\n",
        (
            "hides_a_limit.py:4: limit cpu_percent: opschecks has a limit of that name; give it another, or take "
            "stack.limits.cpu_percent"
        ),
    ),
}
"""Files of checks/daily, each with the message that it causes; none where another file's says it."""
LIMITED = check_of_each("test_limit", "assert 1 < stack.limits.cpu_percnt").replace("examine", "stack, examine", 1)


@pytest.fixture
def mistaken(project: Project) -> Project:
    project.checks(check_of_each("test_good"))
    project.checks(LIMITED, "daily/test_limit.py")
    for name, (text, _) in MISTAKES.items():
        project.write(f"checks/daily/{name}", text)
    return project


def test_each_mistake_is_one_message_and_the_others_run(mistaken: Project) -> None:
    ended = mistaken.run("checks/daily").ends(10)
    assert "INTERNALERROR" not in ended.all
    said = [line for line in ended.out.splitlines() if line.startswith("not collected: ")]
    wanted = [f"not collected: checks/daily/{message}" for _, message in MISTAKES.values() if message]
    missing = [one for one in wanted if not any(line.startswith(one) for line in said)]
    assert not missing, said
    assert len(said) == len(wanted)
    assert mistaken.outcomes() == {"test_good": "passed", "test_limit": "blind"}
    assert "the run is incomplete" in mistaken.page()
    assert "not collected: checks/daily/" in mistaken.page()


def test_an_unknown_limit_blinds_its_check_alone_and_says_where(project: Project) -> None:
    project.checks(LIMITED)
    assert project.run("checks/daily").code == 10
    [message] = {one["message"] for one in project.told()["findings"]}
    assert message == (
        "AttributeError: there is no limit 'cpu_percnt'; did you mean 'cpu_percent'? (checks/daily/test_things.py:15)"
    )


def test_what_only_lists_is_refused_with_all_of_them(mistaken: Project) -> None:
    ended = mistaken.run("checks/daily", "--collect-only", "-q").ends(4)
    assert ended.err.count("checks/daily/") >= 6


def test_a_limit_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opschecks.core.own_limits.LIMITS", dict(LIMITS))
    assert limit("so_minutes", 5, "so many") == limit("so_minutes", 5, "so many")
    with pytest.raises(TypeError, match=f"limit so_minutes is declared twice: in {Path(__file__)}:.* with default 5"):
        limit("so_minutes", 6, "so many")


LEFT_OUT = {
    "a slug that no heading has": check_of_each("test_wrong", promise='"no-such-heading"'),
    "no check": "def test_wrong():\n    pass\n",
}


@pytest.mark.parametrize("wrong", LEFT_OUT.values(), ids=LEFT_OUT)
def test_fix_holds_back(wrong: str, project: Project) -> None:
    project.checks(f"{check_of_each('test_good')}\n{wrong}")
    project.run("checks/daily", "--fix=plan", "--stack", "here").ends(10)
    (note,) = [one["text"] for one in project.told()["notes"]]
    assert note.startswith("--fix=plan: nothing was planned, because the suite is not whole: not collected: ")
    assert "test_wrong" in note
    assert not (project.folder / "reports" / "plan.json").exists()


def test_fix_apply_changes_nothing(project: Project) -> None:
    account = 'region = "us-west-2"\naccount_id = "123456789012"\nstate = "s3://bucket/state"\n'
    project.write("stacks.toml", f"[stacks.here]\n{account}")
    project.checks(f"{check_of_each('test_good')}\n{LEFT_OUT['no check']}")
    ended = project.run("checks/daily", "--fix=apply", "--stack", "here")
    assert ended.code != 0, ended.all
    texts = [one["text"] for one in project.told()["notes"]]
    assert any("--fix=apply: nothing was changed, because the suite is not whole" in one for one in texts), texts
