"""GitHub's annotations: one command each, no more than are shown."""

from __future__ import annotations

from dataclasses import replace

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.report.exports.annotations import LIMIT, LONGEST_MESSAGE, to_annotations
from tests.exported import RUNS, changed, each_run, made, of, ran, understood


@each_run
def test_every_annotation_is_one_command(run: Run) -> None:
    read = [understood(line) for line in to_annotations(run)]
    assert {command for command, _, _ in read} <= {"error", "warning"}
    assert all(set(properties) <= {"file", "title"} for _, properties, _ in read)


def test_an_annotation_says_what_and_where() -> None:
    check = replace(made("a", "failed"), nodeid="checks/a,b:c%/test_x.py::test_a[production]", failing="50%: a, b")
    run = ran(check, made("b", "blind", message="no permission"), findings=(of(check, message="100%\r\n::x:: a,b"),))
    assert [understood(line) for line in to_annotations(run)] == [
        (
            "error",
            {"file": "checks/a,b:c%/test_x.py", "title": "high: 50%: a, b"},
            "test_a-0: 100% ::x:: a,b (daily.html#production-a)",
        ),
        (
            "warning",
            {"file": "checks/daily/test_area.py", "title": "high: could not look: b"},
            "no permission (daily.html#production-b)",
        ),
    ]
    assert to_annotations(run)[0] == (
        "::error file=checks/a%2Cb%3Ac%25/test_x.py,title=high%3A 50%25%3A a%2C b::"
        "test_a-0: 100%25 ::x:: a,b (daily.html#production-a)"
    )


def test_an_annotation_is_no_novel() -> None:
    for line in to_annotations(RUNS["hostile"]):
        assert len(understood(line)[2]) <= LONGEST_MESSAGE


def test_no_more_annotations_than_github_shows() -> None:
    checks = [made(f"f{n}", "failed", Severity.LOW) for n in range(25)]
    checks += [made(f"b{n}", "blind", message=f"no answer of {n}") for n in range(LIMIT)]
    checks += [made("worst", "failed", Severity.CRITICAL)]
    read = [understood(line) for line in to_annotations(ran(*checks))]
    errors = [properties["title"] for command, properties, _ in read if command == "error"]
    warnings = [properties["title"] for command, properties, _ in read if command == "warning"]
    assert len(errors) == len(warnings) == 10
    assert errors[0] == "critical: The worst is bad"
    assert errors[-1] == "and 17 more"
    assert "more" not in warnings[-1]


def test_thousands_of_resources_are_one_annotation() -> None:
    first, second = to_annotations(RUNS["many"])
    assert understood(first)[2].startswith("test_severe-1, test_severe-2, test_severe-3 and 8997 more: € 1 |")
    assert understood(second)[1]["title"] == "low: The lesser is bad"


def test_a_good_run_has_no_annotation_and_one_that_is_not_whole_has() -> None:
    good = ran(made("a", "passed"), made("b", "waived"))
    assert to_annotations(good) == []
    for run in (replace(good, state="stopped"), replace(good, state="unfinished"), ran()):
        [line] = to_annotations(run)
        assert understood(line)[0] == "warning"


def test_what_could_not_be_taken_back_is_the_first_error() -> None:
    run = replace(ran(made("a", "failed", Severity.CRITICAL)), changes=(changed("roll-back failed"),))
    first, *_ = to_annotations(run)
    assert understood(first)[:2] == ("error", {"title": "could not be rolled back: switch"})
