"""A stack's state – run files, journal, lock – as texts by key, each created only once. A folder, or S3."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..core import clock

if TYPE_CHECKING:
    from ..config.stack import Stack


class Unreadable(ValueError):  # noqa: N818 - it is said of the text
    """One text of the state is damaged or was cut; the message names it. Others can still be read."""


def write_whole(path: Path, text: str | bytes | Iterable[str]) -> None:
    """Write the file whole or leave what was there; OSError where it cannot be written. A long text may be in parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("xb") as stream:
            for part in [text] if isinstance(text, str | bytes) else text:
                stream.write(part.encode() if isinstance(part, str) else part)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:  # also of what makes the parts
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


class Storage(Protocol):
    """Keys are relative paths such as `journal/2026….json`."""

    def create(self, key: str, text: str) -> bool:
        """Write what is not there yet; False where another process has written something else.

        On disk when it returns.
        """

    def replace(self, key: str, text: str, *, kind: str = "") -> None:
        """Write it, whatever was there; for keys with a single writer. `kind` is its media type, for S3."""

    def read(self, key: str) -> str | None:
        """The text, or None; Unreadable where only this one cannot be read."""

    def keys(self, folder: str) -> list[str]:
        """Every key in the folder, in order."""

    def written(self, folder: str) -> Mapping[str, datetime]:
        """When each key of the folder was written, by the clock of the place where it lies."""

    def now(self) -> datetime:
        """This moment by the clock of that place, so that fixers on several machines count by one clock."""

    def delete(self, key: str) -> None:
        """Remove it, if it is there."""


class Place(Storage, Protocol):
    """Where the states of many stacks lie, each in a folder of its name."""

    def folders(self) -> list[str]:
        """The names of the folders that lie directly in it, in order."""


class FolderStorage:
    """A folder of one machine, or of a file system that several share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def create(self, key: str, text: str) -> bool:
        """A link, unlike a rename, never replaces."""
        target = self.root / key
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        write_whole(fresh, text)
        try:
            os.link(fresh, target)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        self._sync(target.parent)
        return True

    def replace(self, key: str, text: str, *, kind: str = "") -> None:
        """Whole or not at all; a folder has no media types."""
        write_whole(self.root / key, text)

    def read(self, key: str) -> str | None:
        """None where there is no such file."""
        try:
            return _text((self.root / key).read_bytes(), f"{self}/{key}")
        except FileNotFoundError:
            return None

    def keys(self, folder: str) -> list[str]:
        """Those of finished files."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(
                f"{folder}/{path.name}" for path in (self.root / folder).iterdir() if not path.name.startswith(".")
            )
        return []

    def folders(self) -> list[str]:
        """None where the folder itself is not there."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(path.name for path in self.root.iterdir() if path.is_dir())
        return []

    def written(self, folder: str) -> dict[str, datetime]:
        """The files' times of change."""
        found = {}
        for key in self.keys(folder):
            with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                found[key] = datetime.fromtimestamp((self.root / key).stat().st_mtime, UTC)
        return found

    def now(self) -> datetime:
        """The machine's own clock."""
        return clock.now()

    def delete(self, key: str) -> None:
        """No error where it is gone."""
        (self.root / key).unlink(missing_ok=True)

    @staticmethod
    def _sync(folder: Path) -> None:
        if os.name == "nt":
            return  # Windows opens no folders; it writes their entries itself
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_NEXT = {
    "NoCredentialsError": " – set profile for the stack or AWS_PROFILE, or log in",
    "SSOTokenLoadError": " – aws sso login --profile, with the profile in use",
    "TokenRetrievalError": " – aws sso login --profile, with the profile in use",
}
"""What to do about errors of botocore that do not say it."""


class S3Storage:
    """A prefix in S3, which people and CI share; conditional writes decide which writer was first.

    Errors of S3 are OSErrors, as with a folder.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self._ahead = timedelta(0)

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _ask(self, operation: str, *unless: str, **parameters: Any) -> Any:
        """One call, its Body as bytes that were read whole; None where its error is one of `unless`."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = getattr(self._client, xform_name(operation))(Bucket=self._bucket, **parameters)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in unless:
                return None
            raise OSError(f"{self}: s3:{operation}: {code}: {error.response.get('Error', {}).get('Message')}") from None
        except BotoCoreError as error:
            kind = type(error).__name__
            raise OSError(f"{self}: s3:{operation}: {kind}: {error}{_NEXT.get(kind, '')}") from None
        self._note_clock(answer)
        return answer

    def create(self, key: str, text: str) -> bool:
        """`If-None-Match: *`; S3 answers 412 where the object exists, 409 where another write is under way.

        botocore sends a write again whose answer was lost: then 412 is about our own text.
        """
        taken = ("PreconditionFailed", "ConditionalRequestConflict")
        answer = self._ask("PutObject", *taken, Key=self._key(key), Body=text.encode(), IfNoneMatch="*")
        return answer is not None or self.read(key) == text

    def replace(self, key: str, text: str, *, kind: str = "") -> None:
        """An ordinary write."""
        more = {"ContentType": kind} if kind else {}
        self._ask("PutObject", Key=self._key(key), Body=text.encode(), **more)

    def read(self, key: str) -> str | None:
        """None where there is no such object."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        answer = self._ask("GetObject", "NoSuchKey", Key=self._key(key))
        if answer is None:
            return None
        try:
            body: bytes = answer["Body"].read()
        except (BotoCoreError, HTTPError) as error:  # cut on its way
            raise Unreadable(f"{self}/{key}: {type(error).__name__}: {error}") from None
        return _text(body, f"{self}/{key}")

    def keys(self, folder: str) -> list[str]:
        """All pages of the listing."""
        return list(self.written(folder))

    def folders(self) -> list[str]:
        """S3's common prefixes: what lies below them is not listed."""
        prefix = self._key("")
        pages = self._pages(Prefix=prefix, Delimiter="/")
        return sorted(
            found["Prefix"][len(prefix) :].rstrip("/") for page in pages for found in page.get("CommonPrefixes", [])
        )

    def written(self, folder: str) -> dict[str, datetime]:
        """`LastModified` of each object, which is S3's clock."""
        found = {
            item["Key"][len(self._key("")) :]: item["LastModified"]
            for page in self._pages(Prefix=self._key(folder) + "/")
            for item in page.get("Contents", [])
        }
        return dict(sorted(found.items()))

    def _pages(self, **parameters: str) -> Iterator[Any]:
        while True:
            page = self._ask("ListObjectsV2", **parameters)
            yield page
            if not page.get("IsTruncated"):
                return
            parameters["ContinuationToken"] = page["NextContinuationToken"]

    def now(self) -> datetime:
        """S3's clock, by the `Date` of its newest answer."""
        return clock.now() + self._ahead

    def _note_clock(self, answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        with contextlib.suppress(ValueError):  # without a date the machine's own clock is all there is
            self._ahead = parsedate_to_datetime(date) - clock.now()

    def delete(self, key: str) -> None:
        """S3 reports no error where it is gone."""
        self._ask("DeleteObject", Key=self._key(key))


def _text(body: bytes, name: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name}: not UTF-8 at byte {error.start}: it is damaged") from None


def storage_at(where: str, client: Callable[[], Any]) -> Place:
    """A folder, or `s3://BUCKET/PREFIX`."""
    if where.startswith("s3://"):
        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        return S3Storage(client(), bucket, prefix)
    return FolderStorage(Path(where))


def storage_of(stack: Stack, default: Path, root: Path, client: Callable[[], Any]) -> Storage:
    """The stack's folder below its `state`: a folder (relative to `root`) or S3; below `default` where it has none.

    `client` makes an S3 client with the stack's own credentials; called only where one is needed.
    """
    if stack.state_in_s3:
        return storage_at(f"{(stack.state or '').rstrip('/')}/{stack.name}", client)
    return FolderStorage((root / stack.state if stack.state else default) / stack.name)
