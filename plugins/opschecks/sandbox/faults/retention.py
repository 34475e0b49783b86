"""Faults of retention: what is kept for ever, and what is deleted although it is in use."""

from __future__ import annotations

from ..moto_server import backend
from ..seed import BUCKET
from ..seeds.retention import EVERYTHING, lifecycle, previews, tidy
from . import Sandbox, fault

_BUCKETS = ["test_buckets_let_go_what_nobody_needs"]
_SITE = ["test_lifecycle_leaves_the_dashboards_alone"]
_LOGS = ["test_log_groups_are_kept_as_long_as_wanted"]


@fault(caught_by=_BUCKETS)
def bucket_has_no_lifecycle(sandbox: Sandbox) -> None:
    """The dashboard bucket has no lifecycle configuration: S3 answers 404 when asked for it."""
    backend("s3", "aws").delete_bucket_lifecycle(BUCKET)


@fault(caught_by=_BUCKETS)
def lifecycle_rule_is_disabled(sandbox: Sandbox) -> None:
    """The rule that would delete old versions is Disabled."""
    lifecycle(tidy(Status="Disabled"))


@fault(caught_by=_BUCKETS)
def lifecycle_rule_holds_for_a_part(sandbox: Sandbox) -> None:
    """The rule that deletes old versions applies to assets/ only: old pages pile up."""
    lifecycle(tidy(Filter={"Prefix": "assets/"}))


@fault(caught_by=_BUCKETS)
def only_delete_markers_expire(sandbox: Sandbox) -> None:
    """Rules delete delete markers and unfinished uploads only: old versions stay for ever."""
    lifecycle(tidy(NoncurrentVersionExpiration=None, Expiration={"ExpiredObjectDeleteMarker": "true"}))


@fault(caught_by=["test_dashboard_bucket_keeps_what_is_overwritten"])
def old_versions_go_at_once(sandbox: Sandbox) -> None:
    """A rule deletes old versions in the dashboard bucket after a day."""
    lifecycle(tidy(NoncurrentVersionExpiration={"NoncurrentDays": 1}))


@fault(caught_by=_SITE)
def lifecycle_deletes_the_site(sandbox: Sandbox) -> None:
    """A rule that was meant for backups deletes every object of the dashboard bucket after 30 days."""
    lifecycle(tidy(), previews(Status="Enabled", Filter=EVERYTHING, Expiration={"Days": 30}))


@fault(caught_by=_SITE)
def lifecycle_freezes_the_site(sandbox: Sandbox) -> None:
    """A rule moves objects to Glacier after 90 days, from where they cannot be served."""
    lifecycle(tidy(Transition={"Days": 90, "StorageClass": "GLACIER"}))


@fault(caught_by=_LOGS)
def log_group_never_expires(sandbox: Sandbox) -> None:
    """A log group has no retention: it keeps everything for ever."""
    sandbox.backend("logs").delete_retention_policy(sandbox.stack.log_groups[0])


@fault(caught_by=_LOGS)
def log_group_forgets_at_once(sandbox: Sandbox) -> None:
    """A log group keeps its events for a day."""
    sandbox.backend("logs").put_retention_policy(sandbox.stack.log_groups[0], 1)
