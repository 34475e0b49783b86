"""Errors of a log group against a limit: what was not read, or only in part, never counts as few."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.logs import LogErrors
from opschecks.core.observation import CouldNotLook

DENIED = CouldNotLook("logs:FilterLogEvents", "AccessDenied", action="logs:FilterLogEvents")


def _errors(seen: int = 0, websocket: int | None = 0, complete: bool = True, **more: Any) -> LogErrors:
    return LogErrors(arn="g", name="g", seen=seen, websocket=websocket, complete=complete, **more)


def test_at_the_limit() -> None:
    assert _errors(20).at_most(20)
    assert not _errors(21).at_most(20)
    assert _errors(9, 5).websocket_at_most(5)
    assert not _errors(9, 6).websocket_at_most(5)


def test_a_part_that_was_read_can_only_fail() -> None:
    assert not _errors(21, 6, complete=False).at_most(20)
    assert not _errors(21, 6, complete=False).websocket_at_most(5)
    for look in (_errors(20, 5, complete=False).at_most, _errors(20, 5, complete=False).websocket_at_most):
        with pytest.raises(CouldNotLook, match="stopped reading g after 20 events; later events were not checked"):
            look(20)
    with pytest.raises(CouldNotLook, match=r"AccessDenied") as raised:
        _errors(1, complete=False, stopped=DENIED).at_most(20)
    assert raised.value.action == "logs:FilterLogEvents"


def test_what_was_not_read_is_neither_few_nor_many() -> None:
    for seen in (0, 99):
        unread = _errors(seen, seen, unread=DENIED)
        for look in (unread.at_most, unread.websocket_at_most):
            with pytest.raises(CouldNotLook, match="AccessDenied"):
                look(5)
        for text in ("told", "told_of_websockets"):
            with pytest.raises(CouldNotLook, match="AccessDenied"):
                getattr(unread, text)


def test_counted_errors_say_nothing_of_websockets_unless_there_are_none() -> None:
    assert _errors(0, None).websocket_at_most(0)
    assert _errors(0, None).told_of_websockets == "0 ERROR events about WebSockets in the last hour"
    with pytest.raises(CouldNotLook, match="the errors of g are only counted: which are about WebSockets is unknown"):
        _errors(1, None).websocket_at_most(5)
    assert _errors(3, None, counted="by Shop/Errors").told == "3 ERROR events in the last hour (by Shop/Errors)"


def test_the_most_frequent_message() -> None:
    assert _errors().top == ""
    assert _errors(evidence={"top messages": [{"message": "no"}, {"message": "never"}]}).top == "no"
