"""What threads log while a check runs is shown live, and never at the cost of what the check prints."""

from __future__ import annotations

import logging
import threading

from opschecks.hooks.log_records import InTurn
from tests.scratch import Project

LOGS_MEANWHILE = """
import logging
import threading


class Slow:
    '''Is put into words only after the check has printed something.'''
    def __init__(self):
        self.begun, self.printed = threading.Event(), threading.Event()

    def __str__(self):
        self.begun.set()
        assert self.printed.wait(60)
        return "LOGGED by a thread"


@promise("a")
def test_prints(things, examine):
    '''Why.'''
    slow = Slow()
    other = threading.Thread(target=lambda: logging.getLogger("thread").warning("%s", slow))
    other.start()
    assert slow.begun.wait(60)
    print("PRINTED meanwhile")
    slow.printed.set()
    other.join()
    for one in things:
        with examine(one):
            assert one.name == "none"
"""


class Shown(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def test_records_of_other_threads_wait_for_the_thread_of_the_checks() -> None:
    handler, logger = Shown(), logging.getLogger("tests.hooks.live_log")
    in_turn = InTurn(handler)
    handler.addFilter(in_turn)
    logger.addHandler(handler)
    try:
        other = threading.Thread(target=lambda: logger.warning("theirs"))
        other.start()
        other.join()
        logger.warning("ours")
        assert handler.said == ["ours"]
        in_turn.show()
        in_turn.show()
        assert handler.said == ["ours", "theirs"]
    finally:
        logger.removeHandler(handler)


def test_a_check_keeps_what_it_prints_and_the_terminal_what_was_logged(project: Project) -> None:
    project.checks(LOGS_MEANWHILE)
    ended = project.run("checks/daily", "-o", "log_cli=true").ends(1)
    assert "LOGGED by a thread" in ended.out
    assert "PRINTED meanwhile" in project.page("daily.pytest.html")
