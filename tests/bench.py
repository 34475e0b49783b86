"""A sandbox that goes on living between runs, with a project beside it: what remedies are tried on, end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opschecks.config.load import load_stacks
from opschecks.history.journal import Journal
from opschecks.history.storage import Storage, storage_of
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import sow_all
from tests.scratch import ROOT, Ended, Project

QUICK = (ROOT / "tests" / "quick_stacks.toml").read_text(encoding="utf-8")
FIX = "\n[stacks.sandbox.fix]\npoll_s = 0.05\nsymptom_minutes = 0.01\n"

DIES = """\
import os
import signal
import opschecks.history.journal
import opschecks.aws.session

pytest_plugins = ["opschecks"]
step = os.environ["DIES"]
begin, add = opschecks.history.journal.Journal.begin, opschecks.history.journal.Journal.add
send = opschecks.aws.session.Aws.send


def dying_begin(self, *args, **more):
    if step == "before the second change" and self.entries():
        os.kill(os.getpid(), signal.SIGKILL)
    return begin(self, *args, **more)


def dying_send(self, *args, **more):
    if step == "before it is sent":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = send(self, *args, **more)
    with open("sent", "a") as stream:
        stream.write("x")
    if step == "after it is sent":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def dying_add(self, entry, event, said="", **more):
    told = add(self, entry, event, said, **more)
    if step == "before it is verified" and event == "sent":
        os.kill(os.getpid(), signal.SIGKILL)
    return told


opschecks.aws.session.Aws.send = dying_send
opschecks.history.journal.Journal.begin, opschecks.history.journal.Journal.add = dying_begin, dying_add
"""


@dataclass
class Bench:
    """A project whose sandbox goes on living between runs."""

    project: Project
    sandbox: Sandbox
    environment: dict[str, str]

    def check(self, check: str, *options: str, suite: str = "daily") -> Ended:
        return self.project.run(f"checks/{suite}", "--stack", "sandbox", "-k", check, *options, **self.environment)

    def outcome(self, check: str, suite: str = "daily") -> str:
        self.check(check, suite=suite)
        return self.found(check, suite)

    def found(self, check: str, suite: str = "daily") -> str:
        """The outcome of a check in the newest run."""
        return self.project.outcomes(f"{suite.replace('/', '-')}-partial.json")[check]

    def command(self, *arguments: str, first: str = "") -> Ended:
        """`opschecks …`; `first` is Python that runs before it, in its process."""
        return self.project.opschecks(*arguments, "--stack", "sandbox", first=first, **self.environment)

    @property
    def state(self) -> Storage:
        """Where the stack's journal, lock and run files lie."""
        stack = load_stacks(self.project.folder / "stacks.toml").stacks["sandbox"]
        history = self.project.folder / "reports" / "history"
        return storage_of(stack, history, self.project.folder, lambda: self.sandbox.client("s3"))

    def journal(self) -> list[dict[str, Any]]:
        """What `opschecks journal --format json` shows, read without a process of its own."""
        return [
            {
                "entry": one.id,
                "undoes": one.undoes,
                "change": one.change.to_plain(),
                "steps": [{"event": line.event, "said": line.said} for line in one.lines],
            }
            for one in Journal(self.state).entries()
        ]

    def events(self) -> list[list[str]]:
        """What the journal has of each entry, in words, without the steps that were announced on the way."""
        return [[one["event"] for one in entry["steps"] if one["event"] != "step"] for entry in self.journal()]

    def free_the_lock(self) -> None:
        """What time does: the dead holder's lease runs out."""
        state = self.state
        for key in state.keys("lock"):
            told = json.loads(state.read(key) or "{}")
            state.replace(key, json.dumps({**told, "until": "2020-01-01T00:00:00+00:00"}))

    def times_sent(self) -> int:
        """How often DIES saw a change reach AWS."""
        path = self.project.folder / "sent"
        return len(path.read_text()) if path.exists() else 0

    def changes(self, suite: str = "daily") -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.project.told(f"{suite}-partial.json")["changes"]
        return told


@contextmanager
def bench(folder: Path, *faults: str, fix: str = FIX, whole: bool = False) -> Iterator[Bench]:
    project = Project.of_the_checks(folder, QUICK + fix)
    sandbox = Sandbox(load_stacks(folder / "stacks.toml").stacks["sandbox"])
    sandbox.start()
    if whole:
        sow_all(sandbox)
    try:
        for name in faults:
            give_fault(sandbox, name)
        yield Bench(project, sandbox, {"OPSCHECKS_SANDBOX": json.dumps(sandbox.facts)})
    finally:
        sandbox.stop()


def permissions(ec2: Any, group: str) -> set[tuple[Any, ...]]:
    """What a security group lets in, from where."""
    (told,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return {
        (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"), *source.values())
        for one in told["IpPermissions"]
        for key in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs")
        for source in [{k: v for k, v in item.items() if k in ("CidrIp", "CidrIpv6", "GroupId")} for item in one[key]]
    }
