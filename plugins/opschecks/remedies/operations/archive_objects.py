"""Where incidents are archived, and the objects that hold them: packed, read back, unpacked."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from ...aws.s3_lifecycle import read_bucket
from ...core import clock
from ...core.change import CannotFix
from ...core.dataclass import dataclass
from ...core.observation import CouldNotLook, NotThere
from ...core.wording import plural
from ...fixing.remedy import BaseRemedy
from ...fixing.targets import site_of

SUFFIX = ".jsonl.gz"
OBJECT_BYTES = 4 * 2**20
"""Bytes of lines in one object, before compression."""
REQUEST_BYTES = 2**20
"""Bytes of items in one transaction: DynamoDB takes 4 MB."""
REQUEST_ITEMS = 100
_GET = "s3:GetObject"
_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True)
class Packed:
    """The lines of one object."""

    lines: tuple[str, ...]

    @property
    def text(self) -> bytes:
        """As it is before it is packed."""
        return "".join(f"{line}\n" for line in self.lines).encode()

    @property
    def digest(self) -> str:
        """Of the text: another zlib may pack the same lines in another way."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def body(self) -> bytes:
        """The same bytes whenever the same machine packs the same lines."""
        return gzip.compress(self.text, mtime=0)


def packed(lines: Sequence[str]) -> list[Packed]:
    """The lines in as many objects as they need."""
    return [Packed(tuple(lines[first : first + count])) for first, count in _split(lines, len(lines), OBJECT_BYTES)]


def batches(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First and number of the lines whose items go into one transaction."""
    return list(_split(lines, REQUEST_ITEMS, REQUEST_BYTES))


def _split(lines: Sequence[str], most: int, size: int) -> Iterator[tuple[int, int]]:
    first = held = 0
    for index, line in enumerate(lines):
        if index > first and (held + len(line) > size or index - first == most):
            yield first, index - first
            first, held = index, 0
        held += len(line)
    if lines:
        yield first, len(lines) - first


def sha256(body: bytes) -> str:
    """As S3 writes it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def lines_of(aws: Any, bucket: str, key: str, name: str) -> list[str]:
    """The lines of an object as they were written; CouldNotLook where S3 gives no checksum of it, or other bytes."""
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    answer = aws.call("s3", "GetObject", Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    stream = answer["Body"]
    try:
        body: bytes = stream.read()
    except (BotoCoreError, HTTPError, OSError) as error:
        raise CouldNotLook(_GET, f"{key} could not be read to its end: {type(error).__name__}: {error}") from None
    told = answer["ChecksumSHA256"]
    if told != sha256(body):
        raise CouldNotLook(_GET, f"{key}: S3 says that its SHA-256 is {told}, and that of what came is {sha256(body)}")
    try:
        return gzip.decompress(body).decode().removesuffix("\n").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CouldNotLook(_GET, f"{name} is not an archive of incidents: {type(error).__name__}: {error}") from None


def archive_location(remedy: BaseRemedy) -> tuple[str, str]:
    """Bucket and prefix ("" or ending with /) of the stack's archive; CannotFix where it says none."""
    stack = remedy.stack
    if not stack.archive:
        raise CannotFix(
            f'stack {stack.name} does not say where incidents are archived: set archive = "s3://BUCKET/PREFIX" in '
            "stacks.toml, a bucket that only those who may read incidents can read"
        )
    bucket, _, prefix = stack.archive.removeprefix("s3://").partition("/")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def require_fit(remedy: BaseRemedy) -> str:
    """CannotFix where the archive's bucket is the dashboards', may be public, or soon forgets; else what to beware."""
    bucket, prefix = archive_location(remedy)
    if bucket == (site_of(remedy.stack, remedy.aws) or ("", ""))[0]:
        raise CannotFix(f"{bucket} is behind the dashboards: incidents must not be public; name another bucket")
    require_private(remedy, bucket)
    found = read_bucket(remedy.aws, bucket, None)
    if not found.exists:
        raise CannotFix(f"there is no bucket {bucket} (archive in stacks.toml)")
    told = []
    for rule in found.rules:
        if not rule.is_on or not (rule.prefix.startswith(prefix) or prefix.startswith(rule.prefix)):
            continue
        expires = rule.raw.get("Expiration", {})
        days = expires.get("Days")
        if date := expires.get("Date"):
            days = (date - clock.now()).days
        if days is None:
            continue
        wanted = remedy.stack.limits.incident_archive_days
        if days < wanted:
            raise CannotFix(
                f"{rule} of {bucket} deletes what is archived after {plural(days, 'day')}, sooner than the table would "
                f"(incident_archive_days is {wanted:g}): lengthen it, or name another place as archive"
            )
        told.append(f"{rule} of {bucket} deletes what is archived after {plural(days, 'day')}, for good")
    return "; ".join(told)


def require_private(remedy: BaseRemedy, bucket: str, key: str = "archive") -> None:
    """CannotFix unless the bucket itself blocks all public access: a policy or an ACL may come later.

    `key` is what names the bucket in stacks.toml.
    """
    try:
        answer = remedy.aws.call("s3", "GetPublicAccessBlock", Bucket=bucket)
        blocked = answer["PublicAccessBlockConfiguration"]
    except NotThere as error:
        if "NoSuchBucket" in error.reason:
            raise CannotFix(f"there is no bucket {bucket} ({key} in stacks.toml)") from None
        blocked = {}
    lacking = [one for one in _BLOCKED if blocked.get(one) is not True]
    if lacking:
        raise CannotFix(
            f"{bucket} does not block public access ({', '.join(lacking)}): turn that on with "
            f"aws s3api put-public-access-block, or name another bucket as {key}"
        )
