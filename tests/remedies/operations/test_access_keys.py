"""What the rotation of an access key makes of states that no rotation has left: on canned answers, without an AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws import session
from opschecks.config.load import StackError, load_stacks
from opschecks.core.change import CannotFix, Change, Risk, Step, Unknown
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing import plan as planning
from opschecks.fixing.plan import change_of
from opschecks.remedies.operations.access_keys import RotateAccessKey
from tests.canned import Aws, ago, as_sent, stack
from tests.canned_wire import Wire

USER, SECRET, SERVICE = "pipeline", "app/credentials", "backend"
OLD, NEW, OTHER = "AKIAIOSFODNN7EXAMAAA", "AKIAI44QH8DHBEXAMBBB", "AKIAI44QH8DHBEXAMCCC"
KEY = {"user": USER, "secret": SECRET, "services": [SERVICE]}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET_VALUE = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@dataclass(frozen=True)
class Entry:
    """An entry of a journal."""

    change: Change
    begun: datetime
    state: str = "handed_over"
    undoes: str = ""
    happened: bool = True


def key(key_id: str, made: timedelta, used: timedelta | None = None, status: str = "Active") -> dict[str, Any]:
    """As ListAccessKeys has it, with its last use beside."""
    return {"AccessKeyId": key_id, "Status": status, "CreateDate": ago(seconds=made.total_seconds()), "used": used}


ONE = [key(OLD, 100 * DAY, HOUR)]
HANDED_OVER = [key(OLD, 100 * DAY, 30 * HOUR), key(NEW, 29 * HOUR, HOUR)]
DEACTIVATED = [key(OLD, 100 * DAY, 10 * DAY, "Inactive"), key(NEW, 9 * DAY, HOUR)]
LOST = [key(OLD, 100 * DAY, HOUR), key(NEW, HOUR)]


def aws(
    keys: list[dict[str, Any]],
    held: str = OLD,
    *,
    stored: timedelta = 28 * HOUR,
    secret: Mapping[str, Any] | Exception | None = None,
    told: Mapping[str, Any] | None = None,
    earlier: Mapping[str, str] | None = None,
    service: Mapping[str, Any] | None = None,
) -> Aws:
    """What AWS answers where the user has these keys, and the secret this one."""

    def used(AccessKeyId: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        (use,) = (one["used"] for one in keys if one["AccessKeyId"] == AccessKeyId)
        never = {"ServiceName": "N/A", "Region": "N/A"}
        last = (
            {"ServiceName": "s3", "Region": "us-west-2", "LastUsedDate": ago(seconds=use.total_seconds())}
            if use
            else never
        )
        return {"UserName": USER, "AccessKeyLastUsed": last}

    def value(SecretId: str, VersionStage: str) -> Any:  # noqa: N803
        if secret is not None:
            return secret
        holds = {"AWSCURRENT": held, **(earlier or {})}.get(VersionStage)
        if not holds:
            return NotThere("secretsmanager:GetSecretValue", f"ResourceNotFoundException: no {VersionStage}")
        fields = {"AWS_ACCESS_KEY_ID": holds, "AWS_SECRET_ACCESS_KEY": SECRET_VALUE, "MORE": "kept"}
        return {**VERSION, "SecretString": json.dumps(fields), "CreatedDate": ago(seconds=stored.total_seconds())}

    deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "createdAt": ago(hours=27),
                  "updatedAt": ago(hours=27), **(service or {})}  # fmt: skip
    ran = {"serviceArn": "arn", "status": "ACTIVE", "runningCount": 2, "desiredCount": 2, "deployments": [deployment]}
    listed = [{name: one[name] for name in one if name != "used"} for one in keys]
    return Aws(
        {
            ("iam", "ListAccessKeys"): {"AccessKeyMetadata": listed, "IsTruncated": False},
            ("iam", "GetAccessKeyLastUsed"): used,
            ("secretsmanager", "GetSecretValue"): value,
            ("secretsmanager", "DescribeSecret"): {"ARN": ARN, "Name": SECRET, **(told or {})},
            ("ecs", "DescribeServices"): {"services": [ran]},
        },
        stack(cluster="c", rotated_keys=[KEY]),
    )


ARN = f"arn:aws:secretsmanager:us-west-2:123456789012:secret:{SECRET}-AbCdEf"
VERSION = {"ARN": ARN, "Name": SECRET, "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE"}


def remedy(answers: Aws, *entries: Entry) -> RotateAccessKey:
    return RotateAccessKey(answers.stack, answers, tuple, lambda: entries)


def planned(answers: Aws, *entries: Entry, early: str = "") -> Change:
    """The next stage, as `opschecks fix` would plan it."""
    made = remedy(answers, *entries)
    return planning.planned(made, made.normal(USER), wish={"early": early} if early else {})


def asked_for_a_key(begun: datetime, **more: Any) -> Entry:
    """The entry of a rotation that was killed after it had asked for a key."""
    return Entry(planned(aws(ONE)), begun, **more)


def deactivated(when: timedelta, **more: Any) -> Entry:
    """The entry of a rotation that deactivated the old key."""
    return Entry(planned(aws(HANDED_OVER, NEW)), ago(seconds=when.total_seconds()), **more)


def test_stages_are_what_they_say() -> None:
    first = planned(aws(ONE))
    assert (first.target, first.risk, first.one_way) == (USER, Risk.DISRUPTIVE, True)
    assert first.call == "iam:CreateAccessKey, secretsmanager:PutSecretValue, ecs:UpdateService"
    rest = planned(aws(HANDED_OVER, NEW, stored=HOUR))
    assert (rest.target, rest.call) == (USER, "ecs:UpdateService")
    second = planned(aws(HANDED_OVER, NEW))
    assert (second.target, second.risk, second.one_way) == (f"{USER} …MAAA", Risk.DISRUPTIVE, False)
    assert second.parameters == {"UserName": USER, "AccessKeyId": "…MAAA", "Status": "Inactive"}
    third = planned(aws(DEACTIVATED, NEW), deactivated(8 * DAY))
    assert (third.target, third.risk, third.one_way) == (f"{USER} …MAAA", Risk.DESTRUCTIVE, True)
    assert (third.call, third.parameters) == ("iam:DeleteAccessKey", {"UserName": USER, "AccessKeyId": "…MAAA"})
    lost = planned(aws(LOST), asked_for_a_key(ago(hours=1, seconds=5)))
    assert (lost.target, lost.risk, lost.one_way) == (f"{USER} …MBBB", Risk.DESTRUCTIVE, True)
    assert lost.call == "iam:UpdateAccessKey, iam:DeleteAccessKey"
    for change in (first, rest, second, third, lost):
        assert OLD not in json.dumps(change.to_plain())
        assert NEW not in json.dumps(change.to_plain())


def test_taking_a_deactivation_back_is_safe() -> None:
    made = remedy(aws(HANDED_OVER, NEW))
    change = planned(aws(HANDED_OVER, NEW))
    back = change_of(made, change.target, change.after, change.before)
    assert (back.risk, back.parameters["Status"], back.one_way) == (Risk.SAFE, "Active", False)


_BINARY = {**VERSION, "SecretBinary": b"\x00", "CreatedDate": ago(hours=1)}
_PLAIN = {**VERSION, "SecretString": SECRET_VALUE, "CreatedDate": ago(hours=1)}
_LIST = {**VERSION, "SecretString": f'["{SECRET_VALUE}"]', "CreatedDate": ago(hours=1)}
_BARE = {**VERSION, "SecretString": f'{{"AWS_ACCESS_KEY_ID": "{OLD}"}}', "CreatedDate": ago(hours=1)}
_SWAPPED = {**_BARE, "SecretString": json.dumps({"AWS_ACCESS_KEY_ID": SECRET_VALUE, "AWS_SECRET_ACCESS_KEY": OLD})}
_GOING = CouldNotLook("secretsmanager:GetSecretValue", "InvalidRequestException: it was marked for deletion")
REFUSED: dict[str, tuple[Callable[[], Change], str]] = {
    "two keys of others": (
        lambda: planned(aws([key(OLD, 100 * DAY, HOUR), key(NEW, 50 * DAY, HOUR)])),
        "…MBBB was used on .* by s3 in us-west-2: app/credentials holds the older of two keys",
    ),
    "a second key that nobody has used, and no rotation made": (
        lambda: planned(aws(LOST)),
        "no rotation in the journal has made …MBBB: .* find out whose …MBBB is",
    ),
    "made long after the rotation had begun": (
        lambda: planned(aws(LOST), asked_for_a_key(ago(hours=1, minutes=2))),
        "no rotation in the journal has made …MBBB",
    ),
    "made before the rotation had begun": (
        lambda: planned(aws(LOST), asked_for_a_key(ago(minutes=59, seconds=50))),
        "no rotation in the journal has made …MBBB",
    ),
    "made by hand after the rotation was refused": (
        lambda: planned(aws(LOST), asked_for_a_key(ago(hours=1, seconds=5), state="refused")),
        "no rotation in the journal has made …MBBB",
    ),
    "used, although a rotation made it": (
        lambda: planned(aws([LOST[0], key(NEW, HOUR, HOUR)]), asked_for_a_key(ago(hours=1, seconds=5))),
        "…MBBB was used on",
    ),
    "somebody has gone back to the older one": (
        lambda: planned(aws(LOST, earlier={"AWSPREVIOUS": NEW}), asked_for_a_key(ago(hours=1, seconds=5))),
        "another version of app/credentials holds …MBBB",
    ),
    "the secret holds a key of somebody else": (
        lambda: planned(aws(ONE, OTHER)),
        "app/credentials holds a key that does not belong to pipeline, who has …MAAA",
    ),
    "the only key is inactive": (
        lambda: planned(aws([key(OLD, 100 * DAY, HOUR, "Inactive")])),
        "…MAAA, which app/credentials holds, is inactive",
    ),
    "the new key is inactive": (
        lambda: planned(aws([HANDED_OVER[0], key(NEW, 29 * HOUR, HOUR, "Inactive")], NEW)),
        "…MBBB, which app/credentials holds, is inactive",
    ),
    "a binary secret": (lambda: planned(aws(ONE, secret=_BINARY)), "app/credentials is binary"),
    "plain text": (lambda: planned(aws(ONE, secret=_PLAIN)), "app/credentials is not a JSON object"),
    "JSON, and no object": (lambda: planned(aws(ONE, secret=_LIST)), "app/credentials is not a JSON object"),
    "a field too few": (lambda: planned(aws(ONE, secret=_BARE)), "has no field AWS_SECRET_ACCESS_KEY"),
    "fields the wrong way round": (lambda: planned(aws(ONE, secret=_SWAPPED)), "is not the id of an access key"),
    "a body that was cut": (lambda: planned(aws(ONE, secret={})), "the answer has no 'CreatedDate'"),
    "marked for deletion": (lambda: planned(aws(ONE, secret=_GOING)), "it was marked for deletion"),
    "marked for deletion, and readable": (
        lambda: planned(aws(ONE, told={"DeletedDate": ago(hours=1)})),
        "app/credentials: it is scheduled for deletion on .*: restore it first",
    ),
    "rotated by a function": (
        lambda: planned(aws(ONE, told={"RotationEnabled": True})),
        "it has its own rotation, which would overwrite the key",
    ),
    "a replica": (
        lambda: planned(aws(ONE, told={"PrimaryRegion": "eu-west-1"})),
        "it is a replica of the one in eu-west-1",
    ),
    "another service's": (lambda: planned(aws(ONE, told={"OwningService": "rds"})), "rds manages it"),
    "young": (
        lambda: planned(aws([key(OLD, 5 * DAY, HOUR)])),
        r"is 5 days old, and may be 90 \(limit key_age_days\): nothing is to be rotated; --set early=yes",
    ),
    "an odd wish": (lambda: planned(aws(ONE), early="no"), "--set early=no: expected yes"),
    "not used yet": (
        lambda: planned(aws([HANDED_OVER[0], key(NEW, 29 * HOUR)], NEW)),
        "…MBBB is in the secret since .*; AWS reports no use yet",
    ),
    "the service has failed": (
        lambda: planned(aws(HANDED_OVER, NEW, service={"rolloutState": "FAILED"})),
        "c/backend: 2 of 2 tasks run, deployment FAILED: what it reads is not settled",
    ),
    "the service is under way": (
        lambda: planned(aws(HANDED_OVER, NEW, service={"rolloutState": "IN_PROGRESS"})),
        "deployment IN_PROGRESS: what it reads is not settled",
    ),
    "another way of deploying": (
        lambda: planned(aws(HANDED_OVER, NEW, service={"status": "ACTIVE"})),
        "c/backend is not deployed by ECS itself",
    ),
    "stored a moment ago": (
        lambda: planned(aws(HANDED_OVER, NEW, stored=HOUR, service={"createdAt": ago(minutes=50)})),
        r"…MAAA must be quiet for 24 h after the hand-over \(limit key_quiet_hours\): run the same command again on",
    ),
    "used after the hand-over": (
        lambda: planned(aws([key(OLD, 100 * DAY, 26 * HOUR), HANDED_OVER[1]], NEW)),
        r"…MAAA was used on .* by s3 in us-west-2, after it was handed over: .* for 7 days \(limit key_grace_days\)",
    ),
    "deactivated yesterday": (
        lambda: planned(aws(DEACTIVATED, NEW), deactivated(DAY)),
        r"is inactive since .*, and is kept for 7 days \(limit key_grace_days\).* run the same command again on",
    ),
    "deactivated by hand": (
        lambda: planned(aws(DEACTIVATED, NEW)),
        "…MAAA is inactive, and since when, the journal does not say",
    ),
    "deactivated, and rolled back": (
        lambda: planned(aws(DEACTIVATED, NEW), deactivated(8 * DAY, state="rolled_back")),
        "since when, the journal does not say",
    ),
    "deactivated, and never sent": (
        lambda: planned(aws(DEACTIVATED, NEW), deactivated(8 * DAY, happened=False)),
        "since when, the journal does not say",
    ),
    "used after it was deactivated": (
        lambda: planned(aws([key(OLD, 100 * DAY, 2 * DAY, "Inactive"), DEACTIVATED[1]], NEW), deactivated(8 * DAY)),
        "…MAAA was used on .*, after it was deactivated on .*: somebody has made it active in between",
    ),
    "no key at all": (lambda: planned(aws([])), "pipeline has no access key"),
    "two of one age": (lambda: planned(aws([ONE[0], {**ONE[0], "AccessKeyId": NEW}])), "cannot be told apart"),
}


@pytest.mark.parametrize(("plan", "why"), REFUSED.values(), ids=REFUSED)
def test_what_no_rotation_left_so_is_refused(plan: Callable[[], Change], why: str) -> None:
    with pytest.raises((CannotFix, CouldNotLook), match=why) as told:
        plan()
    assert SECRET_VALUE not in f"{told.value!r} {told.value} {told.value.__context__!r}"


def test_a_use_after_the_hand_over_is_forgotten_after_the_time_of_grace() -> None:
    keys = [key(OLD, 100 * DAY, 8 * DAY), key(NEW, 20 * DAY, HOUR)]
    late = {"createdAt": ago(days=10), "updatedAt": ago(days=10)}
    assert planned(aws(keys, NEW, stored=11 * DAY, service=late)).parameters["Status"] == "Inactive"


def test_a_deactivation_that_was_taken_back_counts_no_more() -> None:
    made = deactivated(9 * DAY)
    back = replace(made.change, before=made.change.after, after=made.change.before)
    undone = Entry(back, ago(days=8), undoes="an entry")
    with pytest.raises(CannotFix, match="since when, the journal does not say"):
        planned(aws(DEACTIVATED, NEW), made, undone)


TARGETS = {
    "root": ("root", "keys of root are deleted by root itself"),
    "root's row of the report": ("<root_account>", "keys of root are deleted by root itself"),
    "root's ARN": ("arn:aws:iam::123456789012:root", "keys of root are deleted by root itself"),
    "not listed": ("pipelin", "list it under rotated_keys of here in stacks.toml.*did you mean 'pipeline'"),
}


@pytest.mark.parametrize(("target", "why"), TARGETS.values(), ids=TARGETS)
def test_whose_key_is_not_rotated(target: str, why: str) -> None:
    with pytest.raises(CannotFix, match=why):
        remedy(aws(ONE)).normal(target)


def test_a_user_is_found_by_its_arn() -> None:
    assert remedy(aws(ONE)).targets(f"arn:aws:iam::123456789012:user/ci/{USER}", {}) == [USER]
    assert remedy(aws(ONE)).all_targets() == [USER]


def test_a_secret_in_another_region() -> None:
    there = {**KEY, "secret": ARN.replace("us-west-2", "eu-west-1")}
    answers = aws(ONE)
    answers.stack = stack(cluster="c", rotated_keys=[there])
    with pytest.raises(CannotFix, match="is in another region than here, us-west-2"):
        remedy(answers).normal(USER)


def test_a_service_whose_cluster_is_not_known() -> None:
    answers = aws(ONE)
    answers.stack = stack(rotated_keys=[KEY])
    with pytest.raises(CouldNotLook, match="the cluster of backend is unknown: write CLUSTER/SERVICE"):
        remedy(answers).normal(USER)


CREATED = {
    "AccessKey": {"UserName": USER, "AccessKeyId": NEW, "Status": "Active", "SecretAccessKey": "new secret value"}
}


def _handing_over(after: Aws) -> tuple[RotateAccessKey, Sequence[Step]]:
    """A rotation whose key was made, and what AWS says from then on."""
    made = remedy(aws(ONE))
    change = planned(aws(ONE))
    steps = made.steps(USER, change.before, change.after)
    assert as_sent(steps[0]) == steps[0].request
    _answer(steps[0], CREATED)
    made.aws = after
    return made, steps


def _answer(step: Step, answer: Mapping[str, Any]) -> None:
    assert step.judge
    step.judge(step.request, answer)


def _may_be_sent(step: Step) -> bool:
    assert step.wait
    return step.wait().settled


def test_what_is_stored_keeps_the_other_fields_and_shows_in_no_repr() -> None:
    made, steps = _handing_over(aws(ONE))
    sent = as_sent(steps[1])
    assert json.loads(sent.parameters["SecretString"]) == {
        "AWS_ACCESS_KEY_ID": NEW, "AWS_SECRET_ACCESS_KEY": "new secret value", "MORE": "kept",
    }  # fmt: skip
    assert 32 <= len(sent.parameters["ClientRequestToken"]) <= 64
    assert as_sent(steps[1]) == sent
    for shown in (repr(sent), repr(made.__dict__), str([step.request for step in steps])):
        assert "new secret value" not in shown
        assert SECRET_VALUE not in shown


def test_a_secret_that_somebody_has_changed_is_not_written_over() -> None:
    _, steps = _handing_over(aws(ONE, OTHER))
    with pytest.raises(CannotFix, match="holds another key now"):
        as_sent(steps[1])


def test_a_lost_secret_is_not_made_up() -> None:
    made = remedy(aws(LOST))
    change = planned(aws(ONE))
    with pytest.raises(CannotFix, match="the new key's secret is not known here"):
        as_sent(made.steps(USER, change.before, change.after)[1])


def test_no_service_is_deployed_before_the_secret_holds_the_new_key() -> None:
    _, steps = _handing_over(aws(LOST))
    with pytest.raises(CannotFix):
        as_sent(steps[2])
    _, unlisted = _handing_over(aws(ONE, NEW))
    assert unlisted[1].wait is None
    assert not _may_be_sent(unlisted[2])
    _, stored = _handing_over(aws(HANDED_OVER, NEW, stored=HOUR))
    assert _may_be_sent(stored[2])
    assert as_sent(stored[2]) == stored[2].request


def test_an_answer_without_a_key_is_unknown() -> None:
    change = planned(aws(ONE))
    with pytest.raises(Unknown, match="the answer has no key"):
        _answer(remedy(aws(ONE)).steps(USER, change.before, change.after)[0], {})


def test_the_id_is_filled_in_when_it_is_sent_and_only_while_it_is_right() -> None:
    change = planned(aws(HANDED_OVER, NEW))
    made = remedy(aws(HANDED_OVER, NEW))
    (step,) = made.steps(change.target, change.before, change.after)
    assert as_sent(step).parameters["AccessKeyId"] == OLD
    made.aws = aws([key(OLD, 100 * DAY, HOUR), HANDED_OVER[1]], NEW)
    with pytest.raises(CannotFix, match="after it was handed over"):
        as_sent(step)
    made.aws = aws(HANDED_OVER, OLD)
    with pytest.raises(CannotFix):
        as_sent(step)


PROGRESS = {
    "its secret is lost": (aws(LOST), "…MBBB was made, and is not in the secret: its value is lost", True),
    "not listed yet": (aws(ONE), "the new key is not listed yet", False),
    "nobody deployed it": (aws(HANDED_OVER, NEW, stored=HOUR), "c/backend was not deployed since", True),
    "failed": (
        aws(HANDED_OVER, NEW, service={"rolloutState": "FAILED"}),
        "c/backend: 2 of 2 tasks run, deployment FAILED; …MAAA stays valid",
        True,
    ),
    "not used": (
        aws([HANDED_OVER[0], key(NEW, 29 * HOUR)], NEW),
        "…MBBB was stored 28 h ago; AWS reports no use yet",
        False,
    ),
}


@pytest.mark.parametrize(("now", "said", "wrong"), PROGRESS.values(), ids=PROGRESS)
def test_progress_of_a_hand_over(now: Aws, said: str, wrong: bool) -> None:
    change = planned(aws(ONE))
    told = remedy(now).progress(USER, change.before, change.after)
    assert (told.settled, told.gone_wrong) == (False, wrong)
    assert told.said.startswith(said)


def test_a_key_is_lost_as_well_where_storing_it_was_never_answered() -> None:
    made, _ = _handing_over(aws(LOST))
    change = planned(aws(ONE))
    assert made.progress(USER, change.before, change.after).gone_wrong
    young, _ = _handing_over(aws([LOST[0], key(NEW, timedelta(seconds=1))]))
    assert not young.progress(USER, change.before, change.after).gone_wrong


def test_a_hand_over_is_through_when_the_key_was_used() -> None:
    change = planned(aws(ONE))
    made = remedy(aws(HANDED_OVER, NEW))
    assert made.progress(USER, change.before, change.after).settled
    assert made.read(USER) == change.after


def test_an_answer_that_was_cut_tells_no_secret() -> None:
    """botocore's own message has the whole of it in it."""
    wire = Wire()
    cut = f"<CreateAccessKeyResponse><AccessKey><SecretAccessKey>{SECRET_VALUE}</SecretAcc".encode()
    with pytest.raises(Unknown) as told:
        wire.says(200, cut).send("iam", "CreateAccessKey", UserName=USER)
    assert SECRET_VALUE not in f"{told.value!r} {told.value}"
    assert isinstance(wire.aws, session.Aws)


BAD_KEYS = {
    "root": ('{ user = "<root_account>", secret = "s" }', "rotated_keys.0.user: expected the name of an IAM user"),
    "no name": ('{ user = "u", secret = "a secret" }', "the name of a secret, or arn:PARTITION:secretsmanager:"),
    "one field": ('{ user = "u", secret = "s", id_field = "a", secret_field = "a" }', "are the same field"),
    "twice": ('{ user = "u", secret = "s" }, { user = "u", secret = "t" }', "rotated_keys: u is listed twice"),
    "shared": ('{ user = "u", secret = "s" }, { user = "v", secret = "s" }', "two users share AWS_"),
    "unknown": ('{ user = "u", secret = "s", service = ["x"] }', "unknown key; did you mean 'services'?"),
}


@pytest.mark.parametrize(("listed", "why"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_stacks_toml_is_held_to_it(tmp_path: Path, listed: str, why: str) -> None:
    path = tmp_path / "stacks.toml"
    path.write_text(f'[stacks.here]\nregion = "us-west-2"\nrotated_keys = [{listed}]\n')
    with pytest.raises(StackError) as told:
        load_stacks(path)
    assert why in str(told.value)
