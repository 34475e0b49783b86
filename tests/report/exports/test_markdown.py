"""The job summary in Markdown: no markup of the world, within its limit, what is wrong first."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from opschecks.core.run import Past, Run, Standing, WaiverState
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.notes import notes
from opschecks.report.standing import finding_anchor
from tests.exported import NOW, RUNS, Read, changed, made, many, of, ran, texts_of

SUMMARY_TAGS = {"h2", "h3", "p", "ol", "ul", "li", "b", "code", "table", "tr", "th", "td"}


def rendered(markdown: str) -> Read:
    """The summary as a reader of Markdown renders it, which must have found no Markdown in it."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    assert {token.type for token in reader.parse(markdown)} == {"html_block"}
    read = Read(reader.render(markdown))
    assert read.tags <= SUMMARY_TAGS
    assert read.attributes == []
    assert len({len(row) for row in read.rows}) <= 1
    return read


@pytest.mark.parametrize("run", [run for name, run in RUNS.items() if name != "many"])
def test_no_string_becomes_markup_in_a_summary(run: Run) -> None:
    read = rendered(to_markdown(run))
    assert not re.search(r"@\w|\w@|#\d", read.loose)


def test_a_summary_shows_hostile_strings_as_they_are() -> None:
    read = rendered(to_markdown(RUNS["injection"]))
    assert sum("@team/ops a|b ``` `x` [l](https://evil.example) ![i](https://evil" in one for one in read.code) >= 6


def test_a_mention_in_a_sentence_is_none() -> None:
    read = rendered(to_markdown(replace(ran(made("a", "passed")), state="stopped", stopped_by="ask @team about #7")))
    assert "ask team about 7" in read.loose
    assert read.code == ["@", "#"]


def test_a_summary_says_what_is_wrong_since_when_and_what_to_do() -> None:
    check, blind = made("a", "failed"), made("b", "blind", message="no permission")
    since = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # in Berlin it is the 22nd already
    past = Past(
        "production",
        2,
        NOW - timedelta(days=1),
        standings=(
            Standing(check.check, of(check, 1).resource, "old", "still", since, 3),
            Standing(check.check, "arn:healed", "healed", "recovered", since, 3),
        ),
    )
    run = replace(
        ran(check, blind, made("c", "not_run", message="stopped"), findings=(of(check, 0), of(check, 1))),
        past=(past,),
        changes=(changed("fixed"), {**changed("refused"), "entry": "", "name": "unchanged"}),
        waivers=tuple(
            WaiverState("production", "test_w", f"arn:w{days}", "ann", "known", "2026-12-01", days, "active")
            for days in (8, 7, 0)
        ),
    )
    markdown = to_markdown(run)
    read = rendered(markdown)
    assert read.rows == [
        ["Severity", "Outcome", "What", "Resource", "Message", "Since", "On the page"],
        ["high", "failed", "The a is bad", "test_a-0", "too high", "", "daily.html#production-a-bb0dcc0a"],
        ["high", "failed", "The a is bad", "test_a-1", "too high", "day 3, since Sun 22 Nov, 00:30 CET",
         f"daily.html#{finding_anchor(of(check, 1))}"],
        ["high", "could not look", "b", "", "no permission", "", "daily.html#production-b"],
    ]  # fmt: skip
    assert "<h2>Action needed – daily checks of production</h2>" in markdown
    assert "<li>The a is bad (test_a-0, test_a-1), day 3 – follow “slug” in the runbook</li>" in markdown
    assert "Recovered (1)" in markdown
    assert "<li>The a is bad: <code>healed</code> was failing since Sun 22 Nov, 00:30 CET</li>" in markdown
    assert "undo: <code>opschecks undo 0123 --stack production</code>" in markdown
    assert "unchanged" not in markdown
    assert [days for days in (8, 7, 0) if f"arn:w{days}" in markdown] == [7, 0]
    assert markdown.index("arn:w0") < markdown.index("arn:w7")
    assert "<li>1 check: <code>stopped</code></li>" in markdown
    assert markdown.endswith("<p>3 checks collected = 2 reported + 1 not run</p>\n")


def test_a_summary_of_several_stacks_says_which() -> None:
    read = rendered(to_markdown(RUNS["several stacks"]))
    assert read.rows[0][2] == "Stack"
    assert read.rows[1][2] == "production"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("new", "new"),
        ("flapping", "flapping: failed, recovered, failed again"),
        ("unseen", "since Sun 22 Nov, 08:00 CET"),
    ],
)
def test_how_long_it_has_been_so(state: str, words: str) -> None:
    check = made("a", "failed")
    since = datetime(2026, 11, 22, 7, tzinfo=UTC)
    past = Past("production", 2, NOW, standings=(Standing(check.check, of(check).resource, "x", state, since, 3),))
    run = replace(ran(check, findings=(of(check),)), past=(past,))
    assert rendered(to_markdown(run)).rows[1][-2] == words
    assert words in to_email(run)
    assert f" – {words}\n" in "\n".join(texts_of(to_slack(run)))


def test_a_check_is_as_old_as_its_oldest_resource() -> None:
    check = made("a", "failed")
    findings = tuple(of(check, n) for n in range(3))
    days = {findings[0].resource: 1, findings[1].resource: 5}
    standings = tuple(
        Standing(check.check, resource, "x", "still", NOW - timedelta(days=day - 1), day)
        for resource, day in days.items()
    )
    run = replace(ran(check, findings=findings), past=(Past("production", 5, NOW, standings=standings),))
    assert notes(run).bad[0].longest == "day 5, since Fri 20 Nov, 08:00 CET"


@pytest.mark.parametrize("limit", [3_000, 50_000, 1_000_000])
def test_ten_thousand_findings_fit_into_a_summary(limit: int) -> None:
    run = RUNS["many"]
    markdown = to_markdown(run, limit_bytes=limit)
    assert limit * 0.8 < len(markdown.encode()) < limit
    read = rendered(markdown)
    left = re.search(r"(\d+) more are left out", read.loose)
    assert left
    assert len(read.rows) - 1 + int(left.group(1)) == 10_001
    assert all(row[:2] == ["critical", "failed"] for row in read.rows[1:])
    assert "opschecks undo 0123" in markdown


def test_a_summary_without_limit_lists_failed_ones_before_blind_ones() -> None:
    rows = rendered(to_markdown(many(1_000), limit_bytes=100_000_000)).rows[1:]
    assert [row[:2] for row in rows] == (
        [["critical", "failed"]] * 900 + [["low", "failed"]] + [["critical", "could not look"]] * 100
    )


def test_many_changes_leave_room_for_findings() -> None:
    run = replace(RUNS["many"], changes=tuple(changed("fixed") for _ in range(5_000)))
    markdown = to_markdown(run, limit_bytes=100_000)
    assert len(markdown.encode()) < 100_000
    assert len(rendered(markdown).rows) > 100
    assert "Changes made (5000)" in markdown


def test_a_summary_that_cannot_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="limit_bytes: 100 is too little"):
        to_markdown(RUNS["every outcome"], limit_bytes=100)
