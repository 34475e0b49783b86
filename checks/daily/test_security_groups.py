"""Only intended traffic is let in."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.ec2 import SecurityGroup
from opschecks.remedies.settings.ec2 import RevokeIngress


@check(
    Severity.CRITICAL,
    runbook="security-groups",
    failing="A security group lets in more than allowed",
    remedy=RevokeIngress,
)
def test_ingress_is_no_wider_than_allowed(guarded_groups: list[SecurityGroup], stack: Stack, examine: Examine) -> None:
    """A port that was opened for a quick look is found by scanners within minutes, and stays open."""
    for group in guarded_groups:
        with examine(group):
            wider = group.wider_than(stack.ingress)
            assert not wider, ", ".join(map(str, wider))
