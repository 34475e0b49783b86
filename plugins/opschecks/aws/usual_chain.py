"""S3 with the credentials of the usual AWS chain, for what belongs to no single stack."""

from __future__ import annotations

import os
from typing import Any


def usual_s3() -> Any:
    """A client of S3 as the AWS CLI would make it; OSError, with what to set, where that is not possible."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.client("s3", region_name=os.environ.get("AWS_REGION") or None)  # which boto3 does not read
    except (BotoCoreError, ValueError) as error:  # an unknown profile, an invalid endpoint
        raise OSError(f"{error}; set AWS_PROFILE and similar variables as for the AWS CLI") from None
