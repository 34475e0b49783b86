"""SQS queues as real accounts have them: idle, shared, first in first out, without and with dead letters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from opschecks.aws.inventory import inventory
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, daily, stack
from tests.canned_metrics import Points, at, by_metric
from tests.real.rows import Row

checks = daily("sqs")
TAKEN, DEAD = checks.test_queues_are_worked_off, checks.test_no_message_is_dead
DOCS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/"
METRICS = f"{DOCS}SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"
ATTRIBUTES = f"{DOCS}APIReference/API_GetQueueAttributes.html"
REDRIVE = f"{DOCS}SQSDeveloperGuide/sqs-dead-letter-queues.html"
URL = "https://sqs.us-west-2.amazonaws.com/123456789012/"


def queue(waiting: int = 0, flying: int = 0, age_s: float | None = None, dead: str = "") -> Raw:
    """What a queue answers; without `age_s` CloudWatch has no data of it."""
    policy = {
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{ACCOUNT}:{dead}", "maxReceiveCount": 3})
    }
    told = {"ApproximateNumberOfMessages": str(waiting), "ApproximateNumberOfMessagesNotVisible": str(flying)}
    return {"attributes": {**told, **(policy if dead else {})}, "age": age_s}


def seen(named: tuple[str, ...], limits: Mapping[str, Any] | None = None, **queues: Any) -> Mapping[str, Any]:
    """What the checks are given of queues that answer so; a CouldNotLook is the answer itself."""
    here = stack(resources={"queues": named}, limits={"own": {}, **(limits or {})})

    def attributes(QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: N803 - AWS's names
        name = QueueUrl.rsplit("/", 1)[-1]
        told = queues[name.removesuffix(".fifo")]
        if isinstance(told, CouldNotLook):
            return told
        return {"Attributes": {"QueueArn": f"arn:aws:sqs:{ACCOUNT}:{name}", **told["attributes"]}}

    def ages(query: Any) -> Points:
        told = queues.get(query["MetricStat"]["Metric"]["Dimensions"][0]["Value"].removesuffix(".fifo"))
        age = told["age"] if isinstance(told, dict) else None
        return [] if age is None else [at(2, age)]

    aws = Aws(
        {
            ("sqs", "GetQueueUrl"): lambda QueueName: {"QueueUrl": f"{URL}{QueueName}"},  # noqa: N803
            ("sqs", "GetQueueAttributes"): attributes,
            ("cloudwatch", "GetMetricData"): by_metric(ages),
        },
        here,
    )
    return {"sqs_queues": checks.sqs_queues(aws, inventory(here, aws), NOW.astimezone(UTC)), "stack": here}


DENIED = CouldNotLook("sqs:GetQueueAttributes", "AccessDenied: no", action="sqs:GetQueueAttributes")
ROWS = {
    "a queue that nobody used for six hours has no metric, and no message": Row(
        TAKEN, lambda: seen(("orders",), orders=queue()), "passed", METRICS, "about 0 messages"
    ),
    "messages in flight are being worked on": Row(
        TAKEN,
        lambda: seen(("orders",), orders=queue(waiting=3, flying=40, age_s=50)),
        "passed",
        METRICS,
        "about 43 messages, the oldest 50 s old",
    ),
    "the oldest message waits for 40 minutes": Row(
        TAKEN, lambda: seen(("orders",), orders=queue(waiting=900, age_s=2400)), "failed", METRICS, "limit 15 min"
    ),
    "a nightly batch fills its queue, and its limit is its own": Row(
        TAKEN,
        lambda: seen(("nightly",), {"nightly": {"own": {"queue_age_minutes": 600}}}, nightly=queue(9000, age_s=7200)),
        "passed",
        METRICS,
    ),
    "messages wait, and CloudWatch has no age of them": Row(
        TAKEN,
        lambda: seen(("orders",), orders=queue(waiting=2)),
        "blind",
        METRICS,
        "there is no data of ApproximateAgeOfOldestMessage",
    ),
    "a first-in-first-out queue, named by its URL": Row(
        TAKEN,
        lambda: seen((f"{URL}orders.fifo",), orders=queue(waiting=1, age_s=3)),
        {"orders.fifo": "passed"},
        ATTRIBUTES,
    ),
    "one queue may not be read, the other is fine": Row(
        TAKEN,
        lambda: seen(("orders", "mails"), orders=DENIED, mails=queue(age_s=1)),
        {"orders": "blind", "mails": "passed"},
        ATTRIBUTES,
        "allow sqs:GetQueueAttributes",
    ),
    "old dead letters do not count as waiting": Row(
        TAKEN,
        lambda: seen(("orders",), orders=queue(age_s=1, dead="lost"), lost=queue(waiting=4, age_s=900_000)),
        {"orders": "passed"},
        REDRIVE,
    ),
    "a dead-letter queue of two queues is empty": Row(
        DEAD,
        lambda: seen(("a", "b"), a=queue(dead="lost"), b=queue(dead="lost"), lost=queue()),
        {"lost": "passed"},
        REDRIVE,
        "0 dead letters of a, b",
    ),
    "the stack names the dead-letter queue too, by its ARN": Row(
        DEAD,
        lambda: seen(("a", f"arn:aws:sqs:{ACCOUNT}:lost"), a=queue(dead="lost"), lost=queue(waiting=2)),
        {"lost": "failed"},
        REDRIVE,
        "limit 0",
    ),
    "no queue has dead letters": Row(DEAD, lambda: seen(("a",), a=queue()), "nothing", REDRIVE),
    "the dead-letter queue may not be read": Row(
        DEAD, lambda: seen(("a",), a=queue(dead="lost"), lost=DENIED), "blind", REDRIVE
    ),
}
