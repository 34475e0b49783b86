"""Journal and lock: in a folder, and in S3 where conditional writes decide who was first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.core import clock
from opschecks.history.journal import HEAD, Entry, Journal, JournalError, Line
from opschecks.history.lock import Lock, Locked, Lost
from opschecks.history.storage import FolderStorage, S3Storage, Storage
from tests.changes import change
from tests.clock import NOW


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        yield FolderStorage(tmp_path)
        return
    import boto3

    from opschecks.sandbox.environment import CREDENTIALS
    from opschecks.sandbox.moto_server import MotoServer

    server = MotoServer()
    server.start()
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server.url, **CREDENTIALS)
    client.create_bucket(Bucket="state")
    yield S3Storage(client, "state", "ops/here")
    server.stop()


def test_a_key_is_made_once(store: Storage) -> None:
    assert store.create("journal/1.json", "one")
    assert not store.create("journal/1.json", "two")
    assert store.read("journal/1.json") == "one"
    store.replace("journal/1.json", "three")
    assert store.read("journal/1.json") == "three"
    assert store.create("journal/0.json", "zero")
    assert store.keys("journal") == ["journal/0.json", "journal/1.json"]
    assert store.keys("lock") == []
    store.delete("journal/1.json")
    store.delete("journal/1.json")
    assert store.read("journal/1.json") is None


def test_one_holds_the_lock_and_the_other_is_told_who(store: Storage) -> None:
    with Lock(store), pytest.raises(Locked, match=r"\(pid \d+\) has been fixing this stack since 20\d\d-"):
        Lock(store).acquire()
    with Lock(store):
        pass


def test_a_dead_holders_lease_runs_out_and_it_changes_nothing_more(store: Storage) -> None:
    dead = Lock(store, lease=timedelta(0))
    dead.acquire()
    with Lock(store) as alive:
        with pytest.raises(Lost):
            dead.renew()
        dead.release()
        alive.renew()
        with pytest.raises(Locked):
            Lock(store).acquire()


def test_a_lock_of_the_same_number_and_another_token_is_not_ours(store: Storage) -> None:
    with Lock(store) as held:
        [key] = store.keys("lock")
        store.replace(key, (store.read(key) or "").replace(held._token, "another"))
        with pytest.raises(Lost):
            held.renew()
        held.release()
        assert '"held"' in (store.read(key) or "")


def test_an_operation_whose_second_answer_was_lost_stays_open_until_it_was_read() -> None:
    """Its first step reached AWS; what became of the second is not known, so it is neither made nor over."""
    told = [("begun", 0), ("step", 1), ("step", 2), ("unclear", 0)]
    entry = Entry("e", change(1), "me", "", tuple(Line(NOW, event, "", step) for event, step in told))
    assert (entry.is_open, entry.happened, entry.reached) == (True, False, 2)
    sent = replace(entry, lines=(*entry.lines, Line(NOW, "sent", "settled by reading: it was made")))
    assert (sent.is_open, sent.happened) == (True, True)


@pytest.mark.parametrize("event", ["sent", "cured", "not_cured", "handed_over", "rolled_back", "roll_back_failed"])
def test_these_events_prove_that_a_change_reached_aws(event: str) -> None:
    lines = tuple(Line(NOW, one, "") for one in ("begun", event))
    assert Entry("e", change(1), "me", "", lines).happened
    assert not Entry("e", change(1), "me", "", lines[:1]).happened


def test_locks_do_not_pile_up(store: Storage) -> None:
    for _ in range(6):
        with Lock(store):
            pass
    assert len(store.keys("lock")) <= 3


def test_the_journal_tells_what_it_was_told(store: Storage) -> None:
    journal = Journal(store)
    first = journal.add(journal.begin(change(1)), "sent")
    second = journal.begin(change(2), undoes=first.id)
    told = Journal(store).entries()
    assert [entry.id for entry in told] == [first.id, second.id]
    assert told[0].change == change(1)
    assert told[1].undoes == first.id
    assert [entry.is_open for entry in told] == [True, True]
    assert [entry.happened for entry in told] == [True, False]


def test_a_holder_that_was_suspended_asks_before_it_sends(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    asleep_s = 0.0
    monkeypatch.setattr("opschecks.history.lock.awake_s", lambda: asleep_s)
    suspended = Lock(store, lease=timedelta(0))
    suspended.acquire()
    suspended.require()
    with Lock(store):
        suspended.require()  # no time has passed since it renewed: nothing is asked
        asleep_s = 601.0
        with pytest.raises(Lost, match="someone else holds it now"):
            suspended.require()


def test_a_third_of_the_lease_is_trusted_from_before_the_lock_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    awake_s = 0.0
    asked: list[float] = []

    class Slow(FolderStorage):
        def create(self, key: str, text: str) -> bool:
            nonlocal awake_s
            awake_s += 190
            return super().create(key, text)

    monkeypatch.setattr("opschecks.history.lock.awake_s", lambda: awake_s)
    monkeypatch.setattr(Lock, "renew", lambda self: asked.append(awake_s))
    held = Lock(Slow(tmp_path))
    held.acquire()
    held.require()
    assert asked == []
    awake_s += 15
    held.require()
    assert asked == [205], "a third of 10 minutes is over, counted from before the 190 s that the write took"


@pytest.mark.parametrize("damage", ["", "{", '{"state": "held"}', "[]"])
def test_a_damaged_lock_is_nobodys_to_take(store: Storage, damage: str) -> None:
    with Lock(store) as held:
        [key] = store.keys("lock")
        store.replace(key, damage or "\0")
        with pytest.raises(Locked, match=r"is damaged .* delete it when nobody is"):
            Lock(store).acquire()
        with pytest.raises(Lost, match="is damaged"):
            held.renew()
        store.delete(key)


def _lines(store: Storage) -> list[str]:
    journal = Journal(store, lambda: 7)
    first = journal.add(journal.begin(change(1)), "sent")
    journal.add(first, "cured")
    journal.begin(change(2))
    return store.keys("journal")


def test_lines_carry_the_lock_they_were_written_under_and_follow_from_each_other(store: Storage) -> None:
    told = [json.loads(store.read(key) or "") for key in _lines(store)]
    assert [one["lock"] for one in told] == [7] * 4
    assert [one["previous"] for one in told] == ["", *(one["digest"] for one in told[:-1])]
    assert len(Journal(store).entries()) == 2


def _forged(store: Storage, key: str) -> None:
    """As if another security group had been changed."""
    store.replace(key, (store.read(key) or "").replace('"t1"', '"sg-of-production"').replace('"t2"', '"sg-x"'))


TAMPERED: dict[str, Callable[[Storage, list[str]], object]] = {
    "the target of a change is another": lambda store, keys: _forged(store, keys[0]),
    "the newest line is another": lambda store, keys: _forged(store, keys[-1]),
    "a line in the middle is gone": lambda store, keys: store.delete(keys[1]),
    "the newest line is gone": lambda store, keys: store.delete(keys[-1]),
    "all lines are gone, as in a listing that is empty": lambda store, keys: list(map(store.delete, keys)),
    "a line is damaged": lambda store, keys: store.replace(keys[1], '{"entry": '),
    "an entry is copied from elsewhere": lambda store, keys: store.create(
        keys[-1].replace("begun", "again"), (store.read(keys[0]) or "").replace('"previous": ""', '"previous": "0"')
    ),
    "an entry was written by hand, as of the last release": lambda store, keys: store.create(
        keys[-1].replace("begun", "cured"),
        json.dumps({"entry": "x", "event": "begun", "at": NOW.isoformat(), "change": change(3).to_plain()}),
    ),
    "the head is damaged": lambda store, keys: store.replace(HEAD, '{"line": 1'),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_a_journal_that_is_not_whole_is_not_believed(store: Storage, tamper: Callable[..., object]) -> None:
    tamper(store, _lines(store))
    with pytest.raises(JournalError, match=r"journal|digest"):
        Journal(store).entries()


def test_old_lines_may_be_deleted_from_the_front(store: Storage) -> None:
    keys = _lines(store)
    for key in keys[:3]:
        store.delete(key)
    assert [entry.change.target for entry in Journal(store).entries()] == ["t2"]


def test_a_fixer_whose_clock_was_set_back_still_continues_the_journal(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(store)
    journal.begin(change(1))
    monkeypatch.setattr(clock, "_read", lambda: NOW - timedelta(hours=3))
    journal.begin(change(2))
    assert sorted(entry.change.target for entry in Journal(store).entries()) == ["t1", "t2"]


def test_lines_of_an_entry_stay_in_order_where_the_clock_was_set_back_in_between(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(store)
    entry = journal.begin(change(1))
    monkeypatch.setattr(clock, "_read", lambda: NOW - timedelta(hours=3))
    journal.add(entry, "sent")
    [told] = Journal(store).entries()
    assert [line.event for line in told.lines] == ["begun", "sent"]
    assert told.state == "sent"


def test_a_byte_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path)
    key = _lines(store)[1]
    (tmp_path / key).write_bytes(b'{"entry": "\xe9"}')
    with pytest.raises(JournalError, match=f"{key}: not UTF-8 at byte 11"):
        Journal(store).entries()
