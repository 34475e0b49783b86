"""What AWS answers of a user's access keys and of the secret that holds one, and a journal's entries of a rotation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opschecks.core.change import Change
from opschecks.core.observation import NotThere
from opschecks.fixing import plan as planning
from opschecks.remedies.operations.access_keys import RotateAccessKey
from tests.canned import Aws, ago, stack

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


def remedy(answers: Aws, *entries: Any) -> RotateAccessKey:
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
