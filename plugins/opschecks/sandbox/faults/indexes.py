"""Faults of indexes: items that searches would not find."""

from __future__ import annotations

from . import Sandbox, fault

_CAUGHT = ["test_wanted_indexes_can_be_searched"]
_INDEX, _KEY = "severity-index", "severity"


@fault(caught_by=_CAUGHT)
def severity_index_is_missing(sandbox: Sandbox) -> None:
    """The incidents table has no severity index: it was not added after a restore."""
    table = sandbox.table()
    table.global_indexes = [index for index in table.global_indexes if index.name != _INDEX]
    table.attr = [one for one in table.attr if one["AttributeName"] != _KEY]


@fault(caught_by=_CAUGHT)
def severity_index_is_by_another_key(sandbox: Sandbox) -> None:
    """The severity index has the right name and the wrong key: created_at."""
    for index in sandbox.table().global_indexes:
        if index.name == _INDEX:
            index.schema = [{"AttributeName": "created_at", "KeyType": "HASH"}]


@fault(caught_by=_CAUGHT)
def severity_index_wants_numbers(sandbox: Sandbox) -> None:
    """The key of the severity index is a number; severities are text, so the index stays empty."""
    for one in sandbox.table().attr:
        if one["AttributeName"] == _KEY:
            one["AttributeType"] = "N"
