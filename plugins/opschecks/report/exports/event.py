"""Run to an event for EventBridge: one entry of PutEvents, on which rules can match.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from ...core.model import NOT_APPLICABLE, Finding, Outcome
from ...core.redaction import plain
from ...core.run import Run
from ..news import by_kind
from ..notes import brief, notes, whole_finding
from ..standing import finding_anchor
from ..verdict import verdict

SOURCE, DETAIL_TYPE = "opschecks", "opschecks run finished"
LARGEST = 256 * 1024
"""Bytes of an entry; counted with all characters of its JSON, which is more than EventBridge counts."""
FORMAT = 1
SPARE = 100
LONGEST_NAME, LONGEST_ARN, LONGEST_MESSAGE = 200, 1024, 300
RESOURCES = 20
"""ARNs among the event's resources, for rules that look for one; the findings have all."""


def to_event(run: Run, *, bus: str = "", page_url: str = "") -> dict[str, Any]:
    """The entry: verdict, counts and what is bad, the worst first, as much of it as an event may have.

    `detail.left_out` says how many findings there was no room for.
    """
    bad = _bad(run)
    room = LARGEST - _size(_entry(run, bad, 0, bus, page_url)) - SPARE
    shown = 0
    for one in bad:
        room -= len(json.dumps(json.dumps(plain(one), ensure_ascii=False), ensure_ascii=False).encode())
        if room <= 0:
            break
        shown += 1
    return _entry(run, bad, shown, bus, page_url)


def to_text(entry: Mapping[str, Any]) -> str:
    """As JSON for `aws events put-events --entries file://…`."""
    return json.dumps([entry], ensure_ascii=False, indent=1) + "\n"


def _size(entry: Mapping[str, Any]) -> int:
    return len(json.dumps(entry, ensure_ascii=False).encode())


def _bad(run: Run) -> list[dict[str, str]]:
    """Each resource that is bad, and a finding for the stack of each check that is bad without one."""
    return [
        {
            "id": brief(finding_anchor(one), LONGEST_NAME), "stack": one.stack,
            "check": brief(bad.check.check, LONGEST_NAME),
            "title": brief(bad.title, LONGEST_NAME),
            "severity": bad.check.severity.value, "outcome": one.outcome.value,
            "resource": brief(one.resource, LONGEST_ARN), "name": brief(one.name, LONGEST_NAME),
            "message": brief(one.message, LONGEST_MESSAGE),
            "since": _since(run, one), "page": brief(place, LONGEST_NAME),
        }
        for bad in notes(run).bad
        for one, place in zip(bad.findings or [whole_finding(bad.check)], bad.places or [bad.place], strict=True)
    ]  # fmt: skip


def _since(run: Run, finding: Finding) -> str:
    standing = run.past_of(finding.stack).standing(finding.check, finding.resource)
    return standing.since.astimezone(UTC).isoformat() if standing else ""


def _entry(run: Run, bad: Sequence[Mapping[str, str]], shown: int, bus: str, page_url: str) -> dict[str, Any]:
    said = verdict(run)
    outcomes = [*(outcome.value for outcome in Outcome), NOT_APPLICABLE]
    news: Counter[str] = Counter()
    for past in run.past:
        news.update({kind.replace(" ", "_"): len(of) for kind, of in by_kind(run, past).items() if past.previous})
    detail = {
        "format": FORMAT,
        "suite": run.suite,
        "sandbox": run.sandbox,
        "partial": bool(run.partial),
        "state": run.state,
        "exit_code": run.exit_code,
        "verdict": {"word": said.word, "tone": said.tone, "sentence": brief(said.sentence, 1000)},
        "stacks": [{"name": one.name, "account": one.account_id, "region": one.region} for one in run.stacks],
        "counts": {outcome: run.count(outcome) for outcome in outcomes},
        "news": news,
        "findings": list(bad[:shown]),
        "left_out": len(bad) - shown,
        **({"page": page_url} if page_url else {}),
    }
    arns = dict.fromkeys(one["resource"] for one in bad if one["resource"].startswith("arn:"))
    entry = {
        "Time": f"{(run.ended or run.started).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(plain(detail), ensure_ascii=False),
        "Resources": list(arns)[:RESOURCES],
    }
    return {**entry, "EventBusName": bus} if bus else entry
