"""What drills conclude: items that time explains and items that are lost, percentiles, a load's queue, CloudTrail."""

from __future__ import annotations

import json
import runpy
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.restores import restore_rehearsal
from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix
from opschecks.core.observation import CouldNotLook, seen
from opschecks.drills.clients import Reconnected
from opschecks.drills.failover import FailOver
from opschecks.drills.load import LoadRun, load_run
from opschecks.drills.probes import Got, failed_percent, load, percentile
from opschecks.drills.restore import RestoreDrill, drill_name
from opschecks.drills.table_items import ATTEMPTS, ItemDigest, TablePart, compare, fetch, read_part
from opschecks.drills.table_shape import changed_since, shape_of, shape_of_backup, wrong_in
from opschecks.remedies.operations.stop_task import StopTask, unsteady
from tests.canned import ACCOUNT, NOW, Aws, ago, as_sent, names, stack, verdict
from tests.scratch import ROOT

DRILLS = ROOT / "checks" / "drills"
RESTORE = runpy.run_path(str(DRILLS / "test_restore.py"))["test_tables_can_be_restored_from_their_backup"]
FAILOVER = runpy.run_path(str(DRILLS / "test_failover.py"))
LOAD = runpy.run_path(str(DRILLS / "test_load.py"))["test_backend_keeps_its_pace_under_load"]
WEEKLY = ROOT / "checks" / "weekly" / "test_disaster_recovery.py"
REHEARSED = runpy.run_path(str(WEEKLY))["test_a_restore_was_rehearsed_lately"]
BACKUP = NOW - timedelta(days=2)


# items


def item(key: str, digest: str = "d", days: float | None = None) -> ItemDigest:
    return ItemDigest({"id": {"S": key}}, digest, None if days is None else NOW - timedelta(days=days))


def part(*items: ItemDigest, whole: bool = True) -> TablePart:
    return TablePart({str(one.key): one for one in items}, whole)


ITEMS: dict[str, tuple[list[ItemDigest], list[ItemDigest], dict[str, int]]] = {
    "the same": ([item("a")], [item("a")], {"same": 1}),
    "changed since": ([item("a", "new")], [item("a", "old")], {"changed": 1}),
    "deleted since": ([], [item("a")], {"gone": 1}),
    "made since": ([item("a", days=1)], [], {"newer": 1}),
    "older, and lost": ([item("a", days=3)], [], {"lost": 1}),
    "made as the backup was, give or take a clock": ([item("a", days=2.001)], [], {"newer": 1}),
    "of no known age": ([item("a")], [], {"unexplained": 1}),
    "nothing at all": ([], [], {}),
}


@pytest.mark.parametrize(("source", "restored", "counts"), ITEMS.values(), ids=ITEMS)
def test_items(source: list[ItemDigest], restored: list[ItemDigest], counts: dict[str, int]) -> None:
    told = compare(part(*source), part(*restored), BACKUP, in_source={}, in_restored={})
    kinds = ("same", "changed", "gone", "newer", "lost", "unexplained")
    assert {kind: getattr(told, kind) for kind in kinds if getattr(told, kind)} == counts
    assert told.total == sum(counts.values())


def test_what_a_sample_lacks_is_looked_up_on_the_other_side() -> None:
    there = {str(item("a").key): item("a")}
    told = compare(part(item("a"), whole=False), part(whole=False), BACKUP, in_source={}, in_restored=there)
    assert (told.same, told.unexplained, told.whole) == (1, 0, False)


def test_sets_have_no_order_and_no_content_is_kept() -> None:
    one = {"id": {"S": "a"}, "tags": {"SS": ["x", "y"]}, "blob": {"B": b"secret"}}
    other = {"id": {"S": "a"}, "tags": {"SS": ["y", "x"]}, "blob": {"B": b"secret"}}
    pages: list[dict[str, Any]] = [{"Items": [one], "Count": 1}, {"Items": [other], "Count": 1}]
    aws = Aws({("dynamodb", "Scan"): pages})
    first = read_part(aws, "t-1", ["id"], "", most=9, whole=True)
    second = read_part(aws, "t-1", ["id"], "", most=9, whole=True)
    assert first == second
    assert "secret" not in repr(first)


def test_a_scan_that_is_cut_is_not_all_of_it_and_one_that_says_nothing_is_not_seen() -> None:
    more = {"Items": [{"id": {"S": "a"}}], "LastEvaluatedKey": {"id": {"S": "a"}}}
    assert not read_part(Aws({("dynamodb", "Scan"): more}), "t-1", ["id"], "", most=1, whole=False).whole
    with pytest.raises(CouldNotLook, match="the answer has no 'Items'"):
        read_part(Aws({("dynamodb", "Scan"): {}}), "t-1", ["id"], "", most=1, whole=False)


def test_keys_left_unprocessed_are_asked_again_and_never_taken_for_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    left = {"t-1": {"Keys": [{"id": {"S": "a"}}]}}
    found = {"Responses": {"t-1": [{"id": {"S": "a"}}]}, "UnprocessedKeys": {}}
    aws = Aws({("dynamodb", "BatchGetItem"): [{"Responses": {}, "UnprocessedKeys": left}, found]})
    assert len(fetch(aws, "t-1", [item("a")], "")) == 1
    never = Aws({("dynamodb", "BatchGetItem"): {"Responses": {}, "UnprocessedKeys": left}})
    with pytest.raises(CouldNotLook, match=f"1 key of t-1 left unprocessed {ATTEMPTS} times"):
        fetch(never, "t-1", [item("a")], "")
    empty = Aws({("dynamodb", "BatchGetItem"): {}})
    with pytest.raises(CouldNotLook, match="the answer has no 'Responses'"):
        fetch(empty, "t-1", [item("a")], "")


# the form of a table


def described(*indexes: str, billing: str = "PAY_PER_REQUEST", kind: str = "S") -> dict[str, Any]:
    return {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": kind}],
        "BillingModeSummary": {"BillingMode": billing},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in indexes
        ],
    }


def of_backup(*indexes: str, billing: str | None = "PAY_PER_REQUEST") -> Any:
    told = described(*indexes)
    details = {"KeySchema": told["KeySchema"], **({"BillingMode": billing} if billing else {})}
    features = {"GlobalSecondaryIndexes": told["GlobalSecondaryIndexes"]}
    return shape_of_backup({"SourceTableDetails": details, "SourceTableFeatureDetails": features})


SHAPES: dict[str, tuple[dict[str, Any], Any, dict[str, Any], list[str], list[str]]] = {
    "alike": (described("x"), of_backup("x"), described("x"), [], []),
    "an index is lacking": (described(), of_backup("x"), described("x"), ["the index x is not there"], []),
    "an index is younger than the backup": (
        described(), of_backup(), described("x"), [], ["the backup is older than the index x"],
    ),
    "an index was deleted since": (described("x"), of_backup("x"), described(), [], ["the index x was deleted since"]),
    "billed otherwise": (
        described(billing="PROVISIONED"), of_backup(), described(),
        ["it is billed PROVISIONED, and was PAY_PER_REQUEST"], [],
    ),
    "billed otherwise since": (
        described(billing="PROVISIONED"), of_backup(billing="PROVISIONED"), described(),
        [], ["the table is billed PAY_PER_REQUEST since"],
    ),
    "the backup does not tell how it was billed": (described(), of_backup(billing=None), described(), [], []),
    "a key of another type": (
        described(kind="N"), of_backup(), described(), ["id is of type N, and S in the source"], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("restored", "backup", "source", "wrong", "since"), SHAPES.values(), ids=SHAPES)
def test_shapes(
    restored: dict[str, Any], backup: Any, source: dict[str, Any], wrong: list[str], since: list[str]
) -> None:
    assert wrong_in(shape_of(restored), backup, shape_of(source)) == wrong
    assert list(changed_since(backup, shape_of(source))) == since


def test_a_temporary_table_has_a_name_that_dynamodb_takes() -> None:
    assert drill_name("orders", NOW).startswith("opschecks-drill-orders-")
    assert len(drill_name("o" * 255, NOW)) == 255


def restored(**of: Any) -> list[RestoreDrill]:
    return [RestoreDrill(arn="t", name="orders", took_s=60, **of)]


def test_a_restore_is_judged_by_what_is_wrong_then_left_then_proven() -> None:
    assert verdict(RESTORE, restore_drills=restored()) == ("passed", "restored in 60 s")
    assert verdict(RESTORE, restore_drills=restored(refused="nobody knows")) == ("blind", "nobody knows")
    assert verdict(RESTORE, restore_drills=restored(left="it is CREATING"))[0] == "failed"
    assert verdict(RESTORE, restore_drills=restored(wrong=("it lacks x",), refused="y")) == ("failed", "it lacks x")
    assert [one.result for one in (*restored(), *restored(refused="x"), *restored(wrong=("x",)))] == [
        "as the backup",
        "not proven",
        "not restored",
    ]


# load

PERCENTILES = [([7.0], 95, 7.0), ([1.0, 2.0], 50, 1.0), (list(map(float, range(1, 101))), 95, 95.0), ([3, 1, 2], 99, 3)]


@pytest.mark.parametrize(("values", "percent", "wanted"), PERCENTILES)
def test_percentiles_are_of_nearest_rank(values: Sequence[float], percent: float, wanted: float) -> None:
    assert percentile(values, percent) == wanted


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 95)
    assert failed_percent([]) == 0


def _load(ask: Any, **more: Any) -> tuple[list[Got], str]:
    given = {"per_second": 50, "seconds": 0.4, "connections": 1, "patience_s": 5, "stop": lambda _: ""}
    return load(lambda: ask, say=lambda _: None, **{**given, **more})


def test_who_waits_for_a_connection_waits_in_the_numbers_too() -> None:
    def slow() -> str:
        time.sleep(0.05)
        return ""

    got, _ = _load(slow)
    assert len(got) == 20
    assert got[0].took_ms < got[-1].took_ms
    assert got[-1].took_ms > 400, "20 of 50 ms are due within 0.4 s: the last one waits for more than half a second"


def test_a_load_ends_early_where_it_hurts_and_never_waits_for_ever() -> None:
    got, why = _load(lambda: "answered 503", stop=lambda so_far: "enough" if len(so_far) >= 5 else "")
    assert (why, 5 <= len(got) < 20) == ("enough", True)
    hung = threading.Event()
    silent, _ = _load(lambda: str(hung.wait(9)), per_second=20, seconds=0.1, patience_s=0.2)
    hung.set()
    assert [one.failure for one in silent] == ["no answer by the end"] * 2


def run(*got: Got, stopped: str = "", **limits: Any) -> tuple[LoadRun, Stack]:
    checked = stack(limits=limits)
    return load_run("http://x/health", got, stopped, NOW, checked.limits), checked


LOADS: dict[str, tuple[tuple[LoadRun, Stack], str, str]] = {
    "fast": (run(*[Got(0, 5)] * 20), "passed", "p95 5 ms"),
    "slow": (run(*[Got(0, 5)] * 18, *[Got(0, 2000)] * 2), "failed", "p95 2000 ms; limit 1000 ms"),
    "failing": (run(*[Got(0, 5)] * 18, *[Got(0, 5, "answered 503")] * 2), "failed", "limit 1 %: 2 × answered 503"),
    "too few to tell": (run(*[Got(0, 5)] * 9), "blind", "too few requests were answered for a p95: 9"),
    "ended early": (run(*[Got(0, 5)] * 20, stopped="ended early"), "failed", "ended early"),
}


@pytest.mark.parametrize(("made", "outcome", "message"), LOADS.values(), ids=LOADS)
def test_loads(made: tuple[LoadRun, Stack], outcome: str, message: str) -> None:
    told = verdict(LOAD, load_drill=made[0], stack=made[1])
    assert told[0] == outcome, told
    assert message in told[1]


# fail-over


def failover(**of: Any) -> list[FailOver]:
    return [FailOver(arn="s", name="backend", **of)]


def test_what_was_not_stopped_proves_nothing_to_any_check() -> None:
    for check in ("is_replaced_in_time", "clients_come_back", "requests_succeed"):
        [function] = [one for name, one in FAILOVER.items() if name.startswith("test_") and check in name]
        told = verdict(function, failover_drills=failover(refused="no task was stopped: a deployment is under way"))
        assert told == ("blind", "no task was stopped: a deployment is under way")


CLIENTS: dict[str, tuple[Reconnected, str, str]] = {
    "back": (Reconnected(clients=4, cut=2, took_s=(0.5, 2)), "passed", "the slowest was back after 2.0 s"),
    "late": (Reconnected(clients=4, cut=2, took_s=(0.5, 31)), "failed", "limit 30 s"),
    "away": (Reconnected(clients=4, cut=2, away=1, took_s=(1,), refused="HTTP 503"), "failed", "HTTP 503"),
    "none was cut": (Reconnected(clients=4), "blind", "none of 4 clients was cut"),
    "none was there": (Reconnected(why_none="stack x names no WebSocket"), "blind", "names no WebSocket"),
}


@pytest.mark.parametrize(("clients", "outcome", "message"), CLIENTS.values(), ids=CLIENTS)
def test_clients(clients: Reconnected, outcome: str, message: str) -> None:
    told = verdict(FAILOVER["test_websocket_clients_come_back"], failover_drills=failover(clients=clients))
    assert told[0] == outcome, told
    assert message in told[1]


def test_a_task_that_was_not_replaced_fails() -> None:
    check = FAILOVER["test_a_stopped_task_is_replaced_in_time"]
    assert verdict(check, failover_drills=failover(recovered_s=20.0))[0] == "passed"
    assert verdict(check, failover_drills=failover(said="1 of 2 tasks run"))[0] == "failed"


SERVICE = {
    "serviceName": "backend", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
    "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
}  # fmt: skip
TASK = {"taskArn": "arn:aws:ecs:x:task/prod/1", "group": "service:backend", "lastStatus": "RUNNING"}
UNSTEADY: dict[str, tuple[dict[str, Any], str]] = {
    "steady": ({}, ""),
    "one task": ({"desiredCount": 1, "runningCount": 1}, "it runs 1 task: stopping it would be an outage"),
    "lacking": ({"runningCount": 1}, "1 of 2 tasks run: some are missing already"),
    "starting": ({"pendingCount": 1}, "2 of 2 tasks run: some are missing already"),
    "deploying": ({"deployments": [{"rolloutState": "IN_PROGRESS"}]}, "a deployment is under way"),
    "two deployments": ({"deployments": SERVICE["deployments"] * 2}, "a deployment is under way"),  # type: ignore[operator]
    "an external controller": ({"deployments": []}, ""),
}


@pytest.mark.parametrize(("changed", "why"), UNSTEADY.values(), ids=UNSTEADY)
def test_when_a_task_may_be_stopped(changed: dict[str, Any], why: str) -> None:
    assert unsteady({**SERVICE, **changed}) == why


def stop_task(task: dict[str, Any] | None, **service: Any) -> StopTask:
    answers: Any = {
        ("ecs", "DescribeTasks"): {"tasks": [task] if task else [], "failures": []},
        ("ecs", "DescribeServices"): {"services": [{**SERVICE, **service}]},
    }
    checked = stack(cluster="prod", services=["backend"])
    return StopTask(checked, Aws(answers, checked))


NOT_TO_STOP: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "unknown": (None, {}, "there is no such task"),
    "stopping": ({**TASK, "desiredStatus": "STOPPED"}, {}, "only a running task is stopped"),
    "nobody's": ({**TASK, "desiredStatus": "RUNNING", "group": "family:x"}, {}, "it would not be replaced"),
    "another's": (
        {**TASK, "desiredStatus": "RUNNING", "group": "service:frontend"}, {}, "frontend is not a service of here",
    ),
    "the only one": (
        {**TASK, "desiredStatus": "RUNNING"}, {"desiredCount": 1, "runningCount": 1}, "would be an outage",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("task", "service", "why"), NOT_TO_STOP.values(), ids=NOT_TO_STOP)
def test_a_task_that_must_not_be_stopped(task: dict[str, Any] | None, service: dict[str, Any], why: str) -> None:
    remedy = stop_task(task, **service)
    with pytest.raises(CannotFix, match=why):
        remedy.read_for_plan("task/prod/1")
    with pytest.raises(CannotFix, match=why):
        as_sent(*remedy.steps("task/prod/1", {}, {}))


def test_a_task_that_ecs_has_forgotten_is_stopped_and_an_empty_answer_is_nothing() -> None:
    assert stop_task(None).read("task/prod/1")["desiredStatus"] == "STOPPED"
    with pytest.raises(CouldNotLook, match="the answer has no 'tasks'"):
        StopTask(stack(), Aws({("ecs", "DescribeTasks"): {}})).read("task/prod/1")


# CloudTrail

SOURCE = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
FROM_BACKUP = {"targetTableName": "x", "backupArn": f"{SOURCE}/backup/0148-73d8d5bc"}


def event(days: float, asked: Any = FROM_BACKUP, **more: Any) -> dict[str, Any]:
    return {
        "EventName": "RestoreTableFromBackup",
        "EventTime": ago(days=days),
        "CloudTrailEvent": json.dumps({"requestParameters": asked, **more}),
    }


def job(days: float, **more: Any) -> dict[str, Any]:
    return {"CreationDate": ago(days=days), "Status": "COMPLETED", "ResourceType": "DynamoDB", **more}


DENIED = CouldNotLook("backup:ListRestoreJobs", "AccessDeniedException: no", action="backup:ListRestoreJobs")
Jobs = Sequence[dict[str, Any]] | CouldNotLook
RESTORES: dict[str, tuple[list[dict[str, Any]], Jobs, str, str]] = {
    "from a backup": ([event(10)], DENIED, "passed", "incidents was last restored"),
    "to a moment, by name": ([event(10, {"sourceTableName": "incidents"})], DENIED, "passed", ""),
    "to a moment, by ARN": ([event(10, {"sourceTableArn": SOURCE})], DENIED, "passed", ""),
    "refused by AWS": ([event(10, errorCode="AccessDenied")], [], "failed", "no restore of any table"),
    "refused, with nothing that was asked": ([event(10, None, errorCode="AccessDenied")], [], "failed", ""),
    "of another's table": ([event(1, {"sourceTableName": "orders"})], [], "failed", "no restore of any table"),
    "none at all": ([], [], "failed", "no restore of any table"),
    "too long ago": ([event(40)], [], "failed", "limit 30 days"),
    "by AWS Backup": ([], [job(5, SourceResourceArn=SOURCE)], "passed", "(AWS Backup)"),
    "by AWS Backup, told by the recovery point": (
        [], [job(5, RecoveryPointArn=f"{SOURCE}/backup/0148-73d8d5bc")], "passed", "",
    ),
    "by AWS Backup, of what is not told": (
        [], [job(5, RecoveryPointArn=f"arn:aws:backup:{ACCOUNT}:recovery-point:1")], "blind", "not report which table",
    ),
    "AWS Backup may not be asked": ([event(40)], DENIED, "blind", "backup:ListRestoreJobs: AccessDenied"),
    "AWS Backup answers nothing": ([], CouldNotLook("backup:ListRestoreJobs", "empty"), "blind", "empty"),
    "of which nothing is told": ([event(3, None)], [], "blind", "not report which table"),
    "of which nothing is told, beside one that is": ([event(3, None), event(5)], DENIED, "passed", ""),
    "cut short": ([{**event(3), "CloudTrailEvent": '{"requestPara'}], [], "blind", "not report which table"),
}  # fmt: skip


@pytest.mark.parametrize(("events", "jobs", "outcome", "message"), RESTORES.values(), ids=RESTORES)
def test_rehearsals(events: list[dict[str, Any]], jobs: Jobs, outcome: str, message: str) -> None:
    checked = stack(limits={"restore_drill_days": 30})
    aws = Aws(
        {
            ("cloudtrail", "LookupEvents"): [{"Events": events}, {"Events": []}],
            ("backup", "ListRestoreJobs"): jobs if isinstance(jobs, CouldNotLook) else {"RestoreJobs": list(jobs)},
        }
    )
    looked = restore_rehearsal(checked, aws, names(tables=("incidents",)), NOW)
    told = verdict(REHEARSED, restore_rehearsal=looked, stack=checked)
    assert told[0] == outcome, told
    assert message in told[1]


def test_an_answer_without_events_is_not_no_restore() -> None:
    aws = Aws({("cloudtrail", "LookupEvents"): {}})
    with pytest.raises(CouldNotLook, match="cloudtrail:LookupEvents: the answer has no 'Events'"):
        seen(restore_rehearsal(stack(), aws, names(tables=("incidents",)), NOW))


def test_a_page_without_a_hit_is_followed_by_the_next_and_a_hit_ends_it() -> None:
    pages = [{"Events": [], "NextToken": "2"}, {"Events": [event(9)], "NextToken": "3"}, {"Events": []}]
    answers: Any = {("cloudtrail", "LookupEvents"): pages}
    aws = Aws(answers)
    looked = restore_rehearsal(stack(), aws, names(tables=("incidents",)), NOW)
    assert looked.newest is not None
    asked = aws.parameters_of("LookupEvents")
    assert [one.get("NextToken") for one in asked] == [None, "2", None]
    assert [one["LookupAttributes"][0]["AttributeValue"] for one in asked] == [
        "RestoreTableFromBackup", "RestoreTableFromBackup", "RestoreTableToPointInTime",
    ]  # fmt: skip
