"""A stack that names everything a policy can be limited to, and every action that anything of ours declares."""

from __future__ import annotations

from collections.abc import Iterator

from opschecks.aws.places import Places
from opschecks.cli.policy import STATE
from opschecks.core.observation import REGISTRY
from opschecks.drills import all_drills
from opschecks.hooks.fixtures import import_observations
from opschecks.remedies import all_remedies
from tests.canned import stack
from tests.fault_groups import seen
from tests.scratch import ROOT

REMEDIES = all_remedies()
seen()  # what files of checks declare besides
VERTICALS = {name for name, one in REGISTRY.items() if str(ROOT / "checks") in one.function.__code__.co_filename}
FULL = stack(
    account_id="123456789012",
    cluster="shop",
    services=["web"],
    dev_services=["dev/web"],
    load_balancer="shop",
    tables=["orders"],
    incidents_table="incidents",
    log_groups=["/ecs/shop"],
    security_groups=["sg-0123456789abcdef0"],
    alarm_prefix="shop-",
    buckets=["shop-exports"],
    dashboard_bucket="shop-site",
    distribution_id="E2EXAMPLE",
    archive="s3://shop-archive/incidents",
    backups="s3://shop-backups/full",
    state="s3://shop-state/opschecks",
    cloudformation_stack="Shop",
    tags={"stack": "shop"},
    iam_users=["shop-*"],
    rotated_keys=[{"user": "ci", "secret": "shop/ci"}],
    log_searches=[{"group": "/ecs/*", "by": "insights"}, {"group": "*", "by": "metric", "metric": "Shop/Errors"}],
    flow_log_role="arn:aws:iam::123456789012:role/flow-logs",
    resources={
        "queues": ["orders"],
        "certificates": ["a.test"],
        "functions": ["receipts"],
        "quotas": ["ecs/L-1"],
        "databases": ["shop"],
    },
)
PLACES = Places(FULL)


def declared() -> Iterator[tuple[str, str]]:
    """Every action that anything declares, with the name of what does."""
    import_observations()
    for name, observation in REGISTRY.items():
        if str(ROOT / "plugins") in observation.function.__code__.co_filename or name in VERTICALS:
            yield from ((name, action) for action in observation.allow)
    for name, remedy in REMEDIES.items():
        if remedy.__module__.startswith("opschecks."):
            yield from ((name, action) for action in remedy.all_allow())
    for name, drill in all_drills().items():
        yield from ((name, action) for action in drill.allow)
    yield from (("state", action) for action in STATE)


DECLARED = sorted(set(declared()))
