"""A fleet of one account that AWS throttles: whatever protocol a call has, it is asked again until it is answered."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from benchmarks.latency_proxy import refusal
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from opschecks.aws.bounds import Bound, Bounds
from opschecks.aws.clients import Clients
from opschecks.aws.session import Aws
from opschecks.config.limits import Limits
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook, fan_out
from tests.aws.test_bounds import THROTTLING, Account

TIMES_AS_FAST = 50
SERVICES = ("ecs", "elbv2", "logs")


class Busy(Account):
    """Takes ten calls a second of a clock that goes fifty times as fast, from many threads."""

    def __init__(self) -> None:
        super().__init__(10, 0.0)
        self._one = threading.Lock()

    def moment(self) -> float:
        return time.monotonic() * TIMES_AS_FAST

    def pause(self, seconds: float) -> None:
        time.sleep(seconds / TIMES_AS_FAST)

    def ask(self) -> dict[str, Any]:
        with self._one:
            self.now = self.moment()
            return super().ask()

    def describe_services(self) -> dict[str, Any]:
        """A call as botocore makes it: up to five attempts, each later than the one before."""
        for attempt in range(5):
            self.pause(0.04)
            try:
                return {**self.ask(), "ResponseMetadata": {"RetryAttempts": attempt}}
            except ClientError:
                self.pause(random.random() * 2**attempt)
        raise THROTTLING


def test_no_stack_is_blind_because_others_ask_the_same_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve stacks at once, each with calls of three services; AWS takes ten a second of all of them."""
    account, bounds = Busy(), Bounds()
    for service in SERVICES:
        key = ("123456789012", "us-west-2", service)
        bounds._bounds[key] = Bound(moment=account.moment, pause=account.pause)

    def look(number: int) -> int:
        stack = Stack(name=f"s{number}", region="us-west-2", account_id="123456789012")
        aws = Aws(stack, {"aws_access_key_id": "a", "aws_secret_access_key": "b"}, bounds=bounds)
        monkeypatch.setattr(aws._shared, "client", lambda service, region=None: account)
        for _ in range(4):
            fan_out(lambda service: aws.call(service, "DescribeServices"), SERVICES)
        return number

    assert fan_out(look, range(12), at_once=12) == list(range(12))
    assert len(account.begun) == 12 * 4 * len(SERVICES)
    assert account.throttled


CALLS = {
    "ecs": ("DescribeServices", {"services": ["a"]}),
    "ec2": ("DescribeVpcs", {}),
    "elbv2": ("DescribeLoadBalancers", {}),
    "cloudwatch": ("DescribeAlarms", {}),
    "lambda": ("ListFunctions", {}),
}


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.mark.parametrize("service", CALLS)
def test_the_benchmarks_account_throttles_in_each_protocol_as_botocore_reads_it(service: str) -> None:
    """What it says must be throttling to botocore: anything else would make the benchmark blind, and not slow."""
    operation, parameters = CALLS[service]
    asked: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        texts = {
            name.lower(): text.decode() if isinstance(text, bytes) else text for name, text in request.headers.items()
        }
        head, body = refusal(urlsplit(request.url).path, texts).split(b"\r\n\r\n", 1)
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        asked.append(head.decode().split()[1])
        return AWSResponse(request.url, 400, HeadersDict(lines), Raw(body))

    stack = Stack(name="a", region="us-west-2", limits=Limits(aws_attempts=1))
    aws = Aws(stack, {"aws_access_key_id": "a", "aws_secret_access_key": "b"})
    assert isinstance(aws._shared, Clients)
    aws._shared.session.register("before-send", answer)
    with pytest.raises(CouldNotLook, match="AWS limits how often the account may ask this"):
        aws.call(service, operation, **parameters)
    assert asked == ["400"]
