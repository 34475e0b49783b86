"""`opschecks journal`: what was changed, and for each change the command that undoes it, or why there is none."""

from __future__ import annotations

import pytest

from opschecks.core.change import Change, Risk
from opschecks.history.journal import BEGUN, CURED, HANDED_OVER, ROLLED_BACK, SENT, Journal
from opschecks.history.storage import FolderStorage
from tests.cli.typed import HERE, opschecks

ENDS = {
    "a change that helped": ((SENT, CURED), False, "undo it: opschecks undo {id} --stack here"),
    "one that was handed over": ((SENT, HANDED_OVER), False, "undo it: opschecks undo {id} --stack here"),
    "one-way": ((SENT, CURED), True, "it cannot be undone"),
    "rolled back": ((SENT, ROLLED_BACK), False, "nothing to undo: it was rolled back"),
    "of which nothing is known": ((), False, "it is not known whether it was sent"),
}


def _change(*, one_way: bool) -> Change:
    return Change("scale-service", "here", "arn:x", "backend", {}, {}, "ecs:UpdateService", {}, Risk.SAFE, one_way, "")


@pytest.mark.parametrize(("events", "one_way", "said"), ENDS.values(), ids=ENDS)
def test_each_entry_says_how_it_is_undone(
    here: FolderStorage, events: tuple[str, ...], one_way: bool, said: str
) -> None:
    log = Journal(here)
    entry = log.begin(_change(one_way=one_way))
    for event in events:
        entry = log.add(entry, event)
    *_, last = opschecks("journal", *HERE).stdout.splitlines()
    assert last.strip().startswith(said.format(id=entry.id))
    assert entry.lines[0].event == BEGUN


def test_what_was_undone_has_no_command_any_more(here: FolderStorage) -> None:
    log = Journal(here)
    entry = log.add(log.add(log.begin(_change(one_way=False)), SENT), CURED)
    log.add(log.begin(_change(one_way=False), undoes=entry.id), CURED)
    printed = opschecks("journal", *HERE).stdout
    assert "it was undone" in printed
    assert f"opschecks undo {entry.id}" not in printed
