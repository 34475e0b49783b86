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
from tests.canned_incidents import HERE
from tests.real.rows import Row
from tests.real.tables import item, of_weeks, table

DOCS = "https://docs.aws.amazon.com/"
DYNAMODB = DOCS + "amazondynamodb/latest/APIReference/"
STATES = DOCS + "AWSCloudFormation/latest/UserGuide/view-stack-events.html"


def old_ones(*counts: int) -> Mapping[str, Any]:
    """The old incidents, counted in pages."""
    return {"old_incidents": archive.seen(*counts)[0], "stack": HERE}


KEPT, SITE = retention.KEPT, retention.SITE
HEALTHY, DRIFT = (
    formation.checks.test_cloudformation_stacks_are_healthy,
    formation.checks.test_cloudformation_stacks_have_not_drifted,
)
ROWS = [
    Row(
        "a log group of the class DELIVERY, of which AWS tells no retention",
        KEPT,
        lambda: {"log_groups": retention.groups_of(retention.group(days=None, logGroupClass="DELIVERY"))},
        "passed",
        DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html",
        says="AWS keeps its events for a day",
    ),
    Row(
        "a log group of the class INFREQUENT_ACCESS, kept for a month",
        KEPT,
        lambda: {"log_groups": retention.groups_of(retention.group(logGroupClass="INFREQUENT_ACCESS"))},
        "passed",
        DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html",
    ),
    Row(
        "a log group that a Lambda function made, kept for ever",
        KEPT,
        lambda: {"log_groups": retention.groups_of(retention.group(days=None))},
        "failed",
        DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html",
    ),
    Row(
        "a site whose objects move to INTELLIGENT_TIERING on the first day",
        SITE,
        lambda: {"buckets": retention.at_site(retention.moves("INTELLIGENT_TIERING", Days=0))},
        "passed",
        DOCS + "AmazonS3/latest/API/API_Transition.html",
    ),
    Row(
        "a site from which only delete markers without versions are removed",
        SITE,
        lambda: {"buckets": retention.at_site(retention.expires(ExpiredObjectDeleteMarker=True))},
        "passed",
        DOCS + "AmazonS3/latest/API/API_LifecycleExpiration.html",
    ),
    Row(
        "a site whose objects go to GLACIER after a month",
        SITE,
        lambda: {"buckets": retention.at_site(retention.moves("GLACIER", Days=30))},
        "failed",
        DOCS + "AmazonS3/latest/API/API_Transition.html",
    ),
    Row(
        "a stack whose old resources are still being cleaned up after an update",
        HEALTHY,
        lambda: {
            "formation_stacks": formation.seen(
                formation.summary(StackStatus="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", LastUpdatedTime=ago(minutes=20))
            )
        },
        "passed",
        STATES,
    ),
    Row(
        "a stack into which resources were imported",
        HEALTHY,
        lambda: {"formation_stacks": formation.seen(formation.summary(StackStatus="IMPORT_COMPLETE"))},
        "passed",
        STATES,
    ),
    Row(
        "a stack whose roll-back failed",
        HEALTHY,
        lambda: {"formation_stacks": formation.seen(formation.summary(StackStatus="UPDATE_ROLLBACK_FAILED"))},
        "failed",
        STATES,
    ),
    Row(
        "a stack of which nobody ever detected drift",
        DRIFT,
        lambda: {"formation_stacks": formation.seen(formation.summary(**formation.drift("NOT_CHECKED")))},
        "blind",
        DOCS + "AWSCloudFormation/latest/APIReference/API_StackDriftInformationSummary.html",
    ),
    Row(
        "workers that are set by the code",
        pool.CHECK,
        lambda: {"pool_settings": pool.seen(pool.container())},
        "passed",
        DOCS + "AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    Row(
        "workers set in the container beside a side-car without any",
        pool.CHECK,
        lambda: {"pool_settings": pool.seen(pool.container("proxy"), pool.env())},
        "passed",
        DOCS + "AmazonECS/latest/APIReference/API_ContainerDefinition.html",
    ),
    Row(
        "workers that come from a secret",
        pool.CHECK,
        lambda: {"pool_settings": pool.seen(pool.container(secrets=[{"name": "WEB_CONCURRENCY", "valueFrom": "arn"}]))},
        "blind",
        DOCS + "AmazonECS/latest/APIReference/API_Secret.html",
    ),
    Row(
        "old incidents in pages of which one is empty",
        archive.check,
        lambda: old_ones(60, 0, 39),
        "passed",
        DYNAMODB + "API_Query.html",
    ),
    Row("a table without old incidents", archive.check, lambda: old_ones(0), "passed", DYNAMODB + "API_Query.html"),
    Row("old incidents that pile up", archive.check, lambda: old_ones(60, 41), "failed", DYNAMODB + "API_Query.html"),
    Row(
        "an index whose capacity is being changed",
        indexes.CHECK,
        lambda: {"indexes": indexes.seen(indexes.index(IndexStatus="UPDATING"))},
        "passed",
        DYNAMODB + "API_GlobalSecondaryIndexDescription.html",
    ),
    Row(
        "an index that is being filled",
        indexes.CHECK,
        lambda: {"indexes": indexes.seen(indexes.index(IndexStatus="CREATING", Backfilling=True))},
        "failed",
        DYNAMODB + "API_GlobalSecondaryIndexDescription.html",
    ),
    Row(
        "the same incident twice within a week",
        weekly("incident_weeks").test_no_incident_keeps_coming_back,
        lambda: of_weeks(table(), item(hours=3), item(hours=90)),
        "passed",
        DYNAMODB + "API_Scan.html",
    ),
    Row(
        "a behavior with a cache policy of the account that keeps brotli alone",
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
    Row(
        "an S3 origin in another partition's domain, with the managed policy",
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
]
