"""Asks STS once a stack which account its credentials belong to, and makes clients meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

import pytest

from ..core.iam import IAM_PREFIX
from ..core.model import ObservationResult
from ..core.observation import CouldNotLook, WrongAccount, closure, fan_out
from ..core.run import Note
from .other_plugins import refuse_stand_ins
from .state import ChecksRun

FIRST_CALLS = ("elbv2", "dynamodb", "ecs", "cloudwatch", "application-autoscaling", "logs", "ec2")
"""Clients in the order in which they are needed, longest chain of calls first."""
IDENTIFYING = ("sts",)
"""Made before those: they are made one at a time, and its call would wait for all of them."""


def ask_ahead(run: ChecksRun, names: Iterable[str]) -> None:
    """Ask STS in threads, to be answered while pytest imports and collects; `identify_stack` waits for the answers."""
    for name in names:
        run.asked[name] = [], Future()
        threading.Thread(target=_ask, args=(run, name, *run.asked[name]), daemon=True).start()


def identify_stack(run: ChecksRun, names: Sequence[str], services: Sequence[str] = FIRST_CALLS) -> None:
    """Learn each stack's account, while the clients of the services are made.

    Another account than the stack's is a usage error; after any other failure, checks that need AWS are blind.
    """
    if not names:
        return
    refuse_stand_ins(run)
    _warm(run, [name for name in names if name not in run.asked], IDENTIFYING)
    threading.Thread(target=_warm, args=(run, names, services), daemon=True).start()
    try:
        fan_out(lambda name: _identify(run, name), names)
    except WrongAccount as error:
        run.stopped_by = str(error)
        raise pytest.UsageError(str(error)) from None


def services_of(observations: Iterable[str]) -> list[str]:
    """Those of FIRST_CALLS that the observations ask."""
    asked = {action.partition(":")[0] for one in closure(observations, later=False) for action in one.allow}
    return [service for service in FIRST_CALLS if IAM_PREFIX.get(service, service) in asked]


def _warm(run: ChecksRun, names: Sequence[str], services: Sequence[str]) -> None:
    for name in names:
        # whatever it is, and botocore raises many kinds: that client's first call says so, and names itself
        with contextlib.suppress(Exception):
            run.aws[name].warm(services)


def _ask(run: ChecksRun, name: str, calls: list[str], answer: Future[str]) -> None:
    from ..aws.session import identify

    try:
        answer.set_result(identify(run.aws[name].scoped(calls), lambda line: run.notes.append(Note(name, line))))
    except BaseException as error:  # noqa: BLE001 - raised where the answer is taken
        answer.set_exception(error)


def _identify(run: ChecksRun, name: str) -> None:
    if name not in run.asked:
        run.asked[name] = [], Future()
        _ask(run, name, *run.asked[name])
    calls, answer = run.asked.pop(name)
    error = ""
    try:
        run.aws[name].account = run.accounts[name] = answer.result()
    except WrongAccount as wrong:
        if not run.part:
            raise
        run.accounts[name], error = "", str(wrong)  # of a fleet it ends no other stack's checks
        run.refused[name] = CouldNotLook("sts:GetCallerIdentity", error)
    except CouldNotLook as blind:
        run.accounts[name] = ""
        run.refused[name] = blind.again()  # its own traceback holds the stack's whole session
        error = str(blind)
    finally:
        run.observations.append(ObservationResult(name, "caller_identity", 0.0, tuple(calls), error))
