"""IAM: who has credentials of the account, how old they are, and when they were last used.

The credential report covers all users and root in two calls, where listing takes four per user. But it may be four
hours old, and dates a key by its last change. So it shows who has credentials; active keys are then listed for their
current state. Generating a report changes nothing (its access level is Read). IAM is global: botocore sends these calls
to its one endpoint, whatever the stack's region.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Deadline, Figure, Resource
from ..core.observation import CouldNotLook, NotThere, observation, seen
from .evidence import later, one_of, utc
from .session import Aws
from .unread import each_alone

if TYPE_CHECKING:
    from ..config.stack import Stack

_GENERATE = "iam:GenerateCredentialReport"
_REPORT = "iam:GetCredentialReport"
_KEYS = "iam:ListAccessKeys"
ROOT = "<root_account>"
SLOTS = ("access_key_1_active", "access_key_2_active")
_NOT_YET = ("ReportNotPresent", "ReportInProgress", "ReportExpired")
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Credentials(Resource):
    """A user's (or root's) row of the credential report; `as_of` is when the report was generated."""

    as_of: datetime

    def _says(self, column: str) -> str:
        return str(self.evidence[column]).lower()

    def _is(self, column: str) -> bool:
        said = self._says(column)
        if said not in ("true", "false"):
            raise CouldNotLook(_REPORT, f"{column} of {self.name} is {said!r}, not true or false")
        return said == "true"

    @property
    def is_root(self) -> bool:
        """Whether this is the root user."""
        return self.name == ROOT

    @property
    def has_password(self) -> bool:
        """Whether it can sign in to the console; assumed of a root for which the report does not say."""
        if self.is_root and self._says("password_enabled") == "not_supported":
            return True
        return self._is("password_enabled")

    @property
    def has_mfa(self) -> bool:
        """Whether MFA is active."""
        return self._is("mfa_active")

    @property
    def active_keys(self) -> int:
        """Number of active access keys."""
        return sum(self._is(slot) for slot in SLOTS)


@dataclass(frozen=True)
class AccessKey:
    """An active access key; only the end of its id is kept, to tell two apart."""

    end: str
    created: datetime
    used: datetime | None

    def __str__(self) -> str:
        return f"key …{self.end}"

    @property
    def idle_since(self) -> datetime:
        """When it was last used, or created if never used."""
        return self.used or self.created


@dataclass(frozen=True, kw_only=True)
class KeyHolder(Resource):
    """A user with active access keys, the oldest first.

    `known` is a CouldNotLook where they could not be read, or where AWS contradicts itself.
    """

    known: tuple[AccessKey, ...] | CouldNotLook

    @property
    def keys(self) -> tuple[AccessKey, ...]:
        """Its active keys."""
        return seen(self.known)

    def made_before(self, moment: datetime) -> list[AccessKey]:
        """The keys created before that moment."""
        return [key for key in self.keys if key.created < moment]

    def idle_before(self, moment: datetime) -> list[AccessKey]:
        """The keys created and last used before that moment."""
        return [key for key in self.keys if key.idle_since < moment]

    @property
    def both_since(self) -> datetime | None:
        """Since when there are two; None where there is one."""
        return self.keys[-1].created if len(self.keys) > 1 else None


@observation(allow=[_GENERATE, _REPORT])
def credentials(stack: Stack, aws: Aws) -> list[Credentials]:
    """The credential report's rows of root and of the stack's IAM users."""
    answer = _report(aws, stack.limits.credential_report_s)
    content, made = bytes(answer["Content"]), utc(answer["GeneratedTime"])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CouldNotLook(_REPORT, f"the report is not text in UTF-8: {error}") from None
    rows = [Answer(row, _REPORT) for row in csv.DictReader(io.StringIO(text))]
    names = [str(row["user"]) for row in rows]
    if ROOT not in names:
        raise CouldNotLook(_REPORT, f"none of the {len(rows)} rows of the report is {ROOT}")
    if unmatched := [one for one in stack.iam_users if not fnmatch.filter(names, one)]:
        raise CouldNotLook(_REPORT, f"no IAM user matches {', '.join(unmatched)} (iam_users in stacks.toml)")
    own = {ROOT, *(name for one in stack.iam_users for name in fnmatch.filter(names, one))}
    return [_credentials(row, made) for row, name in zip(rows, names, strict=True) if name in own]


def _report(aws: Aws, wait_s: float) -> dict[str, Any]:
    """The report, as soon as it is ready: AWS generates it in the background, and keeps it for four hours."""
    deadline, pause = time.monotonic() + wait_s, FIRST_PAUSE_S
    while True:
        state = str(aws.call("iam", "GenerateCredentialReport")["State"])
        if state == "COMPLETE":
            try:
                return aws.call("iam", "GetCredentialReport")
            except CouldNotLook as error:
                if not error.reason.startswith(_NOT_YET):
                    raise
                state = error.reason.partition(":")[0]
        if time.monotonic() + pause > deadline:
            raise CouldNotLook(_GENERATE, f"no report after {wait_s:g} s (limit credential_report_s): it is {state}")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _credentials(row: Answer, made: datetime) -> Credentials:
    return Credentials(
        arn=str(row["arn"]),
        name=str(row["user"]),
        evidence=row | {"as of": made},
        as_of=made,
        figures=(
            Figure("signs in with a password", row.get("password_enabled") or "unknown"),
            Figure("MFA", row.get("mfa_active") or "unknown"),
            Figure("active keys", sum((row.get(slot) or "").lower() == "true" for slot in SLOTS)),
        ),
    )


@observation(allow=[_KEYS, "iam:GetAccessKeyLastUsed"])
def key_holders(stack: Stack, aws: Aws, credentials: list[Credentials], now: datetime) -> list[KeyHolder]:
    """The IAM users with active access keys, and the current age and last use of each key."""
    found = each_alone(
        lambda user: _holder(stack, aws, user, now),
        [one for one in credentials if one.active_keys],
        lambda user, why: KeyHolder(arn=user.arn, name=user.name, evidence={"UserName": user.name}, known=why),
    )
    return [holder for holder in found if holder]


def _holder(stack: Stack, aws: Aws, user: Credentials, now: datetime) -> KeyHolder | None:
    """None for root, whose keys cannot be listed, and for users that are gone or have no active key any more."""
    if user.is_root:
        return None
    try:
        listed = aws.items("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user.name)
    except NotThere:
        return None
    if not listed:
        return _contradicted(user)
    try:
        active = [one for one in listed if one_of(one, "Status", ("Active", "Inactive", "Expired")) == "Active"]
    except CouldNotLook as error:
        return KeyHolder(arn=user.arn, name=user.name, evidence={"UserName": user.name}, known=error)
    keys = sorted((_key(aws, one) for one in active), key=lambda key: key.created)
    if not keys:
        return None
    oldest = timedelta(days=stack.limits.key_age_days)
    told = [
        {"AccessKeyId": f"…{key.end}", "CreateDate": key.created, "LastUsedDate": key.used or "never"} for key in keys
    ]
    return KeyHolder(
        arn=user.arn,
        name=user.name,
        evidence={"UserName": user.name, "active keys": told, "inactive keys": len(listed) - len(keys)},
        known=tuple(keys),
        figures=(Figure("oldest active key", (now - keys[0].created).days, "days"),),
        deadlines=(Deadline(f"{keys[0]} of {user.name} must be rotated", later(keys[0].created, oldest)),),
    )


def _contradicted(user: Credentials) -> KeyHolder:
    """A user whose active keys the report counts, and of whom no key is listed, not even one that was deactivated."""
    told = f"the credential report of {user.as_of:%Y-%m-%d %H:%M} UTC counts {user.active_keys} active"
    later = "if they were deleted since, the next report says so, four hours later at most"
    why = f"no key of {user.name} is listed, and {told}: {later}"
    evidence = {"UserName": user.name, "active keys of the report": user.active_keys, "listed keys": 0}
    return KeyHolder(arn=user.arn, name=user.name, evidence=evidence, known=CouldNotLook(_KEYS, why))


def _key(aws: Aws, told: Mapping[str, Any]) -> AccessKey:
    key_id, made = str(told["AccessKeyId"]), utc(told["CreateDate"])
    use = aws.call("iam", "GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    use["Region"]  # always there, "N/A" for an unused key, which has no date
    return AccessKey(key_id[-4:], made, utc(use["LastUsedDate"]) if use.get("LastUsedDate") else None)
