"""The e-mail: small, loads nothing, and has what is bad and what was done."""

from __future__ import annotations

import re
from dataclasses import replace

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.report.exports.email_body import to_email
from opschecks.report.notes import notes
from tests.exported import Read, changed, each_run, made, of, ran, worst

EMAIL_TAGS = {"html", "head", "meta", "title", "body", "h1", "h2", "p", "ul", "li", "strong", "br"}


@each_run
def test_an_email_is_small_and_loads_nothing(run: Run) -> None:
    html = to_email(run)
    assert len(html.encode()) < 75_000
    read = Read(html.removeprefix("<!DOCTYPE html>"))
    assert read.tags <= EMAIL_TAGS
    assert {name for _, name, _ in read.attributes} <= {"lang", "charset", "style"}
    assert not re.search(r"url\(|@import", html.split("<p>")[0])


def test_an_email_of_the_worst_strings_stays_small() -> None:
    html = to_email(worst())
    assert 30_000 < len(html.encode()) < 75_000
    assert "and 28 more checks" in html
    assert "and 35 more changes" in html


def test_an_email_has_what_is_bad_and_what_was_done() -> None:
    check = made("a", "failed", Severity.CRITICAL)
    run = replace(ran(check, findings=(of(check, message="<b>5 & 6</b>"),)), changes=(changed("fixed"),))
    html = to_email(run)
    assert "b" not in Read(html).tags
    shown = " ".join(Read(html).loose.split())
    assert notes(run).headline == "Action needed – daily checks of production"
    for line in (notes(run).headline, "test_a-0: <b>5 & 6</b>", "opschecks undo 0123 --stack production"):
        assert line in shown
