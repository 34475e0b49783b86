"""Answers without a body: botocore parses nothing at all as an answer in which nothing is, without an error.

Where each part of an answer may rightly be absent – versioning of a bucket that never had it, a listing without
objects – only the body tells an answer from a cut one. AWS writes one in every protocol: an XML element, `{}`, or a
CBOR map. A bucket that never had versioning is answered with an element without content (API_GetBucketVersioning).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.iam import iam_action
from ..core.observation import CouldNotLook

_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)


def require_bodies(client: Any) -> None:
    """Let the client's reads raise CouldNotLook for an answer without the body that AWS gives it, or that is a page."""
    service = str(client.meta.service_model.service_name)

    def require(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        shape, body = operation_model.output_shape, response_dict["body"]
        if response_dict["status_code"] != 200 or shape is None or not isinstance(body, bytes):
            return
        if _PAGE.match(body):  # where each part may be absent, XML of another kind has none of them
            why = "the answer is a page of HTML, which AWS does not send: a proxy or a sign-in page is in its place"
            raise CouldNotLook(iam_action(service, operation_model.name), f"{why}; check HTTPS_PROXY and the network")
        if not body.strip() and any("location" not in one.serialization for one in shape.members.values()):
            raise CouldNotLook(iam_action(service, operation_model.name), "the answer has no body")

    client.meta.events.register("before-parse", require, unique_id="opschecks-bodies")
