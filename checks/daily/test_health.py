"""The backend answers in time and reports itself healthy."""

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.web.health import Health


@check(Severity.CRITICAL, runbook="backend-health", failing="The backend is unhealthy")
def test_backend_is_healthy(health: Health, stack: Stack, examine: Examine) -> None:
    """Everything that users do goes through the backend; when it is unhealthy, nothing else matters."""
    limits = stack.limits
    with examine(health) as note:
        took_ms, days_left = health.answer.latency_ms, health.certificate_days_left
        note(f"latency {took_ms:.0f} ms")
        if days_left is not None:
            least = plural(limits.certificate_days, "day")
            note(f"certificate valid for {plural(round(days_left), 'day')}", expected=f"at least {least}")
            assert days_left >= limits.certificate_days, f"limit {least}"
        assert health.answered_well, f"{health.answer.said}, expected 200 (or 204, without a body)"
        assert health.is_healthy, f"the body says {health.says!r}, which is not one of the stack's healthy_words"
        assert not health.sick_components, ", ".join(health.sick_components)
        assert took_ms <= limits.health_latency_ms, f"took {took_ms:.0f} ms, limit {limits.health_latency_ms:g} ms"
