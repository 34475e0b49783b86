"""S3 as examples/aws/report.py uses it."""

from __future__ import annotations


class Bucket:
    """Keeps what is put into it, by bucket and key, with its media type."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803 - AWS's names
        self.kept[f"{Bucket}/{Key}"] = (Body, ContentType)
