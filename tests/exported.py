"""Runs that reports are tried on: hostile, of every outcome, large; and what reads the report that is made of one."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opschecks.core.model import (
    NOT_APPLICABLE,
    CheckResult,
    Figure,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from opschecks.core.run import Past, Run, StackFacts, Standing, WaiverState
from opschecks.report.exports.annotations import to_annotations
from opschecks.report.exports.ctrf import to_ctrf
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.page import render
from opschecks.report.runbook import read_runbook
from tests.scratch import ROOT

HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>\"'&lt;{{ 7 * 7 }}"
    "\x1b[31m\x1b]0;title\x07\u202eevil\u202c\u2066\x00 ]]> --> <style>*{display:none}</style>" + "n" * 10_000
)
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
LINKS = {"run": "daily.json", "pytest": "daily.pytest.html", "junit": "daily.xml"}
RUNBOOK = read_runbook(ROOT / "checks" / "RUNBOOK.md")
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


def hostile(resources: int = 3) -> Run:
    """A run in which every string that comes from the world is hostile."""
    points = tuple((NOW - timedelta(minutes=5 * n), 90.0 + n % 7) for n in range(200, 0, -1))
    series = Series("CPU", "%", points, 300, 80.0)
    checks = [
        CheckResult("production", name, f"checks/daily/test_ecs.py::{name}", area, Severity.HIGH, slug, "It is bad",
                    "It hurts", outcome.value, HOSTILE)
        for name, area, slug, outcome in (
            ("test_a", "ecs", "high-cpu", Outcome.FAILED),
            ("test_b", "alarms", "alarms", Outcome.BLIND),
            ("test_c", "logs", "logs", Outcome.NOT_RUN),
            ("test_d", "dynamodb", "database-throttling", Outcome.WAIVED),
        )
    ]  # fmt: skip
    figures = tuple(Figure(label, HOSTILE) for label in ("severity", "status", "opened", "title"))
    findings = [
        Finding("production", check.check, f"{HOSTILE}{n}", f"{n}{HOSTILE}", Outcome(check.outcome), check.severity,
                HOSTILE, {HOSTILE: [HOSTILE, {"deep": HOSTILE}]}, figures)
        for check in checks
        for n in range(resources)
    ]  # fmt: skip
    seen = SeenResource(f"{HOSTILE}0", HOSTILE, figures, (series, replace(series, label=HOSTILE)))
    return Run(
        suite="daily",
        started=NOW,
        ended=NOW + timedelta(seconds=2),
        stacks=(
            StackFacts("production", False, "123456789012", "us-west-2", "Europe/Berlin", {"on_call": HOSTILE},
                       {"cluster": HOSTILE, "service": "$(touch /tmp/pwned)", "region": "us-west-2"}),
        ),
        state="finished",
        exit_code=1,
        checks=tuple(checks),
        findings=tuple(findings),
        observations=(
            ObservationResult("production", "active_incidents", 0.1, ("dynamodb:Query",), "", (seen,)),
            ObservationResult("production", "service_load", 0.1, (), "", (seen,)),
            ObservationResult("production", "alarms", 0.1, (), HOSTILE),
        ),
        waivers=(WaiverState("production", "test_d", HOSTILE, HOSTILE, HOSTILE, "2026-12-01", 7, "active"),),
        changes=tuple(
            {"stack": "production", "check": "test_a", "remedy": "switch", "name": HOSTILE, "result": result,
             "said": HOSTILE, "entry": "0123", "undo": undo, "differs": [HOSTILE], "beware": HOSTILE}
            for result, undo in (("fixed", "opschecks undo 0123"), ("roll-back failed", "one-way"), ("handed over", ""))
        ),
        versions={"opschecks": HOSTILE[:100]},
    )  # fmt: skip


def page_of(run: Run, **more: Any) -> str:
    """The page of a run, with this project's runbook."""
    return render(run, runbook=RUNBOOK, links=LINKS, **more)


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
    name: str,
    outcome: str,
    severity: Severity = Severity.HIGH,
    *,
    stack: str = "production",
    message: str = "m",
    runbook: str = "slug",
) -> CheckResult:
    return CheckResult(
        stack, f"test_{name}", f"checks/daily/test_area.py::test_{name}[{stack}]", "area", severity, runbook,
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
    """Many resources of one severe check, some that could not be looked at; another check, a change."""
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


def changed(result: str, **more: Any) -> dict[str, Any]:
    """A change as run files have it."""
    return {
        "stack": "production", "check": "test_severe", "remedy": "switch", "name": "thing", "resource": "arn:thing",
        "result": result, "said": "the same check passes now", "entry": "0123", "differs": ["v: 0 → 1"],
        "undo": "opschecks undo 0123 --stack production", **more,
    }  # fmt: skip


def not_made(result: str, **more: Any) -> dict[str, Any]:
    """A change that never reached AWS."""
    return changed(result, **{"said": "", "entry": "", "undo": "", "differs": [], **more})


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
    return {
        "markdown": to_markdown(run),
        "annotations": "\n".join(to_annotations(run)),
        "slack": "\n".join(texts_of(to_slack(run))),
        "email": to_email(run),
        "ctrf": "\n".join(one.get("message", "") for one in json.loads(to_ctrf(run))["results"]["tests"]),
    }


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["text"]] if isinstance(value.get("text"), str) else [])
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


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
