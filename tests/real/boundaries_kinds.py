"""Queues, functions, quotas, databases, certificates, health pages and saved tables at their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opschecks.web.health import health
from tests.aws import test_fresh_backups as saved
from tests.canned import NOW, Raw, stack
from tests.real import certificates, databases, functions, queues, quotas
from tests.real.rows import Row
from tests.real.web import BACKEND, HEALTH, IETF, Answers, answer

QUEUES, DEAD = queues.checks.test_queues_are_worked_off, queues.checks.test_no_message_is_dead
FAILS, THROTTLED = (functions.checks.test_functions_rarely_fail, functions.checks.test_functions_are_not_throttled)
CONTINUOUS = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoveryDescription.html"


def waits(situation: str, seconds: float, outcome: str, says: str) -> Row:
    look = {"orders": queues.queue(3, age_s=seconds)}
    return Row(situation, QUEUES, lambda: queues.seen(("orders",), **look), outcome, queues.REDRIVE, says)


def dead(situation: str, held: int, allowed: int, outcome: str, says: str) -> Row:
    def look() -> Mapping[str, Any]:
        told = {"orders": queues.queue(dead="orders-dead"), "orders-dead": queues.queue(held)}
        return queues.seen(("orders",), {"own": {"dead_letters": allowed}}, **told)

    return Row(situation, DEAD, look, outcome, queues.REDRIVE, says)


def runs(situation: str, check: Any, outcome: str, says: str, **counts: float) -> Row:
    return Row(
        situation,
        check,
        lambda: functions.seen(functions.function(), {}, **counts),
        functions.both(outcome),
        functions.METRICS,
        says,
    )


def used(situation: str, value: float, outcome: str, says: str) -> Row:
    return Row(situation, quotas.ROOM, lambda: quotas.seen(quotas.quota(), value), outcome, quotas.METRICS, says)


def base(situation: str, check: Any, outcome: str, says: str, told: Raw | None = None, **more: Any) -> Row:
    return Row(
        situation, check, lambda: databases.seen(told or databases.database(), **more), outcome, databases.METRICS, says
    )


def valid(situation: str, days: float, outcome: str, says: str) -> Row:
    return Row(
        situation,
        certificates.VALID,
        lambda: certificates.seen(certificates.certificate(days)),
        outcome,
        certificates.DETAIL,
        says,
    )


def well(situation: str, outcome: str, says: str, ms: float = 20.0, days: float | None = None) -> Row:
    """A health page that took so long, with a certificate of so many days."""

    def look() -> Mapping[str, Any]:
        checked = stack(backend_url=BACKEND)
        told = replace(answer({"status": "ok"}), latency_ms=ms)
        found = health(checked, Answers({"*": told}), NOW)
        return {"stack": checked, "health": found if days is None else replace(found, certificate_days_left=days)}

    return Row(situation, HEALTH, look, outcome, IETF, says)


def restorable(situation: str, outcome: str, says: str, backups: Any, recovery: Any, points: Any = None) -> Row:
    return Row(
        situation,
        saved.check,
        lambda: {"saved_tables": saved.judged(backups, recovery, points)},
        outcome,
        CONTINUOUS,
        says,
    )


JUST = 1 / 3600
REPLICA = databases.database(**databases.REPLICA)
ROWS = [
    Row("a function that could not be made", functions.ACTIVE, lambda: functions.seen(
        functions.function(State="Failed", StateReason="The subnet is gone")), functions.both("failed"),
        functions.STATES, "Failed, last update Successful; The subnet is gone"),
    Row("a function that could not be made, and nobody says why", functions.ACTIVE, lambda: functions.seen(
        functions.function(State="Failed")), functions.both("failed"), functions.STATES, "its State is Failed"),
    waits("the oldest message is as old as it may be", 900, "passed", "about 3 messages, the oldest 15 min old"),
    waits("the oldest message is a second too old", 901, "failed", "limit 15 min"),
    dead("as many dead letters as there may be", 2, 2, "passed", "2 dead letters of orders"),
    dead("one dead letter too many", 3, 2, "failed", "3 dead letters of orders; limit 2"),
    runs("two errors, too few to be judged", FAILS, "passed", "2 errors of 2 invocations", Errors=2, Invocations=2),
    runs("three errors of three hundred, one percent", FAILS, "passed", "3 errors of 300", Errors=3, Invocations=300),
    runs("three errors of a few less", FAILS, "failed", "limit 1 %", Errors=3, Invocations=299),
    runs("one invocation is refused", THROTTLED, "failed", "1 throttled invocation in the last hour; limit",
         Throttles=1),
    runs("none is refused", THROTTLED, "passed", "0 throttled invocations", Throttles=0),
    used("four fifths of a quota", 160, "passed", "160 of 200 used"),
    used("one more than four fifths of a quota", 161, "failed", "limit 80 %"),
    base("as much is free as must be", databases.ROOM, "passed", "15 % of 100 GiB are free", free=15),
    base("a little less is free", databases.ROOM, "failed", "limit 15 %, and it may not grow", free=14.9),
    base("it may grow to what it has, which is no growth", databases.ROOM, "failed", "it may not grow", free=5,
         told=databases.database(MaxAllocatedStorage=100)),
    base("it may grow by one GiB", databases.ROOM, "passed", "5 % of 100 GiB", free=5,
         told=databases.database(MaxAllocatedStorage=101)),
    base("backups of a week", databases.BACKED_UP, "passed", "kept for 7 days",
         told=databases.database(BackupRetentionPeriod=7)),
    base("backups of six days", databases.BACKED_UP, "failed", "kept for 6 days; limit 7 days",
         told=databases.database(BackupRetentionPeriod=6)),
    base("a replica, a minute behind", databases.FOLLOW, "passed", "1 min behind main", told=REPLICA, lag=60),
    base("a replica, a second more behind", databases.FOLLOW, "failed", "limit 60 s", told=REPLICA, lag=61),
    base("a replica that is not behind at all", databases.FOLLOW, "passed", "behind main", told=REPLICA, lag=0),
    base("a replica that does not replicate", databases.FOLLOW, "failed", "limit 60 s", told=REPLICA, lag=-1),
    valid("a certificate of thirty days", 30, "passed", "ISSUED"),
    valid("a certificate of a second less", 30 - 1 / 86400, "failed", "limit 30 days"),
    well("a health page that takes as long as it may", "passed", "latency 2000 ms", ms=2000.0),
    well("a health page that takes a moment longer", "failed", "took 2000 ms, limit 2000 ms", ms=2000.1),
    well("a certificate of the host of fourteen days", "passed", "certificate valid for 14 days", days=14.0),
    well("a certificate of the host of a moment less", "failed", "limit 14 days", days=13.99),
    restorable("a backup of 24 hours", "passed", "its newest backup is 24 h old", saved.backups(saved.backup(24)),
               saved.OFF),
    restorable("a backup of a second more", "failed", "limit 24 h", saved.backups(saved.backup(24 + JUST)), saved.OFF,
               saved.NONE),
    restorable("recovery up to 24 hours ago", "passed", "restored to is 24 h old", saved.backups(),
               saved.recovery(24)),
    restorable("recovery has stopped, and an older backup does not count", "failed", "restored to is 30 h old",
               saved.backups(saved.backup(40)), saved.recovery(30), saved.NONE),
    restorable("recovery has stopped, and AWS Backup may not be asked", "blind", "AccessDenied",
               saved.backups(saved.backup(40)), saved.recovery(30), saved.DENIED),
]  # fmt: skip
