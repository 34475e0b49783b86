"""The backend under a short load."""

from opschecks import Examine, Severity, Stack, check
from opschecks.drills.load import LoadRun


@check(Severity.MEDIUM, runbook="connection-pool", failing="The backend slows down under load")
def test_backend_keeps_its_pace_under_load(load_drill: LoadRun, stack: Stack, examine: Examine) -> None:
    """Requests that queue at this load time out at the next rush; too few workers show here before users find out."""
    may_fail, limit = stack.limits.drill_failed_requests_percent, stack.limits.load_p95_ms
    with examine(load_drill) as note:
        note(f"{load_drill.failed_percent:.1f} % of {len(load_drill.got)} requests failed")
        assert not load_drill.stopped, f"{load_drill.stopped}: {load_drill.failures}"
        assert load_drill.failed_percent <= may_fail, f"limit {may_fail:g} %: {load_drill.failures}"
        note(f"p95 {load_drill.p95_ms:.0f} ms")
        assert load_drill.p95_ms <= limit, f"limit {limit:g} ms"
