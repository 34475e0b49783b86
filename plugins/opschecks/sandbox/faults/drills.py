"""Faults that only a drill can show."""

from __future__ import annotations

from . import Sandbox, fault


@fault(caught_by=["test_a_stopped_task_is_replaced_in_time"])
def stopped_task_is_not_replaced(sandbox: Sandbox) -> None:
    """There is no capacity to replace a task that stops."""
    sandbox.service().has_no_room = True


@fault(caught_by=["test_websocket_clients_come_back"])
def websocket_clients_cannot_reconnect(sandbox: Sandbox) -> None:
    """After a task has stopped, the other tasks refuse the handshakes of its clients."""
    sandbox.refuses_who_was_cut = True


@fault(caught_by=["test_requests_succeed_while_a_task_is_replaced"])
def stopped_task_is_still_sent_requests(sandbox: Sandbox) -> None:
    """The load balancer keeps sending requests to a stopped task until it is replaced."""
    sandbox.keeps_stopped_tasks = True
    sandbox.service().looks_more = 6  # long enough for some requests to meet it


@fault(caught_by=["test_tables_can_be_restored_from_their_backup"])
def restored_table_lacks_items(sandbox: Sandbox) -> None:
    """A table restored from a backup lacks its oldest items."""
    for backup in sandbox.backend("dynamodb").backups.values():
        backup.loses = 1


@fault(caught_by=["test_tables_can_be_restored_from_their_backup"])
def restored_table_lacks_an_index(sandbox: Sandbox) -> None:
    """A table restored from a backup lacks an index that searches need."""
    for backup in sandbox.backend("dynamodb").backups.values():
        backup.loses_indexes = 1


@fault(caught_by=["test_tables_can_be_restored_from_their_backup"])
def restore_does_not_end(sandbox: Sandbox) -> None:
    """A table that is being restored stays CREATING."""
    for backup in sandbox.backend("dynamodb").backups.values():
        backup.never_ends = backup.table.name == sandbox.stack.tables[0]


@fault(caught_by=["test_backend_keeps_its_pace_under_load"])
def backend_is_slow_under_load(sandbox: Sandbox) -> None:
    """Each task answers one request at a time, in 0.15 s: concurrent requests have to wait."""
    for task in sandbox.web.tasks:
        task.one_at_a_time_s = 0.15
