"""Nothing is paid for that nobody uses."""

from datetime import datetime, timedelta

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.unused import WEEK, Address, BalancerUse, DevUse, Volume
from opschecks.remedies.settings.ecs_dev import ScaleDevToZero

SLUG = "unused-resources"


@check(Severity.LOW, runbook=SLUG, failing="A volume is attached to nothing", may_be_empty=True)
def test_volumes_are_attached(unattached_volumes: list[Volume], stack: Stack, now: datetime, examine: Examine) -> None:
    """It is billed by its size, and holds data that nobody remembers."""
    limit = stack.limits.unattached_days
    for volume in unattached_volumes:
        with examine(volume) as note:
            note(str(volume))
            age = now - volume.made
            assert age <= timedelta(days=limit), f"attached to nothing; limit {plural(limit, 'day')}"


@check(Severity.LOW, runbook=SLUG, failing="An Elastic IP address is associated with nothing", may_be_empty=True)
def test_addresses_are_associated(elastic_addresses: list[Address], examine: Examine) -> None:
    """It is billed by the hour, and others may still send to it."""
    for address in elastic_addresses:
        with examine(address):
            assert address.is_used, "associated with nothing"


@check(Severity.LOW, runbook=SLUG, failing="A load balancer is idle", may_be_empty=True)
def test_load_balancers_have_traffic(balancer_use: list[BalancerUse], now: datetime, examine: Examine) -> None:
    """It is billed by the hour, and is a way into the network that nobody watches."""
    for balancer in balancer_use:
        with examine(balancer) as note:
            if now - balancer.made < WEEK:
                note(f"made {balancer.made:%Y-%m-%d}, less than a week ago")
                continue
            note(f"{balancer.traffic:,} requests or flows in a week")
            assert balancer.traffic, balancer.why_idle


@check(
    Severity.LOW,
    runbook="office-hours",
    failing="A non-production service runs outside office hours",
    remedy=ScaleDevToZero,
)
def test_dev_services_rest_outside_their_hours(dev_use: list[DevUse], stack: Stack, examine: Examine) -> None:
    """Nights and weekends are most of the week, and nobody uses what runs then."""
    limit = stack.limits.dev_hours_outside
    for service in dev_use:
        with examine(service) as note:
            note(f"{service.hours_outside:.1f} hours outside within a week, {plural(service.tasks, 'task')} now")
            assert not service.runs_outside_now, "it runs now, outside its hours"
            assert service.hours_outside <= limit, f"limit {plural(limit, 'hour')}"
