"""The remedy that backs everything of a stack up, as one set with a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ...aws.backup_sets import MANIFEST, STARTED, BackupLocation, BackupSet, backup_location, next_name, read_set, sets
from ...aws.inventory import FINDING
from ...core import clock
from ...core.change import CannotFix, Progress, Request, Risk, State, Step, Unknown
from ...core.observation import CouldNotLook
from ...core.version import __version__
from ...fixing.remedy import Operation
from ...history.journal import REST
from ..settings.table_backup import backup_name
from .backup_conditions import require_copyable, require_possible
from .backup_pieces import SITE, TASKS, Pieces, Scope, export_prefix, look_at, manifest, scope_of, status_of, unsettled
from .restore_points import LIST, TABLE

GOES_ON_WITHIN = timedelta(hours=24)
"""An unfinished set that is older is left as it is: its pieces would be of different days."""
_NOTHING: State = {"set": "", "complete": False, "tables": 0, "objects": 0, "log_groups": 0}


class BackUpEverything(Operation):
    """Back up every table, the dashboard bucket and the log groups as one set, whose manifest is written last.

    Run again after it was killed or interrupted, it finishes the set that it began, and makes no piece twice.
    """

    risk = Risk.SAFE
    one_way = True
    resumes = True
    runbook = "full-backup"
    settles_within = timedelta(hours=24)
    allow = (
        "dynamodb:CreateBackup",
        "logs:CreateExportTask",
        "s3:PutObject",
        "s3:PutObjectTagging",
        "cloudfront:GetDistribution",
        "logs:DescribeLogGroups",
        "s3:GetBucketLocation",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:ListBucket",
        LIST,
        TABLE,
        TASKS,
        *FINDING,
    )
    expects = "a complete set under `backups` of stacks.toml; nothing of what is backed up changes"
    beware = (
        "what it has made is kept, and paid for, until somebody deletes it; an unfinished set has no manifest, and is "
        "not a backup; CloudWatch Logs exports one group at a time, of the whole account, and may take hours"
    )
    _name = ""
    _started: Mapping[str, Any] | None = None
    _manifest: Mapping[str, Any] | None = None

    def all_targets(self) -> list[str]:
        return [self._place.url]

    def normal(self, target: str) -> str:
        if target.rstrip("/") not in (self._place.url, (self.stack.backups or "").rstrip("/")):
            raise CannotFix(f"{target}: full backups of {self.stack.name} go to {self._place.url}")
        return self._place.url

    @property
    def _place(self) -> BackupLocation:
        place = backup_location(self.stack)
        if place is None:
            raise CannotFix(
                f'stack {self.stack.name} does not say where full backups go: set backups = "s3://BUCKET/PREFIX" in '
                "stacks.toml, a bucket that blocks public access and lets CloudWatch Logs write"
            )
        return place

    def read(self, target: str) -> State:
        newest = next(sets(self.aws, self._place), None)
        if newest is None:
            return dict(_NOTHING)
        if newest.manifest is not None:
            return _told(newest.name, newest.manifest)
        pieces = look_at(self, self._place, newest.name, scope_of(self))
        return {"set": newest.name, "complete": False, **pieces.counts}

    def read_for_plan(self, target: str) -> State:
        self._scope = scope_of(self)
        require_possible(self, self._place, self._scope)
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """A complete set: the newest one, where it is unfinished and can still become one; else another."""
        name, place = str(now["set"]), self._place
        begun = read_set(self.aws, place, name) if name and not now["complete"] else None
        pieces = look_at(self, place, name, self._scope) if begun else None
        if not (begun and pieces and _can_go_on(begun, self._scope, pieces)):
            name = next_name(name, clock.now())
            pieces = look_at(self, place, name, self._scope)
        scope = self._scope
        require_copyable(scope, pieces.source)
        counts = {"tables": len(scope.tables), "objects": len(pieces.source), "log_groups": len(scope.groups)}
        return {"set": name, "complete": True, **counts}

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """What the set lacks: that it is begun, backups, exports and copies; its manifest last.

        The first export comes before the copies: it takes its time, and shows whether CloudWatch Logs may write.
        """
        self._name, place, scope = str(after["set"]), self._place, scope_of(self)
        pieces = look_at(self, place, self._name, scope)
        begun = read_set(self.aws, place, self._name)
        made = [] if begun else [self._put(STARTED, prepare=self._beginning)]
        for table, backup in pieces.tables.items():
            if backup is None:
                name = backup_name(table, f"set-{self._name}")
                made.append(Step(Request("dynamodb", "CreateBackup", {"TableName": table, "BackupName": name}), table))
        manifest = self._put(MANIFEST, wait=self._all_there, prepare=self._closing)
        exports = [
            self._export(number, group) for number, group in enumerate(scope.groups, 1) if pieces.exports[group] is None
        ]
        return [*made, *exports[:1], *self._copies(scope, pieces), *exports[1:], manifest]

    def _put(self, piece: str, **more: Any) -> Step:
        """Never in the place of one that is there; what it says is known when it is sent."""
        place = self._place
        where = {"Bucket": place.bucket, "Key": place.key(self._name, piece), "ContentType": "application/json"}
        return Step(Request("s3", "PutObject", {**where, "IfNoneMatch": "*"}), piece, **more)

    def _export(self, number: int, group: str) -> Step:
        place = self._place
        to = {"destination": place.bucket, "destinationPrefix": export_prefix(place, self._name, number, group)}
        task = f"opschecks {self.stack.name} {self._name}"
        request = Request("logs", "CreateExportTask", {"taskName": task, "logGroupName": group, **to})
        return Step(request, group, wait=self._no_other_export, prepare=self._exporting)

    def _copies(self, scope: Scope, pieces: Pieces) -> list[Step]:
        """Of exactly what was listed: an object that has changed meanwhile is refused by S3."""
        made = []
        for one in pieces.missing:
            bucket, prefix = scope.site or ("", "")
            key, place = str(one["Key"]), self._place
            to = {"Bucket": place.bucket, "Key": place.key(self._name, SITE + key[len(prefix) :])}
            source = {"CopySource": {"Bucket": bucket, "Key": key}, "CopySourceIfMatch": one["ETag"]}
            made.append(Step(Request("s3", "CopyObject", {**to, **source}), key, judge=_require_copied))
        return made

    def _all_there(self) -> Progress:
        """The manifest comes when every piece is there and has been looked at."""
        scope, place = scope_of(self), self._place
        pieces = look_at(self, place, self._name, scope)
        if waiting := unsettled(pieces):
            return Progress(False, f"{waiting} (set {self._name})")
        begun = read_set(self.aws, place, self._name)
        if begun is None:
            raise CannotFix(f"s3://{place.bucket}/{place.key(self._name, STARTED)} is gone")
        self._manifest = manifest(self, place, begun, scope, pieces, {"opschecks": __version__})
        return Progress(settled=True)

    def _no_other_export(self) -> Progress:
        """CloudWatch Logs makes one export at a time."""
        tasks = self.aws.items("logs", "DescribeExportTasks", "exportTasks")
        active = [one for one in tasks if status_of(one) in ("PENDING", "RUNNING", "PENDING_CANCEL")]
        if not active:
            return Progress(settled=True)
        one = active[0]
        return Progress(False, f"an export of {one.get('logGroupName')} is {status_of(one)}: one runs at a time")

    def _closing(self, request: Request) -> Request:
        assert self._manifest is not None
        return _with_body(request, self._manifest)

    def _exporting(self, request: Request) -> Request:
        """With the moments between which events are exported: those of the set."""
        window = (self._started or self._read_started())["logs"]
        return replace(request, parameters={**request.parameters, "from": window["from"], "to": window["to"]})

    def _beginning(self, request: Request) -> Request:
        """With what the set is begun for, and when."""
        now = clock.now()
        days = timedelta(days=self.stack.limits.log_export_days)
        window = {"from": int((now - days).timestamp() * 1000), "to": int(now.timestamp() * 1000)}
        self._started = {"begun": now.isoformat(timespec="seconds"), **scope_of(self).to_plain(), "logs": window}
        return _with_body(request, self._started)

    def _read_started(self) -> Mapping[str, Any]:
        begun = read_set(self.aws, self._place, self._name)
        if begun is None:
            raise CannotFix(f"the set {self._name} was not begun")
        return begun.started

    def progress(self, target: str, before: State, after: State) -> Progress:
        """There when the manifest reads as it was written; nothing else is waited for here."""
        name = str(after["set"])
        found = read_set(self.aws, self._place, name)
        if found is None or found.manifest is None:
            return Progress(False, f"the set {name} is unfinished: {REST}", gone_wrong=True)
        if self._manifest is not None and found.manifest != json.loads(json.dumps(self._manifest)):
            return Progress(False, f"the manifest of {name} does not read as it was written", gone_wrong=True)
        settled = _told(name, found.manifest) == after
        said = "" if settled else f"the manifest of {name} has other numbers than were planned"
        return Progress(settled, said, gone_wrong=not settled)


def _with_body(request: Request, told: Mapping[str, Any]) -> Request:
    body = json.dumps(told, indent=1, ensure_ascii=False).encode()
    return replace(request, parameters={**request.parameters, "Body": body})


def _require_copied(request: Request, answer: Mapping[str, Any]) -> None:
    """A copy answers 200 before it is made, so that only its ETag shows that it was."""
    if not (answer.get("CopyObjectResult") or {}).get("ETag"):
        raise Unknown(f"{request.call}: the answer names no ETag: whether {request.parameters['Key']} was copied")


def _told(name: str, told: Mapping[str, Any]) -> State:
    if "dashboard" not in told:  # null where the stack has none
        raise CouldNotLook("s3:GetObject", f"the manifest of {name} does not say whether it has the dashboard")
    try:
        counts = {
            "tables": len(told["tables"]),
            "objects": len((told.get("dashboard") or {"objects": ()})["objects"]),
            "log_groups": len(told["log_groups"]),
        }
    except TypeError as error:
        raise CouldNotLook("s3:GetObject", f"the manifest of {name} does not read as one: {error}") from None
    return {"set": name, "complete": True, **counts}


def _can_go_on(begun: BackupSet, scope: Scope, pieces: Pieces) -> bool:
    """Whether what it has and what it lacks would be of one moment, and of what the stack is now."""
    same = all(begun.started.get(key) == value for key, value in scope.to_plain().items())
    return same and not pieces.extras and clock.now() - begun.begun < GOES_ON_WITHIN
