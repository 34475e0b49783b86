"""Queues, functions, quotas, certificates and databases: read whole, and judged to the unit of each limit.

Sources: as in the rows of these areas (tests/real/queues.py, functions.py, concurrency.py, quotas.py, certificates.py,
databases.py, maintenance.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.inventory import inventory
from opschecks.aws.unread import Unread
from opschecks.core.model import Finding
from opschecks.core.observation import CouldNotLook, NotApplicable
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, examined, stack
from tests.real import certificates, concurrency, databases, functions, maintenance, queues, quotas

SECOND = timedelta(seconds=1)
Look = Callable[[Any], Mapping[str, Any]]


def _one(check: Callable[..., None], seen: Mapping[str, Any]) -> Finding:
    return examined(check, **seen)[0]


def _kept(most: int) -> Look:
    return lambda used: concurrency.reserved(concurrency.kept(most), used)


def _forced(**days: float | None) -> Look:
    """Maintenance whose dates are so many days from now; None is the age of the case."""

    def look(value: timedelta) -> Mapping[str, Any]:
        return maintenance.seen(
            maintenance.action(**{key: NOW + (value if of is None else timedelta(days=of)) for key, of in days.items()})
        )

    return look


FAIL, ROOM = functions.FAIL, databases.ROOM
MAINTAINED = maintenance.PLANNED
DAYS: Callable[[float], timedelta] = lambda days: timedelta(days=days)  # noqa: E731 - short in the table
CHOOSE = "whatever the maintenance window; expected a choice before"
# check, what is seen of a value, the last value that is well, the first that is not, what is then said
LIMITS: dict[str, tuple[Callable[..., None], Look, Any, Any, str]] = {
    "dead letters": (
        queues.DEAD, lambda n: queues.seen(("dead", "orders"), orders=queues.queue(dead="dead"), dead=queues.queue(n)),
        0, 1, "1 dead letter of orders; limit 0"),
    "dead letters in flight": (
        queues.DEAD,
        lambda n: queues.seen(("dead", "orders"), orders=queues.queue(dead="dead"), dead=queues.queue(0, n)),
        0, 1, "1 dead letter of orders; limit 0"),
    "a few errors": (
        FAIL, lambda n: functions.seen(functions.function(), Invocations=9, Errors=n), 2, 3,
        "3 errors of 9 invocations in the last hour; limit 1 %"),
    "a hundredth of all": (
        FAIL, lambda n: functions.seen(functions.function(), Invocations=400, Errors=n), 4, 5,
        "5 errors of 400 invocations in the last hour; limit 1 %"),
    "reserved concurrency": (
        concurrency.KEPT, _kept(100), 90, 91, "91 of 100 reserved at its peak of a day; limit 90 %"),
    "the least reservation that is judged": (
        concurrency.KEPT, lambda most: concurrency.reserved(concurrency.kept(most), most), 9, 10,
        "10 of 10 reserved at its peak of a day; limit 90 %"),
    "shared concurrency": (
        concurrency.SHARED, lambda used: concurrency.shared(1000, used), 800, 801,
        "801 of 1000 at its peak of a day; limit 80 %"),
    "maintenance that is forced": (
        MAINTAINED, _forced(ForcedApplyDate=None), DAYS(14) + SECOND, DAYS(14),
        f"system-update, when somebody asks for it; it is forced on 2026-12-08, {CHOOSE}"),
    "maintenance that should have been": (
        MAINTAINED, _forced(CurrentApplyDate=None), SECOND - DAYS(3), -DAYS(3),
        "system-update, applied on 2026-11-21; it should have been applied by 2026-11-21, and waits"),
    "maintenance of a window": (
        MAINTAINED, _forced(AutoAppliedAfterDate=None), SECOND - DAYS(10), -DAYS(10),
        "system-update, when somebody asks for it; it should have been applied by 2026-11-21, and waits"),
    "maintenance whose date was chosen before it is forced": (
        MAINTAINED, _forced(CurrentApplyDate=None, ForcedApplyDate=5), DAYS(5) - SECOND, DAYS(5),
        f"system-update, applied on 2026-11-29; it is forced on 2026-11-29, {CHOOSE}"),
}  # fmt: skip


@pytest.mark.parametrize("case", LIMITS)
def test_what_is_equal_to_a_limit_is_within_and_what_is_beyond_says_so(case: str) -> None:
    check, look, well, ill, said = LIMITS[case]
    within, beyond = _one(check, look(well)), _one(check, look(ill))
    assert within.outcome.value == "passed", within.message
    assert (beyond.outcome.value, beyond.message) == ("failed", said)


def test_a_choice_before_it_is_forced_is_no_choice_once_it_may_come() -> None:
    for chosen in ("next-maintenance", "immediate"):
        action = maintenance.action(ForcedApplyDate=ago(days=-3), OptInStatus=chosen)
        assert _one(MAINTAINED, maintenance.seen(action)).outcome.value == "passed"
    undone = maintenance.action(ForcedApplyDate=ago(days=-3), OptInStatus="undo-opt-in")
    assert _one(MAINTAINED, maintenance.seen(undone)).outcome.value == "failed"


@pytest.mark.parametrize(
    ("ahead", "said"), [(SECOND, "is forced on 2026-11-24"), (timedelta(), "may come at any hour since 2026-11-24")]
)
def test_maintenance_that_is_forced_may_come_at_any_hour(ahead: timedelta, said: str) -> None:
    found = _one(MAINTAINED, maintenance.seen(maintenance.action(ForcedApplyDate=NOW + ahead)))
    assert found.outcome.value == "failed"
    assert f"it {said}, whatever" in found.message


def test_the_earlier_of_two_dates_is_when_maintenance_is_due() -> None:
    for told in (
        {"ForcedApplyDate": ago(days=4), "AutoAppliedAfterDate": ago(days=5)},
        {"ForcedApplyDate": ago(days=-40), "AutoAppliedAfterDate": ago(days=11)},
    ):
        [finding] = examined(MAINTAINED, **maintenance.seen(maintenance.action(**told)))
        assert finding.message.endswith("it should have been applied by 2026-11-20, and waits")


def test_maintenance_of_the_cluster_is_of_its_instances_and_of_a_stopped_one_nothing_is_due() -> None:
    late = maintenance.action(ForcedApplyDate=ago(days=4))
    of_cluster = maintenance.seen(late, of=maintenance.CLUSTER, DBClusterIdentifier="shop-cluster")
    assert _one(MAINTAINED, of_cluster).outcome.value == "failed"
    assert of_cluster["rds_maintenance"][0].evidence["PendingMaintenanceActionDetails"] == [late]
    others = maintenance.seen(late, of=maintenance.CLUSTER, DBClusterIdentifier="another")
    assert _one(MAINTAINED, others).message == "nothing is pending"
    stopped = _one(MAINTAINED, maintenance.seen(late, DBInstanceStatus="stopped"))
    assert (stopped.outcome.value, stopped.message) == ("passed", "system-update, when somebody asks for it; stopped")
    two = [maintenance.action(), maintenance.action(Action="db-upgrade", CurrentApplyDate=ago(days=-2))]
    told = _one(MAINTAINED, maintenance.seen(*two))
    assert told.message == ("system-update, when somebody asks for it; db-upgrade, applied on 2026-11-26; 2 pending")


STATUSES: dict[str, tuple[Raw, str]] = {
    **{f"{status} is broken": ({"DBInstanceStatus": status}, "failed") for status in (
        "failed", "inaccessible-encryption-credentials", "incompatible-network", "insufficient-capacity",
        "restore-error", "storage-full")},
    **{f"{status} is none": ({"DBInstanceStatus": status}, "passed") for status in (
        "available", "backing-up", "modifying", "storage-optimization")},
}  # fmt: skip


@pytest.mark.parametrize("case", STATUSES)
def test_which_states_of_a_database_need_somebody(case: str) -> None:
    changes, outcome = STATUSES[case]
    assert _one(ROOM, databases.seen(databases.database(**changes))).outcome.value == outcome


def test_a_database_without_a_size_is_not_judged_and_of_aurora_or_a_stopped_one_it_does_not_matter() -> None:
    unknown = _one(ROOM, databases.seen(databases.database(AllocatedStorage=0)))
    assert unknown.message.endswith("rds:DescribeDBInstances: AllocatedStorage is 0: its size is unknown")
    assert _one(ROOM, databases.seen(databases.database(AllocatedStorage=1), free=1)).outcome.value == "passed"
    for changes in ({"Engine": "aurora-mysql"}, {"DBInstanceStatus": "stopped"}):
        assert _one(ROOM, databases.seen(databases.database(AllocatedStorage=0, **changes))).outcome.value == "passed"


def test_databases_are_read_whole_by_name_and_those_of_other_services_are_left_out() -> None:
    here = stack(resources={"databases": ("shop", f"arn:aws:rds:{ACCOUNT}:db:main", "gone", "graph", "documents")})
    graph = databases.database(DBInstanceIdentifier="graph", Engine="neptune")
    main = databases.database(DBInstanceIdentifier="main", DBInstanceArn="arn of main")
    listed = {"DBInstances": [databases.database(), main, graph, databases.DOCUMENTS]}
    aws = Aws(
        {("rds", "DescribeDBInstances"): listed, ("cloudwatch", "GetMetricData"): {"MetricDataResults": []}}, here
    )
    found = databases.checks.rds_databases(aws, inventory(here, aws), NOW)
    assert [(one.name, one.arn) for one in found] == [
        ("shop", f"arn:aws:rds:{ACCOUNT}:db:shop"), ("main", "arn of main"), ("gone", "gone"),
    ]  # fmt: skip
    assert isinstance(found[2].evidence, Unread)
    [asked] = aws.parameters_of("GetMetricData")
    told = [
        (
            one["MetricStat"]["Metric"]["MetricName"],
            one["MetricStat"]["Stat"],
            one["MetricStat"]["Period"],
            one["MetricStat"]["Metric"]["Dimensions"][0]["Value"],
        )
        for one in asked["MetricDataQueries"]
    ]
    assert told[:2] == [("FreeStorageSpace", "Minimum", 300, "shop"), ("ReplicaLag", "Maximum", 300, "shop")]
    assert len(told) == 6
    assert NOW - asked["StartTime"] >= timedelta(minutes=30)
    assert NOW - asked["StartTime"] < timedelta(minutes=31)
    only = stack(resources={"databases": ("graph",)})
    with pytest.raises(NotApplicable, match="all databases that stack here names are of DocumentDB or Neptune"):
        databases.checks.rds_databases(aws, inventory(only, Aws(aws._answers, only)), NOW)


def test_replication_that_stopped_is_told_with_its_reason_and_one_that_is_normal_is_not() -> None:
    def status(**told: Any) -> Raw:
        return {"StatusType": "read replication", "Normal": False, "Status": "error", **told}

    cases = [
        ([status()], "replication: error"),
        ([status(Message="Duplicate"), status(Message="Other")], "replication: Duplicate; Other"),
        ([status(Normal=True, Status="replicating")], "0 s behind main"),
    ]
    for statuses, said in cases:
        seen = databases.seen(databases.database(**databases.REPLICA, StatusInfos=statuses), lag=0)
        assert _one(databases.FOLLOW, seen).message == said


def test_a_database_that_is_gone_is_no_replica_that_follows() -> None:
    found = examined(databases.FOLLOW, **databases.seen(databases.database(), 60, None, "old"))
    assert [(one.name, one.outcome.value) for one in found] == [("old", "blind")]


def _queues(*named: str, told: Mapping[str, Any] | None = None) -> list[Any]:
    known = {"orders": queues.queue(3, 4, 50, dead="dead"), "dead": queues.queue(1), **(told or {})}
    found: list[Any] = queues.seen(named, **known)["sqs_queues"]
    return found


def test_queues_are_read_whole_with_their_dead_letter_queues() -> None:
    orders, dead = _queues("orders")
    assert (orders.arn, orders.name, orders.messages, orders.oldest) == (
        f"arn:aws:sqs:{ACCOUNT}:orders", "orders", 7, timedelta(seconds=50),
    )  # fmt: skip
    assert (orders.dead_letters_go_to, orders.takes_dead_of) == (f"arn:aws:sqs:{ACCOUNT}:dead", ())
    assert (dead.name, dead.messages, dead.dead_letters_go_to, dead.takes_dead_of) == ("dead", 1, "", ("orders",))
    for name in (f"arn:aws:sqs:{ACCOUNT}:orders", f"{queues.URL}orders"):
        assert [one.name for one in _queues(name)] == ["orders", "dead"]
    both = _queues("orders", "dead", "more", told={"more": queues.queue(dead="dead")})
    assert [(one.name, one.takes_dead_of) for one in both] == [
        ("orders", ()), ("dead", ("orders", "more")), ("more", ()),
    ]  # fmt: skip


def test_a_queue_that_is_named_by_its_url_is_asked_there() -> None:
    url = "https://sqs.us-west-2.amazonaws.com/210987654321/orders"
    here = stack(resources={"queues": (url,)})
    attributes = {"QueueArn": "arn:aws:sqs:us-west-2:210987654321:orders", **queues.queue(1)["attributes"]}
    answers: dict[tuple[str, str], Any] = {
        ("sqs", "GetQueueAttributes"): {"Attributes": attributes},
        ("cloudwatch", "GetMetricData"): {"MetricDataResults": []},
    }
    aws = Aws(answers, here)
    [found] = queues.checks.sqs_queues(aws, inventory(here, aws), NOW)
    assert (found.arn, found.name, found.messages) == (attributes["QueueArn"], "orders", 1)
    assert [one["QueueUrl"] for one in aws.parameters_of("GetQueueAttributes")] == [url]
    [asked] = aws.parameters_of("GetMetricData")
    [query] = asked["MetricDataQueries"]
    assert (query["MetricStat"]["Stat"], query["MetricStat"]["Period"]) == ("Maximum", 60)
    assert timedelta(minutes=15) <= NOW - asked["StartTime"] < timedelta(minutes=17)


def test_a_queue_without_messages_and_without_a_metric_has_no_oldest_message() -> None:
    [idle] = _queues("idle", told={"idle": queues.queue()})
    assert idle.oldest == timedelta()
    [odd] = _queues("odd", told={"odd": queues.queue(waiting=1)})
    with pytest.raises(CouldNotLook, match="there is no data of"):
        assert odd.oldest
    [old] = _queues("old", told={"old": queues.queue(waiting=1, age_s=9e12)})
    assert old.oldest == timedelta(seconds=1e9)


def test_a_queue_that_may_not_be_read_is_told_by_both_checks() -> None:
    seen = queues.seen((f"arn:aws:sqs:{ACCOUNT}:orders",), orders=queues.DENIED)
    [found] = seen["sqs_queues"]
    assert (found.arn, found.name) == (f"arn:aws:sqs:{ACCOUNT}:orders", "orders")
    for check in (queues.TAKEN, queues.DEAD):
        assert [one.outcome.value for one in examined(check, **seen)] == ["blind"]


def test_functions_are_read_whole_with_an_hour_of_counts() -> None:
    found = functions.seen(functions.function(), Invocations=9.4, Errors=2)["lambda_functions"][0]
    assert (found.arn, found.name) == (f"arn:aws:lambda:{ACCOUNT}:function:receipts", "receipts")
    assert [found.count(one) for one in ("Invocations", "Errors", "Throttles")] == [9, 2, 0]
    failed = _one(functions.ACTIVE, functions.seen(functions.function(LastUpdateStatus="Failed")))
    assert failed.message == "Active, last update Failed; its last update failed"


def test_functions_ask_for_their_own_counts_of_an_hour() -> None:
    here = stack(resources={"functions": ("receipts",)})
    answers = {
        ("lambda", "GetFunctionConfiguration"): functions.function(),
        ("cloudwatch", "GetMetricData"): {"MetricDataResults": []},
    }
    aws = Aws(answers, here)
    functions.checks.lambda_functions(aws, inventory(here, aws), NOW)
    [asked] = aws.parameters_of("GetMetricData")
    assert timedelta(hours=1) <= NOW - asked["StartTime"] < timedelta(hours=1, minutes=5)
    assert {(one["MetricStat"]["Stat"], one["MetricStat"]["Period"]) for one in asked["MetricDataQueries"]} == {
        ("Sum", 300)
    }


SHARES: dict[str, tuple[Mapping[str, Any], str]] = {
    "some is reserved": (
        concurrency.shared(900, 120),
        "100 of the account's 1000 are reserved or provisioned; 120 of 900",
    ),
    "nothing is reserved": (concurrency.shared(1000, 120), "120 of 1000"),
    "it is held by all": (concurrency.shared(0, 0), "1000 of the account's 1000 are reserved or provisioned; 0 of 0"),
}


@pytest.mark.parametrize("case", SHARES)
def test_what_functions_share(case: str) -> None:
    seen, said = SHARES[case]
    assert _one(concurrency.SHARED, seen).message == f"{said} at its peak of a day"


def test_the_accounts_share_is_told_whole_and_only_where_the_stack_has_functions() -> None:
    aws = concurrency.aws_of({("lambda", "GetAccountSettings"): {"AccountLimit": {"ConcurrentExecutions": 10}}}, (3.0,))
    [found] = concurrency.checks.shared_concurrency(aws, [concurrency.ONE], NOW)
    assert (found.arn, found.name) == ("lambda/us-west-2/shared-concurrency", "Lambda's shared concurrency")
    assert found.evidence == {"ConcurrentExecutions": 10}
    assert concurrency.checks.shared_concurrency(aws, [], NOW) == []
    asked = aws.parameters_of("GetMetricData")[0]
    assert timedelta(days=1) <= NOW - asked["StartTime"] < timedelta(days=1, minutes=5)
    assert {one["MetricStat"]["Stat"] for one in asked["MetricDataQueries"]} == {"Maximum"}


def test_nothing_is_asked_of_functions_that_reserve_nothing() -> None:
    aws = concurrency.aws_of({("lambda", "GetFunctionConcurrency"): {}}, (3.0,))
    [none] = concurrency.checks.reserved_concurrency(aws, [concurrency.ONE], NOW)
    assert (none.peak, none.used, len(aws.asked)) == (0.0, None, 1)


def test_a_function_that_may_not_be_read_is_blind_alone() -> None:
    other = concurrency.functions.Function(arn="f", name="f", evidence={"FunctionName": "f"}, counts={})

    def answer(FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        return concurrency.DENIED if FunctionName == "f" else concurrency.kept(100)

    aws = concurrency.aws_of({("lambda", "GetFunctionConcurrency"): answer}, (30.0,))
    found = concurrency.checks.reserved_concurrency(aws, [concurrency.ONE, other], NOW)
    assert [(one.arn, one.name) for one in found] == [(concurrency.ONE.arn, "web"), ("f", "f")]
    told = [one.outcome.value for one in examined(concurrency.KEPT, reserved_concurrency=found)]
    assert told == ["passed", "blind"]
    [asked] = aws.parameters_of("GetMetricData")
    stats = [one["MetricStat"] for one in asked["MetricDataQueries"]]
    assert [(one["Stat"], one["Period"]) for one in stats] == [("Maximum", 300)]
    assert timedelta(days=1) <= NOW - asked["StartTime"] < timedelta(days=1, minutes=5)


def test_counts_are_asked_only_of_functions_that_could_be_read() -> None:
    here = stack(resources={"functions": ("receipts", "good")})

    def answer(FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        return functions.DENIED if FunctionName == "receipts" else functions.function(FunctionName="good")

    data: Raw = {"MetricDataResults": []}
    aws = Aws({("lambda", "GetFunctionConfiguration"): answer, ("cloudwatch", "GetMetricData"): data}, here)
    unread, good = functions.checks.lambda_functions(aws, inventory(here, aws), NOW)
    assert (unread.arn, unread.name, good.name) == ("receipts", "receipts", "good")
    [asked] = aws.parameters_of("GetMetricData")
    assert len(asked["MetricDataQueries"]) == 3


def test_the_moment_when_least_was_left_is_told_whatever_its_size() -> None:
    """Of a thousand: 999 were claimed by others, and one was left and used; then three of four."""
    seen = concurrency.shared(1000, 1, 3, claimed=[1000, 999])
    assert seen["shared_concurrency"][0].tightest == (1, 1)
    told = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
    none = concurrency.checks.Concurrency(arn="a", name="a", evidence=told)
    assert (none.tightest, none.peak) == ((0.0, 900), 0.0)


def test_quotas_say_what_could_not_be_compared() -> None:
    rate = quotas.seen(quotas.quota(Period={"PeriodValue": 1, "PeriodUnit": "SECOND"}))
    silent = quotas.seen(quotas.quota(UsageMetric=None))
    for seen in (rate, silent):
        found = _one(quotas.ROOM, seen)
        assert found.outcome.value == "blind"
        assert "Fargate On-Demand vCPU resource count: AWS publishes no usage" in found.message
    unused = _one(quotas.ROOM, quotas.seen(quotas.quota()))
    assert unused.message.endswith("0 of 200 used at the peak of the last day")


def test_a_quotas_usage_is_asked_for_as_service_quotas_says() -> None:
    here = stack(resources={"quotas": ("fargate/L-3032A538",)})
    usage = quotas.quota()["UsageMetric"]
    for told, statistic in (
        (usage, "Maximum"),
        ({**usage, "MetricStatisticRecommendation": "Sum"}, "Sum"),
        ({key: value for key, value in usage.items() if key != "MetricStatisticRecommendation"}, "Maximum"),
    ):
        answers: dict[tuple[str, str], Any] = {
            ("service-quotas", "GetServiceQuota"): {"Quota": quotas.quota(UsageMetric=told)},
            ("cloudwatch", "GetMetricData"): {"MetricDataResults": []},
        }  # fmt: skip
        aws = Aws(answers, here)
        [found] = quotas.checks.service_quotas(aws, inventory(here, aws), NOW)
        assert (found.arn, found.name) == (quotas.quota()["QuotaArn"], "fargate/L-3032A538")
        [asked] = aws.parameters_of("GetMetricData")
        stat = asked["MetricDataQueries"][0]["MetricStat"]
        assert (stat["Stat"], stat["Period"], stat["Metric"]["Namespace"]) == (statistic, 300, "AWS/Usage")
        assert [one["Name"] for one in stat["Metric"]["Dimensions"]] == ["Class", "Resource", "Service", "Type"]
        assert timedelta(days=1) <= NOW - asked["StartTime"] < timedelta(days=1, minutes=5)
        assert aws.parameters_of("GetServiceQuota") == [{"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}]


def test_a_quota_that_may_not_be_read_is_blind_alone() -> None:
    here = stack(resources={"quotas": ("fargate/L-3032A538", "vpc/L-1")})

    def answer(ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803 - AWS's names
        return {"Quota": quotas.quota()} if ServiceCode == "fargate" else quotas.DENIED

    answers: dict[tuple[str, str], Any] = {
        ("service-quotas", "GetServiceQuota"): answer,
        ("cloudwatch", "GetMetricData"): {"MetricDataResults": []},
    }
    aws = Aws(answers, here)
    known, denied = quotas.checks.service_quotas(aws, inventory(here, aws), NOW)
    assert (known.evidence, denied.arn, denied.name) == (quotas.quota(), "vpc/L-1", "vpc/L-1")
    [asked] = aws.parameters_of("GetMetricData")
    assert len(asked["MetricDataQueries"]) == 1
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert denied.evidence["Value"]


RENEWALS: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "it is renewed": (
        certificates.seen(certificates.certificate(RenewalSummary=certificates.renewal("SUCCESS"))),
        "passed", "SUCCESS"),
    "it failed": (
        certificates.seen(certificates.certificate(RenewalSummary=certificates.renewal("FAILED"))), "failed",
        "FAILED; FAILED"),
    "it failed, and nothing uses it": (
        certificates.seen(certificates.certificate(RenewalSummary=certificates.renewal("FAILED"), InUseBy=[])),
        "passed", "FAILED"),
}  # fmt: skip


@pytest.mark.parametrize("case", RENEWALS)
def test_how_a_renewal_stands(case: str) -> None:
    seen, outcome, said = RENEWALS[case]
    found = _one(certificates.RENEWED, seen)
    assert (found.outcome.value, found.message) == (outcome, said)


def test_only_domains_without_a_proof_are_named() -> None:
    options = [
        {"DomainName": "a.example.com", "ValidationStatus": "SUCCESS"},
        {"DomainName": "b.example.com", "ValidationStatus": "PENDING_VALIDATION"},
        {"DomainName": "c.example.com"},
    ]
    summary = certificates.renewal("PENDING_VALIDATION", DomainValidationOptions=options)
    [found] = certificates.seen(certificates.certificate(RenewalSummary=summary))["acm_certificates"]
    assert found.unproven == "b.example.com, c.example.com"


def test_certificates_are_found_by_domain_or_arn_each_once_in_its_region() -> None:
    there = certificates.THERE
    named = (certificates.DOMAIN, certificates.ARN, there)
    here = stack(resources={"certificates": named})
    listed = [
        {"CertificateArn": certificates.ARN, "DomainName": certificates.DOMAIN},
        {"CertificateArn": f"{certificates.ARN}-other", "DomainName": "other.example.com"},
    ]

    def describe(CertificateArn: str) -> Raw:  # noqa: N803 - AWS's name
        return {"Certificate": certificates.certificate(CertificateArn=CertificateArn)}

    aws = Aws(
        {
            ("acm", "ListCertificates"): {"CertificateSummaryList": listed},
            ("acm", "DescribeCertificate"): describe,
            ("us-east-1 acm", "DescribeCertificate"): describe,
        },
        here,
    )
    found = certificates.checks.acm_certificates(aws, inventory(here, aws))
    assert [(one.arn, one.name) for one in found] == [
        (certificates.ARN, certificates.DOMAIN), (there, certificates.DOMAIN),
    ]  # fmt: skip
    asked = {(one.region, one.parameters["CertificateArn"]) for one in aws.asked if "CertificateArn" in one.parameters}
    assert asked == {("us-west-2", certificates.ARN), ("us-east-1", there)}
    none = stack(resources={"certificates": ("b.example.com", "a.example.com")})
    with pytest.raises(CouldNotLook, match=r"there is no certificate of a\.example\.com, b\.example\.com"):
        certificates.checks.acm_certificates(aws, inventory(none, aws))
    by_arn = stack(resources={"certificates": (certificates.ARN,)})
    of_iam = stack(resources={"certificates": ("arn:aws:iam::123456789012:server-certificate/web", certificates.ARN)})
    other, own = certificates.checks.acm_certificates(aws, inventory(of_iam, aws))
    assert own.arn == certificates.ARN
    with pytest.raises(CouldNotLook, match="server-certificate/web is not the ARN of a certificate of ACM"):
        assert other.evidence["Status"]
    quiet = Aws({("acm", "DescribeCertificate"): describe}, by_arn)
    assert len(certificates.checks.acm_certificates(quiet, inventory(by_arn, quiet))) == 1


def test_a_certificate_that_nothing_uses_may_end_and_one_that_ended_has_nothing_left() -> None:
    left_over = certificates.seen(certificates.certificate(-3, Status="EXPIRED", InUseBy=[]))
    found = _one(certificates.VALID, left_over)
    assert (found.outcome.value, found.message) == ("passed", "EXPIRED, AMAZON_ISSUED, and nothing uses it")
    ended = _one(certificates.VALID, certificates.seen(certificates.certificate(-3)))
    assert ended.message == "ISSUED, AMAZON_ISSUED; 0 s left, limit 30 days"
