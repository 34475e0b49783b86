"""STS is asked while pytest still collects; who needs it tells what comes of it; a second factor's code is typed."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from opschecks.hooks.identity import FIRST_CALLS, _warm, ask_ahead, identify_stack
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import bench
from tests.scratch import Project


class _Aws:
    """Answers GetCallerIdentity once it may."""

    def __init__(self, account: str | Exception, wanted: str = "") -> None:
        self.calls: list[str] = []
        self.account = ""
        self.stack = SimpleNamespace(name="shop", account_id=wanted)
        self._account, self.may_answer = account, threading.Event()

    def scoped(self, calls: list[str]) -> _Aws:
        return self

    def warm(self, services: object) -> None:
        """Clients are of no interest here."""

    def call(self, service: str, operation: str) -> Answer:
        self.calls.append(f"{service}:{operation}")
        self.may_answer.wait()
        if isinstance(self._account, Exception):
            raise self._account
        return Answer({"Account": self._account}, "sts:GetCallerIdentity")


def _run(aws: _Aws, part: object = None) -> Any:
    told = {"accounts": {}, "asked": {}, "refused": {}, "notes": [], "observations": [], "stopped_by": "", "part": part}
    return SimpleNamespace(aws={"shop": aws}, tape=SimpleNamespace(replays=False), **told)


def test_one_call_serves_both() -> None:
    aws = _Aws("123456789012")
    run = _run(aws)
    ask_ahead(run, ["shop"])  # returns before there is an answer
    aws.may_answer.set()
    identify_stack(run, ["shop"])
    assert (run.accounts, aws.account) == ({"shop": "123456789012"}, "123456789012")
    assert aws.calls == ["sts:GetCallerIdentity"]
    assert [one.name for one in run.observations] == ["caller_identity"]


@pytest.mark.parametrize("ahead", [True, False])
def test_another_account_ends_the_run_when_it_is_needed(ahead: bool) -> None:
    aws = _Aws("123456789012", wanted="210987654321")
    aws.may_answer.set()
    run = _run(aws)
    if ahead:
        ask_ahead(run, ["shop"])
    with pytest.raises(pytest.UsageError, match="the credentials belong to 123456789012"):
        identify_stack(run, ["shop"])
    assert "210987654321" in run.stopped_by


@pytest.mark.parametrize("ahead", [True, False])
def test_no_answer_makes_the_stack_blind(ahead: bool) -> None:
    aws = _Aws(CouldNotLook("sts:GetCallerIdentity", "the token has expired"))
    aws.may_answer.set()
    run = _run(aws)
    if ahead:
        ask_ahead(run, ["shop"])
    identify_stack(run, ["shop"])
    assert run.accounts == {"shop": ""}
    assert "the token has expired" in str(run.refused["shop"])
    assert cast("Any", run.observations[0]).error == str(run.refused["shop"])


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyError("region"), ValueError("Invalid endpoint"), OSError(24)])
def test_no_stray_traceback(error: Exception) -> None:
    warmed: list[object] = []

    def broken(services: object) -> None:
        raise error

    stacks = {"broken": SimpleNamespace(warm=broken), "sound": SimpleNamespace(warm=warmed.append)}
    _warm(cast("Any", SimpleNamespace(aws=stacks)), ["broken", "gone", "sound"], FIRST_CALLS)
    assert warmed == [FIRST_CALLS]


ROLE = "arn:aws:iam::123456789012:role/opschecks"
DEVICE = "arn:aws:iam::123456789012:mfa/somebody"
TYPED = """
import os, pty, sys
child, terminal = pty.fork()
if not child:
    os.execv(sys.argv[1], sys.argv[1:])
shown, typed = b"", False
while True:
    try:
        told = os.read(terminal, 65536)
    except OSError:
        break
    if not told:
        break
    shown += told
    if b"Enter MFA code" in shown and not typed:
        typed = True
        os.write(terminal, b"123456\\n")
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Runs a program on a terminal of its own, and types a code when it is asked for."""


@pytest.mark.parametrize("more", [[], ["-n1"], ["-s"]], ids=["alone", "in a worker", "uncaptured"])
def test_a_code_is_typed_once(tmp_path: Path, more: list[str]) -> None:
    with bench(tmp_path / "sandbox") as on:
        project = Project.of_the_checks(
            tmp_path / "live",
            f'default = "live"\n[stacks.live]\nregion = "us-west-2"\nrole_arn = "{ROLE}"\nmfa_serial = "{DEVICE}"\n'
            f'endpoint_url = "{on.sandbox.facts["endpoint_url"]}"\nalarm_prefix = "incident-commander"\n',
        )
        command = project.command("checks/daily", "-k", "no_alarm_is_ringing", *more)
        done = project.python("-c", TYPED, *command, **{key.upper(): value for key, value in CREDENTIALS.items()}).ends(
            0
        )
        assert done.out.count(f"Enter MFA code for {DEVICE}") == 1
        assert "123456\n" not in done.out
        assert on.sandbox.server.wire.calls["sts"] == 2  # AssumeRole, and who am I
