"""The table of services: each area of each stack, its state, its last runs, and what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.dataclass import dataclass
from ...core.model import NOT_APPLICABLE, CheckResult, Figure, Outcome
from ...core.run import Run
from ...history.comparison import worst
from ..amounts import named, number, plural
from ..areas import AREAS, area_name
from ..source import PageSource
from ..standing import TONES, WORDS, Strip, anchor, strip
from ..unseen import cause
from .causes import hidden

FIGURES_SHOWN = 3
NAMED = 12


@dataclass(frozen=True)
class ServiceRow:
    """One area of one stack. `tone` as of a tile; `cards` are those that say more: (anchor, words)."""

    stack: str
    name: str
    state: str
    tone: str
    counted: str
    seen: str
    strip: Strip
    cards: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Services:
    """Services that stand open, and those that are folded below `summary`: what does not apply, and what is ok beside
    what is not. `compared`: there are earlier runs, so that strips have more than one bar.
    """

    rows: tuple[ServiceRow, ...]
    folded: tuple[ServiceRow, ...]
    summary: str
    compared: bool


def facts(source: PageSource) -> Services:
    """Each area of each stack, in the order of AREAS."""
    rows = _rows(source)
    ok, idle = (tuple(row for row in rows if row.tone == tone) for tone in ("good", "none"))
    bad = tuple(row for row in rows if row.tone not in ("good", "none"))
    folded = (*(ok if bad else ()), *idle)
    compared = any(len(row.strip.bars) > 1 for row in rows)
    told = [f"{plural(len(ok), 'service')} {'is' if len(ok) == 1 else 'are'} ok: {_names(ok)}"] if ok and bad else []
    told += [f"{len(idle)} {'does' if len(idle) == 1 else 'do'} not apply: {_names(idle)}"] if idle else []
    return Services(bad or ok or idle, folded if bad or ok else (), "; ".join(told), compared)


def _names(rows: Sequence[ServiceRow]) -> str:
    return named([row.name for row in rows], NAMED)


def _rows(source: PageSource) -> list[ServiceRow]:
    run, order = source.run, list(AREAS)
    keys = list(dict.fromkeys((check.stack, check.area) for check in run.checks))
    stacks = [stack.name for stack in run.stacks]
    keys.sort(key=lambda key: (stacks.index(key[0]), order.index(key[1]) if key[1] in AREAS else len(order), key[1]))
    reasons = {check.anchor: one.anchor for one in hidden(source) if len(one.checks) > 1 for check in one.checks}
    return [_row(run, stack, area, reasons) for stack, area in keys]


def _row(run: Run, stack: str, area: str, reasons: Mapping[str, str]) -> ServiceRow:
    checks = [check for check in run.checks if (check.stack, check.area) == (stack, area)]
    outcomes = [check.outcome for check in checks]
    applicable = len(checks) - outcomes.count(NOT_APPLICABLE)
    now = worst(outcomes)
    failed = [one for one in checks if one.outcome == Outcome.FAILED]
    cards = {anchor(one.stack, one.check): one.failing for one in sorted(failed, key=lambda one: -one.severity.rank)}
    unseen = [] if failed else [one for one in checks if one.outcome == Outcome.BLIND]
    hiding = [reasons[own] for one in unseen if (own := anchor(one.stack, one.check)) in reasons]
    cards |= dict.fromkeys(hiding[:1], "the reason, above")
    return ServiceRow(
        stack=stack,
        name=area_name(area),
        state={"failed": "failing", "passed": "ok"}.get(now, WORDS[now or NOT_APPLICABLE]),
        tone=TONES.get(now, "unsure") if now else "none",
        counted=f"{outcomes.count(Outcome.PASSED)} of {applicable} passed" if applicable else "none applies",
        seen="" if cards or not applicable else _seen(run, checks),
        strip=strip(run, stack, area, now),
        cards=tuple(cards.items()),
    )


def _seen(run: Run, checks: Sequence[CheckResult]) -> str:
    """Why it could not be seen; else the numbers that were seen, or what was said of them."""
    blind = [check for check in checks if check.outcome == Outcome.BLIND]
    if blind:
        return cause(max(blind, key=lambda check: check.severity.rank).message)
    findings = [one for check in checks for one in run.findings_of(check) if one.resource != f"stack/{check.stack}"]
    figures: dict[str, Figure] = {
        figure.label: figure for finding in findings for figure in finding.figures if not isinstance(figure.value, str)
    }
    examined = len({finding.resource for finding in findings})
    if figures and examined == 1:
        shown = list(figures.values())[:FIGURES_SHOWN]
        return ", ".join(f"{figure.label} {number(figure.value, figure.unit)}" for figure in shown)
    if waived := [one for one in findings if one.outcome is Outcome.WAIVED]:
        return f"{waived[0].name}: {waived[0].message}"
    findings.sort(key=lambda finding: -finding.severity.rank)
    return next((finding.message for finding in findings if finding.message), f"{examined} examined")
