"""What comes next in the rotation of an access key, and why it must wait: from what is there, and from the journal."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...aws.key_rotation import Key, Rotation, kept_earlier, unfit
from ...config.limits import Limits
from ...config.toml_tables import RotatedKey
from ...core import clock
from ...core.change import CannotFix, Progress, Risk, Sends, State
from ...core.wording import plural

if TYPE_CHECKING:
    from ...history.journal import Entry

NAME = "rotate-access-key"
SUCCESSOR = "its successor"
HOLDS = "the secret holds"
GONE = "none"
_BEFORE = timedelta(seconds=5)
"""How far AWS's timestamps, in whole seconds, may be behind the journal's."""
_MADE_WITHIN = timedelta(seconds=60)
"""A rotation asks for its key first of all: what was made later than this after it began is not its key."""
_SENT_WITHIN = timedelta(minutes=2)
"""A key is stored right after it was made, and a service deployed right after that; or never."""
AGAIN = "run the same command again"


class Stage(enum.Enum):
    """What a change of a rotation does: its risk, whether it is for good, and what is to be seen of it."""

    HAND_OVER = (Risk.DISRUPTIVE, True, "tasks are replaced, and the new ones use the new key; the old one stays valid")
    CLEAR = (Risk.DESTRUCTIVE, True, "a new key can be made; the secret of this one was lost before anybody had it")
    DEACTIVATE = (
        Risk.DISRUPTIVE,
        False,
        "no effect, unless something still uses the old key unseen: it is refused from now on",
    )
    REACTIVATE = (Risk.SAFE, False, "the old key works again")
    DELETE = (Risk.DESTRUCTIVE, True, "no effect: nothing could use the old key since it was deactivated")

    def __init__(self, risk: Risk, one_way: bool, expects: str) -> None:
        self.risk = risk
        self.one_way = one_way
        self.expects = expects

    @staticmethod
    def between(before: State, after: State) -> Stage:
        """Which stage leads from one state to the other."""
        (old,) = (label for label in before if label.startswith("key "))
        if old not in after:
            return Stage.DELETE
        if before[old] != after[old]:
            return Stage.DEACTIVATE if after[old] == "Inactive" else Stage.REACTIVATE
        return Stage.CLEAR if after[SUCCESSOR] == GONE else Stage.HAND_OVER


def as_key(end: str) -> str:
    """What a state calls the older key."""
    return f"key {end}"


def as_reader(service: str) -> str:
    """What a state calls the key that a service's tasks read as they started."""
    return f"{service} started with"


def state_of(rotation: Rotation) -> State:
    """The older key by the end of its id; the younger one without it: a plan is made before that is known."""
    old, new, held = rotation.old, rotation.new, rotation.in_secret
    holds = "another user's key" if held is None else SUCCESSOR if held is new else old.end
    return {
        as_key(old.end): old.status,
        SUCCESSOR: new.status if new else GONE,
        HOLDS: holds,
        **{as_reader(one.name): "what it held before" if one in rotation.behind else holds for one in rotation.readers},
    }


def next_state(rotation: Rotation, journal: Iterable[Entry], limits: Limits, aws: Sends, wanted: RotatedKey) -> State:
    """What the next stage leads to; CannotFix where it must not begin, with what to do, or when to come back."""
    now, old, new = state_of(rotation), rotation.old, rotation.new
    _require_sound(rotation, wanted)
    done = {**now, HOLDS: SUCCESSOR, **{as_reader(one.name): SUCCESSOR for one in rotation.readers}}
    if new is None:
        if why := unfit(aws, wanted):
            raise CannotFix(f"{wanted.secret}: {why}")
        return {**done, SUCCESSOR: "Active"}
    if rotation.in_secret is old:
        _require_lost(rotation, new, journal, aws, wanted)
        return {**now, SUCCESSOR: GONE}
    if rotation.behind:
        return done
    _require_used(rotation, new)
    if old.active:
        _require_quiet(rotation, old, new, limits)
        return {**now, as_key(old.end): "Inactive"}
    _require_grace(rotation.user, old, journal, limits)
    return {
        as_key(new.end): new.status,
        SUCCESSOR: GONE,
        **{label: new.end for label in now if label not in (as_key(old.end), SUCCESSOR)},
    }


def handed_over(rotation: Rotation, *, lost: bool) -> Progress:
    """How far a hand-over is; `lost` where its key's secret is not known to who asks."""
    new, held = rotation.new, rotation.in_secret
    if new is None or held is None:
        return Progress(False, "the new key is not listed yet")
    now = clock.now()
    if held is not new:
        said = f"{new.end} was made, and is not in the secret: its value is lost; {AGAIN} to delete it"
        return Progress(False, said, gone_wrong=lost or now - new.created > _SENT_WITHIN)
    since = now - rotation.held.since
    if rotation.behind:
        said = f"{rotation.behind[0].name} was not deployed since the secret was stored; {AGAIN} for that"
        return Progress(False, said, gone_wrong=since > _SENT_WITHIN)
    if rotation.unsettled:
        one = rotation.unsettled[0]
        said = f"{one.name}: {one.said}"
        return Progress(False, f"{said}; {rotation.old.end} stays valid" if one.failed else said, gone_wrong=one.failed)
    if new.used is None:
        minutes = int(since.total_seconds() // 60)
        ago = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        said = f"{new.end} was stored {ago} ago; AWS reports no use yet"
        return Progress(False, f"{said}; {rotation.old.end} stays valid; {AGAIN} once it has been used")
    return Progress(True, f"{new.end} was used by {new.by}")


def _require_sound(rotation: Rotation, wanted: RotatedKey) -> None:
    """The secret holds an active key of the user: only then is it known which one must not be touched."""
    held = rotation.in_secret
    if held is None:
        ends = " and ".join(key.end for key in rotation.keys)
        raise CannotFix(
            f"{wanted.secret} holds a key that does not belong to {rotation.user}, who has {ends}: find out which "
            "one its readers use, and put that into the secret"
        )
    if not held.active:
        raise CannotFix(
            f"{held.end}, which {wanted.secret} holds, is inactive: whoever reads it is refused; make it active, or "
            "put another key of the user into the secret"
        )


def _require_lost(rotation: Rotation, new: Key, journal: Iterable[Entry], aws: Sends, wanted: RotatedKey) -> None:
    """The younger key was made by a rotation that ended before it could store it: its secret is lost."""
    user = rotation.user
    by_hand = (
        f"{wanted.secret} holds the older of two keys of {user}, and a user cannot have a third one: find out whose "
        f"{new.end} is, and delete it by hand if it is not needed"
    )
    if new.used:
        raise CannotFix(f"{new.end} was used on {_time(new.used)} by {new.by}: {by_hand}")
    if not any(_asked_for(entry, user, new) for entry in journal):
        raise CannotFix(f"no rotation in the journal has made {new.end}: {by_hand}")
    if kept_earlier(aws, wanted, new):
        raise CannotFix(f"another version of {wanted.secret} holds {new.end}, so that it may be needed: {by_hand}")


def _asked_for(entry: Entry, user: str, key: Key) -> bool:
    """Whether the entry began with asking for a key, just before this one was made, and was not refused."""
    change = entry.change
    if (change.remedy, change.target, entry.undoes) != (NAME, user, "") or entry.state == "refused":
        return False
    asked = (change.before.get(SUCCESSOR), change.after.get(SUCCESSOR)) == (GONE, "Active")
    return asked and -_BEFORE <= key.created - entry.begun <= _MADE_WITHIN


def _require_used(rotation: Rotation, new: Key) -> None:
    if rotation.unsettled:
        one = rotation.unsettled[0]
        raise CannotFix(f"{one.name}: {one.said}: what it reads is not settled; look at it, then {AGAIN}")
    if new.used is None:
        raise CannotFix(
            f"{new.end} has been in the secret since {_time(rotation.held.since)}; AWS reports no use yet, "
            "which may take a while: check that whoever reads the secret works, then run the same command again"
        )


def _require_quiet(rotation: Rotation, old: Key, new: Key, limits: Limits) -> None:
    """Nothing has used the old key since the hand-over, for long enough; or for longer, where something had."""
    since = rotation.held.since
    late = old.used is not None and old.used > rotation.handed_over
    wait = timedelta(days=limits.key_grace_days) if late else timedelta(hours=limits.key_quiet_hours)
    free = max(since, old.used or since) + wait
    if clock.now() >= free:
        return
    if late and old.used:
        raise CannotFix(
            f"{old.end} was used on {_time(old.used)} by {old.by}, after it was handed over: somebody has it from "
            f"elsewhere, and needs {new.end}. Run the same command again when nothing has used it for "
            f"{plural(limits.key_grace_days, 'day')} (limit key_grace_days): on {_time(free)} at the earliest"
        )
    raise CannotFix(
        f"{old.end} must be quiet for {limits.key_quiet_hours:g} h after the hand-over (limit key_quiet_hours): run "
        f"the same command again on {_time(free)} or later"
    )


def _require_grace(user: str, old: Key, journal: Iterable[Entry], limits: Limits) -> None:
    """The old key has been inactive for long, as the journal has it: IAM does not say since when."""
    since = _deactivated(journal, user, old)
    if since is None:
        raise CannotFix(
            f"{old.end} is inactive, and the journal does not say since when: delete it by hand when nothing needs "
            "it, or make it active, and let rotate-access-key deactivate it"
        )
    if old.used and old.used > since:
        raise CannotFix(
            f"{old.end} was used on {_time(old.used)} by {old.by}, after it was deactivated on {_time(since)}: "
            "somebody has made it active in between; find out who needs it"
        )
    free = since + timedelta(days=limits.key_grace_days)
    if clock.now() < free:
        raise CannotFix(
            f"{old.end} has been inactive since {_time(since)}, and is kept for {plural(limits.key_grace_days, 'day')} "
            f"(limit key_grace_days), so that it can be made active again: run the same command again on {_time(free)} "
            "or later"
        )


def _deactivated(journal: Iterable[Entry], user: str, key: Key) -> datetime | None:
    """When a rotation has deactivated the key, unless that was undone."""
    since, label = None, as_key(key.end)
    for entry in journal:
        change = entry.change
        if (change.remedy, change.target) != (NAME, f"{user} {key.end}") or not entry.happened:
            continue
        turned = (change.before.get(label), change.after.get(label))
        if turned == ("Active", "Inactive"):
            since = None if entry.state == "rolled_back" else entry.begun
        elif turned == ("Inactive", "Active"):
            since = None
    return since if since and since > key.created else None


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
