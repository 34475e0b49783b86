"""What the suites besides the daily one look at, in the second emulator: made by AWS's API alone, as users make it.

The sandbox's own seeds (opschecks/sandbox/seeds) set ages and reports in moto's objects, which no API can.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from opschecks.aws.backup_sets import MANIFEST, STARTED, backup_location
from opschecks.sandbox.seed import BUCKET
from opschecks.sandbox.seeds.cdn import CACHING_OPTIMIZED, FOR_A_YEAR, SCRIPT
from opschecks.sandbox.seeds.retention import previews, tidy
from tests.ministack import Emulator

FLOWS = "/aws/vpc/incident-commander"


def sow(aws: Emulator) -> str:
    """Make it; returns the id of the distribution."""
    _wait_until_it_knows_what_it_lacks(aws)
    _recovery(aws)
    _bucket(aws)
    _backups(aws)
    _network(aws)
    _image(aws)
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    for name in aws.stack.cloudformation_stacks:
        aws.client("cloudformation").create_stack(StackName=name, TemplateBody=template)
        aws.client("cloudformation").detect_stack_drift(StackName=name)
    for name in aws.stack.dev_services:
        _dev_service(aws, *name.split("/"))
    return _distribution(aws)


def _wait_until_it_knows_what_it_lacks(aws: Emulator) -> None:
    """The first question about a service that it does not have makes it load all others, which holds up every call."""
    days = {"Start": "2026-11-01", "End": "2026-11-29"}
    with contextlib.suppress(ClientError):
        aws.client("ce").get_cost_and_usage(TimePeriod=days, Granularity="DAILY", Metrics=["NetAmortizedCost"])


def _recovery(aws: Emulator) -> None:
    wanted = {"PointInTimeRecoveryEnabled": True}
    for table in aws.stack.tables:
        aws.client("dynamodb").update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=wanted)
        aws.client("dynamodb").create_backup(TableName=table, BackupName=f"{table}-{aws.now:%Y%m%d}")


def _bucket(aws: Emulator) -> None:
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [tidy(), previews()]})
    for key, kind in ((SCRIPT, "text/javascript; charset=utf-8"), ("assets/site-77aa0c1d.css", "text/css")):
        body = "".join(f"/* line {number} of {key} */\n" for number in range(120)).encode()
        s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=kind, CacheControl=FOR_A_YEAR)


def _backups(aws: Emulator) -> None:
    """A full set, of now."""
    stack, s3 = aws.stack.model_copy(update={"name": "live"}), aws.client("s3")
    place = backup_location(stack)
    assert place
    s3.create_bucket(Bucket=place.bucket, CreateBucketConfiguration={"LocationConstraint": stack.region})
    listed = aws.client("dynamodb").list_backups()["BackupSummaries"]
    told = {
        "format": 1,
        "set": (name := f"{aws.now:%Y%m%d}-1"),
        "tables": [
            {"table": one["TableName"], "name": one["BackupName"], "arn": one["BackupArn"]}
            for one in listed
            if one["TableName"] in stack.tables
        ],
        "dashboard": {"from": f"s3://{BUCKET}/", "objects": []},
        "log_groups": [{"group": group} for group in stack.log_groups],
    }
    for piece, says in ((STARTED, {"begun": aws.now.isoformat()}), (MANIFEST, told)):
        s3.put_object(Bucket=place.bucket, Key=place.key(name, piece), Body=json.dumps(says).encode())


def _network(aws: Emulator) -> None:
    aws.client("logs").create_log_group(logGroupName=FLOWS)
    groups = aws.client("ec2").describe_security_groups()["SecurityGroups"]
    aws.client("ec2").create_flow_logs(
        ResourceIds=sorted({one["VpcId"] for one in groups}),
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=FLOWS,
        DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/flows",
    )


def _image(aws: Emulator) -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 2,
            "digest": "sha256:" + "4" * 64,
        },
        "layers": [],
    }
    ecr, name = aws.client("ecr"), str(aws.stack.cluster)
    with contextlib.suppress(ClientError):  # the daily seed has made it
        ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag="v1")


def _dev_service(aws: Emulator, cluster: str, service: str) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName=cluster)
    definition = ecs.list_task_definitions()["taskDefinitionArns"][0]
    ecs.create_service(cluster=cluster, serviceName=service, taskDefinition=definition, desiredCount=0)


def _distribution(aws: Emulator) -> str:
    origin: dict[str, Any] = {
        "Id": "dashboard",
        "DomainName": f"{BUCKET}.s3.{aws.stack.region}.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    config = {
        "CallerReference": "dashboard",
        "Comment": "dashboard",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "dashboard",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": CACHING_OPTIMIZED,
            "Compress": True,
        },
    }
    made = aws.client("cloudfront").create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])
