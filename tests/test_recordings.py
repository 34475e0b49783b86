"""Recorded mornings end as they are pinned: elsewhere, offline, scrubbed or not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opschecks.recording.scrubbing import scrubbed
from tests.recordings.making import MADE, MAKERS, SUITES
from tests.recordings.morning import replayed
from tests.recordings.pins import VERDICTS, names, pinned, recording, told
from tests.scratch import Project

ELSEWHERE = "America/St_Johns"
MEANT = "if it is meant: python -m tests.recordings pin; where something new is asked: python -m tests.recordings make"
SMALL = 100_000
"""Bytes that a recording may have at most."""


@pytest.fixture(scope="module", autouse=True)
def elsewhere_and_offline() -> Iterator[None]:
    """Another time zone, and no way to make a socket."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a replay asked the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", ELSEWHERE)
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("name", names())
def test_a_recorded_morning_ends_as_pinned(name: str) -> None:
    concluded = replayed(recording(name))
    assert told(concluded) == pinned()[name], MEANT
    assert [one.strange for one in concluded.values() if one.strange] == []


def test_every_suite_was_recorded_on_each_emulator_and_every_verdict_belongs_to_a_recording() -> None:
    assert {f"{one}.{suite}" for one in MAKERS for suite in SUITES} <= set(names())
    assert list(pinned()) == names()
    assert {one.name for one in MADE.iterdir()} == {f"{one}.{suite}.rec" for one in MAKERS for suite in SUITES}
    assert all(one.stat().st_size < SMALL for one in MADE.iterdir())


@pytest.mark.parametrize("suite", SUITES)
def test_a_scrubbed_recording_ends_as_the_raw_one(suite: str) -> None:
    raw = recording(f"moto-broken.{suite}")
    concluded = replayed(scrubbed(raw))
    assert {one: of.outcome for one, of in concluded.items()} == {one["check"]: one["outcome"] for one in raw.outcomes}


@pytest.mark.parametrize("suite", ["weekly", "deploy-after"])
def test_pytest_concludes_what_is_pinned(project: Project, suite: str) -> None:
    """What the tests above try in one process, as users run it, in yet another time zone.

    Of the other suites: recording/test_replay.py.
    """
    name = f"moto-broken.{suite}"
    own = Project.of_the_checks(project.folder / "of-the-checks")
    aside = {"TZ": "Pacific/Kiritimati", "AWS_CONFIG_FILE": "/nowhere"}
    replaying = ("--replay", str(MADE / f"{name}.rec"), "--disable-socket")
    own.run(f"checks/{suite.replace('-', '/')}", *replaying, **aside).ends(1)
    here = replayed(recording(name))
    told = own.told(f"replay/{suite}.json")["findings"]
    assert sorted((one["check"], one["resource"], one["outcome"], one["message"]) for one in told) == sorted(
        (check, resource, outcome, message)
        for check, of in here.items()
        for resource, _, outcome, message in of.lines()
    )


def test_the_file_of_verdicts_is_for_reading() -> None:
    assert max(len(line) for line in VERDICTS.read_text(encoding="utf-8").splitlines()) < 400
    assert Path(VERDICTS).stat().st_size < SMALL
