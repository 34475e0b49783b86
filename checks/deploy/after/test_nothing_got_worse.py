"""After a deploy: nothing is worse than the gate saw before it."""

from opschecks import Examine, Severity, check
from opschecks.aws.gate_snapshot import SinceTheGate
from opschecks.remedies.settings.ecs import RollBackAfterErrors


@check(
    Severity.CRITICAL,
    runbook="high-error-rate",
    failing="Something got worse with the deploy",
    remedy=RollBackAfterErrors,
)
def test_nothing_got_worse(since_the_gate: list[SinceTheGate], examine: Examine) -> None:
    """A deployment that settles can still be a bad one: its users know before its counts do."""
    for one in since_the_gate:
        with examine(one) as note:
            note(f"before: {one.before}, now: {one.now}")
            assert not one.worse, one.worse
