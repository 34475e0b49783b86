"""A fleet as JSON, Markdown, Slack message, e-mail and Prometheus metrics: the facts of its page in other forms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ...core.model import Outcome
from ...core.redaction import plain
from ..amounts import first, named
from ..fleet.facts import Fleet, Shared, counted
from ..fleet.rows import StackRow, State
from ..notes import brief
from .email_body import MailEntry, mail
from .markdown import LONGEST_MESSAGE, LONGEST_NAME, SummaryPart, _code, _prose, _size, table_part, top_of
from .metrics import Sample, family
from .slack import message

FORMAT = 1
SHARED_SHOWN = 8
STACKS_SHOWN = 12
NAMED = 5
LONGEST_LINE = 250


def to_json(fleet: Fleet) -> str:
    """Everything that the page is made from, secrets masked; times as UTC ISO text, keys as in the facts' classes."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "suite": fleet.suite,
        "fleet": fleet.name,
        "made": fleet.made,
        "verdict": {"word": fleet.word, "sentence": fleet.sentence, "actions": list(fleet.actions)},
        "exit_code": fleet.exit_code,
        "counts": {state.value: fleet.count(state) for state in State},
        "shards": {"of": fleet.shards, "not_ended": list(fleet.late)},
        "unknown": fleet.unknown,
        "notes": list(fleet.notes),
        "shared": list(fleet.shared),
        "stacks": list(fleet.rows),
    }
    return json.dumps(plain(told), ensure_ascii=False, indent=1) + "\n"


def to_markdown(fleet: Fleet, *, limit_bytes: int = 1_000_000) -> str:
    """A job summary as `exports/markdown` makes of a run, in less than `limit_bytes` of UTF-8."""
    top = top_of(fleet.headline, fleet.sentence, fleet.actions)
    top += "".join(f"<p>{_prose(note)}.</p>\n\n" for note in fleet.notes)
    bottom = f"<p>{_prose(counted(fleet))}</p>\n"
    shared = _shared_part(fleet).fitted(limit_bytes // 4)
    bad = [row for row in fleet.rows if row.state is not State.GOOD]
    heads = ("Stack", "Verdict", "What is bad", "Since its last run")
    table = table_part(f"Stacks that are not good ({len(bad)})", heads, len(bad), map(_cells, bad))
    return top + shared + table.fitted(limit_bytes - 1 - _size(top + shared + bottom)) + bottom


def _shared_part(fleet: Fleet) -> SummaryPart:
    rows = (
        f"<li><b>{_grade(one)}</b>: {_prose(one.title)} – "
        f"{len(one.stacks)} of {len(fleet.rows)} stacks: {_code(_stacks(one), LONGEST_MESSAGE)}</li>"
        for one in fleet.shared
    )
    return SummaryPart(f"What several stacks have in common ({len(fleet.shared)})", len(fleet.shared), rows)


def _grade(one: Shared) -> str:
    return one.severity.value if one.outcome is Outcome.FAILED else "could not look"


def _stacks(one: Shared) -> str:
    return named([stack.stack for stack in one.stacks], NAMED)


def _cells(row: StackRow) -> tuple[str, ...]:
    verdict = f"{row.word}{f': {row.why}' if row.why else ''}"
    return (_code(row.stack, LONGEST_NAME), *map(_prose, (verdict, _bad(row), row.changed)))


def _bad(row: StackRow) -> str:
    return "; ".join(named([one.title for one in of], 2) for of in (row.failed, row.blind) if of)


def to_slack(fleet: Fleet, *, page_url: str = "") -> dict[str, Any]:
    """The message in Block Kit, as `exports/slack` makes of a run."""
    return message(
        fleet.headline, fleet.sentence, fleet.actions, map("\n".join, _entries(fleet)), counted(fleet),
        page_url=page_url,
    )  # fmt: skip


def to_email(fleet: Fleet) -> str:
    """The HTML of an e-mail, as `exports/email_body` makes of a run."""
    lists: tuple[tuple[str, list[MailEntry]], ...] = (
        ("What to do", [(brief(action, LONGEST_LINE),) for action in fleet.actions]),
        ("What is bad", [tuple(brief(line, LONGEST_LINE) for line in entry) for entry in _entries(fleet)]),
    )
    return mail(fleet.headline, fleet.tone, fleet.sentence, lists, counted(fleet))


def _entries(fleet: Fleet) -> Iterator[MailEntry]:
    """What many stacks share, then the worst stacks; each as lines."""
    shared, left = first(fleet.shared, SHARED_SHOWN)
    for one in shared:
        yield f"{_grade(one).upper()}: {one.title} – {len(one.stacks)} of {len(fleet.rows)} stacks", _stacks(one)
    if left:
        yield (f"and {left} more that several stacks share",)
    bad, left = first((row for row in fleet.rows if row.state is not State.GOOD), STACKS_SHOWN)
    for row in bad:
        told = row.why or _bad(row)
        yield (f"{row.stack}: {row.word}", *([told] if told else []))
    if left:
        yield (f"and {left} more stacks that are not good",)


def to_prometheus(fleet: Fleet) -> str:
    """Metrics in Prometheus's text format, for a textfile collector or a push gateway.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    A stack that has no run has no counts, and its `opschecks_stack_state` is "missing".
    """
    suite = ("suite", fleet.suite)
    seen = [row for row in fleet.rows if row.state is not State.MISSING]
    families: list[tuple[str, str, Iterable[Sample]]] = [
        ("opschecks_fleet_exit_code", "0: all good, 1: something failed, 10: not everything was seen",
         [([suite], fleet.exit_code)]),
        ("opschecks_fleet_made_seconds", "when these figures were made, since 1970",
         [([suite], fleet.made.timestamp())]),
        ("opschecks_fleet_stacks", "stacks by how they stand",
         [([suite, ("state", state.value)], fleet.count(state)) for state in State]),
        ("opschecks_fleet_shards_not_ended", "shards that have not ended", [([suite], len(fleet.late))]),
        ("opschecks_stack_state", "1 for how the stack stands",
         [([suite, ("stack", row.stack), ("state", row.state.value)], 1) for row in fleet.rows]),
        ("opschecks_stack_run_began_seconds", "when its run began, since 1970",
         [([suite, ("stack", row.stack)], row.began.timestamp()) for row in seen if row.began]),
        ("opschecks_stack_checks", "checks by outcome",
         [([suite, ("stack", row.stack), ("outcome", outcome.value)],
           sum(one == outcome for one in row.outcomes.values())) for row in seen for outcome in Outcome]),
        ("opschecks_stack_new_failures", "failures that its last run did not have",
         [([suite, ("stack", row.stack)], row.new) for row in seen]),
    ]  # fmt: skip
    return "".join(family(name, words, values) for name, words, values in families)
