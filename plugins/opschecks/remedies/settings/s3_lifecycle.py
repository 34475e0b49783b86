"""Remedies of S3's lifecycle: a rule for what a bucket keeps longer than needed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ...aws.s3_lifecycle import OBJECTS, UPLOADS, VERSIONS, Bucket, lacking, read_bucket
from ...core.change import CannotFix, Request, Risk, State
from ...core.wording import plural
from ...fixing.remedy import IN_CODE_TOO, Setting, wished_number
from ...fixing.targets import site_of

_WISHES = {"uploads": UPLOADS, "versions": VERSIONS, "objects": OBJECTS}
_DEFAULT_SIZE = "all_storage_classes_128K"


class PutLifecycle(Setting):
    """Add a lifecycle rule to a bucket, for what it keeps longer than the stack expects.

    Its other rules stay as they are: S3 only takes all rules at once, so that they are sent along.
    """

    kind = "buckets"
    risk = Risk.DESTRUCTIVE
    runbook = "retention-and-lifecycle"
    settles_within = timedelta(minutes=2)
    allow = (
        "s3:PutLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetBucketVersioning",
        "cloudfront:GetDistribution",
    )
    expects = "S3 deletes what the rule is for, from the next day on"
    beware = f"undo removes the rule, but restores nothing that was deleted meanwhile; {IN_CODE_TOO}"
    wishes = {  # noqa: RUF012
        "uploads": "days after which incomplete uploads go; default: limit incomplete_upload_days, if they stay longer",
        "versions": "days after which old versions go; default: limit old_version_days_max, if they stay longer",
        "objects": "days after which objects go; default: what bucket_expire_days has, if they stay longer",
    }

    def risk_of(self, before: State, after: State) -> Risk:
        """What a new rule deletes is gone; parts of uploads that were never completed are not needed."""
        there = before["Rules"]
        new = [rule for rule in after["Rules"] if rule not in there]
        harmless = {"ID", "Status", "Filter", "Prefix", "AbortIncompleteMultipartUpload"}
        return Risk.SAFE if all(set(rule) <= harmless for rule in new) else Risk.DESTRUCTIVE

    def read(self, target: str) -> State:
        """Its rules, in the order of their names, in which S3 may not give them back."""
        bucket = self._bucket(target)
        size = bucket.evidence.get("TransitionDefaultMinimumObjectSize", _DEFAULT_SIZE)
        return {
            "Rules": sorted((_plain(rule.raw) for rule in bucket.rules), key=lambda rule: str(rule.get("ID", ""))),
            **({"TransitionDefaultMinimumObjectSize": size} if size != _DEFAULT_SIZE else {}),
        }

    def read_for_plan(self, target: str) -> State:
        """As `read`, and note what is expected of this bucket."""
        self._planned = self._bucket(target)
        self._is_site = (site_of(self.stack, self.aws) or ("", ""))[0] == target
        return self.read(target)

    def _bucket(self, target: str) -> Bucket:
        bucket = read_bucket(self.aws, target, None)
        if not bucket.exists:
            raise CannotFix(f"there is no bucket {target}")
        return bucket

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        bucket = self._planned
        wanted = bucket.wanted(self.stack)
        if wish:
            add = {_WISHES[name]: wished_number(wish, name, least=1) for name in wish}
        else:
            add = {what: math.floor(wanted[what]) for what in lacking(bucket.rules, wanted)}
        if not add:
            raise CannotFix("nothing is kept longer than expected: what is wrong is not this remedy's to fix")
        if min(add.values()) < 1:
            raise CannotFix("S3 counts whole days: the limit is less than one")
        self._refuse_harm(bucket.name, add)
        return {**now, "Rules": sorted([*now["Rules"], _rule(now["Rules"], add)], key=lambda rule: str(rule["ID"]))}

    def _refuse_harm(self, name: str, add: Mapping[str, int]) -> None:
        if OBJECTS in add and self._is_site:
            raise CannotFix(f"{name} is behind the dashboards: a rule that deletes its objects would empty the site")
        if OBJECTS in add and (self.stack.state or "").removeprefix("s3://").partition("/")[0] == name:
            raise CannotFix(f"{name} holds the stack's journal and history, which a rule would delete")

    def request(self, target: str, before: State, after: State) -> Request:
        if not after["Rules"]:
            return Request("s3", "DeleteBucketLifecycle", {"Bucket": target})
        more = {key: value for key, value in after.items() if key != "Rules"}
        return Request(
            "s3",
            "PutBucketLifecycleConfiguration",
            {"Bucket": target, "LifecycleConfiguration": {"Rules": list(after["Rules"])}, **more},
        )


def _plain(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as JSON data, with dates as S3 takes them, and one form of the filter that chooses everything."""
    told: dict[str, Any] = json.loads(json.dumps(raw, default=_moment))
    if "Filter" in told and not told["Filter"]:
        told["Filter"] = {"Prefix": ""}
    return told


def _moment(date: datetime) -> str:
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(there: Sequence[Mapping[str, Any]], add: Mapping[str, int]) -> dict[str, Any]:
    """One rule for the whole bucket. S3 refuses rules of the older form, with a Prefix alone, beside others."""
    name = "opschecks " + ", ".join(f"{what} {plural(days, 'day')}" for what, days in sorted(add.items()))
    if any(rule.get("ID") == name for rule in there):
        raise CannotFix(f"there is a rule {name!r}, which somebody has changed: look at it by hand")
    older = any("Prefix" in rule for rule in there)
    everything = {"Prefix": ""}
    rule: dict[str, Any] = {"ID": name, "Status": "Enabled", **(everything if older else {"Filter": everything})}
    if UPLOADS in add:
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": add[UPLOADS]}
    if VERSIONS in add:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": add[VERSIONS]}
    if OBJECTS in add:
        rule["Expiration"] = {"Days": add[OBJECTS]}
    return rule
