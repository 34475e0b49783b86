"""Work in a forked process beside other work: it is done, or why it is not is known."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from opschecks.hooks.beside import beside


def _full() -> None:
    raise OSError(28, "No space left on device", "daily.csv")


def _broken() -> None:
    raise ZeroDivisionError


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("forked", [True, False])
def test_both_are_done(tmp_path: Path, forked: bool) -> None:
    by = tmp_path / "by"

    def work() -> None:
        by.write_text(str(os.getpid()), encoding="utf-8")

    with beside(work, forked=forked):
        done = True
    assert done
    assert (by.read_text(encoding="utf-8") == str(os.getpid())) is not forked


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (_full, "No space left on device: 'daily.csv'"),
        (_broken, "ZeroDivisionError: "),
        (_killed, r"the process that wrote them died \(SIGKILL\)"),
    ],
)
def test_what_keeps_it_from_being_done_is_raised(work: object, why: str) -> None:
    assert callable(work)
    with pytest.raises(OSError, match=why), beside(work, forked=True):
        pass


def test_an_error_of_the_other_work_is_raised_as_it_is(tmp_path: Path) -> None:
    by = tmp_path / "by"
    with pytest.raises(KeyError), beside(by.touch, forked=True):
        raise KeyError("ours")
    assert by.exists()
