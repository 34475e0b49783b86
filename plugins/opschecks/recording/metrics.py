"""GetMetricData of a recording, metric by metric: which of them are asked for together differs with the checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..core.observation import CouldNotLook
from .coding import canonical
from .file import Exchange, error_of

_CALL = "cloudwatch:GetMetricData"
Chain = list[Exchange]
"""A call, page by page."""


def is_of_metrics(kind: str, question: Mapping[str, Any]) -> bool:
    """Whether it is such a call, which answers each of its queries by itself."""
    return kind == "aws" and (question["service"], question["operation"]) == ("cloudwatch", "GetMetricData")


class Metrics:
    """The recorded queries, each found by itself.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._found: dict[str, tuple[str, Chain]] = {}
        calls: dict[str, Chain] = {}
        again: set[str] = set()
        for one in exchanges:
            if not is_of_metrics(one.kind, one.question):
                continue
            first = "NextToken" not in one.question["parameters"]
            call = canonical(_without(one.question, "NextToken"))
            if first and call in calls:
                again.add(call)
            if call in again:  # of a call that was repeated the first answer counts
                continue
            chain = calls.setdefault(call, [])
            chain.append(one)
            for query in one.question["parameters"]["MetricDataQueries"]:
                self._found.setdefault(_key(one.question, query), (query["Id"], chain))

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """All pages in one; CouldNotLook, naming the metric, for one that was not asked for."""
        results: list[Any] = []
        said: list[Any] = []
        for query in question["parameters"]["MetricDataQueries"]:
            found = self._found.get(_key(question, query))
            if found is None:
                asked = json.dumps({key: item for key, item in query.items() if key != "Id"}, ensure_ascii=False)
                raise CouldNotLook("", f"not in the recording: {_CALL} {asked}")
            its, chain = found
            for page in chain:
                if page.error:
                    raise error_of(page.error)
            results += [{**one, "Id": query["Id"]} for one in _joined(its, chain)]
            said += [one for page in chain for one in page.answer.get("Messages") or () if one not in said]
        return {"MetricDataResults": results, "Messages": said}


def _joined(query: str, chain: Chain) -> list[dict[str, Any]]:
    """The query's result: one, continued from page to page, unless a page has several."""
    joined: list[dict[str, Any]] = []
    for page in chain:
        its = [one for one in page.answer.get("MetricDataResults") or () if one.get("Id") == query]
        if len(joined) == len(its) == 1:
            (before,), (one,) = joined, its
            points = {key: [*before.get(key, ()), *one.get(key, ())] for key in ("Timestamps", "Values")}
            joined = [{**before, **one, **points}]
        else:
            joined += its
    return joined


def _key(question: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    """Of one query: it, with when and where it is asked for."""
    alone = {key: item for key, item in query.items() if key != "Id"}
    return canonical([_without(question, "NextToken", "MetricDataQueries"), alone])


def _without(question: Mapping[str, Any], *left_out: str) -> dict[str, Any]:
    parameters = {key: item for key, item in question["parameters"].items() if key not in left_out}
    return {**question, "parameters": parameters}
