"""What the rotation of an access key makes of states that no rotation has left: on canned answers, without an AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import change_of
from tests.canned import ago, refuses, stack
from tests.remedies.operations.rotating import (
    ARN,
    DAY,
    DEACTIVATED,
    HANDED_OVER,
    HOUR,
    KEY,
    LOST,
    NEW,
    OLD,
    ONE,
    OTHER,
    SECRET_VALUE,
    USER,
    VERSION,
    Entry,
    asked_for_a_key,
    aws,
    deactivated,
    key,
    planned,
    remedy,
)


def test_stages_are_what_they_say() -> None:
    first = planned(aws(ONE))
    assert (first.target, first.risk, first.one_way) == (USER, Risk.DISRUPTIVE, True)
    assert first.call == "iam:CreateAccessKey, secretsmanager:PutSecretValue, ecs:UpdateService"
    rest = planned(aws(HANDED_OVER, NEW, stored=HOUR))
    assert (rest.target, rest.call) == (USER, "ecs:UpdateService")
    second = planned(aws(HANDED_OVER, NEW))
    assert (second.target, second.risk, second.one_way) == (f"{USER} …MAAA", Risk.DISRUPTIVE, False)
    assert second.parameters == {"UserName": USER, "AccessKeyId": "…MAAA", "Status": "Inactive"}
    third = planned(aws(DEACTIVATED, NEW), WEEK_AGO())
    assert (third.target, third.risk, third.one_way) == (f"{USER} …MAAA", Risk.DESTRUCTIVE, True)
    assert (third.call, third.parameters) == ("iam:DeleteAccessKey", {"UserName": USER, "AccessKeyId": "…MAAA"})
    lost = planned(aws(LOST), SOON_AFTER())
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
SOON_AFTER, WEEK_AGO = partial(asked_for_a_key, ago(hours=1, seconds=5)), partial(deactivated, 8 * DAY)
NOT_MADE = "no rotation in the journal has made …MBBB"
NO_SINCE = "the journal does not say since when"
INACTIVE = "…MAAA, which app/credentials holds, is inactive"
FAILED, GOING_ON = {"rolloutState": "FAILED"}, {"rolloutState": "IN_PROGRESS"}
GRACE = r".* for 7 days \(limit key_grace_days\)"
REFUSED: dict[str, tuple[Any, ...]] = {
    "two keys of others": (
        aws([key(OLD, 100 * DAY, HOUR), key(NEW, 50 * DAY, HOUR)]),
        "…MBBB was used on .* by s3 in us-west-2: app/credentials holds the older of two keys",
    ),
    "a second key that nobody has used, and no rotation made": (aws(LOST), f"{NOT_MADE}: .* find out whose …MBBB is"),
    "made long after the rotation had begun": (aws(LOST), NOT_MADE, partial(asked_for_a_key, ago(hours=1, minutes=2))),
    "made before the rotation had begun": (aws(LOST), NOT_MADE, partial(asked_for_a_key, ago(minutes=59, seconds=50))),
    "made by hand after the rotation was refused": (aws(LOST), NOT_MADE, partial(SOON_AFTER, state="refused")),
    "used, although a rotation made it": (aws([LOST[0], key(NEW, HOUR, HOUR)]), "…MBBB was used on", SOON_AFTER),
    "somebody has gone back to the older one": (
        aws(LOST, earlier={"AWSPREVIOUS": NEW}),
        "another version of app/credentials holds …MBBB",
        SOON_AFTER,
    ),
    "the secret holds a key of somebody else": (
        aws(ONE, OTHER),
        "app/credentials holds a key that does not belong to pipeline, who has …MAAA",
    ),
    "the only key is inactive": (aws([key(OLD, 100 * DAY, HOUR, "Inactive")]), INACTIVE),
    "the new key is inactive": (
        aws([HANDED_OVER[0], key(NEW, 29 * HOUR, HOUR, "Inactive")], NEW),
        INACTIVE.replace("AAA", "BBB"),
    ),
    "a binary secret": (aws(ONE, secret=_BINARY), "app/credentials is binary"),
    "plain text": (aws(ONE, secret=_PLAIN), "app/credentials is not a JSON object"),
    "JSON, and no object": (aws(ONE, secret=_LIST), "app/credentials is not a JSON object"),
    "a field too few": (aws(ONE, secret=_BARE), "has no field AWS_SECRET_ACCESS_KEY"),
    "fields the wrong way round": (aws(ONE, secret=_SWAPPED), "is not the id of an access key"),
    "a body that was cut": (aws(ONE, secret={}), "the answer has no 'CreatedDate'"),
    "marked for deletion": (aws(ONE, secret=_GOING), "it was marked for deletion"),
    "marked for deletion, and readable": (
        aws(ONE, told={"DeletedDate": ago(hours=1)}),
        "app/credentials: it is scheduled for deletion on .*: restore it first",
    ),
    "rotated by a function": (
        aws(ONE, told={"RotationEnabled": True}),
        "it has its own rotation, which would overwrite the key",
    ),
    "a replica": (aws(ONE, told={"PrimaryRegion": "eu-west-1"}), "it is a replica of the one in eu-west-1"),
    "another service's": (aws(ONE, told={"OwningService": "rds"}), "rds manages it"),
    "young": (
        aws([key(OLD, 5 * DAY, HOUR)]),
        r"is 5 days old, and may be 90 \(limit key_age_days\): nothing to rotate yet; --set early=yes",
    ),
    "not used yet": (
        aws([HANDED_OVER[0], key(NEW, 29 * HOUR)], NEW),
        "…MBBB has been in the secret since .*; AWS reports no use yet",
    ),
    "the service has failed": (
        aws(HANDED_OVER, NEW, service=FAILED),
        "c/backend: 2 of 2 tasks run, deployment FAILED: what it reads is not settled",
    ),
    "the service is under way": (
        aws(HANDED_OVER, NEW, service=GOING_ON),
        "deployment IN_PROGRESS: what it reads is not settled",
    ),
    "another way of deploying": (
        aws(HANDED_OVER, NEW, service={"status": "ACTIVE"}),
        "c/backend is not deployed by ECS itself",
    ),
    "stored a moment ago": (
        aws(HANDED_OVER, NEW, stored=HOUR, service={"createdAt": ago(minutes=50)}),
        r"…MAAA must be quiet for 24 h after the hand-over \(limit key_quiet_hours\): run the same command again on",
    ),
    "used after the hand-over": (
        aws([key(OLD, 100 * DAY, 26 * HOUR), HANDED_OVER[1]], NEW),
        f"…MAAA was used on .* by s3 in us-west-2, after it was handed over: {GRACE}",
    ),
    "deactivated yesterday": (
        aws(DEACTIVATED, NEW),
        f"has been inactive since .*, and is kept{GRACE}.* run the same command again on",
        partial(deactivated, DAY),
    ),
    "deactivated by hand": (aws(DEACTIVATED, NEW), f"…MAAA is inactive, and {NO_SINCE}"),
    "deactivated, and rolled back": (aws(DEACTIVATED, NEW), NO_SINCE, partial(WEEK_AGO, state="rolled_back")),
    "deactivated, and never sent": (aws(DEACTIVATED, NEW), NO_SINCE, partial(WEEK_AGO, happened=False)),
    "used after it was deactivated": (
        aws([key(OLD, 100 * DAY, 2 * DAY, "Inactive"), DEACTIVATED[1]], NEW),
        "…MAAA was used on .*, after it was deactivated on .*: somebody has made it active in between",
        WEEK_AGO,
    ),
    "no key at all": (aws([]), "pipeline has no access key"),
    "two of one age": (aws([ONE[0], {**ONE[0], "AccessKeyId": NEW}]), "cannot be told apart"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_no_rotation_left_so_is_refused(case: tuple[Any, ...]) -> None:
    answers, why, *entries = case
    with pytest.raises((CannotFix, CouldNotLook), match=why) as told:
        planned(answers, *(made() for made in entries))
    assert SECRET_VALUE not in f"{told.value!r} {told.value} {told.value.__context__!r}"


def test_an_odd_wish_is_refused() -> None:
    with pytest.raises(CannotFix, match="--set early=no: expected yes"):
        planned(aws(ONE), early="no")


def test_a_use_after_the_hand_over_is_forgotten_after_the_time_of_grace() -> None:
    keys = [key(OLD, 100 * DAY, 8 * DAY), key(NEW, 20 * DAY, HOUR)]
    late = {"createdAt": ago(days=10), "updatedAt": ago(days=10)}
    assert planned(aws(keys, NEW, stored=11 * DAY, service=late)).parameters["Status"] == "Inactive"


def test_a_deactivation_that_was_taken_back_counts_no_more() -> None:
    made = deactivated(9 * DAY)
    back = replace(made.change, before=made.change.after, after=made.change.before)
    undone = Entry(back, ago(days=8), undoes="an entry")
    with pytest.raises(CannotFix, match="the journal does not say since when"):
        planned(aws(DEACTIVATED, NEW), made, undone)


AS_ROOT = "root's keys are not rotated: delete them as root"
TARGETS = {
    "root": ("root", AS_ROOT),
    "root's row of the report": ("<root_account>", AS_ROOT),
    "root's ARN": ("arn:aws:iam::123456789012:root", AS_ROOT),
    "not listed": ("pipelin", "list it under rotated_keys of here in stacks.toml.*did you mean 'pipeline'"),
}
test_whose_key_is_not_rotated = refuses(TARGETS, lambda target: remedy(aws(ONE)).normal(target))


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
