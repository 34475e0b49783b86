"""Archive old incidents: copied to S3, read back and compared, and only then deleted from their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from ...aws.dynamodb_items import digest_of, read_items, to_line
from ...aws.incident_archive import archived_before
from ...aws.inventory import FINDING
from ...core import clock
from ...core.answer import Answer
from ...core.change import CannotFix, Progress, Request, Risk, State, Step
from ...core.observation import CouldNotLook
from ...core.wording import few, plural
from ...fixing.remedy import Operation, wished_number
from ...web.site_objects import list_objects
from .archive_objects import SUFFIX, Packed, archive_location, lines_of, packed, require_fit, require_private, sha256
from .archived_items import delete_of, is_as_archived, items_of, puts_of, slice_of, transactions
from .old_incidents import Span, choose_incidents, incidents_table, named, shown_key, table_keys

AT_MOST = 1000
MOST = 10_000

Items = dict[str, dict[str, Any]]


class ArchiveIncidents(Operation):
    """Copy old resolved incidents to S3, see that the copy is whole and the same, and only then delete them.

    A target is TABLE before DAY. Killed anywhere, every incident is in the table or in the archive, or in both.
    """

    risk = Risk.DESTRUCTIVE
    rolls_back = False
    resumes = True
    runbook = "weekly-maintenance"
    settles_within = timedelta(minutes=2)
    allow = (
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetLifecycleConfiguration",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "cloudfront:GetDistribution",
        *FINDING,
    )
    expects = "the oldest of them are in S3 and not in the table; each request deletes up to 100 that S3 proved to hold"
    beware = (
        "streams of the table report every incident that goes or is restored; what writes to old "
        "incidents should rest meanwhile: an attribute that no other incident has goes unnoticed, if it is added "
        "in the moment between the last look at an incident and its deletion; undo leaves the archive as it is"
    )
    wishes = {  # noqa: RUF012
        "before": "a day such as 2026-01-01: only incidents opened before it; default: limit incident_archive_days",
        "at-most": f"how many within this run, the oldest first; default {AT_MOST:,}, and never more than {MOST:,}",
    }
    _target = ""
    """What the newest plan is for."""
    _archived: Mapping[str, Items] | None = None
    """The items of each object, as S3 gave them back."""
    _objects: Mapping[str, Packed]
    """What goes into each object, or came out of it."""
    _alone: tuple[str, ...] = ()
    """Keys of those that were not as they were archived."""

    def risk_of(self, before: State, after: State) -> Risk:
        """Putting them back deletes nothing, and who reads the table or its stream sees them again."""
        return Risk.DISRUPTIVE if _is_back(before, after) else Risk.DESTRUCTIVE

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        day = str(Answer(evidence)["opened before"])[:10]
        return [self.normal(f"{resource} before {day}")]

    def all_targets(self) -> list[str]:
        return [self.normal(incidents_table(self))]

    def normal(self, target: str) -> str:
        """TABLE before DAY, of the table's name or ARN alone too; CannotFix where they would be too young."""
        latest, own = archived_before(self.stack, clock.now()).date(), incidents_table(self)
        span = Span.of(target.split(":table/", 1)[-1], latest)
        if span.table != own:
            raise CannotFix(f"{span.table} is not the incidents table of {self.stack.name}, which is {own}")
        if span.day > latest:
            raise CannotFix(
                f"{span.day} is too late: incidents stay for {plural(self.stack.limits.incident_archive_days, 'day')} "
                f"(limit incident_archive_days), so only those opened before {latest} may go"
            )
        return str(span)

    def read(self, target: str) -> State:
        """How many of them the status index names, which they are, and the objects that were archived of them."""
        lines = named(self, Span.of(target)).lines
        bucket, folder = self._folder(target)
        listed = [str(one["Key"])[len(folder) :] for one in list_objects(self.aws, bucket, folder)]
        objects = sorted(name.removesuffix(SUFFIX) for name in listed if name.endswith(SUFFIX))
        return {"incidents": len(lines), "digest": digest_of(lines), "archive": objects}

    def read_for_plan(self, target: str) -> State:
        if forgets := require_fit(self):
            self.beware = f"{type(self).beware}; {forgets}"  # type: ignore[misc]
        self._target = target
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The oldest of them gone, as many as are wished for, and the objects that hold them there."""
        most, target = wished_number({"at-most": str(AT_MOST), **wish}, "at-most", least=1, most=MOST), self._target
        if not now["incidents"]:
            raise CannotFix(f"there is nothing to archive: no {self.stack.resolved_status} incident in {target}")
        chosen = choose_incidents(self, Span.of(target), most)
        if not chosen.lines:
            raise CannotFix(f"nothing can be archived: {few(chosen.left_alone)}")
        names = [
            f"{number:04}-{one.digest[:12]}" for number, one in enumerate(packed(chosen.lines), _next(now["archive"]))
        ]
        return {
            "incidents": now["incidents"] - len(chosen.lines),
            "digest": digest_of(chosen.rest),
            "archive": sorted([*now["archive"], *names]),
        }

    def aimed(self, target: str, wish: Mapping[str, str]) -> str:
        return self.normal(f"{incidents_table(self)} before {wish['before']}") if "before" in wish else target

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """Every object is written before the first incident is deleted; undoing only puts incidents back."""
        span, (bucket, folder) = Span.of(target), self._folder(target)
        self._alone = ()
        if _is_back(before, after):
            self._objects = self._held(span, before, after)
            made, kind, prepare, condition = [], "Put", self._putting, "the table has none of that key"
        else:
            self._archived, self._objects = None, self._copied(span, before, after)
            made, kind, prepare, condition = (
                self._copies(bucket, folder), "Delete", self._deleting, "as it is archived, or gone already",
            )  # fmt: skip
        for name, one in self._objects.items():
            for request in transactions(kind, span.table, name, one.lines, condition):
                made.append(Step(request, name, prepare=partial(prepare, span)))
        return made

    def _copies(self, bucket: str, folder: str) -> list[Step]:
        """As plan and journal show them: what incidents say is for neither."""
        kept = {"Bucket": bucket, "ContentType": "application/gzip", "IfNoneMatch": "*"}
        made = []
        for name, one in self._objects.items():
            body = {"incidents": len(one.lines), "sha256 of the lines": one.digest}
            request = Request("s3", "PutObject", {**kept, "Key": f"{folder}{name}{SUFFIX}", "Body": body})
            made.append(Step(request, name, prepare=partial(self._copying, one)))
        return made

    def _copied(self, span: Span, before: State, after: State) -> dict[str, Packed]:
        """What is to be archived, by object; CannotFix where it is no longer what was planned."""
        names = sorted(set(after["archive"]) - set(before["archive"]))
        chosen = choose_incidents(self, span, before["incidents"] - after["incidents"])
        told = packed(chosen.lines)
        if digest_of(chosen.rest) != after["digest"] or len(names) != len(told):
            raise CannotFix("the incidents have changed since it was planned: plan again")
        return dict(zip(names, told, strict=True))

    def _held(self, span: Span, before: State, after: State) -> dict[str, Packed]:
        """What this change has archived, by object; CannotFix where that is not what the table lacks."""
        names = sorted(set(before["archive"]) - set(after["archive"]))
        there = named(self, span)
        objects = {name: Packed(tuple(self._lines(span, name))) for name in names}
        self._archived = {name: items_of(one.lines, there.keys, name) for name, one in objects.items()}
        held = {key for items in self._archived.values() for key in items}
        if digest_of(held | set(there.lines)) != after["digest"]:
            raise CannotFix(
                f"table and archive ({', '.join(names)}) together do not make what was there before: "
                "opschecks fix restore-incidents restores what one object holds and the table lacks"
            )
        return objects

    def _copying(self, one: Packed, request: Request) -> Request:
        require_private(self, str(request.parameters["Bucket"]))
        return replace(request, parameters={**request.parameters, "Body": one.body, "ChecksumSHA256": sha256(one.body)})

    def _putting(self, span: Span, request: Request) -> Request:
        keys, some = self._slice(span, request)
        sent, there = puts_of(self.aws, span.table, keys, some)
        self._alone += there
        return sent

    def _slice(self, span: Span, request: Request) -> tuple[Sequence[str], Items]:
        """The table's keys, and the incidents of the request, as S3 has proven to hold them."""
        keys = table_keys(self, span.table)
        name, first, count = slice_of(request)
        return keys, dict(list(self._proven(span, keys)[name].items())[first : first + count])

    def _deleting(self, span: Span, request: Request) -> Request:
        """Deletes of what is in the table just as S3 has proven to hold it."""
        keys, some = self._slice(span, request)
        now = read_items(self.aws, span.table, keys, list(some.values()))
        same = {key: some[key] for key, item in now.items() if is_as_archived(item, some[key])}
        self._alone += tuple(sorted(set(now) - set(same)))
        if not same:
            raise CannotFix(f"none of {len(some)} incidents is as it was archived: {self._left()}; plan again")
        known = {name for items in self._proven(span, keys).values() for item in items.values() for name in item}
        deletes = [delete_of(span.table, item, keys, known) for item in same.values()]
        return Request("dynamodb", "TransactWriteItems", {"TransactItems": deletes})

    def _proven(self, span: Span, keys: Sequence[str]) -> Mapping[str, Items]:
        """Every object read again, before the first delete; CouldNotLook where one is not what was written."""
        if self._archived is None:
            found = {}
            for name, one in self._objects.items():
                lines = self._lines(span, name)
                found[name] = items_of(lines, keys, name)
                if [to_line(item) for item in found[name].values()] != list(one.lines):
                    raise CouldNotLook(
                        "s3:GetObject", f"{name} holds other incidents than were copied: none is deleted"
                    )
            self._archived = found
        return self._archived

    def _lines(self, span: Span, name: str) -> list[str]:
        bucket, folder = self._folder(str(span))
        return lines_of(self.aws, bucket, f"{folder}{name}{SUFFIX}", name)

    def progress(self, target: str, before: State, after: State) -> Progress:
        """Done when the index no longer names any of them, or names all of them again; it lags behind the table."""
        if self._archived is None:
            return super().progress(target, before, after)
        mine = {key for items in self._archived.values() for key in items}
        still = set(named(self, Span.of(target)).lines) & mine
        left = len(mine) - len(still) if _is_back(before, after) else len(still)
        said = f"{left} of {len(mine)} incidents are not yet {'back' if _is_back(before, after) else 'gone'}"
        if not left or not self._alone:
            return Progress(not left, said)
        why = "in the table already" if _is_back(before, after) else "changed since they were copied"
        return Progress(False, f"{said}; {why}, and left alone: {self._left()}", gone_wrong=True)

    def _left(self) -> str:
        return few([shown_key(key) for key in self._alone])

    def _folder(self, target: str) -> tuple[str, str]:
        """Bucket and folder of what is archived of this target."""
        (bucket, prefix), span = archive_location(self), Span.of(target)
        return bucket, f"{prefix}{span.table}/before-{span.day}/"


def _is_back(before: State, after: State) -> bool:
    return bool(after["incidents"] > before["incidents"])


def _next(names: Sequence[str]) -> int:
    """The number of the next object; of a clock's time a plan could not say today what it will be tomorrow."""
    return max((int(name.split("-")[0]) for name in names if name.split("-")[0].isdecimal()), default=0) + 1
