"""Remedies of S3: the dashboard bucket becomes what a folder holds."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from ...aws.cloudfront import bucket_of
from ...aws.inventory import FINDING
from ...core.answer import Answer
from ...core.change import CannotFix, Request, Risk, State, Step
from ...core.observation import CouldNotLook, NotThere, batches, fan_out
from ...fixing.remedy import Operation
from ...fixing.targets import owned
from ...web.site_objects import list_objects
from ..settings.invalidate_cdn import InvalidateCdn

_FROM = " from "


class SyncDashboard(Operation):
    """Make the dashboard bucket hold exactly what a folder holds, then invalidate the CDN.

    Undo brings the versions back that S3 keeps; of a bucket that keeps none it is one-way.
    """

    risk = Risk.DISRUPTIVE
    rolls_back = False
    resumes = True
    runbook = "deploy-dashboard"
    settles_within = timedelta(minutes=2)
    followed_by = (InvalidateCdn,)
    allow = (
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:DeleteObject",
        "cloudfront:GetDistribution",
        *FINDING,
    )
    say_which = "say which folder with --target, such as --target dashboard/out"
    expects = "the site is what the folder holds, as soon as the CDN has dropped the old one"
    beware = "a pipeline that deploys the same site brings its own build next time"

    def normal(self, target: str) -> str:
        """`s3://BUCKET/PREFIX from FOLDER`; CannotFix where the folder cannot be a site."""
        folder = Path(target).absolute()
        if not folder.is_dir():
            raise CannotFix(f"{target}: there is no such folder")
        names = [path.relative_to(folder).as_posix() for path in _files(folder)]
        if "index.html" not in names:
            raise CannotFix(f"{target}: it has no index.html: is it the folder that the build writes?")
        hidden = [
            name for name in names if any(part.startswith(".") and part != ".well-known" for part in name.split("/"))
        ]
        if hidden:
            raise CannotFix(f"{target}: {hidden[0]} would be public: take hidden files out of the folder first")
        bucket, prefix = self._origin()
        if (self.stack.state or "").startswith(f"s3://{bucket}"):
            raise CannotFix(f"{bucket} holds the stack's journal and history as well, which a sync would delete")
        return f"s3://{bucket}/{prefix}{_FROM}{folder}"

    def _origin(self) -> tuple[str, str]:
        try:
            distribution, *_ = owned("distributions", self.stack, self.aws)
            answer = self.aws.call("cloudfront", "GetDistribution", Id=distribution)
            return bucket_of(answer["Distribution"]["DistributionConfig"])
        except CouldNotLook as error:
            raise CannotFix(str(error)) from None

    def shown(self, target: str) -> str:
        return target.partition(_FROM)[0]

    def risk_of(self, before: State, after: State) -> Risk:
        """What a bucket without versions overwrites or deletes is gone."""
        return Risk.DESTRUCTIVE if self.one_way else Risk.DISRUPTIVE

    def read(self, target: str) -> State:
        bucket, prefix, _ = _parts(target)
        versioning = self.aws.call("s3", "GetBucketVersioning", Bucket=bucket)
        self.one_way = versioning.get("Status") != "Enabled"
        listed = list_objects(self.aws, bucket, prefix)
        return {str(one["Key"])[len(prefix) :]: str(one["ETag"]).strip('"') for one in listed}

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where the ETags of the bucket do not show what its objects hold."""
        bucket, _, folder = _parts(target)
        try:
            answer = self.aws.call("s3", "GetBucketEncryption", Bucket=bucket)
        except NotThere:
            answer = Answer()
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        by = {rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules}
        if by - {None, "AES256"}:
            raise CannotFix(f"{bucket} is encrypted with {', '.join(sorted(by))}: its ETags do not show what it holds")
        self._wanted = {path.relative_to(folder).as_posix(): _md5(path).hex() for path in _files(folder)}
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return dict(self._wanted)

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """New and changed files, pages last, so that no page asks for what is not there yet; then what must go."""
        bucket, prefix, folder = _parts(target)
        changed = [name for name, etag in after.items() if before.get(name) != etag]
        changed.sort(key=lambda name: (name.endswith((".html", ".htm")), name))
        on_disk = {_md5(path).hex(): path for path in _files(folder)} if folder.is_dir() else {}
        kept = self._cache_control(bucket, prefix, changed, before)
        made = [
            self._put(bucket, prefix, name, after[name], on_disk.get(after[name]), kept.get(name, ""))
            for name in changed
        ]
        gone = sorted(name for name in before if name not in after)
        for some in batches(gone, 1000):
            delete = {"Objects": [{"Key": prefix + name} for name in some], "Quiet": True}
            made.append(Step(Request("s3", "DeleteObjects", {"Bucket": bucket, "Delete": delete}), bucket))
        return made

    def _cache_control(self, bucket: str, prefix: str, names: Sequence[str], before: State) -> dict[str, str]:
        """As stacks.toml has it; else as the object that is replaced: without one a CDN keeps it for a day."""
        patterns = self.stack.dashboard_cache_control.items()
        found = {
            name: next((value for pattern, value in patterns if fnmatch.fnmatchcase(name, pattern)), "")
            for name in names
        }
        unsaid = [name for name in names if not found[name] and name in before]
        told = fan_out(lambda name: self.aws.call("s3", "HeadObject", Bucket=bucket, Key=prefix + name), unsaid)
        return {**found, **{name: str(one.get("CacheControl", "")) for name, one in zip(unsaid, told, strict=True)}}

    def _put(self, bucket: str, prefix: str, name: str, etag: str, path: Path | None, cache_control: str) -> Step:
        """From the folder where it has that content; else from the version that S3 has kept."""
        key = prefix + name
        if path is None:
            version = self._version(bucket, key, etag)
            source = {"Bucket": bucket, "Key": key, "VersionId": version}
            return Step(Request("s3", "CopyObject", {"Bucket": bucket, "Key": key, "CopySource": source}), key)
        parameters: dict[str, Any] = {
            "Bucket": bucket,
            "Key": key,
            "ContentMD5": base64.b64encode(bytes.fromhex(etag)).decode(),
            "ContentType": content_type(name),
        }
        if cache_control:
            parameters["CacheControl"] = cache_control
        return Step(Request("s3", "PutObject", parameters, files={"Body": path}), key)

    def _version(self, bucket: str, key: str, etag: str) -> str:
        for page in self.aws.pages("s3", "ListObjectVersions", Bucket=bucket, Prefix=key):
            for one in page.get("Versions") or []:
                if one.get("Key") == key and str(one.get("ETag", "")).strip('"') == etag:
                    return str(one["VersionId"])
        raise CannotFix(f"S3 keeps no version of {key} with the content that it had")


_TYPES = mimetypes.MimeTypes(filenames=())
"""Python's own table: what a machine's mime.types says must not differ from one plan to the next."""
for _suffix, _type in (
    (".avif", "image/avif"),
    (".js", "text/javascript"),
    (".mjs", "text/javascript"),
    (".webmanifest", "application/manifest+json"),
    (".webp", "image/webp"),
    (".woff2", "font/woff2"),
):
    _TYPES.add_type(_type, _suffix)


def content_type(name: str) -> str:
    """By its suffix, as browsers expect it."""
    guessed, packed = _TYPES.guess_type(name)
    if not guessed or packed:
        return "application/octet-stream"
    text = guessed.startswith("text/") or guessed in ("application/json", "application/manifest+json")
    return f"{guessed}; charset=utf-8" if text else guessed


def _parts(target: str) -> tuple[str, str, Path]:
    place, _, folder = target.partition(_FROM)
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return bucket, prefix, Path(folder)


def _files(folder: Path) -> list[Path]:
    """CannotFix at a link that leads out of the folder: what it names was never meant to be public."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise CannotFix(f"{path} is a link to {path.resolve()}, outside of the folder: it would become public")
    return found


def _md5(path: Path) -> bytes:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()
