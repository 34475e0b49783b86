"""AWS Health, which moto does not have: it answers the events that it is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .wire import App

Event = Mapping[str, Any]


def health(events: Sequence[Event], entities: Sequence[Mapping[str, Any]] = (), *, plan: bool = True) -> App:
    """A WSGI application that answers DescribeEvents and DescribeAffectedEntities, or, without a plan, refuses both.

    https://docs.aws.amazon.com/health/latest/APIReference/API_DescribeEvents.html
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        status, told = "200 OK", _told(operation, asked.get("filter", {}), events, entities)
        if not plan:
            status, told = "400 Bad Request", {"__type": "SubscriptionRequiredException", "message": "no support plan"}
        body = json.dumps(told).encode()
        start_response(status, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _told(
    operation: str, wanted: Mapping[str, Any], events: Sequence[Event], entities: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    if operation == "DescribeAffectedEntities":
        return {"entities": [one for one in entities if one["eventArn"] in wanted["eventArns"]]}
    keys = {"regions": "region", "eventStatusCodes": "statusCode", "eventTypeCategories": "eventTypeCategory"}
    return {
        "events": [one for one in events if all(one[keys[key]] in values for key, values in wanted.items())],
    }
