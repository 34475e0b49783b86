"""What is paid for, how services scaled, and what the site serves, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.cloudfront import Distribution, invalidations
from opschecks.aws.costs import service_costs, total_cost
from opschecks.aws.unused import elastic_addresses, unattached_volumes
from opschecks.core.answer import Answer
from opschecks.web.http import Response
from opschecks.web.site_objects import site_objects
from tests.aws import test_costs as costs
from tests.aws import test_scaling_activities as scaling
from tests.aws import test_unused as unused
from tests.canned import Aws, Raw, checks_of, names, stack
from tests.canned_site import invalidation, item, listing, page, told_of
from tests.real.rows import Row, rows_by

DOCS = "https://docs.aws.amazon.com/"
USAGE = DOCS + "aws-cost-management/latest/APIReference/API_GetCostAndUsage.html"
ELB = DOCS + "elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
ACTIVITY = DOCS + "autoscaling/application/APIReference/API_ScalingActivity.html"
NOT_SCALED = DOCS + "autoscaling/application/APIReference/API_NotScaledReason.html"
INVALIDATION = DOCS + "cloudfront/latest/APIReference/API_InvalidationList.html"


def total(**usd: costs.Day) -> Mapping[str, Any]:
    """The bill of an account that pays so much a day."""
    return {"total_cost": total_cost(stack(), costs.seen(**usd)), "stack": stack()}


def by_service(**usd: costs.Day) -> Mapping[str, Any]:
    """The same, by service."""
    return {"service_costs": service_costs(costs.seen(**usd)), "stack": stack()}


def volumes(*raw: Raw) -> Mapping[str, Any]:
    """The unattached volumes."""
    return {"unattached_volumes": unattached_volumes(stack(), Aws({("ec2", "DescribeVolumes"): {"Volumes": [*raw]}}))}


def addresses(**more: Any) -> Mapping[str, Any]:
    """An Elastic IP address."""
    aws = Aws({("ec2", "DescribeAddresses"): {"Addresses": [unused.address("1", **more)]}})
    return {"elastic_addresses": elastic_addresses(stack(), aws)}


def site(served: str | None, status: int = 200) -> Mapping[str, Any]:
    """An object of the bucket, whose ETag is "1f", and the ETag with which the CDN serves it."""

    class Http:
        def head(self, url: str, timeout_s: float) -> Response:
            return Response(url, status, 9.0, headers={"ETag": served} if served else {})

    http: Any = Http()
    aws = Aws({("s3", "ListObjectsV2"): page(item(etag="1f"))})
    front = Distribution(arn="d", name="E2EXAMPLE", evidence=Answer(told_of("site.s3.us-west-2.amazonaws.com")))
    return {"site_objects": site_objects(stack(dashboard_url="https://site.example.com"), aws, http, front)}


def invalidated(*statuses: str) -> Mapping[str, Any]:
    """The invalidations of the distribution."""
    answer = listing(*(invalidation(n, one, minutes=9) for n, one in enumerate(statuses)))
    aws = Aws({("cloudfront", "ListInvalidations"): answer})
    return {"invalidations": invalidations(aws, names(distributions=("E2EXAMPLE",)))}


def weeks(*activities: Raw) -> Mapping[str, Any]:
    """A service's scaling activities."""
    return {"scaling_week": scaling.seen(*activities), "stack": stack()}


COST = costs.checks
HELD, FLAPS, FAILS = (
    scaling.checks.test_scaling_is_not_held_at_its_maximum,
    scaling.checks.test_scaling_does_not_flap,
    scaling.checks.test_scaling_attempts_succeed,
)
unusual = partial(rows_by(by_service), COST.test_no_service_costs_unusually_much)
idle = partial(rows_by(unused.used, "balancer_use"), unused.checks.test_load_balancers_have_traffic)
attached = partial(rows_by(volumes), unused.checks.test_volumes_are_attached)
scaled = rows_by(weeks)
AFTER = checks_of("deploy/after", "dashboard")
served = partial(rows_by(site), AFTER.test_site_serves_what_the_bucket_holds)
finished = partial(rows_by(invalidated), AFTER.test_invalidations_are_finished)
ROWS = {
    "an account without a budget of its own": Row(
        COST.test_month_stays_within_budget, lambda: total(S3=costs.steady(10)), "passed", USAGE, "no budget is set"
    ),
    "costs that grow by a tenth": Row(
        COST.test_week_costs_no_more_than_the_last, lambda: total(S3=costs.last_week(100, 110)), "passed", USAGE
    ),
    "a fee that is charged on the same day of each month": unusual(
        "passed", USAGE, Support=costs.on(0.01, d2026_10_19=100, d2026_11_19=100)
    ),
    "a service that costs some cents for the first time": unusual(
        {"S3": "passed", "Glue": "passed"}, USAGE, S3=costs.steady(40), Glue=costs.on(0, d2026_11_20=0.4)
    ),
    "a service that costs ten times as much on one day": unusual("failed", USAGE, S3=costs.on(40, d2026_11_20=400)),
    "a load balancer that only redirects": idle("passed", ELB, unused.balancer(), {"HTTP_Redirect_Count": unused.DAY}),
    "a network load balancer, which counts flows": idle(
        "passed",
        DOCS + "elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html",
        unused.balancer(kind="network"),
        {"NewFlowCount": unused.DAY},
    ),
    "a load balancer that nobody has asked for anything within a week": idle(
        "failed", ELB, unused.balancer(), {}, unused.groups(1), says="1 registered target"
    ),
    "an address of a NAT gateway that AWS manages": Row(
        unused.checks.test_addresses_are_associated,
        lambda: addresses(ServiceManaged="rnat"),
        "passed",
        DOCS + "AWSEC2/latest/APIReference/API_Address.html",
    ),
    "a volume that was detached for a resize": attached(
        "passed", DOCS + "AWSEC2/latest/APIReference/API_Volume.html", unused.volume(days=1)
    ),
    "nothing is unattached": attached("nothing", DOCS + "AWSEC2/latest/APIReference/API_DescribeVolumes.html"),
    "attempts that ended because it was at its minimum": scaled(
        FAILS,
        "passed",
        NOT_SCALED,
        scaling.not_scaled(2, "AlreadyAtMinCapacity"),
        scaling.not_scaled(9, "AlreadyAtDesiredCapacity"),
    ),
    "a schedule that changes the bounds in the morning and in the evening": scaled(
        FLAPS,
        "passed",
        ACTIVITY,
        *(
            scaling.activity(hours, Description=f"Setting min capacity to {low} and max capacity to 20")
            for hours, low in ((34, 4), (26, 1), (10, 4), (2, 1))
        ),
        says="turns within its worst 24 hours: 0",
    ),
    "scaling in that was left out so as not to flap": scaled(
        HELD,
        "passed",
        NOT_SCALED,
        *(scaling.not_scaled(hours, "AutoScalingAnticipatedFlapping") for hours in (2, 3, 4)),
    ),
    "a subnet without free addresses": scaled(
        FAILS, "failed", ACTIVITY, scaling.activity(2, **scaling.FAILED), says="1 attempt failed"
    ),
    "an object that the CDN compresses, and whose ETag is weak for it": served(
        "passed", DOCS + "AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html", 'W/"1f"'
    ),
    "an object of which an edge location has yesterday's": served(
        "failed", DOCS + "AmazonCloudFront/latest/DeveloperGuide/Invalidation.html", '"2e"'
    ),
    "an object that is served without an ETag": served("blind", DOCS + "AmazonS3/latest/API/API_Object.html", None),
    "a distribution that was never invalidated": finished("nothing", INVALIDATION),
    "an invalidation that every edge location has completed": finished("passed", INVALIDATION, "Completed"),
    "an invalidation under way": finished("failed", INVALIDATION, "InProgress"),
}
