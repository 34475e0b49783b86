"""How far the rotation of an access key has come: its keys, the secret that holds one, the services that read that.

What a secret holds stays in here: nothing of it is in a repr, an exception or a state, but the end of a key's id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.observation import CouldNotLook, NotThere, fan_out

if TYPE_CHECKING:
    from ..config.toml_tables import RotatedKey
    from ..core.change import Sends

LIST = "iam:ListAccessKeys"
USED = "iam:GetAccessKeyLastUsed"
VALUE = "secretsmanager:GetSecretValue"
DESCRIBE = "secretsmanager:DescribeSecret"
SERVICES = "ecs:DescribeServices"
EARLIER = ("AWSPREVIOUS", "AWSPENDING")
"""Labels of versions that are not the current one, and that somebody may still go back to, or on to."""
_KEY_ID = re.compile(r"AKIA[A-Z0-9]{12,124}")


@dataclass(frozen=True)
class Key:
    """An access key; AWS tells of a use some time later, and of an inactive key's none."""

    id: str = field(repr=False)
    active: bool
    created: datetime
    used: datetime | None
    by: str
    """The service and the region of that use."""

    @property
    def end(self) -> str:
        """Enough of its id to tell two apart."""
        return ending(self.id)

    @property
    def status(self) -> str:
        """As IAM says it."""
        return "Active" if self.active else "Inactive"


@dataclass(frozen=True)
class Held:
    """The version of a secret that is read: the id of its key, since when, and all of its fields."""

    key: str = field(repr=False)
    since: datetime
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Reader:
    """A service that reads the secret when its tasks start: its newest deployment."""

    name: str
    started: datetime
    finished: datetime
    settled: bool
    failed: bool
    said: str


@dataclass(frozen=True)
class Rotation:
    """The keys of a user, the oldest first; what the secret holds; who reads it."""

    user: str
    keys: tuple[Key, ...]
    held: Held
    readers: tuple[Reader, ...]

    @property
    def old(self) -> Key:
        """The key that is to go."""
        return self.keys[0]

    @property
    def new(self) -> Key | None:
        """Its successor, if it has one."""
        return self.keys[1] if len(self.keys) > 1 else None

    @property
    def in_secret(self) -> Key | None:
        """The user's key that the secret holds; None where it holds another."""
        return next((key for key in self.keys if key.id == self.held.key), None)

    @property
    def behind(self) -> list[Reader]:
        """The services whose tasks were started before the secret was what it is now."""
        return [one for one in self.readers if one.started <= self.held.since]

    @property
    def unsettled(self) -> list[Reader]:
        """The services whose deployment is under way, or has failed."""
        return [one for one in self.readers if not one.settled]

    @property
    def handed_over(self) -> datetime:
        """When the last service had its new tasks; when the secret was stored, where none reads it."""
        return max([self.held.since, *(one.finished for one in self.readers)])


def ending(key_id: str) -> str:
    """The end of an access key's id."""
    return f"…{key_id[-4:]}"


def rotation_of(aws: Sends, wanted: RotatedKey, cluster: str | None) -> Rotation:
    """All of it, as it is now; CouldNotLook, and NotThere for a user without keys."""
    keys = access_keys_of(aws, wanted.user)
    return Rotation(wanted.user, keys, held(aws, wanted), _readers(aws, wanted, cluster))


def access_keys_of(aws: Sends, user: str) -> tuple[Key, ...]:
    """The user's keys, the oldest first; CouldNotLook where there is none, or two that cannot be told apart."""
    listed = aws.items("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user)
    keys = sorted(fan_out(lambda one: _key(aws, one), listed), key=lambda key: key.created)
    if not keys:
        raise CouldNotLook(LIST, f"{user} has no access key: there is none to rotate")
    if len({key.created for key in keys}) < len(keys) or len({key.end for key in keys}) < len(keys) or len(keys) > 2:
        raise CouldNotLook(
            LIST, f"{user} has {len(keys)} keys that cannot be told apart by age and the end of their id"
        )
    return tuple(keys)


def _key(aws: Sends, told: Mapping[str, Any]) -> Key:
    key_id = str(told["AccessKeyId"])
    status = told["Status"]
    created: datetime = told["CreateDate"]
    use = aws.call("iam", "GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    by = f"{use['ServiceName']} in {use['Region']}"
    used: datetime | None = use.get("LastUsedDate")  # the date alone is left out of a key that never was
    return Key(key_id, status == "Active", created.astimezone(UTC), used.astimezone(UTC) if used else None, by)


def held(aws: Sends, wanted: RotatedKey, label: str = "AWSCURRENT") -> Held:
    """What a version of the secret holds; CouldNotLook where that is no key."""
    answer = aws.call("secretsmanager", "GetSecretValue", SecretId=wanted.secret, VersionStage=label)
    since: datetime = answer["CreatedDate"]
    if "SecretString" not in answer and "SecretBinary" in answer:
        raise CouldNotLook(VALUE, f"{wanted.secret} is binary: only a secret that is a JSON object can hold a key")
    fields = _object(str(answer["SecretString"]))
    if fields is None:
        raise CouldNotLook(VALUE, f"{wanted.secret} is no JSON object: only in one can a key be stored by name")
    for name in (wanted.id_field, wanted.secret_field):
        if name not in fields:
            raise CouldNotLook(VALUE, f"{wanted.secret} has no field {name} (id_field, secret_field of rotated_keys)")
    key = fields[wanted.id_field]
    if not isinstance(key, str) or not _KEY_ID.fullmatch(key):
        raise CouldNotLook(VALUE, f"{wanted.id_field} of {wanted.secret} is no id of an access key (id_field)")
    return Held(key, since.astimezone(UTC), fields)


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        told = json.loads(text)
    except ValueError:  # its text is the secret
        return None
    return told if isinstance(told, dict) else None


def kept_earlier(aws: Sends, wanted: RotatedKey, key: Key) -> bool:
    """Whether an earlier or a pending version of the secret holds the key: then it is not lost."""
    for label in EARLIER:
        try:
            if held(aws, wanted, label).key == key.id:
                return True
        except NotThere:
            continue
    return False


def unfit(aws: Sends, wanted: RotatedKey) -> str:
    """Why no key may be stored in the secret; or nothing."""
    told = aws.call("secretsmanager", "DescribeSecret", SecretId=wanted.secret)
    region = str(told["ARN"]).split(":")[3]
    if told.get("DeletedDate"):
        return f"it is scheduled for deletion on {told['DeletedDate'].astimezone(UTC):%Y-%m-%d}: restore it first"
    if told.get("RotationEnabled"):
        return "it has a rotation of its own, which would write over the key"
    if told.get("OwningService"):
        return f"{told['OwningService']} manages it"
    if told.get("PrimaryRegion") not in (None, region):
        return f"it is a replica of the one in {told['PrimaryRegion']}: only that can be written"
    return ""


def _readers(aws: Sends, wanted: RotatedKey, cluster: str | None) -> tuple[Reader, ...]:
    places = [one if "/" in one else f"{cluster or ''}/{one}" for one in wanted.services]
    if lost := [one for one in places if one.startswith("/")]:
        raise CouldNotLook("", f"rotated_keys: the cluster of {lost[0][1:]} is not known: name it CLUSTER/SERVICE")
    return tuple(fan_out(lambda place: _reader(aws, place), places))


def _reader(aws: Sends, place: str) -> Reader:
    cluster, _, name = place.partition("/")
    answer = aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])
    found = [one for one in answer["services"] if one.get("status") == "ACTIVE"]
    if not found:
        raise NotThere(SERVICES, f"there is no active service {place} (services of rotated_keys)")
    deployments = found[0]["deployments"]
    newest = next((one for one in deployments if one.get("status") == "PRIMARY"), None)
    if newest is None:
        raise CouldNotLook(SERVICES, f"{place} has no deployment of ECS itself: who deploys it must hand the key over")
    state = str(newest.get("rolloutState", "unknown"))
    running, desired = found[0]["runningCount"], found[0]["desiredCount"]
    started: datetime = newest["createdAt"]
    finished: datetime = newest.get("updatedAt") or started
    return Reader(
        name=place,
        started=started.astimezone(UTC),
        finished=finished.astimezone(UTC),
        settled=running == desired and len(deployments) == 1 and state == "COMPLETED",
        failed=state == "FAILED",
        said=f"{running} of {desired} tasks run, deployment {state}",
    )
