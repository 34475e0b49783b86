"""Retention, stacks, workers, indexes and caching: what is looked at once a week, as real accounts have it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.cdn_caching import CACHING_OPTIMIZED, bucket_behaviors
from tests.aws import test_cdn_caching as cdn
from tests.aws import test_cloudformation as formation
from tests.aws import test_incident_archive as archive
from tests.aws import test_indexes as indexes
from tests.aws import test_retention as retention
from tests.aws import test_task_definitions as pool
from tests.canned import Aws, ago, weekly
from tests.canned_incidents import HERE
from tests.real.rows import Row, rows_by
from tests.real.tables import item, of_weeks, table

DOCS = "https://docs.aws.amazon.com/"
DYNAMODB = DOCS + "amazondynamodb/latest/APIReference/"
STATES = DOCS + "AWSCloudFormation/latest/UserGuide/view-stack-events.html"


def old_ones(*counts: int) -> Mapping[str, Any]:
    """The old incidents, counted in pages."""
    return {"old_incidents": archive.seen(*counts)[0], "stack": HERE}


LOG_GROUP = DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"
TRANSITION = DOCS + "AmazonS3/latest/API/API_Transition.html"
CONTAINER = DOCS + "AmazonECS/latest/APIReference/API_ContainerDefinition.html"
INDEX = DYNAMODB + "API_GlobalSecondaryIndexDescription.html"
QUERY = DYNAMODB + "API_Query.html"
kept = partial(rows_by(retention.groups_of, "log_groups"), retention.KEPT)
site = partial(rows_by(retention.at_site, "buckets"), retention.SITE)
stands = rows_by(formation.seen, "formation_stacks")
healthy = partial(stands, formation.checks.test_cloudformation_stacks_are_healthy)
drifted = partial(stands, formation.checks.test_cloudformation_stacks_have_not_drifted)
workers = partial(rows_by(pool.seen, "pool_settings"), pool.CHECK)
archived = partial(rows_by(old_ones), archive.check)
index = partial(rows_by(indexes.seen, "indexes"), indexes.CHECK)
cached = partial(rows_by(bucket_behaviors, "bucket_behaviors"), cdn.checks.test_cdn_is_set_to_cache_and_compress)
ROWS = {
    "a log group of the class DELIVERY, of which AWS tells no retention": kept(
        "passed", LOG_GROUP, retention.group(days=None, logGroupClass="DELIVERY"), says="AWS keeps its events for a day"
    ),
    "a log group of the class INFREQUENT_ACCESS, kept for a month": kept(
        "passed", LOG_GROUP, retention.group(logGroupClass="INFREQUENT_ACCESS")
    ),
    "a log group that a Lambda function made, kept for ever": kept("failed", LOG_GROUP, retention.group(days=None)),
    "a site whose objects move to INTELLIGENT_TIERING on the first day": site(
        "passed", TRANSITION, retention.moves("INTELLIGENT_TIERING", Days=0)
    ),
    "a site from which only delete markers without versions are removed": site(
        "passed",
        DOCS + "AmazonS3/latest/API/API_LifecycleExpiration.html",
        retention.expires(ExpiredObjectDeleteMarker=True),
    ),
    "a site whose objects go to GLACIER after a month": site("failed", TRANSITION, retention.moves("GLACIER", Days=30)),
    "a stack whose old resources are still being cleaned up after an update": healthy(
        "passed",
        STATES,
        formation.summary(StackStatus="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", LastUpdatedTime=ago(minutes=20)),
    ),
    "a stack into which resources were imported": healthy(
        "passed", STATES, formation.summary(StackStatus="IMPORT_COMPLETE")
    ),
    "a stack whose roll-back failed": healthy(
        "failed", STATES, formation.summary(StackStatus="UPDATE_ROLLBACK_FAILED")
    ),
    "a stack of which nobody ever detected drift": drifted(
        "blind",
        DOCS + "AWSCloudFormation/latest/APIReference/API_StackDriftInformationSummary.html",
        formation.summary(**formation.drift("NOT_CHECKED")),
    ),
    "workers that are set by the code": workers("passed", CONTAINER, pool.container()),
    "workers set in the container beside a side-car without any": workers(
        "passed", CONTAINER, pool.container("proxy"), pool.env()
    ),
    "workers that come from a secret": workers(
        "blind",
        DOCS + "AmazonECS/latest/APIReference/API_Secret.html",
        pool.container(secrets=[{"name": "WEB_CONCURRENCY", "valueFrom": "arn"}]),
    ),
    "old incidents in pages of which one is empty": archived("passed", QUERY, 60, 0, 39),
    "a table without old incidents": archived("passed", QUERY, 0),
    "old incidents that pile up": archived("failed", QUERY, 60, 41),
    "an index whose capacity is being changed": index("passed", INDEX, indexes.index(IndexStatus="UPDATING")),
    "an index that is being filled": index("failed", INDEX, indexes.index(IndexStatus="CREATING", Backfilling=True)),
    "the same incident twice within a week": Row(
        weekly("incident_weeks").test_no_incident_keeps_coming_back,
        lambda: of_weeks(table(), item(hours=3), item(hours=90)),
        "passed",
        DYNAMODB + "API_Scan.html",
    ),
    "a behavior with a cache policy of the account that keeps brotli alone": cached(
        "passed",
        DOCS + "cloudfront/latest/APIReference/API_ParametersInCacheKeyAndForwardedToOrigin.html",
        Aws({("cloudfront", "GetCachePolicy"): cdn.own(gzip=False)}),
        [cdn.seen(cdn.config(cdn.behavior(CachePolicyId=cdn.OWN_POLICY)))],
    ),
    "an S3 origin in another partition's domain, with the managed policy": cached(
        "passed",
        DOCS + "AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html",
        Aws({}),
        [
            cdn.seen(
                {
                    **cdn.config(cdn.behavior(CachePolicyId=CACHING_OPTIMIZED)),
                    "Origins": {
                        "Quantity": 1,
                        "Items": [{"Id": "site", "DomainName": "site.s3.cn-north-1.amazonaws.com.cn"}],
                    },
                }
            )
        ],
    ),
}
