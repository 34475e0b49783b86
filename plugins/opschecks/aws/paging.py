"""Pagination of lists: botocore's tables of tokens, and the operations that they lack."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jmespath

from ..core.dataclass import dataclass
from .service_models import models

_LEFT_OUT = {
    ("ce", "GetCostAndUsage"): {"input_token": "NextPageToken", "output_token": "NextPageToken"},
    ("cloudformation", "DescribeStackResourceDrifts"): {"input_token": "NextToken", "output_token": "NextToken"},
    ("logs", "DescribeAccountPolicies"): {"input_token": "nextToken", "output_token": "nextToken"},
    ("ecs", "ListServiceDeployments"): {"input_token": "nextToken", "output_token": "nextToken"},
}
"""Operations that return pages, for which botocore has no paginator."""


@dataclass(frozen=True)
class Paging:
    """`asked`: parameters that request the next page; `answered`: where an answer has them, in the same order.

    `more`: where an answer says whether there is a next page, if the service has this.
    """

    asked: tuple[str, ...]
    answered: tuple[str, ...]
    more: str = ""

    def following(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the next page, {} after the last; ValueError where it has no token."""
        says = jmespath.search(self.more, answer) if self.more else None
        if says is False:
            return {}
        tokens = zip(self.asked, (jmespath.search(one, answer) for one in self.answered), strict=True)
        told = {asked: token for asked, token in tokens if token}
        if says and not told:
            raise ValueError(f"{self.more} is true, but {self.answered[0]} is missing")
        return told


@functools.cache
def paging(service: str, operation: str) -> Paging:
    """How the operation's pages are requested; TypeError for an operation without pages."""
    told = _LEFT_OUT.get((service, operation)) or _tables(service).get(operation)
    if not told:
        raise TypeError(f"{service} {operation}: botocore has no paginator; use `call` with tokens")
    return Paging(_several(told["input_token"]), _several(told["output_token"]), told.get("more_results", ""))


def _tables(service: str) -> Mapping[str, Any]:
    from botocore.exceptions import DataNotFoundError

    try:
        tables: Mapping[str, Any] = models().load_service_model(service, "paginators-1")["pagination"]
    except DataNotFoundError:  # no such service, or none of its operations has pages
        return {}
    return tables


def _several(told: str | list[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)
