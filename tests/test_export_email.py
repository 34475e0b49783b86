"""The e-mail body: small, sends for nothing, says the same in text and HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

from opschecks.model import (
    Run,
    Severity,
)
from opschecks.report.email_body import EmailBody, to_email
from opschecks.report.notes import headline
from tests.exported import Read, changed, each_run, made, of, ran, worst

EMAIL_TAGS = {"html", "head", "meta", "title", "body", "h1", "h2", "p", "ul", "li", "strong", "br"}


@each_run
def test_an_email_is_small_and_sends_for_nothing(run: Run) -> None:
    body = to_email(run)
    assert len(body.html.encode()) < 75_000
    assert len(body.text.encode()) < 75_000
    read = Read(body.html.removeprefix("<!DOCTYPE html>"))
    assert read.tags <= EMAIL_TAGS
    assert {name for _, name, _ in read.attributes} <= {"lang", "charset", "style"}
    assert not re.search(r"url\(|@import", body.html.split("<p>")[0])


@each_run
def test_an_email_can_be_sent(run: Run) -> None:
    body = to_email(run)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = body.subject
    message.set_content(body.text)
    message.add_alternative(body.html, subtype="html")
    assert set(message) == {"Subject", "MIME-Version", "Content-Type"}
    assert message["Subject"] == body.subject
    assert len(message.as_bytes()) < 200_000
    assert 0 < len(body.subject) <= 150


def test_an_email_of_the_worst_strings_stays_small() -> None:
    body = to_email(worst(), page_url="https://pages.example/daily.html")
    assert len(body.subject) <= 150
    assert "\n" not in body.subject
    assert 30_000 < len(body.html.encode()) < 75_000
    for text in (body.html, body.text):
        assert "and 28 more checks" in text
        assert "and 35 more changes" in text


def test_an_email_says_the_same_in_text_and_html() -> None:
    check = made("a", "failed", Severity.CRITICAL)
    run = replace(ran(check, findings=(of(check, message="<b>5 & 6</b>"),)), changes=(changed("fixed"),))
    body = to_email(run, page_url="https://pages.example/daily.html?a=1&b=2")
    assert isinstance(body, EmailBody)
    assert body.subject == headline(run) == "Action needed – daily checks of production"
    html = " ".join(Read(body.html).loose.split())
    lines = [line.strip().removeprefix("- ") for line in body.text.splitlines() if line]
    missing = [line for line in lines if line.removesuffix(":") not in html]
    assert missing == ["The whole page: https://pages.example/daily.html?a=1&b=2"]
    assert ("a", "href", "https://pages.example/daily.html?a=1&b=2") in Read(body.html).attributes
    assert "test_a-0: <b>5 & 6</b>" in lines
    assert "opschecks undo 0123 --stack production" in lines
