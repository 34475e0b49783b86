"""Data that is no longer needed is deleted, and nothing else is."""

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.log_groups import LogGroup
from opschecks.aws.s3_lifecycle import Bucket
from opschecks.remedies.settings.logs import PutRetention
from opschecks.remedies.settings.s3_lifecycle import PutLifecycle

SLUG = "retention-and-lifecycle"


@check(Severity.LOW, runbook=SLUG, failing="A bucket keeps data longer than allowed", remedy=PutLifecycle)
def test_buckets_let_go_what_nobody_needs(buckets: list[Bucket], stack: Stack, examine: Examine) -> None:
    """Old versions and parts of unfinished uploads appear in no listing, and are billed every month."""
    for bucket in buckets:
        with examine(bucket) as note:
            assert bucket.exists, "the bucket does not exist"
            note(f"{len(bucket.rules)} lifecycle rules, versioning {bucket.versioning.lower()}")
            lacking = bucket.lacks(stack)
            assert not lacking, "; ".join(lacking)


@check(Severity.HIGH, runbook=SLUG, failing="A lifecycle rule deletes the dashboards", may_be_empty=True)
def test_lifecycle_leaves_the_dashboards_alone(buckets: list[Bucket], examine: Examine) -> None:
    """A rule that was meant for backups empties the site one night, although nobody deployed anything."""
    for bucket in buckets:
        if bucket.site is not None:
            with examine(bucket) as note:
                assert bucket.exists, "the bucket does not exist"
                note(f"{len(bucket.rules)} lifecycle rules")
                assert not bucket.harms_to_site, "; ".join(bucket.harms_to_site)


@check(Severity.LOW, runbook=SLUG, failing="A log group is kept too long or not long enough", remedy=PutRetention)
def test_log_groups_are_kept_as_long_as_wanted(log_groups: list[LogGroup], stack: Stack, examine: Examine) -> None:
    """Logs that never expire cost more every month; those that expire too soon are gone when they are asked for."""
    for group in log_groups:
        with examine(group) as note:
            limits = stack.limits.of(group)
            low, high = limits.log_retention_days_min, limits.log_retention_days_max
            assert group.exists, "the log group does not exist"
            if group.fixed_retention:
                note(group.fixed_retention)
                continue
            days = group.retention_days
            note("kept forever" if days is None else f"kept for {plural(days, 'day')}")
            assert days is not None, f"limit {plural(high, 'day')}"
            assert low <= days <= high, f"expected {low:g} to {plural(high, 'day')}"
