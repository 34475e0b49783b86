"""A code of a second factor is typed on the terminal that pytest has taken; workers go on with what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import bench
from tests.scratch import Project

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
        done = project.anew("-c", TYPED, *command, **{key.upper(): value for key, value in CREDENTIALS.items()}).ends(0)
        assert done.out.count(f"Enter MFA code for {DEVICE}") == 1
        assert "123456\n" not in done.out
        assert on.sandbox.server.wire.calls["sts"] == 2  # AssumeRole, and who am I
