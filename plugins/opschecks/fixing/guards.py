"""What keeps remedies from doing harm: risk, count, share, day, cool-down, attempts, freeze windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ..config.stack import Stack
from ..core.change import DRILLED, Change, Risk
from ..core.dataclass import dataclass
from ..core.wording import plural
from ..history.journal import Entry, since

DAY = timedelta(hours=24)


class TooWide(Exception):  # noqa: N818 - it is said of the plan
    """The plan as a whole changes more than the stack's limits allow: none of it is made."""


@dataclass(frozen=True)
class Refusal:
    """A change that may not be made, and why. `hand_over` where it needs a person now."""

    change: Change
    why: str
    hand_over: bool = False


def judged(
    changes: Sequence[Change],
    *,
    stack: Stack,
    entries: Sequence[Entry],
    allow: Collection[Risk],
    now: datetime,
    undoing: bool = False,
) -> tuple[list[Change], list[Refusal]]:
    """The changes that may be made, and those that may not.

    An undo counts as a change, but waits for no cool-down: a person has looked, and decided.
    """
    may: list[Change] = []
    refused: list[Refusal] = []
    for change in changes:
        refusal = _refusal(change, stack, [] if undoing else entries, allow, now)
        if refusal:
            refused.append(refusal)
        else:
            may.append(change)
    return may, refused


def careless(stack: Stack) -> str:
    """What a real stack must say before anything of it is changed, and does not; or nothing."""
    if stack.sandbox:
        return ""
    if not stack.account_id:
        return f"stacks.{stack.name}.account_id: not set; nothing is changed in an account that was not named"
    if not stack.state:
        return (
            f"stacks.{stack.name}.state: not set; journal, lock and day limits need one place for all who change this "
            'stack: state = "s3://BUCKET/PREFIX", or a folder that does not move'
        )
    return ""


def frozen(stack: Stack, now: datetime) -> str:
    """Why nothing may be changed at this moment, or nothing. Asked again right before each change."""
    for freeze in stack.fix.freeze:
        if freeze.begins <= now < freeze.ends:
            return f"frozen until {freeze.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {freeze.reason}"
    return ""


def _refusal(
    change: Change, stack: Stack, entries: Sequence[Entry], allow: Collection[Risk], now: datetime
) -> Refusal | None:
    limits = stack.fix
    if why := frozen(stack, now):
        return Refusal(change, why)
    if change.risk is not Risk.SAFE and change.risk not in allow:
        return Refusal(change, f"it is {change.risk}: --allow {change.risk} permits it")
    same = [
        entry
        for entry in since(entries, now - DAY)
        if (entry.change.remedy, entry.change.target) == (change.remedy, change.target)
        and not entry.undoes
        and not entry.left_in_part
    ]
    if len(same) >= limits.attempts_per_day:
        why = f"already tried {plural(len(same), 'time')} today (fix.attempts_per_day); needs a person"
        return Refusal(change, why, hand_over=True)
    free = max((entry.begun + timedelta(minutes=limits.cooldown_minutes) for entry in same), default=now)
    if free > now:
        return Refusal(
            change, f"it was changed recently: cooling down until {free:%Y-%m-%d %H:%M} UTC (fix.cooldown_minutes)"
        )
    return None


def require_narrow(
    may: Sequence[Change],
    *,
    of: Sequence[Change],
    stack: Stack,
    entries: Sequence[Entry],
    examined: Mapping[str, int],
    now: datetime,
) -> None:
    """TooWide where the changes together are more than the limits allow; before the first of them is made.

    `of` is the plan as it was before anything was refused: how many resources are bad does not depend on that.
    """
    limits = stack.fix
    if len(may) > limits.changes_per_run:
        raise TooWide(
            f"the plan has {plural(len(may), 'change')}, and fix.changes_per_run is {limits.changes_per_run}: "
            "no change was made"
        )
    today = sum(entry.change.finding != DRILLED for entry in since(entries, now - DAY))
    if may and today + len(may) > limits.changes_per_day:
        raise TooWide(
            f"{plural(today, 'change')} made within a day and the plan has {len(may)} more, "
            f"and fix.changes_per_day is {limits.changes_per_day}: no change was made"
        )
    # several changes may answer to one finding: what counts is how many resources are bad
    findings = {(change.check, change.finding) for change in of if change.check}
    for check, count in Counter(check for check, _ in findings).items():
        seen = examined.get(check, 0)
        if may and count > 1 and seen and count / seen * 100 > limits.share_percent:
            raise TooWide(
                f"the plan changes {count} of the {seen} resources that {check} examined, and fix.share_percent is "
                f"{limits.share_percent:g}: so many failures suggest another cause; no change was made"
            )
