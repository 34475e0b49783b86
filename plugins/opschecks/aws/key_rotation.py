"""Progress of an access key's rotation: the keys, the secret that stores one, the services that read the secret.

The content of the secret stays in here: no repr, exception or state has any of it, except the end of a key's id.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotThere, fan_out
from ..core.wording import plural
from .evidence import json_object, utc

if TYPE_CHECKING:
    from ..config.toml_tables import RotatedKey
    from ..core.change import Sends

LIST = "iam:ListAccessKeys"
USED = "iam:GetAccessKeyLastUsed"
VALUE = "secretsmanager:GetSecretValue"
DESCRIBE = "secretsmanager:DescribeSecret"
SERVICES = "ecs:DescribeServices"
EARLIER = ("AWSPREVIOUS", "AWSPENDING")
"""Labels of versions other than the current one, to which somebody may still switch."""
_KEY_ID = re.compile(r"AKIA[A-Z0-9]{12,124}")


@dataclass(frozen=True)
class Key:
    """An access key; AWS reports its last use with a delay, and does not record attempts to use an inactive key."""

    id: str = field(repr=False)
    active: bool
    created: datetime
    used: datetime | None
    by: str
    """Service and region of the last use."""

    @property
    def end(self) -> str:
        """The end of its id, to tell two keys apart."""
        return ending(self.id)

    @property
    def status(self) -> str:
        """The status as IAM returns it."""
        return "Active" if self.active else "Inactive"


@dataclass(frozen=True)
class Held:
    """A version of the secret: the id of its key, when it was stored, and all of its fields."""

    key: str = field(repr=False)
    since: datetime
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Reader:
    """A service whose tasks read the secret when they start, and its newest deployment."""

    name: str
    started: datetime
    finished: datetime
    settled: bool
    failed: bool
    said: str


@dataclass(frozen=True)
class Rotation:
    """The keys of a user, the oldest first; the content of the secret; the services that read it."""

    user: str
    keys: tuple[Key, ...]
    held: Held
    readers: tuple[Reader, ...]

    @property
    def old(self) -> Key:
        """The key to be replaced."""
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
        """The services whose tasks were started before the secret was last changed."""
        return [one for one in self.readers if one.started <= self.held.since]

    @property
    def unsettled(self) -> list[Reader]:
        """The services whose deployment is in progress or has failed."""
        return [one for one in self.readers if not one.settled]

    @property
    def handed_over(self) -> datetime:
        """When the last service had new tasks; when the secret was stored, if no service reads it."""
        return max([self.held.since, *(one.finished for one in self.readers)])


def ending(key_id: str) -> str:
    """The end of an access key's id."""
    return f"…{key_id[-4:]}"


def rotation_of(aws: Sends, wanted: RotatedKey, cluster: str | None) -> Rotation:
    """The current state; CouldNotLook, and NotThere for a user without keys."""
    return Rotation(wanted.user, access_keys_of(aws, wanted.user), held(aws, wanted), _readers(aws, wanted, cluster))


def access_keys_of(aws: Sends, user: str) -> tuple[Key, ...]:
    """The user's keys, the oldest first; CouldNotLook where there are none, or they cannot be told apart."""
    listed = aws.items("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user)
    keys = sorted(fan_out(lambda one: _key(aws, one), listed), key=lambda key: key.created)
    if not keys:
        raise CouldNotLook(LIST, f"{user} has no access key to rotate")
    if len({key.created for key in keys}) < len(keys) or len({key.end for key in keys}) < len(keys) or len(keys) > 2:
        why = f"{user} has {plural(len(keys), 'key')} that cannot be told apart by age and the end of their id"
        raise CouldNotLook(LIST, why)
    return tuple(keys)


def _key(aws: Sends, told: Mapping[str, Any]) -> Key:
    key_id, active, created = str(told["AccessKeyId"]), told["Status"] == "Active", utc(told["CreateDate"])
    use = aws.call("iam", "GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    by = f"{use['ServiceName']} in {use['Region']}"
    used = utc(use["LastUsedDate"]) if use.get("LastUsedDate") else None  # the only part that an unused key lacks
    return Key(key_id, active, created, used, by)


def held(aws: Sends, wanted: RotatedKey, label: str = "AWSCURRENT") -> Held:
    """The content of a version of the secret; CouldNotLook where it has no key."""
    answer = aws.call("secretsmanager", "GetSecretValue", SecretId=wanted.secret, VersionStage=label)
    since = utc(answer["CreatedDate"])
    if "SecretString" not in answer and "SecretBinary" in answer:
        raise CouldNotLook(VALUE, f"{wanted.secret} is binary: only a secret that is a JSON object can hold a key")
    fields = json_object(str(answer["SecretString"]))  # an error's text would contain the secret
    if fields is None:
        raise CouldNotLook(VALUE, f"{wanted.secret} is not a JSON object: a key can only be stored in one")
    for name in (wanted.id_field, wanted.secret_field):
        if name not in fields:
            raise CouldNotLook(VALUE, f"{wanted.secret} has no field {name} (id_field, secret_field of rotated_keys)")
    key = fields[wanted.id_field]
    if not isinstance(key, str) or not _KEY_ID.fullmatch(key):
        raise CouldNotLook(VALUE, f"{wanted.id_field} of {wanted.secret} is not the id of an access key (id_field)")
    return Held(key, since, fields)


def kept_earlier(aws: Sends, wanted: RotatedKey, key: Key) -> bool:
    """Whether an earlier or a pending version of the secret contains the key, so that it is not lost."""
    for label in EARLIER:
        with contextlib.suppress(NotThere):
            if held(aws, wanted, label).key == key.id:
                return True
    return False


def unfit(aws: Sends, wanted: RotatedKey) -> str:
    """Why a key must not be stored in the secret; empty where it may."""
    told = aws.call("secretsmanager", "DescribeSecret", SecretId=wanted.secret)
    region = str(told["ARN"]).split(":")[3]
    if told.get("DeletedDate"):
        return f"it is scheduled for deletion on {utc(told['DeletedDate']):%Y-%m-%d}: restore it first"
    if told.get("RotationEnabled"):
        return "it has its own rotation, which would overwrite the key"
    if told.get("OwningService"):
        return f"{told['OwningService']} manages it"
    if told.get("PrimaryRegion") not in (None, region):
        return f"it is a replica of the one in {told['PrimaryRegion']}: only that can be changed"
    return ""


def _readers(aws: Sends, wanted: RotatedKey, cluster: str | None) -> tuple[Reader, ...]:
    places = [one if "/" in one else f"{cluster or ''}/{one}" for one in wanted.services]
    if lost := [one for one in places if one.startswith("/")]:
        raise CouldNotLook("", f"rotated_keys: the cluster of {lost[0][1:]} is unknown: write CLUSTER/SERVICE")
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
        why = f"{place} is not deployed by ECS itself: deploy it by other means to hand over the key"
        raise CouldNotLook(SERVICES, why)
    state = str(newest.get("rolloutState", "unknown"))
    running, desired = found[0]["runningCount"], found[0]["desiredCount"]
    return Reader(
        name=place,
        started=utc(newest["createdAt"]),
        finished=utc(newest.get("updatedAt") or newest["createdAt"]),
        settled=running == desired and len(deployments) == 1 and state == "COMPLETED",
        failed=state == "FAILED",
        said=f"{running} of {desired} tasks run, deployment {state}",
    )
