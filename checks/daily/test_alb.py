"""The load balancer has healthy targets, which answer quickly and without errors."""

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.elbv2 import TargetHealth, told
from opschecks.aws.traffic import BalancerErrors, Traffic
from opschecks.remedies.settings.ecs import RollBackAfterErrors


@check(Severity.CRITICAL, runbook="backend-health", failing="Targets behind the load balancer are not healthy")
def test_targets_are_healthy(served_groups: list[TargetHealth], examine: Examine) -> None:
    """Only healthy targets get requests; without any, every request is a 503."""
    for group in served_groups:
        with examine(group) as note:
            if group.not_judged:
                note(group.not_judged)
                continue
            ill = group.ill
            note(f"{len(group.in_state('healthy'))} of {len(group.targets)} targets are healthy")
            assert group.in_state("healthy"), group.why_none
            assert not ill, told(ill)


@check(
    Severity.CRITICAL,
    runbook="high-error-rate",
    failing="Too many server errors",
    remedy=RollBackAfterErrors,
)
def test_server_errors_are_rare(
    traffic: list[Traffic], balancer_errors: list[BalancerErrors], stack: Stack, examine: Examine
) -> None:
    """A 5xx is a user's request that we lost; those of the load balancer itself count as well."""
    measured: list[Traffic | BalancerErrors] = [*traffic, *balancer_errors]
    for one in measured:
        with examine(one) as note:
            if not one.speaks_http:
                note("a network load balancer: it answers nothing itself")
                continue
            limit = stack.limits.of(one).errors_5xx_per_minute
            if shared := one.shared_5xx(limit):
                note(shared)
                continue
            worst = one.errors_5xx_per_minute
            note(f"peaked at {worst:g} 5xx in a minute of the last hour", expected=f"at most {limit} a minute")
            assert worst <= limit, f"limit {limit} per minute"


@check(Severity.HIGH, runbook="memory-and-latency", failing="Responses are slow")
def test_responses_are_quick(
    traffic: list[Traffic], balancer_errors: list[BalancerErrors], stack: Stack, examine: Examine
) -> None:
    """One in twenty users waits longer than the p95; an average hides them."""
    for balancer in (one for one in balancer_errors if one.unread or not one.speaks_http):
        with examine(balancer) as note:
            note(balancer.has_no_times)
    for group in traffic:
        with examine(group) as note:
            limits = stack.limits.of(group)
            limit = limits.response_time_p95_ms
            if (requests := group.requests_last_hour) == 0:
                note("no request in the last hour")
                continue
            worst = group.p95_ms(limits.response_time_samples, limit)
            if worst is None:
                note(f"{plural(requests, 'request')} in the last hour: too few for a p95 (limit response_time_samples)")
                continue
            note(f"p95 peaked at {worst:.0f} ms in the last hour", expected=f"at most {limit:g} ms")
            assert worst <= limit, f"limit {limit:g} ms"
