"""The rotation of an access key, stage by stage: hand over, deactivate, delete; and what a killed one left behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from ...aws.key_rotation import DESCRIBE, LIST, SERVICES, USED, VALUE, Rotation, ending, held, rotation_of
from ...config.toml_tables import RotatedKey
from ...core import clock
from ...core.change import CannotFix, Change, Progress, Request, Risk, State, Step, Unknown
from ...core.dataclass import dataclass
from ...core.observation import NotThere
from ...core.wording import nearest, plural
from ...fixing.remedy import Operation
from .access_key_stages import GONE, HOLDS, SUCCESSOR, Stage, as_key, as_reader, handed_over, next_state, state_of

_CREATE = "iam:CreateAccessKey"


class _Hidden(str):
    """A secret to be sent to AWS, whose repr does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


@dataclass(frozen=True)
class _NewKey:
    """The key that this process has made, and its secret, which AWS returns once."""

    id: str = field(repr=False)
    secret: str = field(repr=False)


class RotateAccessKey(Operation):
    """Rotate the access key of an IAM user: each run makes the next stage, if the one before is seen to have worked.

    A new key is made, stored in the secret, and the services that read it are deployed; once it is used and the old
    one is not, that is deactivated; after a time of grace it is deleted. A key that the secret holds, or that is in
    use, is never touched.
    """

    risk = Risk.DISRUPTIVE
    resumes = True
    runbook = "rotate-credentials"
    allow: ClassVar[Sequence[str]] = (
        _CREATE,
        "iam:UpdateAccessKey",
        "iam:DeleteAccessKey",
        "secretsmanager:PutSecretValue",
        "ecs:UpdateService",
        LIST,
        USED,
        VALUE,
        DESCRIBE,
        SERVICES,
    )
    expects = Stage.HAND_OVER.expects
    beware = (
        "whoever has the key from elsewhere than the secret must be given the new one before the old one goes; "
        "a rotation takes several runs, days apart"
    )
    wishes = {"early": "yes: rotate a key that is younger than key_age_days, such as one that leaked"}  # noqa: RUF012
    _made: _NewKey | None = None
    _old = ""
    """The id of the key that a new one takes the place of."""

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The user, or the user's key that the next stage is about."""
        return [self.normal(resource)]

    def all_targets(self) -> list[str]:
        if len(self.stack.rotated_keys) != 1:
            raise CannotFix("say whose key to rotate with --target USER")
        return [self.normal(self.stack.rotated_keys[0].user)]

    def normal(self, target: str) -> str:
        """USER where a key is created, `USER …ABCD` where that key is deactivated or deleted."""
        user = _user(target.rsplit("/", 1)[-1])
        listed = [one.user for one in self.stack.rotated_keys]
        if target.endswith(":root") or (user in ("root", "<root_account>") and user not in listed):
            raise CannotFix("root's keys are not rotated: delete them as root; no part of a stack needs one")
        rotation = self._rotation(user)
        now = state_of(rotation)
        stage = Stage.between(now, self._after(rotation))
        if stage is Stage.HAND_OVER:
            return user
        key = rotation.new if stage is Stage.CLEAR else rotation.old
        assert key
        return f"{user} {key.end}"

    def risk_of(self, before: State, after: State) -> Risk:
        return Stage.between(before, after).risk

    def described(self, change: Change) -> Change:
        stage = Stage.between(change.before, change.after)
        return replace(change, one_way=stage.one_way, expects=stage.expects)

    def read(self, target: str) -> State:
        return state_of(self._rotation(_user(target)))

    def read_for_plan(self, target: str) -> State:
        rotation = self._rotation(_user(target))
        self._next = self._after(rotation)
        self._age = clock.now() - rotation.old.created
        return state_of(rotation)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The next stage; a rotation is begun only with a key that is old enough, unless that is wished."""
        if wish.get("early", "yes") != "yes":
            raise CannotFix(f"--set early={wish['early']}: expected yes, or nothing")
        limit = self.stack.limits.key_age_days
        if now[SUCCESSOR] == GONE and "early" not in wish and self._age < timedelta(days=limit):
            raise CannotFix(
                f"the only key, which the secret holds, is {plural(self._age.days, 'day')} old, and may be {limit:g} "
                "(limit key_age_days): nothing to rotate yet; --set early=yes rotates it anyway"
            )
        return self._next

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """What leads to the next stage. Each is asked for again before it is sent: it may not be what comes next."""
        user = _user(target)
        made = []
        for request in self._requests(target, before, after):
            if request.operation == "PutSecretValue":
                made.append(Step(request, user, prepare=partial(self._storing, user), judge=self._forget))
                continue
            judge = self._keep if request.operation == "CreateAccessKey" else None
            made.append(Step(request, user, partial(self._listed, user), partial(self._allowed, target), judge))
        return made

    def _requests(self, target: str, before: State, after: State) -> list[Request]:
        """With the ends of ids, and placeholders for what no plan may hold."""
        user, stage = _user(target), Stage.between(before, after)
        if stage is Stage.HAND_OVER:
            self.settles_within = timedelta(minutes=self.stack.limits.key_use_minutes)
            return self._handing_over(user, before, after)
        end = target.partition(" ")[2]
        key = {"UserName": user, "AccessKeyId": end}
        if stage is Stage.REACTIVATE:
            return [Request("iam", "UpdateAccessKey", {**key, "Status": "Active"})]
        made = []
        if before[as_key(end) if as_key(end) in before else SUCCESSOR] == "Active":
            made.append(Request("iam", "UpdateAccessKey", {**key, "Status": "Inactive"}))
        if stage is not Stage.DEACTIVATE:
            made.append(Request("iam", "DeleteAccessKey", key))
        return made

    def _handing_over(self, user: str, before: State, after: State) -> list[Request]:
        wanted, made = self._wanted(user), []
        if before[SUCCESSOR] != after[SUCCESSOR]:
            made.append(Request("iam", "CreateAccessKey", {"UserName": user}))
        if before[HOLDS] != after[HOLDS]:
            what = f"(what it holds, with {wanted.id_field} and {wanted.secret_field} of the new key)"
            put = {"SecretId": wanted.secret, "SecretString": what, "ClientRequestToken": "(from the new key's id)"}
            made.append(Request("secretsmanager", "PutSecretValue", put))
        for name in wanted.services:
            cluster, _, service = name.rpartition("/")
            label = as_reader(name if cluster else f"{self.stack.cluster}/{name}")
            if before[label] != after[label]:
                place = {"cluster": cluster or str(self.stack.cluster), "service": service}
                made.append(Request("ecs", "UpdateService", {**place, "forceNewDeployment": True}))
        return made

    def _listed(self, user: str) -> Progress:
        """What comes after a new key was stored waits until IAM lists it."""
        made = self._made
        if made is None:
            return Progress(settled=True)
        listed = any(key.id == made.id for key in self._rotation(user).keys)
        return Progress(listed, f"{ending(made.id)} was made, and IAM does not list it yet")

    def _allowed(self, target: str, request: Request) -> Request:
        """As it is sent, with the key's whole id, if it still is what comes next."""
        rotation = self._rotation(user := _user(target))
        if request.parameters.get("Status") != "Active" and request not in self._requests(
            target, state_of(rotation), self._after(rotation)
        ):
            raise CannotFix(f"{request.call} is no longer what comes next: run the same command again")
        if "AccessKeyId" not in request.parameters:
            self._old = rotation.old.id
            return request
        for key in rotation.keys:
            if key.end == request.parameters["AccessKeyId"]:
                return replace(request, parameters={**request.parameters, "AccessKeyId": key.id})
        raise CannotFix(f"{user} no longer has the key {request.parameters['AccessKeyId']}")

    def _storing(self, user: str, request: Request) -> Request:
        """With the new key in place of the old one, in what the secret holds at this moment."""
        wanted, made = self._wanted(user), self._made
        if made is None:
            raise CannotFix("the new key's secret is not known here: AWS returns it once, to whoever made the key")
        now = held(self.aws, wanted)
        if now.key != self._old:
            raise CannotFix(f"{wanted.secret} holds another key now: somebody else has changed it")
        text = json.dumps({**now.fields, wanted.id_field: made.id, wanted.secret_field: made.secret})
        token = hashlib.sha256(f"{wanted.secret} {made.id}".encode()).hexdigest()
        sent = {**request.parameters, "SecretString": _Hidden(text), "ClientRequestToken": token}
        return replace(request, parameters=sent)

    def _keep(self, request: Request, answer: Mapping[str, Any]) -> None:
        """Keep the new key until it is stored: AWS returns its secret in this answer alone."""
        told = answer.get("AccessKey") or {}
        if not (told.get("AccessKeyId") and told.get("SecretAccessKey")):
            raise Unknown(f"{_CREATE}: the answer has no key")
        self._made = _NewKey(told["AccessKeyId"], told["SecretAccessKey"])

    def _forget(self, request: Request, answer: Mapping[str, Any]) -> None:
        assert self._made is not None
        self._made = replace(self._made, secret="")

    def progress(self, target: str, before: State, after: State) -> Progress:
        """A hand-over is through when the services have settled and the new key was used."""
        rotation = self._rotation(_user(target))
        now = state_of(rotation)
        if Stage.between(before, after) is not Stage.HAND_OVER:
            return Progress(
                now == after, "" if now == after else "; ".join(f"{label} {value}" for label, value in now.items())
            )
        told = handed_over(rotation, lost=self._made is None)
        if told.settled:
            # no check is cured before the old key goes: there is nothing to wait for
            self.settles_within = timedelta(0)
        return told

    def _wanted(self, user: str) -> RotatedKey:
        known = {one.user: one for one in self.stack.rotated_keys}
        if user not in known:
            raise CannotFix(
                f"where the key of {user} is kept is not known: list it under rotated_keys of {self.stack.name} in "
                f'stacks.toml, such as {{ user = "{user}", secret = "NAME", services = ["SERVICE"] }}; '
                f"{nearest(user, known)}"
            )
        wanted = known[user]
        if wanted.secret.startswith("arn:") and self.stack.region not in (None, wanted.secret.split(":")[3]):
            raise CannotFix(f"{wanted.secret} is in another region than {self.stack.name}, {self.stack.region}")
        return wanted

    def _rotation(self, user: str) -> Rotation:
        try:
            return rotation_of(self.aws, self._wanted(user), self.stack.cluster)
        except NotThere as error:
            raise CannotFix(str(error)) from None

    def _after(self, rotation: Rotation) -> State:
        wanted = self._wanted(rotation.user)
        return next_state(rotation, self.journal(), self.stack.limits, self.aws, wanted)


def _user(target: str) -> str:
    return target.partition(" ")[0]
