"""Retention, stacks, workers, indexes and caching: what is looked at once a week, as real accounts have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.cdn_caching import CACHING_OPTIMIZED, bucket_behaviors
from tests.aws import test_cdn_caching as cdn
from tests.aws import test_cloudformation as formation
from tests.aws import test_incident_archive as archive
from tests.aws import test_indexes as indexes
from tests.aws import test_retention as retention
from tests.aws import test_task_definitions as pool
from tests.canned import Aws, ago, weekly
from tests.real.rows import Row
from tests.real.tables import item, of_weeks, table

DOCS = "https://docs.aws.amazon.com/"
DYNAMODB = DOCS + "amazondynamodb/latest/APIReference/"
STATES = DOCS + "AWSCloudFormation/latest/UserGuide/view-stack-events.html"


def old_ones(*counts: int) -> Mapping[str, Any]:
    """The old incidents, counted in pages."""
    return {"old_incidents": archive.seen(*counts)[0], "stack": archive.HERE}


KEPT, SITE = retention.KEPT, retention.SITE
HEALTHY, DRIFT = (
    formation.checks.test_cloudformation_stacks_are_healthy,
    formation.checks.test_cloudformation_stacks_have_not_drifted,
)
LOG_GROUP = DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"
TRANSITION = DOCS + "AmazonS3/latest/API/API_Transition.html"
CONTAINER = DOCS + "AmazonECS/latest/APIReference/API_ContainerDefinition.html"
INDEX = DYNAMODB + "API_GlobalSecondaryIndexDescription.html"
QUERY = DYNAMODB + "API_Query.html"
ROWS = {
    "a log group of the class DELIVERY, of which AWS tells no retention": Row(
        KEPT,
        lambda: {"log_groups": retention.groups_of(retention.group(days=None, logGroupClass="DELIVERY"))},
        "passed",
        LOG_GROUP,
        "AWS keeps its events for a day",
    ),
    "a log group of the class INFREQUENT_ACCESS, kept for a month": Row(
        KEPT,
        lambda: {"log_groups": retention.groups_of(retention.group(logGroupClass="INFREQUENT_ACCESS"))},
        "passed",
        LOG_GROUP,
    ),
    "a log group that a Lambda function made, kept for ever": Row(
        KEPT, lambda: {"log_groups": retention.groups_of(retention.group(days=None))}, "failed", LOG_GROUP
    ),
    "a site whose objects move to INTELLIGENT_TIERING on the first day": Row(
        SITE,
        lambda: {"buckets": retention.at_site(retention.moves("INTELLIGENT_TIERING", Days=0))},
        "passed",
        TRANSITION,
    ),
    "a site from which only delete markers without versions are removed": Row(
        SITE,
        lambda: {"buckets": retention.at_site(retention.expires(ExpiredObjectDeleteMarker=True))},
        "passed",
        DOCS + "AmazonS3/latest/API/API_LifecycleExpiration.html",
    ),
    "a site whose objects go to GLACIER after a month": Row(
        SITE, lambda: {"buckets": retention.at_site(retention.moves("GLACIER", Days=30))}, "failed", TRANSITION
    ),
    "a stack whose old resources are still being cleaned up after an update": Row(
        HEALTHY,
        lambda: {
            "formation_stacks": formation.seen(
                formation.summary(StackStatus="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", LastUpdatedTime=ago(minutes=20))
            )
        },
        "passed",
        STATES,
    ),
    "a stack into which resources were imported": Row(
        HEALTHY,
        lambda: {"formation_stacks": formation.seen(formation.summary(StackStatus="IMPORT_COMPLETE"))},
        "passed",
        STATES,
    ),
    "a stack whose roll-back failed": Row(
        HEALTHY,
        lambda: {"formation_stacks": formation.seen(formation.summary(StackStatus="UPDATE_ROLLBACK_FAILED"))},
        "failed",
        STATES,
    ),
    "a stack of which nobody ever detected drift": Row(
        DRIFT,
        lambda: {"formation_stacks": formation.seen(formation.summary(**formation.drift("NOT_CHECKED")))},
        "blind",
        DOCS + "AWSCloudFormation/latest/APIReference/API_StackDriftInformationSummary.html",
    ),
    "workers that are set by the code": Row(
        pool.CHECK, lambda: {"pool_settings": pool.seen(pool.container())}, "passed", CONTAINER
    ),
    "workers set in the container beside a side-car without any": Row(
        pool.CHECK, lambda: {"pool_settings": pool.seen(pool.container("proxy"), pool.env())}, "passed", CONTAINER
    ),
    "workers that come from a secret": Row(
        pool.CHECK,
        lambda: {"pool_settings": pool.seen(pool.container(secrets=[{"name": "WEB_CONCURRENCY", "valueFrom": "arn"}]))},
        "blind",
        DOCS + "AmazonECS/latest/APIReference/API_Secret.html",
    ),
    "old incidents in pages of which one is empty": Row(archive.check, lambda: old_ones(60, 0, 39), "passed", QUERY),
    "a table without old incidents": Row(archive.check, lambda: old_ones(0), "passed", QUERY),
    "old incidents that pile up": Row(archive.check, lambda: old_ones(60, 41), "failed", QUERY),
    "an index whose capacity is being changed": Row(
        indexes.CHECK, lambda: {"indexes": indexes.seen(indexes.index(IndexStatus="UPDATING"))}, "passed", INDEX
    ),
    "an index that is being filled": Row(
        indexes.CHECK,
        lambda: {"indexes": indexes.seen(indexes.index(IndexStatus="CREATING", Backfilling=True))},
        "failed",
        INDEX,
    ),
    "the same incident twice within a week": Row(
        weekly("incident_weeks").test_no_incident_keeps_coming_back,
        lambda: of_weeks(table(), item(hours=3), item(hours=90)),
        "passed",
        DYNAMODB + "API_Scan.html",
    ),
    "a behavior with a cache policy of the account that keeps brotli alone": Row(
        cdn.checks.test_cdn_is_set_to_cache_and_compress,
        lambda: {
            "bucket_behaviors": bucket_behaviors(
                Aws({("cloudfront", "GetCachePolicy"): cdn.own(gzip=False)}),
                [cdn.seen(cdn.config(cdn.behavior(CachePolicyId=cdn.OWN_POLICY)))],
            )
        },
        "passed",
        DOCS + "cloudfront/latest/APIReference/API_ParametersInCacheKeyAndForwardedToOrigin.html",
    ),
    "an S3 origin in another partition's domain, with the managed policy": Row(
        cdn.checks.test_cdn_is_set_to_cache_and_compress,
        lambda: {
            "bucket_behaviors": bucket_behaviors(
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
            )
        },
        "passed",
        DOCS + "AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html",
    ),
}
