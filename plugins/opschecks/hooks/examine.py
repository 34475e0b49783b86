"""`examine(resource)`: what a check concludes of one resource, without hiding the next."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

import pytest

from ..core.model import Check, Fact, Finding, Outcome, Resource
from ..core.observation import CouldNotLook, NotConfigured
from ..core.redaction import redact_text

LONGEST_MESSAGE = 1000
_TRACEBACKS_KEPT = 3

_COMPLETES = re.compile(r"(limit|expected)\b")
"""The words with which an assertion only says what was expected of the last thing that was noted."""


class Note(Protocol):
    """Adds a sentence to the finding, which is shown even if it passes."""

    def __call__(self, observed: str, *, expected: str = "") -> None:
        """`expected` is what was expected of it; without, it is only shown beside what was judged."""


def facts_of(notes: Sequence[Fact], reason: str) -> tuple[Fact, ...]:
    """The parts of a failure: what was noted, and the text of the assertion.

    A text such as "limit 90 %" is about the last note, whether that says itself what was expected or not; any other
    text is a fact of its own.
    """
    if notes and _COMPLETES.match(reason):
        *before, last = notes
        expected, _, more = reason.partition("; ")
        judged = Fact(last.observed, last.expected or expected.removeprefix("expected "), failed=True)
        return (*before, judged, *((Fact(more),) if more else ()))
    return (*notes, Fact(reason, failed=True))


def outcome_of(error: BaseException) -> Outcome:
    """An AssertionError or pytest.fail is a failure; after any other error nothing was seen, so it is blind."""
    return Outcome.FAILED if isinstance(error, AssertionError | pytest.fail.Exception) else Outcome.BLIND


def message_of(error: BaseException, check: str) -> str:
    """The first line of the error's text, for a check of that name.

    pytest's explanation of an assertion stays in the traceback.
    """
    text = error.for_check(check) if isinstance(error, NotConfigured) else str(error)
    first = text.strip().partition("\n")[0]
    if isinstance(error, pytest.skip.Exception):
        first = f"the check skipped: {first}"
    elif not isinstance(error, AssertionError | CouldNotLook | pytest.fail.Exception):
        place = _place(error, check)
        first = f"{type(error).__name__}: {first}" + (f" ({place})" if place else "")
    return redact_text(first[:LONGEST_MESSAGE]) or type(error).__name__


def _place(error: BaseException, check: str) -> str:
    """The line of the check that raised it, or from which it was raised; "" of what its fixtures raise."""
    from ..config.load import shown_path

    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == check:
            return f"{shown_path(Path(frame.f_code.co_filename))}:{line}"
    return ""


class Examine:
    """Given to each check as `examine`; collects its findings.

    ::

        for group in target_groups:
            with examine(group):
                assert group.sticky, "stickiness is off"
    """

    def __init__(self, check: Check, stack: str, ended_by: Callable[[BaseException], str] = lambda error: "") -> None:
        """`ended_by` names the plugin that ends the check by an error within it, such as pytest-timeout."""
        self.check = check
        self.stack = stack
        self.ended_by = ended_by
        self.findings: list[Finding] = []
        self.errors: list[pytest.ExceptionInfo[BaseException]] = []
        self.final: set[str] = set()
        """Messages of findings that no later look can find good."""

    def __call__(self, resource: Resource) -> _Examination:
        """A context in which a failed assert becomes the resource's finding, and the check goes on.

        It returns a function that adds a sentence to the finding, which is shown even if it passes; with `expected`
        the sentence is what is judged next.
        """
        return _Examination(self, resource)

    def conclude_from(self, resource: Resource, error: BaseException, notes: Sequence[Fact] = ()) -> None:
        """Record what an exception means for the resource, after what was noted."""
        outcome, reason = outcome_of(error), message_of(error, self.check.name)
        facts = facts_of(notes, reason) if outcome is Outcome.FAILED else ()
        self.conclude(resource, outcome, "; ".join([*(note.observed for note in notes), reason]), facts)
        if getattr(error, "is_final", False):
            self.final.add(self.findings[-1].message)

    def conclude(self, resource: Resource, outcome: Outcome, message: str, facts: Iterable[Fact] = ()) -> None:
        """Record one finding."""
        self.findings.append(
            Finding(
                stack=self.stack,
                check=self.check.name,
                resource=redact_text(resource.arn),
                name=redact_text(resource.name),
                outcome=outcome,
                severity=self.check.severity,
                message=redact_text(message),
                evidence=resource.evidence,
                figures=resource.figures,
                facts=tuple(
                    Fact(redact_text(fact.observed), redact_text(fact.expected), fact.failed) for fact in facts
                ),
            )
        )


class _Examination:
    def __init__(self, examine: Examine, resource: Resource) -> None:
        self._examine = examine
        self._resource = resource
        self._notes: list[Fact] = []

    def __enter__(self) -> Note:
        return self._note

    def _note(self, observed: str, *, expected: str = "") -> None:
        self._notes.append(Fact(observed, expected))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[True] | None:
        if error is None:
            self._examine.conclude(self._resource, Outcome.PASSED, "; ".join(note.observed for note in self._notes))
            return None
        ends_more = isinstance(error, KeyboardInterrupt | GeneratorExit | pytest.exit.Exception)
        if ends_more or self._examine.ended_by(error):
            return None
        self._examine.conclude_from(self._resource, error, self._notes)
        if len(self._examine.errors) < _TRACEBACKS_KEPT:
            self._examine.errors.append(pytest.ExceptionInfo.from_exception(error))
        return True


EXAMINE = pytest.StashKey[Examine]()
