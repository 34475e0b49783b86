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


def waits(seconds: float, outcome: str, says: str) -> Row:
    look = {"orders": queues.queue(3, age_s=seconds)}
    return Row(QUEUES, lambda: queues.seen(("orders",), **look), outcome, queues.REDRIVE, says)


def dead(held: int, allowed: int, outcome: str, says: str) -> Row:
    def look() -> Mapping[str, Any]:
        told = {"orders": queues.queue(dead="orders-dead"), "orders-dead": queues.queue(held)}
        return queues.seen(("orders",), {"own": {"dead_letters": allowed}}, **told)

    return Row(DEAD, look, outcome, queues.REDRIVE, says)


def runs(check: Any, outcome: str, says: str, **counts: float) -> Row:
    return Row(
        check,
        lambda: functions.seen(functions.function(), {}, **counts),
        functions.both(outcome),
        functions.METRICS,
        says,
    )


def used(value: float, outcome: str, says: str) -> Row:
    return Row(quotas.ROOM, lambda: quotas.seen(quotas.quota(), value), outcome, quotas.METRICS, says)


def base(check: Any, outcome: str, says: str, told: Raw | None = None, **more: Any) -> Row:
    return Row(check, lambda: databases.seen(told or databases.database(), **more), outcome, databases.METRICS, says)


def valid(days: float, outcome: str, says: str) -> Row:
    return Row(
        certificates.VALID,
        lambda: certificates.seen(certificates.certificate(days)),
        outcome,
        certificates.DETAIL,
        says,
    )


def well(outcome: str, says: str, ms: float = 20.0, days: float | None = None) -> Row:
    """A health page that took so long, with a certificate of so many days."""

    def look() -> Mapping[str, Any]:
        checked = stack(backend_url=BACKEND)
        told = replace(answer({"status": "ok"}), latency_ms=ms)
        found = health(checked, Answers({"*": told}), NOW)
        return {"stack": checked, "health": found if days is None else replace(found, certificate_days_left=days)}

    return Row(HEALTH, look, outcome, IETF, says)


def restorable(outcome: str, says: str, backups: Any, recovery: Any, points: Any = None) -> Row:
    return Row(
        saved.check, lambda: {"saved_tables": saved.judged(backups, recovery, points)}, outcome, CONTINUOUS, says
    )


JUST = 1 / 3600
REPLICA = databases.database(**databases.REPLICA)
ROWS = {
    "a function that could not be made": Row(functions.ACTIVE, lambda: functions.seen(
        functions.function(State="Failed", StateReason="The subnet is gone")), functions.both("failed"),
        functions.STATES, "Failed, last update Successful; The subnet is gone"),
    "a function that could not be made, and nobody says why": Row(functions.ACTIVE, lambda: functions.seen(
        functions.function(State="Failed")), functions.both("failed"), functions.STATES, "its State is Failed"),
    "the oldest message is as old as it may be": waits(900, "passed", "about 3 messages, the oldest 15 min old"),
    "the oldest message is a second too old": waits(901, "failed", "limit 15 min"),
    "as many dead letters as there may be": dead(2, 2, "passed", "2 dead letters of orders"),
    "one dead letter too many": dead(3, 2, "failed", "3 dead letters of orders; limit 2"),
    "two errors, too few to be judged": runs(FAILS, "passed", "2 errors of 2 invocations", Errors=2, Invocations=2),
    "three errors of three hundred, one percent": runs(FAILS, "passed", "3 errors of 300", Errors=3, Invocations=300),
    "three errors of a few less": runs(FAILS, "failed", "limit 1 %", Errors=3, Invocations=299),
    "one invocation is refused": runs(THROTTLED, "failed", "1 throttled invocation in the last hour; limit",
         Throttles=1),
    "none is refused": runs(THROTTLED, "passed", "0 throttled invocations", Throttles=0),
    "four fifths of a quota": used(160, "passed", "160 of 200 used"),
    "one more than four fifths of a quota": used(161, "failed", "limit 80 %"),
    "as much is free as must be": base(databases.ROOM, "passed", "15 % of 100 GiB are free", free=15),
    "a little less is free": base(databases.ROOM, "failed", "limit 15 %, and it may not grow", free=14.9),
    "it may grow to what it has, which is no growth": base(databases.ROOM, "failed", "it may not grow", free=5,
         told=databases.database(MaxAllocatedStorage=100)),
    "it may grow by one GiB": base(databases.ROOM, "passed", "5 % of 100 GiB", free=5,
         told=databases.database(MaxAllocatedStorage=101)),
    "backups of a week": base(databases.BACKED_UP, "passed", "kept for 7 days",
         told=databases.database(BackupRetentionPeriod=7)),
    "backups of six days": base(databases.BACKED_UP, "failed", "kept for 6 days; limit 7 days",
         told=databases.database(BackupRetentionPeriod=6)),
    "a replica, a minute behind": base(databases.FOLLOW, "passed", "1 min behind main", told=REPLICA, lag=60),
    "a replica, a second more behind": base(databases.FOLLOW, "failed", "limit 60 s", told=REPLICA, lag=61),
    "a replica that is not behind at all": base(databases.FOLLOW, "passed", "behind main", told=REPLICA, lag=0),
    "a replica that does not replicate": base(databases.FOLLOW, "failed", "limit 60 s", told=REPLICA, lag=-1),
    "a certificate of thirty days": valid(30, "passed", "ISSUED"),
    "a certificate of a second less": valid(30 - 1 / 86400, "failed", "limit 30 days"),
    "a health page that takes as long as it may": well("passed", "latency 2000 ms", ms=2000.0),
    "a health page that takes a moment longer": well("failed", "took 2000 ms, limit 2000 ms", ms=2000.1),
    "a certificate of the host of fourteen days": well("passed", "certificate valid for 14 days", days=14.0),
    "a certificate of the host of a moment less": well("failed", "limit 14 days", days=13.99),
    "a backup of 24 hours": restorable("passed", "its newest backup is 24 h old",
               saved.backups(saved.backup(24)), saved.OFF),
    "a backup of a second more": restorable("failed", "limit 24 h",
               saved.backups(saved.backup(24 + JUST)), saved.OFF, saved.NONE),
    "recovery up to 24 hours ago": restorable("passed", "restored to is 24 h old", saved.backups(), saved.recovery(24)),
    "recovery has stopped, and an older backup does not count": restorable("failed", "restored to is 30 h old",
               saved.backups(saved.backup(40)), saved.recovery(30), saved.NONE),
    "recovery has stopped, and AWS Backup may not be asked": restorable("blind", "AccessDenied",
               saved.backups(saved.backup(40)), saved.recovery(30), saved.DENIED),
}  # fmt: skip
