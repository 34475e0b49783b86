"""Faults of unused resources: a volume, an address, a load balancer, a service that runs at night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..seeds.unused import ran
from ..series import periods
from . import Sandbox, fault


@fault(caught_by=["test_volumes_are_attached"])
def volume_was_left_behind(sandbox: Sandbox) -> None:
    """A volume of 200 GiB is left over from an instance that was terminated."""
    made: Any = sandbox.backend("ec2").create_volume(size=200, zone_name=f"{sandbox.region}a", volume_type="gp3")
    made.create_time = sandbox.now - timedelta(days=60)


@fault(caught_by=["test_addresses_are_associated"])
def address_was_left_behind(sandbox: Sandbox) -> None:
    """An Elastic IP address is allocated and not associated."""
    sandbox.backend("ec2").allocate_address("vpc")


@fault(caught_by=["test_load_balancers_have_traffic"])
def load_balancer_is_idle(sandbox: Sandbox) -> None:
    """A load balancer of last year's demo still exists, without any targets."""
    subnets = list(sandbox.seeded.subnets)
    [made] = sandbox.client("elbv2").create_load_balancer(Name="last-years-demo", Subnets=subnets)["LoadBalancers"]
    sandbox.backend("elbv2").load_balancers[made["LoadBalancerArn"]].created_time = sandbox.now - timedelta(days=300)


@fault(caught_by=["test_dev_services_rest_outside_their_hours"])
def dev_service_ran_through_the_night(sandbox: Sandbox) -> None:
    """The development service ran for three days and nights; it has been stopped since."""
    last = sandbox.now - timedelta(hours=1)
    ran(sandbox, [time for time in periods(sandbox.now, timedelta(days=3)) if time < last])
