"""Where moto's S3 is not like AWS's: it neither verifies nor returns the SHA-256 of an upload."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from ..correction import Before, Kind, extends

_HEADER = "x-amz-checksum-sha256"


@extends(S3Response, "_get_checksum", Kind.BUG, "AmazonS3/latest/userguide/checking-object-integrity-upload.html")
def _checked(before: Before, self: S3Response, response_headers: dict[str, Any]) -> Any:
    """moto accepts a SHA-256 that differs from that of the body, and does not return it."""
    given = self.headers.get(_HEADER)
    if not given or self.headers.get("x-amz-sdk-checksum-algorithm"):
        return before(self, response_headers)
    if given != base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode():
        raise S3ClientError("BadDigest", "The SHA256 you specified did not match the calculated checksum.")
    response_headers[_HEADER] = given
    return "SHA256", given
