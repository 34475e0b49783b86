"""Concurrency of Lambda: functions do not use up what is reserved for them, nor the account what all others share."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from opschecks import (  # fmt: skip
    Aws,
    CouldNotLook,
    Examine,
    Metric,
    Resource,
    Series,
    Severity,
    Stack,
    Unread,
    check,
    each_alone,
    fault,
    fetch_metrics,
    limit,
    observation,
    seen,
)

RESERVED = limit("lambda_reserved_percent", 90, "how much of its reserved concurrency a function may use at its peak")
FEW = limit("lambda_reserved_few", 10, "a reservation below this only holds a function back, and may be used up")
SHARED = limit("lambda_shared_percent", 80, "how much of the concurrency that functions share the account may use")
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Concurrency(Resource):
    """What a function has reserved, or what the account's others share; `used` is the peak of each five minutes."""

    used: Series | CouldNotLook | None = None
    claimed: Series | CouldNotLook | None = None
    """Of the account: what calls on demand cannot have – these now, and all that is reserved or provisioned."""

    @property
    def peak(self) -> float:
        """The most at once within a day; Lambda writes no points while nobody invokes anything."""
        return max((value for _, value in seen(self.used).points), default=0.0) if self.used else 0.0

    @property
    def tightest(self) -> tuple[float, float]:
        """How much was used, and of how much, when the account's shared concurrency was nearest to its end.

        What is provisioned is not shared, however little of it is used. Without data of what is claimed, all that is
        not reserved is taken to be shared.
        """
        kept, most = int(self.evidence["UnreservedConcurrentExecutions"]), int(self.evidence["ConcurrentExecutions"])
        claimed = dict(seen(self.claimed).points) if self.claimed else {}
        points = seen(self.used).points if self.used else ()
        some = [(used, min(kept, most - (claimed[at] - used)) if at in claimed else kept) for at, used in points]
        return max(some, key=lambda one: one[0] / max(one[1], 1), default=(0.0, kept))


@observation(allow=["lambda:GetFunctionConcurrency", "cloudwatch:GetMetricData"])
def reserved_concurrency(aws: Aws, lambda_functions: list[Any], now: datetime) -> list[Concurrency]:
    """What the stack's functions have reserved. Sources: API_GetFunctionConcurrency, "Monitoring concurrency"."""

    def read(one: Any) -> Concurrency:
        told = aws.call("lambda", "GetFunctionConcurrency", FunctionName=one.evidence["FunctionName"])
        return Concurrency(arn=one.arn, name=one.name, evidence=told)

    def unread(one: Any, why: CouldNotLook) -> Concurrency:
        return Concurrency(arn=one.arn, name=one.name, evidence=Unread(why))

    found = each_alone(read, lambda_functions, unread)
    some = [one for one in found if not isinstance(one.evidence, Unread) and _reserved(one)]
    asked = [_metric(one.name, "ConcurrentExecutions", (("FunctionName", one.name),)) for one in some]
    told = fetch_metrics(aws, asked, now - DAY, now)
    return [replace(one, used=told.get((one.name, "ConcurrentExecutions"))) for one in found]


def _reserved(one: Concurrency) -> int | None:
    return one.evidence.get("ReservedConcurrentExecutions")  # AWS leaves it out where nothing is reserved


def _metric(subject: str, measure: str, of: tuple[tuple[str, str], ...] = ()) -> Metric:
    return Metric(subject, measure, "AWS/Lambda", measure, of, "Maximum", 300, "at once")


@observation(allow=["lambda:GetAccountSettings", "cloudwatch:GetMetricData"])
def shared_concurrency(aws: Aws, lambda_functions: list[Any], now: datetime) -> list[Concurrency]:
    """What functions without a reservation share in account and region.

    Sources: API_AccountLimit; "Monitoring concurrency", by which ClaimedAccountConcurrency is
    UnreservedConcurrentExecutions and all that is reserved and provisioned: no call on demand can have it.
    """
    told = aws.call("lambda", "GetAccountSettings")["AccountLimit"]
    name, measures = "Lambda's shared concurrency", ("UnreservedConcurrentExecutions", "ClaimedAccountConcurrency")
    counts = fetch_metrics(aws, [_metric(name, measure) for measure in measures], now - DAY, now)
    used, claimed = (counts[name, measure] for measure in measures)
    arn = f"lambda/{aws.region}/shared-concurrency"
    found = Concurrency(arn=arn, name=name, evidence=told, used=used, claimed=claimed)
    return [found] if lambda_functions else []


@check(Severity.HIGH, runbook="functions", failing="A Lambda function uses up its reserved concurrency")
def test_functions_stay_within_their_reservation(
    reserved_concurrency: list[Concurrency], stack: Stack, examine: Examine
) -> None:
    """What goes beyond it is refused, however much the account has left; with none, everything is."""
    for one in reserved_concurrency:
        with examine(one) as note:
            kept, most = _reserved(one), RESERVED.of(stack, one)
            note("nothing is reserved" if kept is None else f"{one.peak:g} of {kept} reserved at its peak of a day")
            assert kept != 0, "every invocation is refused"
            few = FEW.of(stack, one)
            assert kept is None or kept < few or 100 * one.peak <= most * kept, f"limit {most:g} %"


@check(Severity.HIGH, runbook="functions", failing="Lambda's shared concurrency is nearly used up", may_be_empty=True)
def test_shared_concurrency_is_to_spare(shared_concurrency: list[Concurrency], stack: Stack, examine: Examine) -> None:
    """Any function of the account may use it up, and then all that have nothing reserved are throttled."""
    for one in shared_concurrency:
        with examine(one) as note:
            (used, shared), most = one.tightest, SHARED.of(stack, one)
            total = one.evidence["ConcurrentExecutions"]
            if total > shared:
                note(f"{total - shared:g} of the account's {total:g} are reserved or provisioned")
            note(f"{used:g} of {shared:g} at its peak of a day")
            assert 100 * used <= most * shared, f"limit {most:g} %"


@fault(caught_by=["test_functions_stay_within_their_reservation"])
def function_uses_up_its_reservation(sandbox: Any) -> None:
    """A function got slower, and needs all that is reserved for it."""
    name = sandbox.stack.resources["functions"][0]
    sandbox.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=20)
    sandbox.metric("AWS/Lambda", "ConcurrentExecutions", 20, DAY / 4, FunctionName=name)


@fault(caught_by=["test_shared_concurrency_is_to_spare"])
def shared_concurrency_is_nearly_used_up(sandbox: Any) -> None:
    """A neighbour in the account invokes itself."""
    sandbox.metric("AWS/Lambda", "UnreservedConcurrentExecutions", 960, DAY / 4)
