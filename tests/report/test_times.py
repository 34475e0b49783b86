"""Moments and durations as people read them, in every output; UTC for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from opschecks.core.change import fingerprint
from opschecks.core.durations import in_words
from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.runfile import from_json, to_json
from opschecks.report.times import Times, moment, written
from tests.exported import HOSTILE, page_of
from tests.report.runs import check_of, found, run_of, text_of

(BERLIN,) = run_of().stacks

F = Outcome.FAILED

DURATIONS = {
    timedelta(0): "0 s",
    timedelta(seconds=59.9): "59 s",
    timedelta(seconds=3599): "59 min 59 s",
    timedelta(hours=1): "1 h",
    timedelta(days=1): "24 h",
    timedelta(days=1, hours=1, minutes=5): "25 h 5 min",
    timedelta(days=2): "2 days",
    timedelta(days=2, hours=5, minutes=59): "2 days 5 h",
    timedelta(days=90, seconds=-1): "89 days 23 h",
}


@pytest.mark.parametrize(("span", "words"), DURATIONS.items(), ids=DURATIONS.values())
def test_a_duration_in_words_never_reaches_what_it_is_short_of(span: timedelta, words: str) -> None:
    assert in_words(span) == words


def test_a_planned_change_is_of_the_same_finding_as_its_age_grows() -> None:
    ages = (timedelta(days=90, hours=23), timedelta(days=91), timedelta(hours=47, minutes=3), timedelta(seconds=9))
    marks = {fingerprint("s", "c", "r", f"key a is {in_words(age)} old; limit 90 days") for age in ages}
    assert len(marks) == 1
    assert fingerprint("s", "c", "r", "key b is 91 days old; limit 90 days") not in marks


AT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_a_moment_bears_its_zone_and_its_year_where_it_is_another() -> None:
    berlin, tashkent = (Times.of(run_of(stacks=(replace(BERLIN, time_zone=zone),))) for zone in
                        ("Europe/Berlin", "Asia/Tashkent"))  # fmt: skip
    assert moment(AT, berlin.zone) == "Mon 23 Nov, 08:00 CET"
    assert berlin.moment(AT) == "Mon 23 Nov, 08:00 CET"
    assert berlin.moment(AT.replace(year=2025)) == "Sun 23 Nov 2025, 08:00 CET"
    assert berlin.moment(AT.replace(month=7)) == "Thu 23 Jul, 09:00 CEST"
    assert tashkent.moment(AT) == "Mon 23 Nov, 12:00 UTC+05"


def test_two_stacks_with_zones_of_their_own_read_utc() -> None:
    others = (BERLIN, replace(BERLIN, name="other", time_zone="Asia/Tokyo"))
    assert Times.of(run_of(stacks=others)).moment(AT) == "Mon 23 Nov, 07:00 UTC"


TEXTS: dict[str, tuple[str, str]] = {
    "one": ("since 2026-11-23 07:00 UTC: x", "since Mon 23 Nov, 08:00 CET: x"),
    "two": ("2026-11-23 07:00 UTC to 2026-11-24 06:30 UTC", "Mon 23 Nov, 08:00 CET to Tue 24 Nov, 07:30 CET"),
    "with seconds": ("at 2026-11-23 07:00:59 UTC", "at Mon 23 Nov, 08:00 CET"),
    "no such day": ("2026-02-31 07:00 UTC", "2026-02-31 07:00 UTC"),
    "before every calendar": ("0001-01-01 00:00 UTC", "0001-01-01 00:00 UTC"),
    "part of a name": ("set-2026-11-23 07:00 UTC", "set-2026-11-23 07:00 UTC"),
    "part of a word": ("2026-11-23 07:00 UTCX", "2026-11-23 07:00 UTCX"),
    "a date": ("made 2026-11-23", "made 2026-11-23"),
}  # fmt: skip


@pytest.mark.parametrize(("told", "shown"), TEXTS.values(), ids=TEXTS)
def test_moments_in_texts_are_those_of_the_zone(told: str, shown: str) -> None:
    times = Times.of(run_of())
    if told.startswith("0001"):
        times = replace(times, zone=Times.of(run_of(stacks=(replace(BERLIN, time_zone="America/Los_Angeles"),))).zone)
    assert times.text(told) == shown
    assert unescape(re.sub("<[^>]*>", "", str(times.html(told)))) == shown


def test_the_pointer_finds_utc_and_text_of_the_world_stays_text() -> None:
    html = str(Times.of(run_of()).html(f"<b>2026-11-23 07:00 UTC</b> {HOSTILE}"))
    assert html.startswith(
        '&lt;b&gt;<time datetime="2026-11-23T07:00Z" title="2026-11-23 07:00 UTC">'
        "Mon 23 Nov, 08:00 CET</time>&lt;/b&gt;"
    )
    assert re.findall("<[^>]*>", html)[2:] == []


def test_every_output_for_people_has_the_zone_and_the_run_file_utc() -> None:
    said = "in ALARM since 2026-11-23 07:00 UTC: too many"
    finding = replace(found("test_load", "svc", F), message=said)
    run = run_of(checks=(check_of("test_load", "ecs", F, "high-cpu"),), findings=(finding,), exit_code=1)
    shown = "in ALARM since Mon 23 Nov, 08:00 CET: too many"
    assert said in to_json(run)
    assert 'title="2026-11-23 07:00 UTC"' in page_of(run)
    outputs: tuple[Callable[[Run], str], ...] = (
        to_markdown, to_email, lambda of: json.dumps(to_slack(of)), lambda of: text_of(page_of(of))
    )  # fmt: skip
    for output in outputs:
        assert shown in output(run)
        assert said not in output(run)
    assert page_of(from_json(to_json(run))) == page_of(run)


def test_written_is_read_by_every_output() -> None:
    assert Times.of(run_of()).text(written(AT)) == "Mon 23 Nov, 08:00 CET"
    assert written(AT.isoformat()) == "2026-11-23 07:00 UTC"
