"""A new access key on its way into the secret and to the services: what is sent, and when it is through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws import session
from opschecks.core.change import CannotFix, Step, Unknown
from opschecks.remedies.operations.access_keys import RotateAccessKey
from tests.canned import Aws, as_sent
from tests.canned_wire import Wire
from tests.remedies.operations.rotating import (
    DAY,
    HANDED_OVER,
    HOUR,
    LOST,
    NEW,
    OLD,
    ONE,
    OTHER,
    SECRET_VALUE,
    USER,
    aws,
    key,
    planned,
    remedy,
)

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
