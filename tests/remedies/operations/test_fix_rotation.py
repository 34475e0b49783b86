"""The rotation of an access key through `opschecks fix`, from the first stage to the last, and killed anywhere."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from moto.iam.models import IAMBackend

from opschecks.aws import session
from opschecks.cli.main import main
from opschecks.cli.reach_stack import reached
from opschecks.config.load import load_stacks
from opschecks.core import clock
from opschecks.remedies.operations.access_keys import RotateAccessKey
from opschecks.sandbox.moto_server import backend
from opschecks.sandbox.seeds import iam
from opschecks.sandbox.seeds.iam import PIPELINE, STORED
from tests.bench import DIES, FIX, QUICK, Bench, bench

KEYS = f'\nrotated_keys = [{{ user = "{PIPELINE}", secret = "{STORED}", services = ["backend"] }}]\n'
SOON = "limits = { key_quiet_hours = 1e-9, key_grace_days = 1e-9, key_use_minutes = 1, key_age_days = 30, "
FREE = FIX + "cooldown_minutes = 0\nattempts_per_day = 20\nchanges_per_day = 100\n"
ALL = ("--allow", "disruptive", "--allow", "destructive", "--yes")


class Killed(BaseException):
    """What a kill looks like from within: nothing more is done, or written."""


@dataclass
class Rotation:
    """A sandbox with a key to rotate, and commands that run in this process, so that they can be killed anywhere."""

    on: Bench
    said: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    dies: str = ""

    def fix(self, *options: str) -> Result:
        self.on.free_the_lock()
        target = ("--target", PIPELINE, "--stack", "sandbox")
        done = CliRunner().invoke(main, ["fix", "rotate-access-key", *target, *options])
        self.said.append(done.output)
        return done

    def killed(self, dies: str) -> bool:
        """Whether the next run has come to the request before or after which it dies."""
        self.dies = dies
        try:
            self.fix(*ALL)
        except Killed:
            return True
        finally:
            self.dies = ""
        return False

    def undo(self, entry: str) -> Result:
        self.on.free_the_lock()
        return CliRunner().invoke(main, ["undo", entry, "--yes", "--stack", "sandbox"])

    @property
    def keys(self) -> dict[str, str]:
        listed = self.on.sandbox.client("iam").list_access_keys(UserName=PIPELINE)["AccessKeyMetadata"]
        return {one["AccessKeyId"]: one["Status"] for one in listed}

    @property
    def held(self) -> dict[str, str]:
        value = self.on.sandbox.client("secretsmanager").get_secret_value(SecretId=STORED)["SecretString"]
        told: dict[str, str] = json.loads(value)
        return told

    def require_sound(self) -> None:
        """The user has an active key that the secret holds, whole, beside whatever else it held."""
        held = self.held
        assert self.keys[held["AWS_ACCESS_KEY_ID"]] == "Active"
        assert held["AWS_SECRET_ACCESS_KEY"] == self.secret_of(held["AWS_ACCESS_KEY_ID"])
        assert held["PAGER_TOKEN"] == "a token of the pager"

    def secret_of(self, key_id: str) -> str:
        told: str = backend("iam", "aws").access_keys[key_id].secret_access_key
        return told

    def sending(self, send: Any) -> Any:
        """Aws.send, which dies where it is told to, and lets no key go that is needed."""

        def dying(aws: Any, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            number = len(self.sent) + 1
            if self.dies == f"before {number}":
                raise Killed
            if operation == "DeleteAccessKey" or parameters.get("Status") == "Inactive":
                assert parameters["AccessKeyId"] != self.held["AWS_ACCESS_KEY_ID"]
            if operation == "DeleteAccessKey":
                assert self.keys[parameters["AccessKeyId"]] == "Inactive"
            answer: dict[str, Any] = send(aws, service, operation, **parameters)
            self.sent.append(operation)
            if operation == "CreateAccessKey":
                self.secrets.add(answer["AccessKey"]["SecretAccessKey"])
            if self.dies == f"after {number}":
                raise Killed
            return answer

        return dying

    def written(self) -> str:
        """All that was printed, and written to any file."""
        files = [path.read_text() for path in (self.on.project.folder / "reports").rglob("*") if path.is_file()]
        return "\n".join([*self.said, *files])

    def renew(self) -> None:
        """As before the first rotation."""
        users = backend("iam", "aws")
        for key in list(self.keys):
            users.delete_access_key(key, PIPELINE)
        made, used = self.on.sandbox.now - timedelta(days=41), self.on.sandbox.now - timedelta(hours=3)
        self.on.sandbox.backend("secretsmanager").secrets.clear()
        iam.store(self.on.sandbox, iam.add_key(PIPELINE, made, used))
        shutil.rmtree(self.on.project.folder / "reports", ignore_errors=True)
        self.sent.clear()
        self.dies = ""


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("rotation")) as on, pytest.MonkeyPatch.context() as patch:
        iam.sow(on.sandbox)
        on.project.write("stacks.toml", QUICK.replace("limits = { ", SOON).rstrip() + KEYS + FREE)
        # what costs most of a command is that it makes its clients: here one lot does for all
        for name, value in on.environment.items():
            patch.setenv(name, value)
        stack = load_stacks(on.project.folder / "stacks.toml").stacks["sandbox"]
        known = reached(stack)
        patch.setattr("opschecks.cli.fix.reached", lambda _: known)
        yield on


@pytest.fixture
def rotation(living: Bench, monkeypatch: pytest.MonkeyPatch) -> Rotation:
    made = Rotation(living)
    made.renew()
    monkeypatch.chdir(living.project.folder)
    monkeypatch.setattr(session.Aws, "send", made.sending(session.Aws.send))
    monkeypatch.setattr("opschecks.core.signals.end_as_ctrl_c_does", lambda: None)
    return made


STAGES = {
    "hand over": ["CreateAccessKey", "PutSecretValue", "UpdateService"],
    "deactivate": ["UpdateAccessKey"],
    "delete": ["DeleteAccessKey"],
}


def test_the_whole_way(rotation: Rotation) -> None:
    (first,) = rotation.keys
    for stage, calls in STAGES.items():
        refused = rotation.fix("--yes")
        assert "permits it" in refused.output, stage
        rotation.sent.clear()
        made = rotation.fix(*ALL)
        assert made.exit_code == 0, made.output
        assert rotation.sent == calls
        rotation.require_sound()
    (last,) = rotation.keys
    assert last != first
    over = rotation.fix(*ALL)
    assert over.exit_code == 1
    assert "is 0 days old, and may be 30 (limit key_age_days): nothing to rotate yet" in over.output
    targets = [entry["change"]["target"] for entry in rotation.on.journal()]
    assert targets == [PIPELINE, *2 * [f"{PIPELINE} …{first[-4:]}"]]


def test_a_deactivated_key_is_brought_back_by_undo(rotation: Rotation) -> None:
    first, *_ = rotation.keys
    assert rotation.fix(*ALL).exit_code == 0
    assert rotation.fix(*ALL).exit_code == 0
    assert rotation.keys[first] == "Inactive"
    back = rotation.undo(rotation.on.journal()[-1]["entry"])
    assert back.exit_code == 0, back.output
    assert rotation.keys[first] == "Active"
    again = rotation.undo(rotation.on.journal()[0]["entry"])
    assert "rotate-access-key is one-way" in again.output
    assert rotation.fix(*ALL).exit_code == 0
    assert rotation.keys[first] == "Inactive"


def test_killed_anywhere_it_goes_on_and_no_key_is_lost(rotation: Rotation) -> None:
    points = [f"{when} {number}" for number in range(1, 6) for when in ("before", "after")]
    for point in [*points, "after 1, then after 2", "after 1, then before 6"]:
        rotation.renew()
        (first,) = rotation.keys
        for dies in point.split(", then "):
            assert any(rotation.killed(dies) for _ in range(9)), point
            rotation.require_sound()
        runs = 0
        while len(rotation.keys) > 1 or first in rotation.keys:
            runs += 1
            ended = rotation.fix(*ALL)
            rotation.require_sound()
            assert ended.exit_code == 0 or "run the same command again" in ended.output, point
            assert runs < 9, (point, ended.output)
        assert "nothing to rotate yet" in rotation.fix(*ALL).output, point
        lost = point.startswith(("after 1", "before 2"))
        assert rotation.sent.count("CreateAccessKey") == (2 if lost else 1), point
        assert rotation.sent.count("PutSecretValue") == 1, point
        assert rotation.sent.count("DeleteAccessKey") == (2 if lost else 1), point
        assert not any(
            one["steps"][-1]["event"] in ("begun", "step", "sent", "unclear") for one in rotation.on.journal()
        )
        _require_nothing_leaked(rotation)


def _require_nothing_leaked(rotation: Rotation) -> None:
    written = rotation.written()
    assert rotation.secrets
    assert rotation.held["AWS_SECRET_ACCESS_KEY"] in rotation.secrets
    assert [one for one in [*rotation.secrets, "a token of the pager"] if one in written] == []
    assert not re.search(r"AKIA[A-Z0-9]{16}", written)


def test_killed_for_good_between_making_a_key_and_storing_it(rotation: Rotation) -> None:
    """By the system, not by an exception: nothing of this process lives on."""
    dies = DIES.replace('step == "after it is sent"', 'args[1] == "CreateAccessKey"')
    target = ("--target", PIPELINE)
    dies = dies.replace('os.environ["DIES"]', '""')
    rotation.on.command("fix", "rotate-access-key", *target, *ALL, first=dies)
    first, second = rotation.keys
    (entry,) = rotation.on.journal()
    assert [step["event"] for step in entry["steps"]] == ["begun", "step"]

    refused = rotation.fix("--allow", "disruptive", "--yes")
    assert "made in part, up to step 1 of 3: iam:CreateAccessKey" in rotation.on.journal()[0]["steps"][2]["said"]
    assert f"rotate-access-key on {PIPELINE} …{second[-4:]}" in refused.output
    assert "it is destructive: --allow destructive permits it" in refused.output
    cleared = rotation.fix(*ALL)
    assert cleared.exit_code == 0, cleared.output
    assert list(rotation.keys) == [first]
    assert rotation.fix(*ALL).exit_code == 0
    rotation.require_sound()


def test_a_key_that_somebody_else_made_stays(rotation: Rotation) -> None:
    """Killed before it asked for a key; then somebody made one by hand, some minutes later."""
    assert rotation.killed("before 1")
    theirs = iam.add_key(PIPELINE, clock.now() + timedelta(minutes=5), None)
    refused = rotation.fix(*ALL)
    assert refused.exit_code == 1
    assert f"no rotation in the journal has made …{theirs.access_key_id[-4:]}" in refused.output
    assert list(rotation.keys.values()) == ["Active", "Active"]
    assert rotation.sent == []


def test_nobody_uses_the_new_key(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one stays, the way on is told, and it goes on from there once it is used."""
    uses = IAMBackend.get_access_key_last_used
    monkeypatch.setattr(IAMBackend, "get_access_key_last_used", lambda *_: {"user_name": PIPELINE, "last_used": None})
    with monkeypatch.context() as hurried:
        soon = property(lambda _: timedelta(seconds=3), lambda *_: None)  # ten times what the deployment takes
        hurried.setattr(RotateAccessKey, "settles_within", soon)
        ended = rotation.fix(*ALL)
        again = rotation.fix(*ALL)
    assert ended.exit_code == 1
    assert "AWS reports no use yet" in ended.output
    assert "stays valid; run the same command again once it has been used" in ended.output
    assert "AWS reports no use yet, which may take a while" in again.output
    assert list(rotation.keys.values()) == ["Active", "Active"]
    monkeypatch.setattr(IAMBackend, "get_access_key_last_used", uses)
    assert rotation.fix(*ALL).exit_code == 0
    assert list(rotation.keys.values()) == ["Inactive", "Active"]


def test_the_checks_plan_the_next_stage_and_make_it(rotation: Rotation) -> None:
    check = functools.partial(rotation.on.check, "test_access_keys_are_rotated", suite="weekly")
    planned = check("--fix=plan")
    assert f"rotate-access-key on {PIPELINE}: planned" in planned.out, planned.all
    assert [one["risk"] for one in rotation.on.planned()] == ["disruptive"]
    made = rotation.on.command("fix", "reports/plan.json", "--yes", "--allow", "disruptive").ends(1)
    assert "the change stays in place" in made.out or "there is no way back, and it needs a person" in made.out
    rotation.require_sound()
    check("--fix=apply", "--allow", "disruptive").ends(0)
    rotation.require_sound()
    assert sorted(rotation.keys.values()) == ["Active", "Inactive"]
    written = rotation.written()
    assert rotation.held["AWS_SECRET_ACCESS_KEY"] not in written
    assert "a token of the pager" not in written
