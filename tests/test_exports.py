"""What a run becomes elsewhere: CTRF, a job summary, annotations, Slack, e-mail – whatever strings AWS answered."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
import responses
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from opschecks.model import (
    NOT_APPLICABLE,
    CheckResult,
    Finding,
    Outcome,
    Past,
    Run,
    Severity,
    StackFacts,
    Standing,
    WaiverState,
)
from opschecks.report.annotations import LIMIT, LONGEST_MESSAGE, to_annotations
from opschecks.report.ctrf import to_ctrf
from opschecks.report.email_body import EmailBody, to_email
from opschecks.report.markdown import to_markdown
from opschecks.report.notes import bad_checks, brief, headline
from opschecks.report.slack import SlackError, post, to_slack
from tests.scratch import ROOT
from tests.test_page import HOSTILE, NOW, hostile

KEY = "AKIA" + "IOSFODNN7EXAMPLE"
INJECTION = (
    f"@team/ops a|b ``` `x` [l](https://evil.example) ![i](https://evil.example/x.png) www.evil.example #12 %0A"
    f" <!channel> <@U1> <https://evil.example|x> *b* _i_ ~s~ | --- |\r\n\r\n::error file=x,line=1::gotcha\n\n# head\n"
    f"</code></td></table> {KEY} password=hunter2hunter2 \u202e\x1b[2J me@evil.example \ud800"
)
QUOTES = '"&' * 2_000
ROCKETS = "🚀" * 2_000
TEXTS = {"hostile": HOSTILE, "injection": INJECTION, "quotes": QUOTES, "rockets": ROCKETS}
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "tests" / "ctrf.schema.json").read_text(encoding="utf-8")),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
WEBHOOK = "https://hooks.slack.com/services/T0SECRET/B0SECRET/xSECRETx"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def said_everywhere(text: str) -> Run:
    """A run in which every string of the world is this one, also those of the past and of why it was stopped."""
    run: Run = _replaced(hostile(), text)
    past = Past(
        "production",
        runs=3,
        previous=NOW - timedelta(days=1),
        standings=(
            Standing("test_a", run.findings[0].resource, text, "still", datetime(2026, 11, 21, 23, 30, tzinfo=UTC), 3),
            Standing("test_gone", text, text, "recovered", NOW - timedelta(days=2), 3),
        ),
    )
    return replace(run, past=(past,), state="stopped", stopped_by=text, partial=text)


def _replaced(value: Any, text: str) -> Any:
    if isinstance(value, str) and type(value) is str:
        return value.replace(HOSTILE, text)
    if isinstance(value, dict):
        return {_replaced(key, text): _replaced(item, text) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_replaced(item, text) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return replace(value, **{one.name: _replaced(getattr(value, one.name), text) for one in fields})
    return value


def made(
    name: str, outcome: str, severity: Severity = Severity.HIGH, *, stack: str = "production", message: str = "m"
) -> CheckResult:
    return CheckResult(
        stack, f"test_{name}", f"checks/daily/test_area.py::test_{name}[{stack}]", "area", severity, "slug",
        f"The {name} is bad", "It hurts", outcome, message, 0.0126,
    )  # fmt: skip


def of(check: CheckResult, number: int = 0, message: str = "too high", outcome: Outcome | None = None) -> Finding:
    return Finding(
        check.stack, check.check, f"arn:{check.check}:{number}", f"{check.check}-{number}",
        outcome or Outcome(check.outcome), check.severity, message,
    )  # fmt: skip


def ran(*checks: CheckResult, findings: tuple[Finding, ...] = (), stacks: int = 1, sandbox: bool = False) -> Run:
    facts = [StackFacts("production", sandbox, "123456789012", "us-west-2", "Europe/Berlin")]
    facts += [StackFacts("other", False, "210987654321", "eu-west-1")] if stacks > 1 else []
    return Run(
        "daily", NOW, tuple(facts), NOW + timedelta(seconds=2), "finished", exit_code=0, checks=checks,
        findings=findings, versions={"opschecks": "0.1.0"},
    )  # fmt: skip


def every_outcome() -> Run:
    outcomes = [*(outcome.value for outcome in Outcome), NOT_APPLICABLE]
    checks = tuple(made(outcome, outcome) for outcome in outcomes)
    waiver = {"owner": "ann", "reason": "known", "until": "2026-12-01"}
    findings = tuple(
        replace(of(check), waiver=waiver if check.outcome == Outcome.WAIVED else None)
        for check in checks
        if check.outcome != NOT_APPLICABLE
    )
    return ran(*checks, findings=findings)


def many(number: int = 10_000) -> Run:
    """So many resources of one severe check, some that nobody could look at, another check, a change."""
    severe, lesser = made("severe", "failed", Severity.CRITICAL), made("lesser", "failed", Severity.LOW)
    findings = tuple(
        of(severe, n, f"€ {n} | <b> 'x' & \"y\"", Outcome.BLIND if n % 10 == 0 else Outcome.FAILED)
        for n in range(number)
    )
    standings = tuple(
        Standing(severe.check, one.resource, one.name, "still", NOW - timedelta(days=1), 2) for one in findings
    )
    return replace(
        ran(severe, lesser, findings=(*findings, of(lesser))),
        past=(Past("production", 1, NOW - timedelta(days=1), standings=standings),),
        changes=(changed("fixed"),),
    )


def changed(result: str) -> dict[str, Any]:
    return {
        "stack": "production", "check": "test_severe", "remedy": "switch", "name": "thing", "resource": "arn:thing",
        "result": result, "said": "the same check passes now", "entry": "0123", "differs": ["v: 0 → 1"],
        "undo": "opschecks undo 0123 --stack production",
    }  # fmt: skip


RUNS = {name: said_everywhere(text) for name, text in TEXTS.items()}
RUNS |= {
    "every outcome": every_outcome(),
    "many": many(),
    "several stacks": ran(made("a", "failed"), made("a", "passed", stack="other"), stacks=2),
    "unfinished": replace(ran(made("a", "not_run")), state="unfinished", ended=None, exit_code=None),
    "nothing": ran(),
    "sandbox": ran(made("a", "passed"), sandbox=True),
}
each_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
each_text = pytest.mark.parametrize("run", [RUNS[name] for name in TEXTS], ids=TEXTS)


def told_in(run: Run) -> dict[str, str]:
    """Everything that a person is shown of a run, by where."""
    email = to_email(run)
    return {
        "markdown": to_markdown(run),
        "annotations": "\n".join(to_annotations(run)),
        "slack": "\n".join(_texts(to_slack(run))),
        "email": f"{email.subject}\n{email.text}\n{email.html}",
        "ctrf": "\n".join(one.get("message", "") for one in json.loads(to_ctrf(run))["results"]["tests"]),
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["text"]] if isinstance(value.get("text"), str) else [])
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@each_text
def test_no_control_character_is_told(run: Run) -> None:
    for where, text in told_in(run).items():
        assert not CONTROLS.search(text), where


def test_a_control_character_is_spelled_out() -> None:
    for where, text in told_in(RUNS["hostile"]).items():
        assert "\\x1b" in text, where


def test_no_secret_is_told() -> None:
    run = RUNS["injection"]
    for where, text in {**told_in(run), "all of CTRF": to_ctrf(run)}.items():
        assert KEY not in text, where
        assert "hunter2" not in text, where
        assert "(redacted)" in text, where


def test_every_export_says_sandbox() -> None:
    run = RUNS["sandbox"]
    told = told_in(replace(run, state="stopped", stopped_by="Ctrl-C"))
    for where in ("markdown", "annotations", "slack", "email"):
        assert "SANDBOX" in told[where], where
    assert to_email(run).subject.startswith("SANDBOX – ")
    [line] = to_annotations(ran(made("a", "failed"), sandbox=True))
    assert understood(line)[1]["title"] == "SANDBOX: high: The a is bad"
    assert json.loads(to_ctrf(run))["results"]["environment"]["testEnvironment"] == "SANDBOX"
    for where, text in told_in(RUNS["every outcome"]).items():
        assert "SANDBOX" not in text, where


def test_a_secret_is_masked_before_a_text_is_cut() -> None:
    assert KEY[:8] not in brief("x" * 90 + " " + KEY, 100)
    assert brief("é" * 300, 100) == "é" * 99 + "…"
    assert brief("a\r\n\tb\u2028c", 100) == "a b c"
    assert len(brief("\x1b" * 300, 100)) == 100


def test_the_worst_stands_first_and_failed_before_blind() -> None:
    checks = (
        made("blind", "blind", Severity.CRITICAL),
        made("low", "failed", Severity.LOW),
        made("good", "passed", Severity.CRITICAL),
        made("high", "failed", Severity.CRITICAL),
    )
    assert [bad.check.check for bad in bad_checks(ran(*checks))] == ["test_high", "test_low", "test_blind"]


# CTRF


@each_run
def test_ctrf_is_what_its_specification_asks_for(run: Run) -> None:
    told = json.loads(to_ctrf(run).encode())
    SCHEMA.validate(told)
    summary = told["results"]["summary"]
    assert summary["tests"] == len(told["results"]["tests"]) == len(run.checks)
    assert sum(summary[status] for status in ("passed", "failed", "skipped", "pending", "other")) == summary["tests"]
    assert summary["stop"] >= summary["start"]


@pytest.mark.parametrize("wrong", [{"status": "blind"}, {"duration": 0.5}, {"retry": 1}, {"id": "x"}, {"name": ""}])
def test_the_schema_of_ctrf_finds_fault(wrong: dict[str, Any]) -> None:
    told = json.loads(to_ctrf(RUNS["every outcome"]))
    told["results"]["tests"][0] |= wrong
    assert not SCHEMA.is_valid(told)


def test_no_outcome_but_passed_passes_in_ctrf() -> None:
    told = json.loads(to_ctrf(RUNS["every outcome"]))["results"]
    assert {test["rawStatus"]: test["status"] for test in told["tests"]} == {
        "passed": "passed",
        "failed": "failed",
        "blind": "other",
        "not_run": "pending",
        "waived": "skipped",
        "not_applicable": "skipped",
    }
    assert told["summary"]["passed"] == 1
    assert told["summary"]["extra"]["waived"] == 1
    waived = next(test for test in told["tests"] if test["rawStatus"] == "waived")
    assert waived["message"] == "test_waived-0: too high (waived until 2026-12-01, ann: known)"


def test_ctrf_has_what_a_check_says_and_when_it_was() -> None:
    check = made("a", "failed")
    run = ran(check, findings=(of(check, 0, "seen", Outcome.BLIND), of(check, 1), of(check, 2, "", Outcome.PASSED)))
    told = json.loads(to_ctrf(run))
    [test] = told["results"]["tests"]
    assert told["results"]["summary"]["start"] == 1_795_503_600_000
    assert told["results"]["summary"]["duration"] == 2000
    assert test["duration"] == 13
    assert test["message"] == "The a is bad\ntest_a-1: too high\ntest_a-0: could not look: seen"
    assert test["filePath"] == "checks/daily/test_area.py"
    assert test["suite"] == ["daily", "production", "area"]
    assert test["extra"]["runbook"] == "slug"
    assert test["extra"]["severity"] == "high"
    assert test["extra"]["examined"] == 3
    assert [one["resource"] for one in test["extra"]["resources"]] == ["arn:test_a:1", "arn:test_a:0"]


def test_tests_of_ctrf_bear_the_same_names_in_every_run() -> None:
    first = json.loads(to_ctrf(ran(made("a", "failed"), made("a", "passed", stack="other"), stacks=2)))
    again = json.loads(to_ctrf(replace(ran(made("a", "passed")), started=NOW + timedelta(days=1))))
    one, other = first["results"]["tests"]
    [same] = again["results"]["tests"]
    assert (one["id"], one["name"]) == (same["id"], same["name"])
    assert one["name"] == "test_a[production]"
    assert one["id"] != other["id"]
    assert one["name"] != other["name"]
    assert first["reportId"] != again["reportId"]


def test_only_a_good_run_is_healthy() -> None:
    def healthy(run: Run) -> bool:
        told = json.loads(to_ctrf(run))["results"]["environment"]["healthy"]
        assert isinstance(told, bool)
        return told

    good = ran(made("a", "passed"), made("b", "waived"))
    assert healthy(good)
    bad = [ran(), ran(made("a", "blind")), ran(made("a", "not_run")), ran(made("a", "failed"))]
    bad += [replace(good, state="stopped"), replace(good, changes=(changed("handed over"),))]
    assert [healthy(run) for run in bad] == [False] * len(bad)


def test_ctrf_names_ten_thousand_resources_but_says_a_few() -> None:
    test = json.loads(to_ctrf(RUNS["many"]))["results"]["tests"][0]
    assert len(test["extra"]["resources"]) == 10_000
    assert len(test["message"].splitlines()) == 22
    assert test["message"].endswith("… and 9980 more")


# Markdown


class Read(HTMLParser):
    """HTML as it is read: every tag closed, and what stands inside and outside of code."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.loose = ""
        self.code: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "meta"):
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.code[-1] += data
        else:
            self.loose += data
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data


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
        ["Severity", "Outcome", "What", "Resource", "Message", "Since"],
        ["high", "failed", "The a is bad", "test_a-0", "too high", ""],
        ["high", "failed", "The a is bad", "test_a-1", "too high", "day 3, since 2026-11-22"],
        ["high", "could not look", "test_b", "", "no permission", ""],
    ]
    assert "<h2>Action needed – daily checks of production</h2>" in markdown
    assert "<li>The a is bad (test_a-0, test_a-1), day 3 – follow “slug” in the runbook</li>" in markdown
    assert "Good again (1)" in markdown
    assert "<li>The a is bad: <code>healed</code> was bad since 2026-11-22</li>" in markdown
    assert "take it back: <code>opschecks undo 0123 --stack production</code>" in markdown
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
    [("new", "new"), ("flapping", "on and off, since 2026-11-22"), ("unseen", "since 2026-11-22")],
)
def test_how_long_it_has_been_so(state: str, words: str) -> None:
    check = made("a", "failed")
    since = datetime(2026, 11, 22, 7, tzinfo=UTC)
    past = Past("production", 2, NOW, standings=(Standing(check.check, of(check).resource, "x", state, since, 3),))
    run = replace(ran(check, findings=(of(check),)), past=(past,))
    assert rendered(to_markdown(run)).rows[1][-1] == words
    assert words in to_email(run).text
    assert f" – {words}\n" in "\n".join(_texts(to_slack(run)))


def test_a_check_is_as_old_as_its_oldest_resource() -> None:
    check = made("a", "failed")
    findings = tuple(of(check, n) for n in range(3))
    days = {findings[0].resource: 1, findings[1].resource: 5}
    standings = tuple(
        Standing(check.check, resource, "x", "still", NOW - timedelta(days=day - 1), day)
        for resource, day in days.items()
    )
    run = replace(ran(check, findings=findings), past=(Past("production", 5, NOW, standings=standings),))
    assert bad_checks(run)[0].longest == "day 5, since 2026-11-20"


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


# annotations


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message, as the runner reads them."""
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    command, _, properties = head.partition(" ")
    pairs = dict(one.split("=", 1) for one in properties.split(","))
    return command, {key: _unescaped(value) for key, value in pairs.items()}, _unescaped(message)


def _unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


@each_run
def test_every_annotation_is_one_command(run: Run) -> None:
    read = [understood(line) for line in to_annotations(run)]
    assert {command for command, _, _ in read} <= {"error", "warning"}
    assert all(set(properties) <= {"file", "title"} for _, properties, _ in read)


def test_an_annotation_says_what_and_where() -> None:
    check = replace(made("a", "failed"), nodeid="checks/a,b:c%/test_x.py::test_a[production]", failing="50%: a, b")
    run = ran(check, made("b", "blind", message="no permission"), findings=(of(check, message="100%\r\n::x:: a,b"),))
    assert [understood(line) for line in to_annotations(run)] == [
        ("error", {"file": "checks/a,b:c%/test_x.py", "title": "high: 50%: a, b"}, "test_a-0: 100% ::x:: a,b"),
        (
            "warning",
            {"file": "checks/daily/test_area.py", "title": "high: could not look: test_b"},
            "no permission",
        ),
    ]
    assert to_annotations(run)[0] == (
        "::error file=checks/a%2Cb%3Ac%25/test_x.py,title=high%3A 50%25%3A a%2C b::test_a-0: 100%25 ::x:: a,b"
    )


def test_an_annotation_is_no_novel() -> None:
    for line in to_annotations(RUNS["hostile"]):
        assert len(understood(line)[2]) <= LONGEST_MESSAGE


def test_no_more_annotations_than_github_shows() -> None:
    checks = [made(f"f{n}", "failed", Severity.LOW) for n in range(25)]
    checks += [made(f"b{n}", "blind") for n in range(LIMIT)]
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
    assert understood(first)[:2] == ("error", {"title": "changed and not taken back: switch"})


# Slack


@each_run
def test_slack_takes_the_message(run: Run) -> None:
    message = to_slack(run, page_url="https://pages.example/daily.html?a=1&b=2")
    blocks = message["blocks"]
    assert len(blocks) <= 50
    assert sum(len(text) for text in _texts(blocks)) < 13_000
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
    for text in _texts(to_slack(run)):
        assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", text)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x.example/a|b>", "https://x.example/ <!channel>"])
def test_what_is_no_address_becomes_no_link(url: str) -> None:
    run = RUNS["every outcome"]
    assert not re.search("[<>]", "".join(_texts(to_slack(run, page_url=url))))
    assert not [one for one in Read(to_email(run, page_url=url).html).attributes if one[1] == "href"]


def test_slack_says_what_is_bad_and_what_was_done() -> None:
    check = made("a", "failed", Severity.CRITICAL)
    run = replace(
        ran(check, findings=tuple(of(check, n) for n in range(5)), stacks=2),
        changes=(changed("fixed"), {**changed("roll-back failed"), "name": "lost"}),
    )
    texts = list(_texts(to_slack(run)["blocks"]))
    assert texts[0] == "Action needed – daily checks of production, other"
    assert texts[3:] == [
        "CRITICAL: The a is bad (production)\ntest_a-0, test_a-1, test_a-2 and 2 more: too high",
        "roll-back failed: switch on lost\nopschecks undo 0123 --stack production",
        "fixed: switch on thing\nopschecks undo 0123 --stack production",
        "1 checks collected = 1 reported",
    ]
    assert to_slack(run)["text"].startswith("Action needed – daily checks of production, other\n")


def worst() -> Run:
    """More checks, resources and changes than anything shows, of strings that grow when they are escaped."""
    checks = [made(f"{n}{QUOTES}", "failed") for n in range(40)]
    findings = tuple(replace(of(check, n, QUOTES), name=QUOTES) for check in checks for n in range(5))
    run = ran(*checks, findings=findings)
    return replace(
        run,
        stacks=(replace(run.stacks[0], name=f"a\r\nBcc: x{QUOTES}"),),
        changes=tuple(
            {**changed("fixed"), "name": QUOTES, "said": QUOTES, "undo": f"opschecks undo {QUOTES}"} for _ in range(40)
        ),
    )


def test_slack_takes_a_message_of_the_worst_strings() -> None:
    message = to_slack(worst())
    texts = list(_texts(message["blocks"]))
    assert len(texts) <= 50
    assert 140 < len(texts[0]) <= 150
    assert all(len(text) <= 3000 for text in texts)
    assert 7_000 < sum(map(len, texts)) < 13_000
    assert {"and 32 more checks", "and 35 more changes"} <= set(texts)


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
    _tells_nothing(caught.value)


@pytest.mark.parametrize("webhook", [WEBHOOK.removeprefix("https://"), WEBHOOK.replace("https", "http"), ""])
def test_a_webhook_that_is_none_is_never_called(slack: responses.RequestsMock, webhook: str) -> None:
    with pytest.raises(SlackError, match=r"^the webhook is no https:// address$") as caught:
        post(webhook, {"text": "hello"})
    assert len(slack.calls) == 0
    _tells_nothing(caught.value)


def _tells_nothing(error: BaseException) -> None:
    assert "SECRET" not in f"{error!s} {error!r} {error.args}"
    assert error.__cause__ is None
    assert error.__context__ is None


# e-mail

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
