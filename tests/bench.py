"""A sandbox that goes on living between runs, with a project beside it: what remedies are tried on, end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opschecks.config.load import load_stacks
from opschecks.history.journal import Journal
from opschecks.history.storage import Storage, storage_of
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import sow_all
from tests.scratch import QUICK as QUICK
from tests.scratch import Ended, Project

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
        stream.write("x\\n")
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


DIES_AT = """\
import os
import signal
import opschecks.aws.session

when, left = os.environ["DIES_AT"].split()
left, send = int(left), opschecks.aws.session.Aws.send


def dying_send(self, service, operation, **parameters):
    global left
    left -= 1
    if left == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = send(self, service, operation, **parameters)
    of = parameters.get("Key") or parameters.get("BackupName") or parameters.get("logGroupName", "")
    with open("sent", "a") as stream:
        stream.write(f"{operation} {of}\\n")
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


opschecks.aws.session.Aws.send = dying_send
"""
FREEZE = '[[stacks.sandbox.fix.freeze]]\nbegins = 2020-01-01T00:00:00Z\nends = 2099-01-01T00:00:00Z\nreason = "sale"\n'


@dataclass
class Bench:
    """A project whose sandbox goes on living between runs."""

    project: Project
    sandbox: Sandbox
    environment: dict[str, str]

    def run(self, suite: str, *options: str) -> Ended:
        return self.project.run(f"checks/{suite}", "--stack", "sandbox", *options, **self.environment)

    def check(self, check: str, *options: str, suite: str = "daily") -> Ended:
        return self.run(suite, "-k", check, *options)

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

    def planned(self) -> list[dict[str, Any]]:
        """The changes of the newest plan."""
        path = self.project.folder / "reports" / "plan.json"
        planned: list[dict[str, Any]] = json.loads(path.read_text())["changes"] if path.exists() else []
        return planned

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
        """How often DIES, or DIES_AT, saw a change reach AWS."""
        path = self.project.folder / "sent"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def deploy(self, tag: str = "", looks: int = 4) -> str:
        """Do what a pipeline does: register a revision, of another image if so said, and update the service.

        Returns the revision. A deployment of the sandbox proceeds with each look at it; `looks` happen here.
        """
        ecs, stack, service = self.sandbox.client("ecs"), self.sandbox.stack, self.sandbox.service()
        told = ecs.describe_task_definition(taskDefinition=service.task_definition)["taskDefinition"]
        kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory")
        (container,) = told["containerDefinitions"]
        if tag:
            container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"
        made = ecs.register_task_definition(**{key: told[key] for key in kept}, containerDefinitions=[container])
        revision = f"{made['taskDefinition']['family']}:{made['taskDefinition']['revision']}"
        ecs.update_service(cluster=stack.cluster, service=service.name, taskDefinition=revision)
        for _ in range(looks):
            ecs.describe_services(cluster=stack.cluster, services=[service.name])
        return revision

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


def careless(cases: Mapping[str, tuple[Sequence[str], str]]) -> Any:
    """A test by a table, whose rows are how a project of the checks is run, and what refuses that, before anything."""

    @pytest.mark.parametrize(("arguments", "message"), cases.values(), ids=cases)
    def refused(tmp_path: Path, arguments: Sequence[str], message: str) -> None:
        ended = Project.of_the_checks(tmp_path).run(*arguments).ends(4)
        assert message in ended.err
        assert ended.out == ""

    return refused


def permissions(ec2: Any, group: str) -> set[tuple[Any, ...]]:
    """What a security group lets in, from where."""
    (told,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return {
        (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"), *source.values())
        for one in told["IpPermissions"]
        for key in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs")
        for source in [{k: v for k, v in item.items() if k in ("CidrIp", "CidrIpv6", "GroupId")} for item in one[key]]
    }
