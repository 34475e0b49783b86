"""Each correction of moto is still needed, and works: shown on plain moto, then with the corrections."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from packaging.version import Version

from opschecks.sandbox import service_models  # noqa: F401 - mock_aws forgets boto3's session, and a new one would read them again
from opschecks.sandbox.correction import Correction, Kind, Ties
from opschecks.sandbox.corrections import correct, declared
from tests.scratch import ROOT

ALL = declared()
SECTION = re.compile(
    r"## (?P<title>[^\n]+)\n\nCorrection `(?P<correction>[^`]+)`, found with moto (?P<moto>[\d.]+)\.\n\n"
    r"```python\n(?P<script>.+?)```\n\nObserved:\n\n```text\n(?P<observed>.+?)```\n\n"
    r"Expected, by \[[^]]+\]\((?P<aws>[^)]+)\): [^\n]+\n\n```text\n(?P<expected>.+?)```\n",
    re.DOTALL,
)
REPORT = (ROOT / "docs" / "upstream.md").read_text(encoding="utf-8")
REPORTED = [found.groupdict() for found in SECTION.finditer(REPORT)]
REGION = "us-west-2"
TABLE = "table"
UNTIED = Ties({}, lambda attributes: None, lambda paths: None, lambda old, new: None)


@dataclass(frozen=True)
class Probe:
    """What a few calls return: on plain moto, and with the corrections."""

    ask: Callable[[], Any]
    plain: Any
    corrected: Any


PROBES: dict[str, Probe] = {}


def shows(correction: str, *, plain: Any, corrected: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register the probe of a correction."""

    def register(ask: Callable[[], Any]) -> Callable[[], Any]:
        PROBES[correction] = Probe(ask, plain, corrected)
        return ask

    return register


def _distribution() -> tuple[Any, str, dict[str, Any]]:
    cloudfront = boto3.client("cloudfront")
    origin = {"Id": "o", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
    }
    made = cloudfront.create_distribution(DistributionConfig=config)
    return cloudfront, made["Distribution"]["Id"], made


@shows(
    "cloudfront: CloudFrontBackend.get_invalidation",
    plain=["COMPLETED", "COMPLETED"],
    corrected=["InProgress", "Completed"],
)
def _invalidation() -> list[str]:
    cloudfront, identity, _ = _distribution()
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "a"}
    made = cloudfront.create_invalidation(DistributionId=identity, InvalidationBatch=batch)["Invalidation"]["Id"]
    looks = [cloudfront.get_invalidation(DistributionId=identity, Id=made) for _ in range(2)]
    return [look["Invalidation"]["Status"] for look in looks]


@shows(
    "cloudfront: CloudFrontBackend.get_distribution",
    plain=["Deployed"] * 2,
    corrected=["InProgress", "Deployed"],
)
def _update() -> list[str]:
    cloudfront, identity, made = _distribution()
    config = made["Distribution"]["DistributionConfig"]
    cloudfront.update_distribution(Id=identity, IfMatch=made["ETag"], DistributionConfig=config)
    return [cloudfront.get_distribution(Id=identity)["Distribution"]["Status"] for _ in range(2)]


def _table() -> Any:
    dynamodb = boto3.client("dynamodb", REGION)
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return dynamodb


def _statuses(dynamodb: Any, backup: str) -> list[str]:
    looks = [dynamodb.describe_backup(BackupArn=backup)["BackupDescription"] for _ in range(2)]
    return [look["BackupDetails"]["BackupStatus"] for look in looks]


def _restored() -> Any:
    dynamodb = _table()
    backup = dynamodb.create_backup(TableName=TABLE, BackupName="backup")["BackupDetails"]["BackupArn"]
    _statuses(dynamodb, backup)
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    return dynamodb


@shows("dynamodb: DynamoHandler.create_backup", plain="AVAILABLE", corrected="CREATING")
def _backup() -> Any:
    return _table().create_backup(TableName=TABLE, BackupName="backup")["BackupDetails"]["BackupStatus"]


@shows(
    "dynamodb: DynamoDBBackend.describe_backup",
    plain=["AVAILABLE", "AVAILABLE"],
    corrected=["CREATING", "AVAILABLE"],
)
def _backups() -> Any:
    dynamodb = _table()
    made = dynamodb.create_backup(TableName=TABLE, BackupName="backup")["BackupDetails"]["BackupArn"]
    return _statuses(dynamodb, made)


@shows("dynamodb: RestoredTable.describe", plain="ACTIVE", corrected="CREATING")
def _from_backup() -> Any:
    return _restored().describe_table(TableName="restored")["Table"]["TableStatus"]


@shows("dynamodb: RestoredPITTable.describe", plain="ACTIVE", corrected="CREATING")
def _to_point() -> Any:
    dynamodb = _table()
    enabled = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=enabled)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=TABLE, TargetTableName="restored", UseLatestRestorableTime=True
    )
    return dynamodb.describe_table(TableName="restored")["Table"]["TableStatus"]


@shows("dynamodb: DynamoDBBackend.delete_table", plain="deleted", corrected="ResourceInUseException")
def _delete() -> Any:
    dynamodb = _restored()
    try:
        dynamodb.delete_table(TableName="restored")
    except dynamodb.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "deleted"


@shows("ecs: EC2ContainerServiceBackend.describe_services", plain=0, corrected=2)
def _service() -> int:
    ecs = boto3.client("ecs", REGION)
    ecs.create_cluster(clusterName="c")
    container = {"name": "c", "image": "nginx", "memory": 128}
    ecs.register_task_definition(family="f", containerDefinitions=[container], cpu="256", memory="512")
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=1, launchType="FARGATE")
    ecs.update_service(cluster="c", service="s", desiredCount=2)
    for _ in range(4):
        ecs.describe_services(cluster="c", services=["s"])
    return len(ecs.list_tasks(cluster="c")["taskArns"])


def _run(script: str) -> str:
    """What the script prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(script, "docs/upstream.md", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def _asked(probe: Probe) -> Any:
    with mock_aws():
        return probe.ask()


@pytest.fixture
def _corrected() -> Iterator[None]:
    undo = correct(UNTIED)
    yield
    undo()


def _of(*kinds: Kind) -> list[Correction]:
    return [one for one in ALL if one.kind in kinds]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_it_is_declared_whole_and_still_has_its_place(one: Correction) -> None:
    assert Version(one.moto) <= Version(importlib.metadata.version("moto"))
    assert one.wrong.endswith(".")
    assert one.aws.endswith(".html") is (one.kind is not Kind.STATE)
    moto_has_it = hasattr(one.owner, one.attribute)
    assert moto_has_it is (one.kind is not Kind.MISSING), f"is the correction {one.name} still needed?"


def test_names_are_unique() -> None:
    assert len({one.name for one in ALL}) == len(ALL) > 40


def test_every_bug_is_written_up_and_every_section_is_read() -> None:
    assert len(REPORTED) == REPORT.count("\n## ")
    bugs = {(one.name, one.moto) for one in _of(Kind.BUG)}
    assert {(section["correction"], section["moto"]) for section in REPORTED} == bugs


@pytest.mark.parametrize("section", REPORTED, ids=lambda section: section["title"])
def test_moto_still_has_the_bug(section: dict[str, str]) -> None:
    told = _run(section["script"])
    assert told == section["observed"], f"moto has changed: is the correction {section['correction']} still needed?"


@pytest.mark.parametrize("section", REPORTED, ids=lambda section: section["title"])
@pytest.mark.usefixtures("_corrected")
def test_the_bug_is_corrected(section: dict[str, str]) -> None:
    assert _run(section["script"]) == section["expected"]


@pytest.mark.parametrize("one", _of(Kind.SIMPLER), ids=lambda one: one.name)
def test_moto_is_still_simpler(one: Correction) -> None:
    assert one.name in PROBES, f"{one.name} has no probe"
    assert _asked(PROBES[one.name]) == PROBES[one.name].plain, f"is the correction {one.name} still needed?"


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.usefixtures("_corrected")
def test_the_simplification_is_corrected(name: str) -> None:
    assert name in {one.name for one in _of(Kind.SIMPLER)}
    assert _asked(PROBES[name]) == PROBES[name].corrected


def test_undoing_leaves_moto_as_it_was() -> None:
    def present() -> list[Any]:
        return [vars(one.owner).get(one.attribute) for one in ALL] + [one.path[0].url_paths for one in ALL if one.path]

    before = present()
    undo = correct(UNTIED)
    assert all(now is not then for now, then in zip(present(), before, strict=True))
    undo()
    assert all(now is then for now, then in zip(present(), before, strict=True))
