"""The decisions that are wanted of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.dataclass import dataclass
from ..amounts import first
from ..decisions import Decision, decisions
from ..source import PageSource
from ..week_words import days_seen

SHOWN = 200
UNSEEN = "waivers, backups and costs: no weekly run of this week has looked at them"


@dataclass(frozen=True)
class Decided:
    """Those of one stack, and how many more there are; `dated`: some have a day. `none`: what is true of none.

    `unseen` is what would have to be seen to know all of them, and was not; empty where it was.
    """

    on: str
    shown: tuple[Decision, ...]
    left: int
    dated: bool
    none: str
    unseen: str


def facts(source: PageSource, week: Mapping[str, Any]) -> Decided:
    """Of one stack."""
    shown, left = first(decisions(source.run, week), SHOWN)
    days = "; not every day of the week was seen" if days_seen(week).told else ""
    unsure = days or week["error"] or not source.run.checks
    none = f"No decision is known to be waiting{days}." if unsure else "No decision is waiting."
    unseen = "" if source.run.checks else UNSEEN
    return Decided(source.on(week["stack"]), shown, left, any(one.by for one in shown), none, unseen)
