"""Concurrency of Lambda as real accounts have it: reserved or not, switched off, single workers, a small account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, daily, stack
from tests.canned_metrics import Points, by_metric
from tests.real.rows import Row

functions, checks = daily("lambda"), daily("lambda_concurrency")
KEPT, SHARED = checks.test_functions_stay_within_their_reservation, checks.test_shared_concurrency_is_to_spare
DOCS = "https://docs.aws.amazon.com/lambda/latest/"
RESERVED = f"{DOCS}dg/configuration-concurrency.html"
METRICS = f"{DOCS}dg/monitoring-concurrency.html"
API = f"{DOCS}api/API_AccountLimit.html"
DENIED = CouldNotLook("lambda:GetFunctionConcurrency", "AccessDenied: no", action="lambda:GetFunctionConcurrency")
ONE = functions.Function(
    arn=f"arn:aws:lambda:{ACCOUNT}:function:web", name="web", evidence={"FunctionName": "web"}, counts={}
)


def aws_of(
    answers: Mapping[tuple[str, str], Any], used: tuple[float, ...], claimed: Sequence[float | None] = ()
) -> Aws:
    def points(query: Any) -> Points:
        values = claimed if query["MetricStat"]["Metric"]["MetricName"] == "ClaimedAccountConcurrency" else used
        return [(ago(hours=hours), value) for hours, value in enumerate(values, 1) if value is not None]

    return Aws({**answers, ("cloudwatch", "GetMetricData"): by_metric(points)})


def reserved(answer: Raw | CouldNotLook, *used: float, limits: Raw | None = None) -> Mapping[str, Any]:
    """What the check is given of a function whose reservation is told so, and used so in the last hours."""
    here = stack()
    if limits:
        here = here.model_copy(update={"limits": here.limits.model_copy(update={"own": limits})})
    aws = aws_of({("lambda", "GetFunctionConcurrency"): answer}, used)
    return {"reserved_concurrency": checks.reserved_concurrency(aws, [ONE], NOW), "stack": here}


def kept(most: int) -> Raw:
    return {"ReservedConcurrentExecutions": most}


def shared(most: int, *used: float, claimed: Sequence[float | None] = ()) -> Mapping[str, Any]:
    """What the check is given of an account whose functions share so much, and used so much in the last hours.

    `claimed`: what calls on demand could not have in these hours.
    """
    told = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": most}}
    aws = aws_of({("lambda", "GetAccountSettings"): told}, used, claimed)
    return {"shared_concurrency": checks.shared_concurrency(aws, [ONE], NOW), "stack": stack()}


ROWS = {
    "nothing is reserved": Row(KEPT, lambda: reserved({}), "passed", RESERVED, "nothing is reserved"),
    "half of it is used": Row(KEPT, lambda: reserved(kept(100), 20, 50), "passed", METRICS, "50 of 100 reserved"),
    "nobody invokes it": Row(KEPT, lambda: reserved(kept(100)), "passed", METRICS, "0 of 100"),
    "all of it was used at night": Row(KEPT, lambda: reserved(kept(100), 3, 100), "failed", METRICS, "limit 90 %"),
    "a single worker, which is always busy": Row(KEPT, lambda: reserved(kept(1), 1, 1), "passed", RESERVED),
    "held to five at once on purpose": Row(KEPT, lambda: reserved(kept(5), 5), "passed", RESERVED),
    "held to fifty on purpose, as its limit says": Row(
        KEPT, lambda: reserved(kept(50), 50, limits={"lambda_reserved_few": 51}), "passed", RESERVED
    ),
    "switched off": Row(KEPT, lambda: reserved(kept(0)), "failed", RESERVED, "every invocation is refused"),
    "the account has room": Row(SHARED, lambda: shared(900, 120, 300), "passed", METRICS, "300 of 900"),
    "nobody has invoked anything": Row(SHARED, lambda: shared(1000), "passed", METRICS),
    "most of it is reserved, and the rest is hardly used": Row(SHARED, lambda: shared(100, 30), "passed", API),
    "a new account with little, nearly used": Row(SHARED, lambda: shared(10, 9), "failed", API, "limit 80 %"),
    "what is provisioned is not shared": Row(
        SHARED, lambda: shared(1000, 20, 399, claimed=[620, 999]), "failed", METRICS, "399 of 400"
    ),
    "much is provisioned, and the rest is hardly used": Row(
        SHARED, lambda: shared(1000, 20, 100, claimed=[620, 700]), "passed", METRICS, "100 of 400"
    ),
    "most is reserved, which claims it": Row(
        SHARED, lambda: shared(100, 30, claimed=[930]), "passed", METRICS, "30 of 100"
    ),
    "more is provisioned by day, when less is used than at night": Row(
        SHARED, lambda: shared(1000, 500, 390, claimed=[500, 990]), "failed", METRICS, "390 of 400"
    ),
    "an hour without data of what is claimed": Row(
        SHARED, lambda: shared(1000, 399, 20, claimed=[None, 620]), "passed", METRICS, "399 of 1000"
    ),
    "it was nearly used up": Row(SHARED, lambda: shared(1000, 40, 960), "failed", METRICS, "960 of 1000"),
}
