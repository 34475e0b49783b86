"""What is told beside a high CPU: tasks, 5xx and log errors, each also where it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import services
from opschecks.aws.traffic import service_load, traffic
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, names, stand_in
from tests.canned_ecs import service
from tests.canned_metrics import BACKEND, FRONT, REQUESTS, at, every_5_minutes, seen, serves
from tests.cases import cases

DENIED = CouldNotLook("x:Y", "AccessDenied")
CPU = {"CPUUtilization Average": every_5_minutes(40), "MemoryUtilization Average": every_5_minutes(30.4)}


def _tasks(running: int) -> Any:
    answer = {"services": [service(runningCount=running)]}
    return services(Aws({("ecs", "DescribeServices"): answer}), names(services=("backend",)), NOW)


def _errors(*a_minute: float) -> Any:
    return [stand_in(errors_5xx_per_minute=one) for one in a_minute]


class _Unknown:
    @property
    def errors_5xx_per_minute(self) -> float:
        raise DENIED


SEVEN = "7 ERROR events in the logs within the hour"
LOGS = [stand_in(seen=3, unread=None), stand_in(seen=4, unread=None)]


@cases({
    "all is known": (
        _tasks(1), _errors(2, 7, 3), LOGS,
        "1 of 2 tasks run; 5xx peaked at 7 in a minute; 7 ERROR events in the logs within the hour"),
    "nothing happened": (
        _tasks(2), [], [],
        "2 of 2 tasks run; 5xx peaked at 0 in a minute; 0 ERROR events in the logs within the hour"),
    "nothing is known": (DENIED, DENIED, DENIED, "task count unknown; 5xx unknown; log errors unknown"),
    "a part of the traffic is not": (
        _tasks(2), [*_errors(2), _Unknown()], LOGS,
        "2 of 2 tasks run; 5xx unknown; 7 ERROR events in the logs within the hour"),
    "a part of the logs is not": (
        [], _errors(1), [*LOGS, stand_in(seen=0, unread=DENIED)],
        f"task count unknown; 5xx peaked at 1 in a minute; {SEVEN}, 1 log group unknown"),
})  # fmt: skip
def test_beside(running: Any, errors: Any, logs: Any, told: str) -> None:
    [one] = service_load(seen(CPU), BACKEND, running, errors, logs, NOW)
    assert one.beside == told
    assert one.arn == "service/prod/backend"
    assert [(each.label, each.value, each.unit) for each in one.figures] == [("CPU", 40, "%"), ("memory", 30, "%")]
    assert one.evidence["beside"] == told


def test_figures_of_a_group() -> None:
    [one] = serves(
        {
            "app RequestCount": REQUESTS,
            "app HTTPCode_Target_5XX_Count": [at(30, 4), at(29, 2), at(20, 1)],
            "app TargetResponseTime": every_5_minutes(0.25),
        }
    )
    told = {each.label: each.value for each in one.figures}
    assert told == {"p95 response time": 250, "requests": 300, "requests a day": 300 * len(REQUESTS), "5xx a day": 7}
    worst = dict(one.errors_5xx_while_serving.points)
    assert sorted(worst.values())[-2:] == [1.0, 4.0]
    assert len(worst) == len(REQUESTS)


def test_a_group_of_which_it_is_not_known_whose_it_is() -> None:
    [front] = FRONT[:1]
    doubtful = type(front)(**{**vars(front), "own": [], "doubtful": list(front.own), "doubt": DENIED})
    [one] = traffic(seen({}, inventory=names(), fronted=FRONT), [doubtful], NOW)
    assert (one.name, one.balancer) == ("app", "web")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert one.requests_last_hour
