"""A task is stopped on purpose: another takes its place, clients come back, users hardly notice."""

from opschecks import Examine, Severity, Stack, check
from opschecks.drills.failover import FailOver


@check(Severity.HIGH, runbook="scale-backend", failing="A task that stops is not replaced in time")
def test_a_stopped_task_is_replaced_in_time(failover_drills: list[FailOver], stack: Stack, examine: Examine) -> None:
    """Tasks stop by themselves every week; until another has the place, the others carry its load."""
    limit = stack.limits.recovery_s
    for service in failover_drills:
        with examine(service) as note:
            service.require_stopped()
            assert service.recovered_s is not None, f"not within {limit:g} s: {service.said}"
            note(f"after {service.recovered_s:.1f} s as many tasks ran, and targets were healthy, as before")
            assert service.recovered_s <= limit, f"limit {limit:g} s"


@check(Severity.HIGH, runbook="websocket-connection-issues", failing="Disconnected WebSocket clients do not come back")
def test_websocket_clients_come_back(failover_drills: list[FailOver], stack: Stack, examine: Examine) -> None:
    """A dashboard that does not reconnect shows yesterday's state, and looks alive."""
    limit = stack.limits.drill_reconnect_s
    for service in failover_drills:
        with examine(service) as note:
            told = service.reconnects
            note(f"{told.cut} of {told.clients} clients were cut")
            assert not told.away, f"{told.away} did not come back: {told.refused or 'no answer'}"
            note(f"the slowest was back after {max(told.took_s):.1f} s")
            assert max(told.took_s) <= limit, f"limit {limit:g} s"


@check(Severity.HIGH, runbook="high-error-rate", failing="Users see errors while a task is replaced")
def test_requests_succeed_while_a_task_is_replaced(
    failover_drills: list[FailOver], stack: Stack, examine: Examine
) -> None:
    """A deployment replaces every task this way: what fails here fails with each of them."""
    limit = stack.limits.drill_failed_requests_percent
    for service in failover_drills:
        with examine(service) as note:
            note(f"{service.failed_percent:.1f} % of {len(service.got)} requests failed")
            failures = sorted({one.failure for one in service.got if one.failure})
            assert service.failed_percent <= limit, f"limit {limit:g} %: {', '.join(failures)}"
