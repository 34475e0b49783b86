"""Faults that show in the logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from ..seed import put_log_events
from . import Sandbox, fault


def _write(sandbox: Sandbox, stream: str, line: Callable[[int], str], times: int) -> None:
    """Numbered lines, one every 20 seconds of the last half hour, in a stream that only this fault makes."""
    begin = sandbox.now - timedelta(minutes=30)
    events = [(begin + timedelta(seconds=20 * number), line(number)) for number in range(times)]
    put_log_events(sandbox.client("logs"), sandbox.stack.log_groups[0], f"backend/{stream}", events)


@fault(caught_by=["test_errors_are_rare_in_the_logs"])
def logs_are_full_of_errors(sandbox: Sandbox) -> None:
    """The backend logs an error every 20 seconds."""
    many = sandbox.stack.limits.log_errors_per_hour + 5
    _write(sandbox, "text", lambda n: f"ERROR could not write event: connection pool exhausted, attempt {n}", many)


@fault(caught_by=["test_errors_are_rare_in_the_logs"])
def logs_are_full_of_errors_in_json(sandbox: Sandbox) -> None:
    """The backend logs JSON: an error every 20 seconds, without the word in capitals."""
    many = sandbox.stack.limits.log_errors_per_hour + 5
    _write(sandbox, "json", lambda n: json.dumps({"level": "error", "msg": "cannot write", "n": n}), many)


@fault(caught_by=["test_websocket_errors_are_rare_in_the_logs"])
def websocket_sessions_break(sandbox: Sandbox) -> None:
    """The logs contain some errors of broken WebSocket sessions, but not many."""
    many = sandbox.stack.limits.websocket_errors_per_hour + 3
    _write(sandbox, "sessions", lambda n: f"ERROR WebSocket send failed: session closed, client {n}", many)


@fault(caught_by=["test_log_groups_receive_events"])
def log_group_receives_nothing(sandbox: Sandbox) -> None:
    """The tasks' log driver is broken: nothing has been written for a day, so no errors either."""
    sandbox.forget_metrics("AWS/Logs")


@fault(
    blinds=["test_errors_are_rare_in_the_logs", "test_websocket_errors_are_rare_in_the_logs"],
    caught_by=["test_logs_are_kept_elsewhere_too", "test_log_groups_are_kept_as_long_as_wanted"],
)
def log_group_is_gone(sandbox: Sandbox) -> None:
    """The log group was deleted: finding no errors in it must not count as good."""
    sandbox.client("logs").delete_log_group(logGroupName=sandbox.stack.log_groups[0])
