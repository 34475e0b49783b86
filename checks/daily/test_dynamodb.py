"""Tables exist, have the expected billing mode, and are not throttled."""

from opschecks import Examine, Severity, Stack, check, seen
from opschecks.aws.dynamodb import Table
from opschecks.aws.throttle_causes import Causes
from opschecks.aws.throttling import Throttling

REPLICATES = ("", "ACTIVE", "CREATING", "UPDATING", "DELETING")
"""States of a replica that nobody has to look at: it takes part, or is being added or removed."""


@check(Severity.CRITICAL, runbook="database-throttling", failing="A table or index is not active")
def test_tables_are_active(tables: list[Table], examine: Examine) -> None:
    """Incidents that cannot be written are lost; an index that is being rebuilt shows half of them."""
    for table in tables:
        with examine(table) as note:
            assert table.status in ("ACTIVE", "UPDATING"), f"the table is {table.status}"
            resting = {name: status for name, status in table.indexes.items() if status not in ("ACTIVE", "UPDATING")}
            assert not resting, ", ".join(f"index {name} is {status}" for name, status in resting.items())
            away = {region: status for region, status in table.replicas.items() if status not in REPLICATES}
            assert not away, ", ".join(f"the replica in {region} is {status}" for region, status in away.items())
            note(f"{table.status}, {len(table.indexes)} indexes")


@check(Severity.HIGH, runbook="database-throttling", failing="A table is throttled")
def test_tables_are_not_throttled(
    table_throttling: list[Throttling], throttle_causes: dict[str, Causes], stack: Stack, examine: Examine
) -> None:
    """Throttled requests are retried until they fail, and the backend waits meanwhile."""
    for table in table_throttling:
        with examine(table) as note:
            limit = stack.limits.of(table).throttled_requests_per_hour
            assert table.status != "MISSING", "the table does not exist"
            throttled = table.throttled_last_hour
            note(f"{throttled} throttled requests in the last hour", expected=f"at most {limit}")
            assert throttled <= limit, str(throttle_causes.get(table.name, f"limit {limit}"))
            seen(table.status)


@check(Severity.LOW, runbook="database-throttling", failing="A table has the wrong billing mode")
def test_tables_bill_as_wanted(tables: list[Table], stack: Stack, examine: Examine) -> None:
    """Provisioned capacity that nobody watches throttles at the worst moment, or costs money for nothing."""
    for table in tables:
        with examine(table) as note:
            assert table.status != "MISSING", "the table does not exist"
            wanted = stack.limits.of(table).billing_mode
            note(table.billing_mode, expected=wanted)
            assert table.billing_mode == wanted, f"expected {wanted}"
