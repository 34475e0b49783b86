"""How long something has been bad, in words; and the last runs of a check or an area as a strip of bars."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, tzinfo

from ..core.dataclass import dataclass
from ..core.model import NOT_APPLICABLE, Finding, Outcome
from ..core.run import Run, Standing
from ..core.wording import plural
from .news import kind
from .times import moment

BARS = 14
TONES = {"passed": "good", "waived": "waived", "failed": "bad", "blind": "unsure"}
WORDS = {**{outcome.value: outcome.words for outcome in Outcome}, "": "none", NOT_APPLICABLE: "not applicable"}
"""A check's outcome in words; "" where it had none."""

SPELLED = {
    "acm": "ACM", "alb": "ALB", "aws": "AWS", "cdn": "CDN", "cpu": "CPU", "dns": "DNS", "dynamodb": "DynamoDB",
    "ecr": "ECR", "ecs": "ECS", "http": "HTTP", "https": "HTTPS", "iam": "IAM", "lambda": "Lambda", "rds": "RDS",
    "s3": "S3", "sns": "SNS", "sqs": "SQS", "tls": "TLS", "vpc": "VPC", "websocket": "WebSocket",
}  # fmt: skip
"""Words of a check's name as they are written in a sentence."""
PROMISES = {
    "alarms_can_see": "alarms get the data that they judge",
    "alarms_can_act": "alarms tell somebody when they ring",
    "a_restore_was_rehearsed_lately": "a restore was tried recently",
    "everything_was_backed_up_lately": "everything was backed up recently",
    "log_groups_are_kept_as_long_as_wanted": "log groups are kept as long as the limits say",
    "scaling_limits_are_as_wanted": "scaling limits are those of stacks.toml",
    "tables_bill_as_wanted": "tables are billed as the limits say",
    "wanted_indexes_can_be_searched": "the indexes of stacks.toml can be searched",
    "workers_and_concurrency_are_as_wanted": "workers and concurrency are those of stacks.toml",
}
"""What checks promise whose names alone say it less well. The names stay: history and waivers have them."""


def tone_of(outcome: str) -> str:
    """The tone of a check's outcome."""
    return TONES.get(outcome, "none")


def anchor(stack: str, check: str) -> str:
    """The id of a check's card."""
    return f"{stack}-{check.removeprefix('test_')}"


def finding_anchor(finding: Finding) -> str:
    """The id of a finding: that of its card, and of its resource, which is the same in every run."""
    mark = hashlib.sha256(finding.resource.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{anchor(finding.stack, finding.check)}-{mark}"


def promise(check: str) -> str:
    """What is true when the check passes: its name in words of the trade."""
    name = check.removeprefix("test_")
    return PROMISES.get(name) or " ".join(SPELLED.get(word, word) for word in name.split("_"))


def since(one: Standing | None, zone: tzinfo, say: Callable[[datetime], str] | None = None) -> str:
    """Since when it has been so, in words; nothing where no earlier run shows it.

    `say` puts a moment into words, where those of `times.moment` are not meant.
    """
    if one is None:
        return ""
    began = (say(one.since) if say else moment(one.since, zone)) + (" or before" if one.at_least else "")
    words = {
        "new": "new",
        "first seen": f"new (or not visible since {one.since.astimezone(zone):%a %d %b})",
        "flapping": "flapping: failed, recovered, failed again",
        "still": f"day {one.day}, since {began}",
        "hidden": f"failing since {began} when last seen",
        "unseen": f"since {began}" if one.day > 1 else "",
    }
    return words.get(kind(one), f"was failing since {began}")


@dataclass(frozen=True)
class Strip:
    """The tones of the last runs, the oldest first; and the same in words."""

    bars: tuple[str, ...]
    words: str


def strip(run: Run, stack: str, key: str, now: str) -> Strip:
    """The last runs of a check or an area of the stack, with this one, whose outcome is `now`."""
    outcomes = [*run.past_of(stack).strips.get(key, ()), now][-BARS:]
    bars = tuple(map(tone_of, outcomes))
    if len(outcomes) > 1:
        order = ("passed", "waived", "failed", "blind", "not_run", "")
        told = ", ".join(f"{outcomes.count(one)} {WORDS[one]}" for one in order if one in outcomes)
        return Strip(bars, f"last {plural(len(outcomes), 'run')}: {told}")
    known = any(past.stack == stack and not past.error for past in run.past)
    return Strip(bars, "the only run so far" if known else "earlier runs were not compared")
