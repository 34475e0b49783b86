"""The tables of a week in Markdown and mail: what has no room there is counted, and no stack is left out unsaid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opschecks.core.run import Run
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.week_tables import week_tables
from tests.exported import HOSTILE, Read
from tests.report.weeks import story

RUN = story()
(WEEK,) = RUN.weeks
MANY = 25


def _with_many(week: dict[str, Any]) -> dict[str, Any]:
    left = {"at": "", "remedy": "roll-back", "check": "", "resource": "", "result": "refused", "said": "a freeze"}
    return {**week, "not_made": [{**left, "name": f"service-{number}"} for number in range(MANY)]}


def _of(count: int, week: dict[str, Any] | None = None) -> Run:
    names = [f"stack-{number}" for number in range(count)]
    (facts,) = RUN.stacks
    return replace(
        RUN,
        stacks=tuple(replace(facts, name=name) for name in names),
        weeks=tuple({**(week or dict(WEEK)), "stack": name} for name in names),
    )


def _mail(run: Run) -> str:
    return " ".join(Read(to_email(run)).loose.split())


def test_rows_without_room_are_counted() -> None:
    run = replace(RUN, weeks=(_with_many(dict(WEEK)),))
    rows = len(week_tables(run)[0].rows)
    assert rows > MANY
    assert f"{rows - 10} more on the page." in _mail(run)
    assert "service-24" in to_markdown(run)
    assert "more on the page." in to_markdown(run, limit_bytes=30_000)
    assert "more on the page" not in _mail(RUN)


def test_a_mail_has_the_tables_of_both_stacks() -> None:
    headings = [table.heading for table in week_tables(_of(2))]
    assert headings[:3] == ["Decisions wanted on stack-0", "Decisions wanted on stack-1",
                            "The week in numbers on stack-0"]  # fmt: skip
    told = _mail(_of(2))
    assert all(heading in told for heading in headings)
    assert "not here" not in told


def test_a_mail_names_what_it_leaves_out_and_stays_small() -> None:
    told = to_email(_of(9, _with_many({**WEEK, "words": {key: {"failing": HOSTILE, "runbook": HOSTILE, "area": "ecs"}
                                                        for key in WEEK["words"]}})))  # fmt: skip
    assert len(told.encode()) < 75_000
    assert "Decisions wanted on stack-5" in told
    assert "On the page, and not here: “Decisions wanted on stack-6”" in told
