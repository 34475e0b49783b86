"""Which revisions of a service were good: what filed runs saw of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...aws.evidence import last_part


def good_revisions(runs: Iterable[Mapping[str, Any]], service: str) -> list[str]:
    """The revisions that the service's completed deployments ran in runs that saw nothing bad, newest first."""
    found: dict[str, None] = {}
    for run in runs:
        findings = run.get("findings", [])
        if run.get("state") != "finished" or any(one["outcome"] not in ("passed", "waived") for one in findings):
            continue
        for finding in findings:
            evidence = finding.get("evidence", {})
            ran = (evidence.get("deployments") or []) if evidence.get("serviceArn") == service else []
            for one in ran:
                # blue/green deployments have no rolloutState: there is one of them when it is over
                state = one.get("rolloutState") or ("COMPLETED" if len(ran) == 1 else "")
                if state == "COMPLETED" and one.get("taskDefinition"):
                    found.setdefault(last_part(one["taskDefinition"]))
    return list(found)
