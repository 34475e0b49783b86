"""Where a stack's journal and lock lie: small texts by key, each made once and never by two. A folder, or S3."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .history import write

if TYPE_CHECKING:
    from .stack import Stack


class Store(Protocol):
    """Keys are relative paths such as `journal/2026….json`."""

    def create(self, key: str, text: str) -> bool:
        """Write what is not there yet; False where somebody else has. On disk when it returns."""

    def replace(self, key: str, text: str) -> None:
        """Write it, whatever was there. For what only one writes."""

    def read(self, key: str) -> str | None:
        """The text, or None."""

    def keys(self, folder: str) -> list[str]:
        """Every key in the folder, in order."""

    def delete(self, key: str) -> None:
        """Remove it, if it is there."""


class Folder:
    """A folder of one machine, or of a file system that several share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def create(self, key: str, text: str) -> bool:
        """A link, unlike a rename, never replaces."""
        target = self.root / key
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        write(fresh, text)
        try:
            os.link(fresh, target)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        self._sync(target.parent)
        return True

    def replace(self, key: str, text: str) -> None:
        """Whole or not at all."""
        write(self.root / key, text)

    def read(self, key: str) -> str | None:
        """None where there is no such file."""
        try:
            return (self.root / key).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def keys(self, folder: str) -> list[str]:
        """Those of finished files."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(
                f"{folder}/{path.name}" for path in (self.root / folder).iterdir() if not path.name.startswith(".")
            )
        return []

    def delete(self, key: str) -> None:
        """No harm where it is gone."""
        (self.root / key).unlink(missing_ok=True)

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class Bucket:
    """A prefix in S3, which people and CI share; conditional writes decide who was first."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/")

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def create(self, key: str, text: str) -> bool:
        """`If-None-Match: *`; S3 answers 412 where the object exists, 409 where another write is under way."""
        from botocore.exceptions import ClientError

        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key(key), Body=text.encode(), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def replace(self, key: str, text: str) -> None:
        """An ordinary write."""
        self._client.put_object(Bucket=self._bucket, Key=self._key(key), Body=text.encode())

    def read(self, key: str) -> str | None:
        """None where there is no such object."""
        from botocore.exceptions import ClientError

        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        text: bytes = answer["Body"].read()
        return text.decode()

    def keys(self, folder: str) -> list[str]:
        """All pages of the listing."""
        start = len(self._key(""))
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._key(folder) + "/"
        )
        return sorted(item["Key"][start:] for page in pages for item in page.get("Contents", []))

    def delete(self, key: str) -> None:
        """S3 does not mind where it is gone."""
        self._client.delete_object(Bucket=self._bucket, Key=self._key(key))


def store_of(stack: Stack, default: Path, client: Any = None) -> Store:
    """Where the stack's state says, below its name; `client` is an S3 client, made only where it is needed."""
    if stack.state and stack.state.startswith("s3://"):
        bucket, _, prefix = stack.state.removeprefix("s3://").partition("/")
        return Bucket(client(), bucket, f"{prefix.rstrip('/')}/{stack.name}".lstrip("/"))
    return Folder((Path(stack.state) if stack.state else default) / stack.name)
