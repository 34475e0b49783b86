"""State that people and CI share: history, journal and lock under an S3 prefix."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError
from urllib3.exceptions import IncompleteRead

from opschecks.core import clock
from opschecks.history.lock import Lock
from opschecks.history.runs import file_run
from opschecks.history.storage import S3Storage, Unreadable
from tests.bench import FIX, QUICK, Bench, bench
from tests.clock import NOW
from tests.machine import machine
from tests.scratch import Project

BUCKET = "ops-state"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, "stickiness_switched_off") as on:
        text = QUICK.replace("sandbox = true\n", f'sandbox = true\nstate = "s3://{BUCKET}/ops"\n')
        on.project.write("stacks.toml", text + FIX)
        s3 = on.sandbox.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        yield on


def _keys(on: Bench) -> list[str]:
    return [item["Key"] for item in on.sandbox.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_history_journal_and_lock_lie_there(shared: Bench) -> None:
    shared.project.run("checks/daily", "--stack", "sandbox", "--fix=apply", **shared.environment).ends(0)
    folders = {key.split("/")[2] for key in _keys(shared)}
    assert folders == {"daily", "journal", "journal-head.json", "lock"}
    assert all(key.startswith("ops/sandbox/") for key in _keys(shared))
    here = [path.name for path in (shared.project.folder / "reports" / "history").rglob("*") if path.is_file()]
    assert here == []
    (entry,) = shared.journal()
    assert shared.command("undo", entry["entry"], "--yes", "--allow", "disruptive").code == 0


def test_another_machines_lock_counts(shared: Bench) -> None:
    with Lock(S3Storage(shared.sandbox.client("s3"), BUCKET, "ops/sandbox")):
        ended = shared.check("sticky", "--fix=apply").ends(4)
        assert "has been fixing this stack since" in ended.err


def test_a_state_that_cannot_be_written_changes_nothing_and_says_so(shared: Bench) -> None:
    shared.sandbox.server.wire.broken = {"s3": "denied"}
    ended = shared.check("sticky", "--fix=apply").ends(4)
    assert "its state cannot be read or written, so nothing more is changed: s3://ops-state/ops/sandbox" in ended.err
    assert "Traceback" not in ended.all
    whole = shared.project.run("checks/daily", "--stack", "sandbox", **shared.environment).ends(3)
    assert "the files of this run could not be written: s3://ops-state/ops/sandbox: s3:PutObject" in whole.out
    listed = shared.command("journal").ends(1)
    assert listed.err.startswith("Error: s3://ops-state/ops/sandbox: s3:ListObjectsV2")


class Bodies:
    """A client whose PutObject loses its answer and is repeated, and whose bodies may be cut."""

    def __init__(self, body: Any = b"") -> None:
        self.objects: dict[str, bytes] = {}
        self.body = body

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> Any:  # noqa: N803
        """botocore repeats a request whose answer was lost; S3 then refuses the second one."""
        taken = Key in self.objects
        self.objects.setdefault(Key, Body)
        raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": f"repeated ({taken})"}}, "PutObject")

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        body = self.body or io.BytesIO(self.objects[Key])
        return {"Body": body, "ResponseMetadata": {"HTTPHeaders": {"date": "Tue, 24 Nov 2026 07:20:00 GMT"}}}


def test_a_write_whose_answer_was_lost_is_known_by_reading_it_back() -> None:
    store = S3Storage(Bodies(), BUCKET, "ops")
    assert store.create("lock/1.json", "mine")
    assert not store.create("lock/1.json", "another's")
    assert file_run(S3Storage(Bodies(), BUCKET, "ops"), "daily", NOW, "{}").endswith("07-00-00.000000Z.json")


CUTS = (
    IncompleteRead(2, 9),
    ReadTimeoutError(endpoint_url="s3"),
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
)


@pytest.mark.parametrize("error", CUTS, ids=[type(error).__name__ for error in CUTS])
def test_a_body_that_is_cut_costs_its_own_text_only(error: Exception) -> None:
    class Cut:
        def read(self) -> bytes:
            raise error

    with pytest.raises(Unreadable, match=rf"s3://ops-state/ops/daily/x\.json: {type(error).__name__}: "):
        S3Storage(Bodies(Cut()), BUCKET, "ops").read("daily/x.json")


def test_a_text_that_is_damaged_costs_itself_only() -> None:
    with pytest.raises(Unreadable, match=r"s3://ops-state/ops/daily/x\.json: not UTF-8 at byte 7"):
        S3Storage(Bodies(io.BytesIO(b'{"a": "\xc3')), BUCKET, "ops").read("daily/x.json")


def test_fixers_count_leases_by_the_clock_of_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    store = S3Storage(Bodies(io.BytesIO(b"{}")), BUCKET, "ops")
    assert store.now() == NOW
    store.read("lock/1.json")
    assert store.now() == NOW + timedelta(minutes=20)


@pytest.mark.parametrize("state", ["s3://", "s3:///x", "s3://UPPER/x", "https://somewhere/x"])
def test_a_state_that_is_no_place_is_refused(project: Project, state: str) -> None:
    project.write("stacks.toml", f'default = "here"\n[stacks.here]\nregion = "us-west-2"\nstate = "{state}"\n')
    ended = project.run("checks/daily").ends(4)
    assert "stacks.toml: stacks.here.state: " in ended.err


def test_what_nobody_signs_says_the_next_step(tmp_path: Path) -> None:
    with machine(tmp_path):
        client = boto3.Session(region_name="us-west-2").client("s3")
        with pytest.raises(OSError, match="Unable to locate credentials – set profile for the stack or AWS_PROFILE"):
            S3Storage(client, BUCKET, "ops").read("journal/a.json")


def test_an_object_is_its_text() -> None:
    assert S3Storage(Bodies(io.BytesIO("Größe".encode())), BUCKET, "ops").read("journal/a.json") == "Größe"
