"""Where moto's S3 is not like AWS's: it neither verifies nor returns the SHA-256 of an upload."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from ..correction import Kind, extends

_HEADER = "x-amz-checksum-sha256"


def _refused() -> S3ClientError:
    """The error for a body that does not match its checksum."""
    return S3ClientError("BadDigest", "The SHA256 you specified did not match the calculated checksum.")


@extends(S3Response, "_get_checksum", Kind.BUG, "AmazonS3/latest/userguide/checking-object-integrity-upload.html")
def _checked(before: Callable[..., Any], self: S3Response, response_headers: dict[str, Any]) -> tuple[str, str | None]:
    """moto accepts a SHA-256 that differs from that of the body, and does not return it."""
    given = self.headers.get(_HEADER)
    if not given or self.headers.get("x-amz-sdk-checksum-algorithm"):
        told: tuple[str, str | None] = before(self, response_headers)
        return told
    if given != base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode():
        raise _refused()
    response_headers[_HEADER] = given
    return "SHA256", given
