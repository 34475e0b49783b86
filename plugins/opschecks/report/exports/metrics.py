"""Run to metrics: a file for Prometheus's textfile collector, which is OpenMetrics, too: gauges alone, and an end.

https://prometheus.io/docs/instrumenting/exposition_formats/
https://prometheus.io/docs/specs/om/open_metrics_spec/ – a family begins with its type, no line is empty, and the last
one is `# EOF`, which the older format reads as a comment.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from ...core.model import NOT_APPLICABLE, Outcome, Series
from ...core.run import Run
from ..budget import lost_of
from ..news import by_kind
from ..notes import brief
from ..numbers import LINES
from .markdown import LONGEST_NAME

OUTCOMES = (*(outcome.value for outcome in Outcome), NOT_APPLICABLE)
MOST_SERIES = 500
"""Samples of one family of what was observed: each is a series of its own in Prometheus."""
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": " "})

Labels = Iterable[tuple[str, str]]
Sample = tuple[Labels, float]


def family(name: str, words: str, samples: Iterable[Sample]) -> str:
    """A family of gauges with its help, its type and its samples, each of its labels and its value."""
    lines = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        told = ",".join(f'{key}="{brief(text, LONGEST_NAME).translate(_ESCAPES)}"' for key, text in labels)
        number = f"{value:.6f}".rstrip("0").rstrip(".")
        lines.append(f"{name}{{{told}}} {number}")
    return "\n".join(lines) + "\n"


def to_metrics(run: Run) -> str:
    """The metrics of the run; `suite` and `stack` are labels of all. Values that were not seen are absent."""
    return "".join(metrics_parts(run))


def metrics_parts(run: Run) -> Iterator[str]:
    """The same in parts, a family each."""
    families = (
        ("opschecks_run_exit_code", "0: all good, 1: something failed, 10: not everything was seen, else pytest's own.",
         _run(run, run.exit_code) if run.exit_code is not None else ()),
        ("opschecks_run_start_time_seconds", "When the run began, since 1970.", _run(run, run.started.timestamp())),
        ("opschecks_run_duration_seconds", "How long the run took.",
         _run(run, (run.ended - run.started).total_seconds()) if run.ended else ()),
        ("opschecks_run_aws_calls", "Calls of AWS in the run.", _run(run, len(run.calls))),
        ("opschecks_sandbox", "1 where the stack is a sandbox.",
         [(_of(run, stack.name), float(stack.sandbox)) for stack in run.stacks]),
        ("opschecks_checks", "Checks by outcome.", _checks(run)),
        ("opschecks_check_status", "1 for the outcome of the check.", _status(run)),
        ("opschecks_findings", "Resources by outcome and by the severity of the check.", _findings(run)),
        ("opschecks_news", "Failures by how they compare with the run before.", _news(run)),
        ("opschecks_observed", "The newest value of what a chart of the page shows.", _observed(run)),
        ("opschecks_observed_limit", "Its limit.", _limits(run)),
        ("opschecks_week_measure", "Measures of the week, by key, whose end is the unit.",
         _measures(run, target=False)),
        ("opschecks_week_target", "Their targets.", _measures(run, target=True)),
        ("opschecks_check_days_lost", "Check-days of 28 days that failed or are not known.", _lost(run)),
    )  # fmt: skip
    for name, words, samples in families:
        if made := list(samples):
            yield family(name, words, made)
    yield "# EOF\n"


def _of(run: Run, stack: str, **more: str) -> tuple[tuple[str, str], ...]:
    return (("suite", run.suite), ("stack", stack), *more.items())


def _run(run: Run, value: float) -> list[Sample]:
    return [(_of(run, stack.name), value) for stack in run.stacks]


def _checks(run: Run) -> Iterator[Sample]:
    counts = Counter((check.stack, check.outcome) for check in run.checks)
    for stack in run.stacks:
        for outcome in OUTCOMES:
            yield _of(run, stack.name, outcome=outcome), counts[stack.name, outcome]


def _status(run: Run) -> Iterator[Sample]:
    for one in run.checks:
        labels = {"check": one.check, "area": one.area, "severity": one.severity.value, "outcome": one.outcome}
        yield _of(run, one.stack, **labels), 1


def _findings(run: Run) -> Iterator[Sample]:
    counts = Counter((one.stack, one.outcome.value, one.severity.value) for one in run.findings)
    for (stack, outcome, severity), count in counts.items():
        yield _of(run, stack, outcome=outcome, severity=severity), count


def _news(run: Run) -> Iterator[Sample]:
    for past in run.past:
        for kind, of in by_kind(run, past).items() if past.previous else ():
            yield _of(run, past.stack, kind=kind.replace(" ", "_")), len(of)


def _charted(run: Run) -> Iterator[tuple[Labels, Series]]:
    """What the history keeps the numbers of, and what has a limit; each with its labels."""
    found = (
        (seen.stack, one, line)
        for seen in run.observations
        for one in seen.resources
        for line in one.series
        if line.points and ((seen.name, line.label) in LINES or line.limit is not None)
    )
    told: set[tuple[str, str, str]] = set()
    for stack, one, line in found:
        key = (stack, line.label, brief(one.resource, LONGEST_NAME))  # two observations may see one resource
        if key not in told and len(told) < MOST_SERIES:
            told.add(key)
            yield _of(run, stack, resource=one.resource, name=one.name, what=line.label, unit=line.unit), line


def _observed(run: Run) -> Iterator[Sample]:
    for labels, line in _charted(run):
        if math.isfinite(line.points[-1][1]):
            yield labels, line.points[-1][1]


def _limits(run: Run) -> Iterator[Sample]:
    for labels, line in _charted(run):
        if line.limit is not None and math.isfinite(line.limit):
            yield labels, line.limit


def _measures(run: Run, *, target: bool) -> Iterator[Sample]:
    for week in run.weeks:
        for one in week["measures"]:
            for value in [one["target"]] if target else one["weeks"][-1:]:
                if value is not None:
                    yield _of(run, week["stack"], measure=one["key"]), value


def _lost(run: Run) -> Iterator[Sample]:
    for week in run.weeks:
        for area in week.get("areas", ()):
            yield _of(run, week["stack"], area=area["area"]), lost_of(area)
