"""Reads checks/waivers.toml: accepted failures, each with owner, reason and last day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ..core.model import CheckResult, Finding, Outcome
from ..core.run import WaiverState
from ..core.wording import nearest, plural
from .load import read_toml
from .toml_tables import TomlTable

LONGEST = timedelta(days=90)
_REFUSED = "extend it, or delete it and let the check fail"


class WaiverError(Exception):
    """waivers.toml is wrong; the message names file, entry, key and the next step."""


class Waiver(TomlTable):
    """One `[[waivers]]` entry: failures of this check on this resource are known and accepted."""

    check: Annotated[str, Field(min_length=1)]
    resource: Annotated[str, Field(min_length=1, description="ARN, URL or name, as the report shows it")]
    until: Annotated[date, Field(description="its last day, in the time zone of the stack")]
    owner: Annotated[str, Field(min_length=1, pattern=r"\S")]
    reason: Annotated[str, Field(min_length=1, pattern=r"\S")]
    stack: Annotated[str, Field(description="only on this stack; default: on every one")] = ""

    def covers(self, finding: Finding) -> bool:
        """Whether the waiver accepts this finding."""
        return (
            self.check == finding.check
            and self.resource in (finding.resource, finding.name)
            and self.stack in ("", finding.stack)
        )


def load_waivers(
    path: Path, *, now: datetime, checks: Callable[[], Collection[str]], zones: Mapping[str, tzinfo]
) -> list[Waiver]:
    """Read waivers.toml; without a file there are none. WaiverError for an unknown check, no owner, a bad last day.

    `checks` finds the names of all checks, which is only done where there are waivers; `zones` has those of all stacks.
    """
    raw = read_toml(path, WaiverError) or {}
    if unknown := sorted(set(raw) - {"waivers"}):
        raise WaiverError(f"{path}: {unknown[0]}: unknown key; an entry begins with [[waivers]]")
    listed = raw.get("waivers", [])
    if not isinstance(listed, list):
        raise WaiverError(f"{path}: waivers: not a list; an entry begins with [[waivers]] (two brackets)")
    known = checks() if listed else ()
    return [_read(path, number, entry, now, known, zones) for number, entry in enumerate(listed, start=1)]


def _read(
    path: Path, number: int, entry: Any, now: datetime, checks: Collection[str], zones: Mapping[str, tzinfo]
) -> Waiver:
    where = f"{path}: waiver {number}"
    if isinstance(entry, dict) and entry.get("check"):
        where += f" ({entry['check']} on {entry.get('resource', 'no resource')})"
    try:
        waiver = Waiver.model_validate(entry)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            raise WaiverError(f"{where}: {key}: unknown key; {nearest(key, Waiver.model_fields)}") from None
        if problem["type"] == "missing":
            raise WaiverError(
                f"{where}: {key}: missing; a waiver names check, resource, until, owner and reason"
            ) from None
        if key in ("owner", "reason", "check", "resource"):
            raise WaiverError(f"{where}: {key}: empty, or not a text; a waiver needs one") from None
        raise WaiverError(f"{where}: {key}: {problem['msg']}, not {problem.get('input')!r}") from None
    if waiver.check not in checks:
        raise WaiverError(f"{where}: check: no such check; {nearest(waiver.check, checks)}")
    if waiver.stack and waiver.stack not in zones:
        raise WaiverError(f"{where}: stack: no such stack; {nearest(waiver.stack, zones)}")
    today = _day_of(now, [zones[waiver.stack]] if waiver.stack else zones.values())
    if waiver.until < today:
        raise WaiverError(f"{where}: until: it ended on {waiver.until}; {_REFUSED} (owner: {waiver.owner})")
    if waiver.until > today + LONGEST:
        raise WaiverError(
            f"{where}: until: {waiver.until} is more than {plural(LONGEST.days, 'day')} ahead; "
            f"the latest day is {today + LONGEST}"
        )
    return waiver


def _day_of(moment: datetime, zones: Iterable[tzinfo]) -> date:
    """The date of a moment; of several zones the earliest: a day is over when it is over in all of them."""
    return min((moment.astimezone(zone).date() for zone in zones), default=moment.date())


def waiver_for(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    """The waiver that accepts this failure; None for anything that did not fail."""
    if finding.outcome is not Outcome.FAILED:
        return None
    return next((waiver for waiver in waivers if waiver.covers(finding)), None)


def states(
    waivers: Iterable[Waiver],
    checks: Sequence[CheckResult],
    findings: Sequence[Finding],
    began: datetime,
    zones: Mapping[str, tzinfo],
) -> Iterator[WaiverState]:
    """The state of each waiver on each stack of the run that has its check; `zones` are those of the stacks.

    active: it accepted a failure. unused: its check looked, and nothing that it covers failed (the waiver is stale).
    not_looked: its check gave no verdict.
    """
    for waiver in waivers:
        for result in checks:
            if result.check != waiver.check or waiver.stack not in ("", result.stack):
                continue
            used = any(one.waiver and one.stack == result.stack and waiver.covers(one) for one in findings)
            looked = result.outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.WAIVED)
            yield WaiverState(
                **{**waiver.model_dump(mode="json"), "stack": result.stack},
                days_left=max(0, (waiver.until - began.astimezone(zones[result.stack]).date()).days),
                state="active" if used else "unused" if looked else "not_looked",
            )
