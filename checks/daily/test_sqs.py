"""SQS queues: nothing waits too long, and nothing lies among the dead letters."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from opschecks import (  # fmt: skip
    Aws,
    CouldNotLook,
    Examine,
    Inventory,
    Metric,
    Resource,
    Severity,
    Stack,
    Unread,
    check,
    fan_out,
    fault,
    fetch_metrics,
    in_words,
    json_mapping,
    limit,
    observation,
    plural,
    seed,
    seen,
    whole_number,
)

AGE = limit("queue_age_minutes", 15, "how long the oldest message of a queue may wait")
DEAD = limit("dead_letters", 0, "how many messages a dead-letter queue may hold")
WINDOW, METRIC, LONGEST = timedelta(minutes=15), "ApproximateAgeOfOldestMessage", 1e9
WANTED = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "RedrivePolicy"]


@dataclass(frozen=True, kw_only=True)
class Queue(Resource):
    """A queue, by GetQueueAttributes. `ages`: seconds of its oldest message; `takes_dead_of`: whose dead it has."""

    ages: Any = None
    takes_dead_of: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many are in it, waiting or in flight; approximately, as all that SQS counts."""
        return sum(whole_number(self.evidence, key) for key in WANTED[1:3])

    @property
    def dead_letters_go_to(self) -> str:
        """The ARN of its dead-letter queue, or ""."""
        if not self.evidence.get("RedrivePolicy"):
            return ""
        return str(json_mapping(self.evidence, "RedrivePolicy").get("deadLetterTargetArn", ""))

    @property
    def oldest(self) -> timedelta:
        """Age of the oldest message; SQS reports none of a queue that was empty and unused for six hours."""
        ages = seen(self.ages)
        return timedelta(seconds=min(ages.newest, LONGEST)) if ages.points or self.messages else timedelta()


@observation(allow=["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "cloudwatch:GetMetricData"])
def sqs_queues(aws: Aws, inventory: Inventory, now: datetime) -> list[Queue]:
    """The stack's SQS queues and their dead-letter queues. Source: "Available CloudWatch metrics for Amazon SQS"."""

    def read(name: str) -> Queue:
        short = name.rpartition("/")[2].rpartition(":")[2]
        url = name if "://" in name else aws.call("sqs", "GetQueueUrl", QueueName=short)["QueueUrl"]
        told = aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=WANTED)["Attributes"]
        return Queue(arn=told["QueueArn"], name=short, evidence=told)

    def alone(name: str) -> Queue:
        try:
            return read(name)
        except CouldNotLook as why:
            return Queue(arn=name, name=name.rpartition(":")[2], evidence=Unread(why), ages=why)

    named = fan_out(alone, inventory.others("queues", "AWS::SQS::Queue", "sqs:"))
    sources: dict[str, list[str]] = {}
    for queue in (one for one in named if not isinstance(one.evidence, Unread)):
        if queue.dead_letters_go_to:
            sources.setdefault(queue.dead_letters_go_to, []).append(queue.name)
    others = [arn for arn in sources if arn not in {one.arn for one in named}]
    found = [*named, *fan_out(alone, others)]
    of = {one.arn: (("QueueName", one.name),) for one in found}
    asked = [Metric(arn, METRIC, "AWS/SQS", METRIC, of[arn], "Maximum", 60, "s") for arn in of]
    ages = fetch_metrics(aws, asked, now - WINDOW, now)
    dead = {one.arn: tuple(sources.get(one.arn, ())) for one in found}
    return [replace(one, ages=one.ages or ages[one.arn, METRIC], takes_dead_of=dead[one.arn]) for one in found]


@check(Severity.HIGH, runbook="queues", failing="Messages wait too long in a queue")
def test_queues_are_worked_off(sqs_queues: list[Queue], stack: Stack, examine: Examine) -> None:
    """What nobody takes from a queue is never done; after its retention SQS deletes it."""
    for queue in (one for one in sqs_queues if not one.takes_dead_of):
        with examine(queue) as note:
            most = timedelta(minutes=AGE.of(stack, queue))
            note(f"about {plural(queue.messages, 'message')}, the oldest {in_words(queue.oldest)} old")
            assert queue.oldest <= most, f"limit {in_words(most)}"


@check(Severity.HIGH, runbook="queues", failing="Messages lie in a dead-letter queue", may_be_empty=True)
def test_no_message_is_dead(sqs_queues: list[Queue], stack: Stack, examine: Examine) -> None:
    """A message that could not be handled is lost work that nobody else tells of."""
    for queue in (one for one in sqs_queues if one.takes_dead_of or isinstance(one.evidence, Unread)):
        with examine(queue) as note:
            note(f"{plural(queue.messages, 'dead letter')} of {', '.join(queue.takes_dead_of)}")
            assert queue.messages <= DEAD.of(stack, queue), f"limit {DEAD.of(stack, queue):g}"


@seed
def queues_of_the_stack(sandbox: Any) -> None:
    """Each queue that the stack names, worked off, with a dead-letter queue that is empty."""
    for name in sandbox.stack.resources.get("queues", ()):
        sqs, queue = sandbox.client("sqs"), {"QueueName": f"{name}-dead"}
        url = sqs.create_queue(**queue)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})
        sandbox.metric("AWS/SQS", METRIC, 20, QueueName=name)


@fault(caught_by=["test_queues_are_worked_off"])
def queue_is_stuck(sandbox: Any) -> None:
    """Nobody takes messages from a queue, for 40 minutes."""
    sandbox.metric("AWS/SQS", METRIC, 2400, QueueName=sandbox.stack.resources["queues"][0])


@fault(caught_by=["test_no_message_is_dead"])
def message_is_dead(sandbox: Any) -> None:
    """A message could not be handled three times."""
    sqs, name = sandbox.client("sqs"), f"{sandbox.stack.resources['queues'][0]}-dead"
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="order 17")
