"""The verdict of a deploy gate in a gate's words: ship, do not ship, roll back to which revision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..core.model import Finding, Outcome
from ..core.run import Run

BEFORE, AFTER = "deploy-before", "deploy-after"
ROLLS_BACK = "roll-back"
"""How the names of remedies begin that take a deployment back."""
_PARTIAL = "Not decided (partial run)"
_REVISION = "taskDefinition"
_DONE = ("fixed", "done")
_DIFFERS = re.compile(r"\bexpected \S+, running ")
"""How a release says that another one runs: `aws.releases`."""


def gate_word(run: Run, tone: str, otherwise: str) -> tuple[str, str]:
    """The word and the tone of a gate's verdict; those given where the suite is no gate, or the gate has no verdict."""
    if tone == "none" or run.suite not in (BEFORE, AFTER):
        return otherwise, tone
    if run.suite == BEFORE:
        if tone != "good":
            return ("Do not ship" if tone == "bad" else "Do not ship yet"), tone
        return (_PARTIAL, "warn") if run.partial else ("Ready to ship", tone)
    return _after(run, tone)


def _after(run: Run, tone: str) -> tuple[str, str]:
    if done := [change for change in run.changes if _takes_back(change) and change["result"] in _DONE]:
        return f"Rolled back{_to(_target(done[-1]))}", "warn" if tone == "good" else tone
    if tone == "good":
        return (_PARTIAL, "warn") if run.partial else ("Deploy confirmed", tone)
    if tone != "bad":
        return "Deploy not confirmed", tone
    failed = [check for check in run.checks if check.outcome == Outcome.FAILED]
    bad = [one for check in failed for one in run.findings_of(check) if one.outcome is Outcome.FAILED]
    if bad and all(map(_unfinished, bad)):
        return "Deploy not finished", tone
    curable = {check.check for check in failed if check.remedy.startswith(ROLLS_BACK)}
    if all(_went_back(one) or _unfinished(one) for one in bad if one.check in curable):
        return "Deploy failed", tone
    return f"Roll back{_to(revision_before(run))}", tone


def revision_before(run: Run) -> str:
    """The revision to go back to (family:revision): that of a planned change, or what still runs beside the new one.

    Empty where the run has neither, or several services would go back to several revisions.
    """
    planned = {_target(change) for change in run.changes if _takes_back(change)} - {""}
    found = planned or {one for finding in run.findings for one in _beside(finding)}
    return found.pop() if len(found) == 1 else ""


def _to(revision: str) -> str:
    return f" to {revision}" if revision else ""


def _takes_back(change: Mapping[str, Any]) -> bool:
    return str(change["remedy"]).startswith(ROLLS_BACK)


def _target(change: Mapping[str, Any]) -> str:
    """The revision after the change, from a difference such as `taskDefinition: backend:7 → backend:6`."""
    for one in change["differs"]:
        key, _, values = str(one).partition(": ")
        if key == _REVISION and " → " in values:
            return _short(values.rpartition(" → ")[2])
    return ""


def _unfinished(finding: Finding) -> bool:
    """Whether its deployment is under way without a failed task: it may end well."""
    primary = [one for one in _deployments(finding) if one.get("status") == "PRIMARY"]
    return bool(primary) and all(
        one.get("rolloutState") == "IN_PROGRESS" and not one.get("failedTasks") for one in primary
    )


def _went_back(finding: Finding) -> bool:
    """Whether another revision than expected runs, and no deployment is under way.

    Then ECS has gone back by itself, or never began: there is nothing to roll back.
    """
    own = _deployments(finding)
    settled = len(own) == 1 and own[0].get("rolloutState") in (None, "COMPLETED")
    return settled and _DIFFERS.search(finding.message) is not None


def _beside(finding: Finding) -> Iterator[str]:
    """What runs beside the primary deployment that failed."""
    own = _deployments(finding) if finding.outcome is Outcome.FAILED else []
    serving = {one.get(_REVISION) for one in own if one.get("status") == "PRIMARY"}
    for one in own:
        if one.get("status") == "ACTIVE" and one.get(_REVISION) and one[_REVISION] not in serving:
            yield _short(str(one[_REVISION]))


def _deployments(finding: Finding) -> list[Mapping[str, Any]]:
    told = finding.evidence.get("deployments")
    return [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []


def _short(revision: str) -> str:
    """`family:revision` of an ARN or a text that ends so."""
    return revision.strip().strip("'\"").rpartition("/")[2]
