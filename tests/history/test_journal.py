"""Journal and lock: in a folder, and in S3 where conditional writes decide who was first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.history.journal import Entry, Journal, Line
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


def test_an_operation_whose_second_answer_was_lost_stays_open_until_it_was_read() -> None:
    """Its first step reached AWS; what became of the second is not known, so it is neither made nor over."""
    told = [("begun", 0), ("step", 1), ("step", 2), ("unclear", 0)]
    entry = Entry("e", change(1), "me", "", tuple(Line(NOW, event, "", step) for event, step in told))
    assert (entry.is_open, entry.happened, entry.reached) == (True, False, 2)
    sent = replace(entry, lines=(*entry.lines, Line(NOW, "sent", "settled by reading: it was made")))
    assert (sent.is_open, sent.happened) == (True, True)


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
