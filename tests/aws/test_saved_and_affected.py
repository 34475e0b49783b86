"""What a table can be restored to, and what AWS Health says: every figure, and each part that may be missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.backups import Backup, TableBackups, TableRecovery
from opschecks.aws.fresh_backups import SavedTable, saved_tables
from opschecks.aws.health import EVENTS_A_CALL, HealthEvent, health_events
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotApplicable
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, names, stack
from tests.cases import cases

TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/orders"
DENIED = CouldNotLook("backup:ListRecoveryPointsByResource", "AccessDenied: no")
REFUSED = CouldNotLook("dynamodb:DescribeContinuousBackups", "AccessDenied: no")
POINTS = ("backup", "ListRecoveryPointsByResource")


def backup(hours: float, status: str = "AVAILABLE") -> Backup:
    return Backup(f"of {hours} h", (NOW - timedelta(hours=hours)), status, "USER")


def backups(*listed: Backup, status: str = "ACTIVE", vault: Any = ()) -> TableBackups:
    evidence = {"Table": {"CreationDateTime": ago(days=40)}, "BackupSummaries": []}
    return TableBackups(
        arn=TABLE, name="orders", evidence=evidence, status=status, listed=tuple(listed), vault=vault,
        since=ago(days=14), now=NOW,
    )  # fmt: skip


def recovery(latest: float | None = None, status: str = "ENABLED", name: str = "orders") -> TableRecovery:
    point = given(
        {"PointInTimeRecoveryStatus": status, "EarliestRestorableDateTime": ago(days=9)},
        {"LatestRestorableDateTime": None if latest is None else ago(hours=latest)},
    )
    told = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": point}
    return TableRecovery(arn=TABLE, name=name, evidence=Answer(told, "dynamodb:DescribeContinuousBackups"), now=NOW)


def saved(of: TableBackups, by: TableRecovery | CouldNotLook, *points: float, refused: bool = False) -> SavedTable:
    listed = [{"RecoveryPointArn": f"{TABLE}/{one}", "CreationDate": ago(hours=one), "Status": "COMPLETED"}
              for one in points]  # fmt: skip
    aws = Aws({POINTS: DENIED if refused else {"RecoveryPoints": listed}})
    recoveries = by if isinstance(by, CouldNotLook) else [recovery(0, name="other"), by]
    [found] = saved_tables(stack(limits={"deploy_backup_age_hours": 24}), aws, [of], recoveries, NOW)
    assert (found.arn, found.name, found.now, found.wanted) == (TABLE, "orders", NOW, timedelta(hours=24))
    return found


OFF = recovery(status="DISABLED")
MOMENT, NEWEST = "the last moment that it can be restored to", "its newest backup"


@cases({
    "by recovery": (lambda: saved(backups(), recovery(1), refused=True), 1, MOMENT, ""),
    "by recovery, as old as may be": (lambda: saved(backups(), recovery(24), 2), 24, MOMENT, ""),
    "by recovery that is too old, and AWS Backup": (lambda: saved(backups(), recovery(25), 2), 2, NEWEST, ""),
    "by recovery that is too old, and an older backup": (lambda: saved(backups(), recovery(25), 26), 25, MOMENT, ""),
    "by recovery that is too old, and a backup of the same time": (
        lambda: saved(backups(), recovery(25), 25), 25, MOMENT, ""),
    "by a backup of DynamoDB": (lambda: saved(backups(backup(3), backup(9)), OFF, refused=True), 3, NEWEST, ""),
    "by one as old as may be": (lambda: saved(backups(backup(24)), OFF, 1), 24, NEWEST, ""),
    "by one of AWS Backup that is known": (
        lambda: saved(backups(vault=(backup(2, "COMPLETED"),)), OFF, refused=True), 2, NEWEST, ""),
    "by an old one of AWS Backup that is known": (
        lambda: saved(backups(vault=(backup(30, "COMPLETED"),)), OFF, 1), 30, NEWEST, ""),
    "by one of AWS Backup that is asked for": (lambda: saved(backups(backup(30)), OFF, 3), 3, NEWEST, ""),
    "by an old one, and AWS Backup may not be asked": (
        lambda: saved(backups(backup(30)), OFF, refused=True), 30, NEWEST, str(DENIED)),
    "by an old one, and AWS Backup was refused before": (
        lambda: saved(backups(backup(30), vault=DENIED), OFF), 30, NEWEST, str(DENIED)),
    "by none": (lambda: saved(backups(), OFF), None, "", ""),
    "by none, and recovery may not be read": (lambda: saved(backups(), REFUSED), None, "", str(REFUSED)),
    "by a new one, and recovery may not be read": (
        lambda: saved(backups(backup(3)), REFUSED), 3, NEWEST, str(REFUSED)),
    "by an old one, and neither may be read": (
        lambda: saved(backups(backup(30)), REFUSED, refused=True), 30, NEWEST, str(REFUSED)),
    "by none, of a table that is missing": (lambda: saved(backups(status="MISSING"), OFF, 1), None, "", ""),
    "by recovery, of a table that could not be described": (
        lambda: saved(backups(backup(2), status="", vault=DENIED), recovery(1)), 1, MOMENT, str(DENIED)),
    "of a table that could not be described, whose backups are not known either": (
        lambda: saved(backups(backup(2), status=""), REFUSED), None, "", str(REFUSED)),
})  # fmt: skip
def test_the_newest_state_to_which_a_table_can_be_restored(
    look: Callable[[], SavedTable], hours: float | None, kind: str, unseen: str
) -> None:
    found = look()
    moment = None if hours is None else NOW - timedelta(hours=hours)
    assert (found.saved, found.kind, str(found.unseen or "")) == (moment, kind, unseen)
    assert found.figures == ((Figure("can be restored to", f"{moment:%Y-%m-%d %H:%M} UTC"),) if moment else ())


def test_the_evidence_tells_of_recovery_or_why_it_is_not_known() -> None:
    for by, told in ((OFF, OFF.evidence), (REFUSED, str(REFUSED)), (recovery(0, name="another"), "none")):
        found = saved(backups(backup(3)), by)
        assert found.evidence == {**backups().evidence, "recovery": told}
        assert found.status == "ACTIVE"


def test_a_recovery_that_does_not_say_until_when_leaves_the_backups() -> None:
    found = saved(backups(backup(3)), recovery(None))
    assert (found.kind, found.saved) == (NEWEST, NOW - timedelta(hours=3))
    assert "LatestRestorableDateTime" in str(found.unseen)
    assert found.age == timedelta(hours=3)
    alone = saved(backups(), recovery(None))
    with pytest.raises(CouldNotLook, match="LatestRestorableDateTime"):
        alone.age  # noqa: B018 - it raises


@cases({
    "young": (3, False, 3), "young, and something is unseen": (3, True, 3), "as old as may be": (24, True, 24),
    "old": (25, False, 25), "old, and something is unseen": (25, True, "blind"), "none": (None, False, None),
    "none, and something is unseen": (None, True, "blind"),
})  # fmt: skip
def test_an_age_beyond_the_limit_is_not_known_where_something_newer_may_exist(
    hours: float | None, unseen: bool, expected: float | str | None
) -> None:
    moment = None if hours is None else NOW - timedelta(hours=hours)
    one = SavedTable(
        arn=TABLE, name="orders", status="ACTIVE", saved=moment, kind=NEWEST, unseen=DENIED if unseen else None,
        now=NOW, wanted=timedelta(hours=24),
    )  # fmt: skip
    if expected == "blind":
        with pytest.raises(CouldNotLook, match="AccessDenied"):
            one.age  # noqa: B018 - it raises
    else:
        assert one.age == (None if expected is None else timedelta(hours=float(expected)))


ARN = "arn:aws:health:us-west-2::event/ECS/ISSUE/1"
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
HERE = names(
    services=("prod/api", "jobs/mail"), further_clusters=("jobs",), load_balancers=(BALANCER, "edge", "arn:a/b/c"),
    tables=("orders", "None"), log_groups=("/ecs/api",), security_groups=("sg-1",), distributions=("E1",),
    buckets=("assets",),
)  # fmt: skip


def event(number: int = 1, **changes: Any) -> Raw:
    raw = {
        "arn": ARN if number == 1 else f"{ARN}{number}", "service": "ECS", "eventTypeCode": "AWS_ECS_ISSUE",
        "eventTypeCategory": "issue", "statusCode": "open", "startTime": ago(hours=2),
        "eventScopeCode": "ACCOUNT_SPECIFIC",
    }  # fmt: skip
    return given(raw, changes)


def told(*events: Raw, entities: Any = ()) -> tuple[list[HealthEvent], Aws]:
    answer = entities if callable(entities) else {"entities": list(entities)}
    aws = Aws({("health", "DescribeEvents"): {"events": list(events)}, ("health", "DescribeAffectedEntities"): answer})
    return health_events(aws, HERE), aws


def entity(value: str = "orders", of: str = ARN, **changes: Any) -> Raw:
    return given({"eventArn": of, "entityValue": value, "statusCode": "IMPAIRED"}, changes)


def test_an_event_as_it_is_told() -> None:
    [found], aws = told(event(), entities=[entity(), entity("assets"), entity(), entity("strange")])
    assert (found.arn, found.name, found.affected) == (ARN, "AWS_ECS_ISSUE", ("orders", "assets"))
    assert found.figures == (Figure("status", "open"), Figure("affects", "orders, assets"))
    assert (found.category, found.status, found.is_problem) == ("issue", "open", True)
    when = f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M}"
    assert found.words == f"issue of ECS, open, since {when} UTC, affects orders, assets"
    [asked] = aws.parameters_of("DescribeEvents")
    assert asked["maxResults"] == 100
    assert asked["filter"]["eventTypeCategories"] == ["issue", "investigation", "scheduledChange"]
    [asked] = aws.parameters_of("DescribeAffectedEntities")
    assert asked == {"filter": {"eventArns": [ARN]}, "maxResults": 100}


@cases({
    "an open issue": (event(), [entity()], True, "issue of ECS, open, since {}, affects orders"),
    "an investigation": (
        event(eventTypeCategory="investigation"), [entity()], True,
        "investigation of ECS, open, since {}, affects orders"),
    "a change that is under way": (
        event(eventTypeCategory="scheduledChange"), [entity()], False,
        "scheduledChange of ECS, open, since {}, affects orders"),
    "a change to come": (
        event(eventTypeCategory="scheduledChange", statusCode="upcoming"), [entity()], False,
        "scheduledChange of ECS, upcoming, from {}, affects orders"),
    "an issue to come": (
        event(statusCode="upcoming"), [entity()], False, "issue of ECS, upcoming, from {}, affects orders"),
    "an issue of others": (event(), [], False, "issue of ECS, open, since {}, names none of the stack's resources"),
    "without a begin": (event(startTime=None), [entity()], True, "issue of ECS, open, affects orders"),
    "without a service": (event(service=None), [entity()], True, "issue of AWS, open, since {}, affects orders"),
})  # fmt: skip
def test_whether_an_event_is_a_problem_and_its_words(
    raw: Raw, entities: list[Raw], is_problem: bool, words: str
) -> None:
    [found], _ = told(raw, entities=entities)
    assert (found.is_problem, found.words) == (
        is_problem,
        words.format(f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M} UTC"),
    )


def test_an_event_of_which_little_is_said() -> None:
    [found], _ = told({"arn": ARN})
    assert (found.name, found.affected) == (ARN, ())
    assert found.figures == (Figure("status", "unknown"), Figure("affects", "none"))
    with pytest.raises(CouldNotLook, match="the answer has no 'statusCode'"):
        found.words  # noqa: B018 - it raises


@cases({
    "a table": (entity("orders"), ("orders",)),
    "a service as it is called": (entity("jobs/mail"), ("jobs/mail", "jobs", "mail")),
    "a service and its cluster": (entity("prod|api"), ("prod", "api")),
    "a cluster": (entity("jobs"), ("jobs",)),
    "a balancer by its ARN": (entity(BALANCER), (BALANCER, "web")),
    "a balancer by its name": (entity("edge"), ("edge",)),
    "what is no ARN of a balancer": (entity("c"), ()),
    "a security group": (entity("sg-1"), ("sg-1",)),
    "a distribution": (entity("E1"), ("E1",)),
    "a bucket by its ARN": (entity("arn:aws:s3:::assets"), ("assets",)),
    "by an ARN alone": (entity(entityValue=None, entityArn=f"arn:aws:dynamodb:{ACCOUNT}:table/orders"), ("orders",)),
    "by a value before an ARN": (entity("assets", entityArn=TABLE), ("assets",)),
    "without either": (entity(entityValue=None), ()),
    "resolved": (entity(statusCode="RESOLVED"), ()),
    "unimpaired": (entity(statusCode="UNIMPAIRED"), ()),
    "of an unknown state": (entity(statusCode=None), ("orders",)),
})  # fmt: skip
def test_which_of_the_stacks_resources_an_event_names(one: Raw, affected: tuple[str, ...]) -> None:
    [found], _ = told(event(), entities=[one])
    assert found.affected == affected


def test_entities_are_asked_for_ten_events_at_once_and_not_of_public_ones() -> None:
    assert EVENTS_A_CALL == 10

    def answer(filter: Any, maxResults: int) -> Raw:  # noqa: A002, N803 - AWS's names
        return {"entities": [entity(of=arn) for arn in filter["eventArns"]]}

    numbers = range(2, 13)
    found, aws = told(*(event(number) for number in numbers), event(eventScopeCode="PUBLIC"), entities=answer)
    assert [one.affected for one in found] == [("orders",)] * 11 + [()]
    sizes = sorted(len(one["filter"]["eventArns"]) for one in aws.parameters_of("DescribeAffectedEntities"))
    assert sizes == [1, 10]


def test_another_refusal_is_no_missing_plan() -> None:
    for reason, kind in (
        ("SubscriptionRequiredException: ", NotApplicable), ("no SubscriptionRequiredException", CouldNotLook),
    ):  # fmt: skip
        error = CouldNotLook("health:DescribeEvents", reason)
        with pytest.raises(CouldNotLook) as it:
            health_events(Aws({("health", "DescribeEvents"): error}), HERE)
        assert type(it.value) is kind


def test_moments_are_told_in_utc() -> None:
    begins = datetime(2026, 11, 24, 1, tzinfo=UTC)
    [found], _ = told(event(startTime=begins.astimezone(ago().tzinfo)))
    assert "since 2026-11-24 01:00 UTC" in found.words
