"""Slack: blocks that it takes, no mentions of the world, the webhook a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import responses

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.report.exports.slack import SlackError, post, to_slack
from tests.exported import RUNS, WEBHOOK, changed, each_run, made, of, ran, texts_of, worst


@each_run
def test_slack_takes_the_message(run: Run) -> None:
    message = to_slack(run, page_url="https://pages.example/daily.html?a=1&b=2")
    blocks = message["blocks"]
    assert len(blocks) <= 50
    assert sum(len(text) for text in texts_of(blocks)) < 13_000
    for block in blocks:
        longest = {"header": 150, "section": 3000, "context": 3000}[block["type"]]
        texts = block["elements"] if block["type"] == "context" else [block["text"]]
        for text in texts:
            assert 0 < len(text["text"]) <= longest
    marked = [block["text"]["text"] for block in blocks if block.get("text", {}).get("type") == "mrkdwn"]
    assert marked == ["<https://pages.example/daily.html?a=1&amp;b=2|The whole page>"]
    assert "The whole page" in json.loads(json.dumps(message))["blocks"][-2]["text"]["text"]


@each_run
def test_no_string_becomes_a_mention_or_a_link_in_slack(run: Run) -> None:
    for text in texts_of(to_slack(run)):
        assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", text)


def test_the_text_of_the_notification_mentions_nobody() -> None:
    run = ran(made("a", "failed"), findings=(of(made("a", "failed"), 1),))
    hostile = replace(run, suite="<!channel> & co", stacks=(replace(run.stacks[0], name="<@U123>"),))
    headline, _, _ = to_slack(hostile)["text"].partition("\n")
    assert "&lt;!channel&gt; &amp; co checks of &lt;@U123&gt;" in headline
    assert not re.search("[<>]", headline)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x.example/a|b>", "https://x.example/ <!channel>"])
def test_what_is_no_address_becomes_no_link(url: str) -> None:
    run = RUNS["every outcome"]
    assert not re.search("[<>]", "".join(texts_of(to_slack(run, page_url=url))))


def test_slack_says_what_is_bad_and_what_was_done() -> None:
    check = made("a", "failed", Severity.CRITICAL)
    run = replace(
        ran(check, findings=tuple(of(check, n) for n in range(5)), stacks=2),
        changes=(changed("fixed"), {**changed("roll-back failed"), "name": "lost"}),
    )
    texts = list(texts_of(to_slack(run)["blocks"]))
    assert texts[0] == "Action needed – daily checks of production, other"
    assert texts[3:] == [
        (
            "CRITICAL: The a is bad (production)\ntest_a-0, test_a-1, test_a-2 and 2 more: too high\n"
            "daily.html#production-a"
        ),
        "roll-back failed: switch on lost\nopschecks undo 0123 --stack production",
        "fixed: switch on thing\nopschecks undo 0123 --stack production",
        "1 check collected = 1 reported",
    ]
    assert to_slack(run)["text"].startswith("Action needed – daily checks of production, other\n")


def test_slack_takes_a_message_of_the_worst_strings() -> None:
    message = to_slack(worst())
    texts = list(texts_of(message["blocks"]))
    assert len(texts) <= 50
    assert 140 < len(texts[0]) <= 150
    assert all(len(text) <= 3000 for text in texts)
    assert 7_000 < sum(map(len, texts)) < 13_000
    assert {"and 32 more", "and 35 more changes"} <= set(texts)


@pytest.mark.parametrize("before", range(5))
def test_a_header_is_never_too_long_nor_cut_inside_of_a_character(before: int) -> None:
    run = ran(made("a", "passed"))
    run = replace(run, stacks=(replace(run.stacks[0], name="x" * before + "&" * 200),))
    header = to_slack(run)["blocks"][0]["text"]["text"]
    assert 144 < len(header) <= 150
    assert re.fullmatch(r"[^&]*(&amp;)+…", header)


@pytest.fixture
def slack() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_a_message_is_sent_once(slack: responses.RequestsMock) -> None:
    slack.post(WEBHOOK, body="ok")
    message = to_slack(RUNS["injection"])
    post(WEBHOOK, message)
    [call] = slack.calls
    assert json.loads(call.request.body or b"") == message
    assert call.request.req_kwargs["timeout"] == 10  # type: ignore[attr-defined]


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "refused": ({"status": 400, "body": "invalid_payload"}, "answered 400: invalid_payload"),
    "gone": ({"status": 404, "body": "no_service"}, "answered 404: no_service"),
    "a proxy": ({"status": 403, "body": f"<p>{WEBHOOK} is blocked</p>"}, "answered 403"),
    "another 200": ({"status": 200, "body": f"log in to see {WEBHOOK}"}, "answered 200"),
    "moved": ({"status": 302, "headers": {"Location": WEBHOOK + "/again"}}, "answered 302"),
    "too often": (
        {"status": 429, "body": "rate_limited", "headers": {"Retry-After": "30"}},
        "answered 429: rate_limited; it asks to wait 30 s",
    ),
    "odd wait": ({"status": 429, "headers": {"Retry-After": WEBHOOK}}, "answered 429"),
    "unreachable": (
        {"body": requests.ConnectionError(f"Max retries exceeded with url: {WEBHOOK}")},
        "Slack could not be reached: ConnectionError",
    ),
    "too slow": (
        {"body": requests.ReadTimeout(f"{WEBHOOK} timed out")},
        "Slack did not answer within 10 s; whether the message was taken is not known",
    ),
}


@pytest.mark.parametrize(("answer", "said"), REFUSALS.values(), ids=REFUSALS)
def test_a_message_that_is_not_taken_is_an_error_without_the_webhook(
    slack: responses.RequestsMock, answer: dict[str, Any], said: str
) -> None:
    slack.post(WEBHOOK, **answer)
    with pytest.raises(SlackError) as caught:
        post(WEBHOOK, {"text": "hello"})
    assert str(caught.value).endswith(said)
    assert len(slack.calls) == 1
    _keeps_the_secret(caught.value)


@pytest.mark.parametrize("webhook", [WEBHOOK.removeprefix("https://"), WEBHOOK.replace("https", "http"), ""])
def test_a_webhook_that_is_none_is_never_called(slack: responses.RequestsMock, webhook: str) -> None:
    with pytest.raises(SlackError, match=r"^the webhook is not an https:// address$") as caught:
        post(webhook, {"text": "hello"})
    assert len(slack.calls) == 0
    _keeps_the_secret(caught.value)


def _keeps_the_secret(error: BaseException) -> None:
    assert "SECRET" not in f"{error!s} {error!r} {error.args}"
    assert error.__cause__ is None
    assert error.__context__ is None
