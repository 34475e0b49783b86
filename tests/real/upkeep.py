"""Backups, retention, credentials, images and what else is looked at once a week, as real accounts have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opschecks.aws.backups import table_backups, table_recovery
from opschecks.aws.cdn_caching import CACHING_OPTIMIZED, bucket_behaviors
from opschecks.aws.fresh_backups import saved_tables
from opschecks.aws.iam import credentials
from opschecks.aws.restores import restore_rehearsal
from tests.aws import test_backups as backups
from tests.aws import test_cdn_caching as cdn
from tests.aws import test_cloudformation as formation
from tests.aws import test_iam as iam
from tests.aws import test_images as images
from tests.aws import test_incident_archive as archive
from tests.aws import test_indexes as indexes
from tests.aws import test_retention as retention
from tests.aws import test_task_definitions as pool
from tests.canned import NOW, Aws, Raw, ago, checks_of, names, stack, weekly
from tests.real.one_of_many import recovery
from tests.real.rows import Row
from tests.real.tables import item, of_weeks, table

DOCS = "https://docs.aws.amazon.com/"
DYNAMODB = DOCS + "amazondynamodb/latest/APIReference/"
SCANS = DOCS + "AmazonECR/latest/APIReference/API_ImageScanStatus.html"
REPORT = DOCS + "IAM/latest/UserGuide/id_credentials_getting-report.html"
STATES = DOCS + "AWSCloudFormation/latest/UserGuide/view-stack-events.html"
POINTS = DOCS + "aws-backup/latest/devguide/API_RecoveryPointByResource.html"


def recoverable(**changes: Any) -> Mapping[str, Any]:
    """Recovery of a table, with changes to what DescribeContinuousBackups says; None takes a key away."""
    answer = backups.continuous(**changes)
    aws = Aws({("dynamodb", "DescribeContinuousBackups"): answer})
    return {"table_recovery": table_recovery(aws, [backups.table()], NOW)}


def before_a_deploy() -> Mapping[str, Any]:
    """Two tables whose recovery is on, neither of which was ever backed up."""
    seen = recovery()
    listed = table_backups(stack(), Aws(NO_BACKUPS), seen["tables"], NOW)
    return {"saved_tables": saved_tables(stack(), Aws(NO_BACKUPS), listed, seen["table_recovery"], NOW)}


NO_BACKUPS: dict[tuple[str, str], Any] = {
    ("dynamodb", "ListBackups"): {"BackupSummaries": []},
    ("backup", "ListRecoveryPointsByResource"): {"RecoveryPoints": []},
}


def restored(days: float = 3, **of: Any) -> Raw:
    """An event of CloudTrail: somebody restored a table."""
    told = {"requestParameters": {"targetTableName": "again", **of.pop("asked", {})}, **of}
    return {"EventName": "RestoreTableToPointInTime", "EventTime": ago(days=days), "CloudTrailEvent": json.dumps(told)}


def rehearsed(*events: Raw, jobs: Any = ()) -> Mapping[str, Any]:
    """The restores that CloudTrail and AWS Backup know of."""
    answers: dict[tuple[str, str], Any] = {
        ("cloudtrail", "LookupEvents"): [{"Events": []}, {"Events": list(events)}],
        ("backup", "ListRestoreJobs"): {"RestoreJobs": list(jobs)},
    }
    return {"restore_rehearsal": restore_rehearsal(stack(), Aws(answers), names(tables=("incidents",)), NOW)}


def of_root(**changes: str) -> Mapping[str, Any]:
    """The credential report of an account, of which root's row is this."""
    answers = {
        ("iam", "GenerateCredentialReport"): iam.COMPLETE,
        ("iam", "GetCredentialReport"): iam.content(iam.root(**changes)),
    }
    return {"credentials": credentials(stack(), Aws(answers))}


def old_ones(*counts: int) -> Mapping[str, Any]:
    """The old incidents, counted in pages."""
    return {"old_incidents": archive.seen(*counts)[0], "stack": archive.HERE}


def platforms() -> Mapping[str, Any]:
    """An image for two platforms, with the attestation that BuildKit adds."""
    raw = images.detail(imageManifestMediaType=images.INDEX)
    index = images.manifest(images.OTHER, images.DIGEST, images.ATTESTS)
    return {"running_images": images.running(raw, more={("ecr", "BatchGetImage"): index})}


RECENT, MOMENT = backups.RECENT, backups.RECOVERY
FRESH = checks_of("deploy/before", "saved_tables").test_tables_have_a_fresh_backup
KEPT, SITE = retention.KEPT, retention.SITE
AGE, GRAVE = images.checks.test_images_are_young, images.checks.test_images_have_no_grave_vulnerabilities
RESTORED = weekly("disaster_recovery").test_a_restore_was_rehearsed_lately
HEALTHY, DRIFT = (
    formation.checks.test_cloudformation_stacks_are_healthy,
    formation.checks.test_cloudformation_stacks_have_not_drifted,
)
ROWS = [
    Row(
        "a table that only AWS Backup backs up",
        RECENT,
        lambda: {"table_backups": backups.backups_of(points=(backups.point(0.5),))},
        "passed",
        POINTS,
    ),
    Row(
        "a table made yesterday, before the weekly backup",
        RECENT,
        lambda: {"table_backups": backups.backups_of(of=backups.table(CreationDateTime=ago(days=1)))},
        "passed",
        DYNAMODB + "API_TableDescription.html",
        says="none is due yet",
    ),
    Row(
        "a table made yesterday whose first backup is under way",
        RECENT,
        lambda: {
            "table_backups": backups.backups_of(
                backups.backup(0.01, "CREATING"), of=backups.table(CreationDateTime=ago(days=1))
            )
        },
        "passed",
        DYNAMODB + "API_BackupSummary.html",
    ),
    Row(
        "a table made yesterday in place of one whose backups are still there",
        RECENT,
        lambda: {
            "table_backups": backups.backups_of(backups.backup(2), of=backups.table(CreationDateTime=ago(days=1)))
        },
        "failed",
        DYNAMODB + "API_BackupSummary.html",
        says="of an earlier table of that name",
    ),
    Row(
        "a table of ten days that nothing backs up",
        RECENT,
        lambda: {"table_backups": backups.backups_of(of=backups.table(CreationDateTime=ago(days=10)))},
        "failed",
        DYNAMODB + "API_TableDescription.html",
    ),
    Row(
        "recovery that was switched on an hour ago",
        MOMENT,
        lambda: recoverable(EarliestRestorableDateTime=ago(hours=1)),
        "passed",
        DYNAMODB + "API_PointInTimeRecoveryDescription.html",
    ),
    Row(
        "recovery that keeps a day instead of 35",
        MOMENT,
        lambda: recoverable(RecoveryPeriodInDays=1, EarliestRestorableDateTime=ago(days=1)),
        "passed",
        DYNAMODB + "API_PointInTimeRecoveryDescription.html",
    ),
    Row(
        "recovery that stopped when the table's KMS key was lost",
        MOMENT,
        lambda: recoverable(LatestRestorableDateTime=ago(hours=9)),
        "failed",
        DYNAMODB + "API_PointInTimeRecoveryDescription.html",
    ),
    Row(
        "before a deploy, tables without any backup whose recovery is on",
        FRESH,
        before_a_deploy,
        {"incidents": "passed", "sessions": "passed"},
        DYNAMODB + "API_PointInTimeRecoveryDescription.html",
    ),
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
        "root of a member account, which has no password",
        iam.checks.test_root_is_locked_away,
        lambda: of_root(mfa_active="false", password_enabled="false"),
        "passed",
        DOCS + "IAM/latest/UserGuide/id_root-user.html",
    ),
    Row(
        "root with a key, from the first days of the account",
        iam.checks.test_root_is_locked_away,
        lambda: of_root(access_key_1_active="true"),
        "failed",
        REPORT,
        says="it has 1 active access key",
    ),
    Row(
        "two active keys in the week of a rotation",
        iam.checks.test_users_have_one_active_key,
        lambda: {
            "key_holders": iam.holders(iam.key(ago(days=80)), iam.key(ago(days=2), key_id=iam.OTHER)),
        },
        "passed",
        DOCS + "IAM/latest/UserGuide/id_credentials_access-keys.html",
    ),
    Row(
        "a key that was made today and not used yet",
        iam.checks.test_access_keys_are_used,
        lambda: {"key_holders": iam.holders(iam.key(ago(hours=3)), last=iam.used(None))},
        "passed",
        DOCS + "IAM/latest/APIReference/API_AccessKeyLastUsed.html",
    ),
    Row(
        "an old key that is inactive",
        iam.checks.test_access_keys_are_rotated,
        lambda: {"key_holders": iam.holders(iam.key(ago(days=400), "Inactive"))},
        "nothing",
        DOCS + "IAM/latest/APIReference/API_AccessKeyMetadata.html",
    ),
    Row("an image for several platforms, with its attestation", AGE, platforms, "passed", SCANS),
    Row(
        "an image that its task definition names by digest",
        AGE,
        lambda: {
            "running_images": images.running(
                images.detail(imageTags=None), images=((f"{images.REGISTRY}/web@{images.DIGEST}", ""),)
            )
        },
        "passed",
        DOCS + "AmazonECR/latest/APIReference/API_ImageDetail.html",
    ),
    Row(
        "enhanced scanning, which goes on all the time and ends never",
        GRAVE,
        lambda: {
            "image_scans": images.scans(
                images.findings("ACTIVE", enhancedFindings=[], findings=None, imageScanCompletedAt=None)
            )
        },
        "passed",
        SCANS,
    ),
    Row(
        "an image without an operating system, which basic scanning does not support",
        GRAVE,
        lambda: {"image_scans": images.scans(images.findings("UNSUPPORTED_IMAGE"))},
        "blind",
        SCANS,
    ),
    Row(
        "an image that a lifecycle rule has archived while it runs",
        AGE,
        lambda: {"running_images": images.running(images.detail(imageStatus="ARCHIVED"))},
        "failed",
        DOCS + "AmazonECR/latest/userguide/archive-image.html",
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
        "a table that was restored to a moment, asked for by its ARN",
        RESTORED,
        lambda: rehearsed(
            restored(asked={"sourceTableArn": "arn:aws:dynamodb:us-west-2:123456789012:table/incidents"})
        ),
        "passed",
        DOCS + "awscloudtrail/latest/APIReference/API_Event.html",
    ),
    Row(
        "restore testing by AWS Backup, of which CloudTrail tells nothing",
        RESTORED,
        lambda: rehearsed(
            jobs=(
                {
                    "CreationDate": ago(days=4),
                    "Status": "COMPLETED",
                    "SourceResourceArn": "arn:aws:dynamodb:us-west-2:123456789012:table/incidents",
                },
            )
        ),
        "passed",
        DOCS + "aws-backup/latest/devguide/API_RestoreJobsListMember.html",
    ),
    Row(
        "a restore that AWS refused",
        RESTORED,
        lambda: rehearsed(restored(asked={"sourceTableName": "incidents"}, errorCode="AccessDenied")),
        "failed",
        DOCS + "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    ),
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
