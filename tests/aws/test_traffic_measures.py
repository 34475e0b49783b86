"""What metrics say of services, target groups and balancers: at the edges of the hour, the day and the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.cloudwatch_metrics import OF_GROUP, Measured, Metrics, charted, lines_of, newest_of
from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.own_groups import Fronted
from opschecks.aws.traffic import (
    BalancerErrors,
    LogFlow,
    ServiceLoad,
    Traffic,
    balancer_errors,
    log_flow,
    service_load,
    traffic,
)
from opschecks.aws.unread import Unread
from opschecks.core.model import Figure, Resource, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, names, stack
from tests.cases import cases

REFUSED = CouldNotLook("cloudwatch:GetMetricData", "AccessDenied: no")
UNREAD = CouldNotLook("elasticloadbalancing:DescribeLoadBalancers", "Throttling: no")
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer"
WEB = LoadBalancer(arn=f"{ELB}/app/web/1", name="web", evidence={"Type": "application"})
NET = LoadBalancer(arn=f"{ELB}/net/edge/2", name="edge", evidence={"Type": "network"})
Points = Sequence[tuple[float, float]]
"""Minutes before now at which a period began, and its value; the oldest first."""


def line(points: Points = (), period_s: int = 300, label: str = "x", unit: str = "") -> Series:
    return Series(label, unit, tuple((NOW - timedelta(minutes=ago), value) for ago, value in points), period_s)


def series(**given: Any) -> Metrics:
    """By subject and measure, as `app__requests`; a list of points, a series, or why there is none."""
    answers = {}
    for key, told in given.items():
        subject, _, measure = key.partition("__")
        period_s = 60 if "5xx" in measure else 3600 if "hour" in measure else 300
        made = told if isinstance(told, Series | CouldNotLook) else line(told, period_s, measure.replace("_", " "))
        answers[subject, measure.replace("_", " ")] = made
    return Metrics(answers)


def _traffic(alone: bool = True, **known: Any) -> Traffic:
    return Traffic(arn="app", name="app", metrics=series(**known), now=NOW, balancer="web", alone=alone)


def test_requests_of_the_last_hour_are_those_of_periods_that_ended_within_it() -> None:
    assert _traffic(app__requests=[(66, 100), (64.9, 10), (30, 5), (1, 2.5)]).requests_last_hour == 17
    assert _traffic(app__requests=[(600, 5)]).requests_last_hour == 0


def test_without_requests_in_a_day_only_those_of_the_balancers_other_groups_show_that_there_were_none() -> None:
    with pytest.raises(CouldNotLook, match="RequestCount of app has no data in 24 hours"):
        assert _traffic(app__requests=[], web__all_requests=[(5, 3)]).requests_last_hour
    assert _traffic(False, app__requests=[], web__all_requests=[(5, 3)]).requests_last_hour == 0
    with pytest.raises(CouldNotLook, match="RequestCount of web has no data in 24 hours"):
        assert _traffic(False, app__requests=[], web__all_requests=[(25 * 60, 3)]).requests_last_hour
    assert _traffic(False, app__requests=[(5, 4)], web__all_requests=[]).requests_last_hour == 4


def _p95(requests: Points, p95: Points, hours: Points = (), of_hours: Points = ()) -> Traffic:
    return _traffic(
        app__requests=requests,
        app__p95_response_time=p95,
        app__requests_by_the_hour=hours,
        app__p95_of_the_hour=of_hours,
    )


@cases({
    "enough requests": (_p95([(10, 20), (5, 20)], [(10, 300), (5, 900)]), 900),
    "exactly enough": (_p95([(5, 10)], [(5, 900)]), 900),
    "too few, and quick": (_p95([(5, 9)], [(5, 500)]), 500),
    "too few, and slow, nothing else": (_p95([(5, 9)], [(5, 501)]), None),
    "too few, and slow, beside quick ones": (_p95([(10, 20), (5, 9)], [(10, 300), (5, 900)]), None),
    "too few, and slow, beside slow ones of enough": (_p95([(10, 20), (5, 9)], [(10, 600), (5, 900)]), 600),
    "too few, and slow, beside one of enough that is slow and one that is not": (
        _p95([(15, 20), (10, 20), (5, 9)], [(15, 300), (10, 600), (5, 900)]), 600),
    "too few, and slow, beside one of enough at the limit": (
        _p95([(10, 20), (5, 9)], [(10, 500), (5, 900)]), None),
    "the hour has enough": (
        _p95([(10, 20), (5, 9)], [(10, 300), (5, 900)], [(40, 30)], [(40, 450)]), 450),
    "the hour has enough, and is quicker than a period": (
        _p95([(10, 20), (5, 9)], [(10, 300), (5, 900)], [(40, 30)], [(40, 200)]), 300),
    "the hour has too few": (_p95([(5, 9)], [(5, 900)], [(40, 9)], [(40, 450)]), None),
    "the hour has exactly enough": (_p95([(5, 9)], [(5, 900)], [(40, 10)], [(40, 450)]), 450),
    "an hour of which no requests are told": (_p95([(5, 9)], [(5, 900)], [], [(40, 450)]), None),
    "an old slow one": (_p95([(66, 20), (5, 20)], [(66, 900), (5, 300)]), 300),
    "no requests are told": (_p95([], [(5, 900)]), None),
    "half a request is none": (_p95([(5, 0.0)], [(5, 900)]), None),
})  # fmt: skip
def test_the_p95_of_too_few_requests_does_not_count_where_it_is_too_high(seen: Traffic, p95: float | None) -> None:
    assert seen.p95_ms(samples=10, limit=500) == p95


def test_requests_without_response_times_are_not_known_to_be_quick() -> None:
    with pytest.raises(CouldNotLook, match="no response times of app although it had requests in the last hour"):
        _p95([(5, 9)], []).p95_ms(10, 500)
    assert _p95([(5, 0)], [(5, 900)], [(40, 0.5)], [(40, 450)]).p95_ms(1, 500) is None
    assert _p95([], [(5, 900)], [], [(40, 450)]).p95_ms(1, 500) is None
    assert _p95([], [(5, 900)]).p95_between(NOW - timedelta(hours=1), NOW, 1) == ()


def test_the_p95_between_two_moments_is_of_periods_that_began_within_with_enough_requests() -> None:
    seen = _p95([(25, 10), (20, 10), (15, 9), (10, 11), (5, 10)], [(25, 1), (20, 2), (15, 3), (10, 4), (7, 9), (5, 5)])
    begin, end = NOW - timedelta(minutes=20), NOW - timedelta(minutes=5)
    assert seen.p95_between(begin, end, 10) == (2, 4)
    assert seen.p95_between(begin, NOW, 10) == (2, 4, 5)
    assert seen.p95_between(begin, end, 0) == (2, 3, 4, 9)


def test_the_worst_minute_of_the_last_hour_counts() -> None:
    seen = _traffic(app__target_5xx=[(62, 99), (60.5, 3), (5, 7), (1, 2)], app__requests=[])
    assert seen.errors_5xx_per_minute == 7
    assert seen.errors_5xx.label == "5xx"
    assert seen.shared_5xx(0) == ""
    assert _traffic(app__target_5xx=[(62, 99)], app__requests=[(5, 1)]).errors_5xx_per_minute == 0
    with pytest.raises(CouldNotLook, match="has no data in 24 hours"):
        assert _traffic(app__target_5xx=[(62, 99)], app__requests=[]).errors_5xx_per_minute
    assert seen.speaks_http is True


def test_errors_while_serving_are_the_worst_minute_of_each_period() -> None:
    seen = _traffic(app__target_5xx=[(14, 3), (12, 9), (11, 4), (3, 2)], app__requests=[(20, 1), (15, 1), (10, 1)])
    line = seen.errors_5xx_while_serving
    told = [(int((NOW - time) / timedelta(minutes=1)), value) for time, value in line.points]
    assert told == [(20, 0.0), (15, 9), (10, 0.0), (5, 2)]
    assert (line.label, line.unit, line.period_s, line.limit) == ("5xx", "", 300, None)


def _itself(**told: Any) -> BalancerErrors:
    known = {key: told.pop(key) for key in [*told] if "__" in key}
    return BalancerErrors(
        **{"arn": "web", "name": "web", "metrics": series(**known), "now": NOW, "speaks_http": True, **told}
    )


def test_a_balancer_that_had_no_request_in_a_day_is_not_known_to_have_no_errors() -> None:
    none = _itself(web__load_balancer_5xx=[], web__all_requests=[])
    with pytest.raises(CouldNotLook, match="RequestCount of web has no data in 24 hours"):
        assert none.errors_5xx_per_minute
    assert _itself(web__load_balancer_5xx=[], web__all_requests=[(600, 5)]).errors_5xx_per_minute == 0
    assert _itself(web__load_balancer_5xx=[(9, 4), (5, 3)], web__all_requests=[]).errors_5xx_per_minute == 4
    assert _itself(web__load_balancer_5xx=[(62, 4)], web__all_requests=[(5, 1)]).errors_5xx_per_minute == 0


def test_errors_of_a_shared_balancer_may_be_anothers() -> None:
    errs: dict[str, Any] = {"web__load_balancer_5xx": [(5, 40)], "web__all_requests": [(5, 99)]}
    others = ("a", "b", "c", "d")
    assert _itself(**errs).shared_5xx(10) == ""
    assert _itself(**errs, others=others).shared_5xx(40) == ""
    told = _itself(**errs, others=others).shared_5xx(39)
    assert told.startswith(
        "it answered 40 5xx in a minute itself, limit 39, and the stack's services do not fill a, b, c of"
    )
    with pytest.raises(CouldNotLook, match="Throttling"):
        _itself(**errs, others=others, doubt=UNREAD).shared_5xx(39)
    assert _itself(**errs, others=others, doubt=UNREAD).shared_5xx(40) == ""
    assert _itself(others=()).shared_5xx(0) == ""


def test_of_a_balancer_that_could_not_be_read_nothing_is_known() -> None:
    unread = _itself(unread=UNREAD, web__load_balancer_5xx=[(5, 1)], web__all_requests=[(5, 1)])
    for look in ("has_no_times", "errors_5xx", "errors_5xx_per_minute"):
        with pytest.raises(CouldNotLook, match="Throttling"):
            getattr(unread, look)
    with pytest.raises(CouldNotLook, match="Throttling"):
        unread.shared_5xx(99)
    assert _itself().has_no_times == ""
    assert "does not see how long a response takes" in _itself(speaks_http=False).has_no_times


def _load(**known: Any) -> ServiceLoad:
    return ServiceLoad(arn="s", name="s", metrics=series(**known), now=NOW)


def test_cpu_and_memory_are_averages_and_peaks_of_the_last_hour() -> None:
    points = [(66, 1000), (60, 90), (34, 30), (5, 60)]
    load = _load(s__CPU=points, s__memory=points, s__memory_peak=points)
    assert (load.cpu_last_hour, load.cpu_peak) == (60, 60)
    assert (load.memory_last_hour, load.memory_peak) == (60, 90)
    assert load.beside == ""
    assert _load(s__CPU=[(35.5, 90), (34.5, 70), (5, 60)]).cpu_peak == 70


def test_events_of_a_day_are_counted() -> None:
    flow = LogFlow(arn="g", name="g", metrics=series(g__log_events=[(24 * 60 + 6, 100), (24 * 60, 3), (5, 4)]), now=NOW)
    assert flow.events_last_day == 7
    [seen] = log_flow(series(g__log_events=[(5, 4)]), names(log_groups=("g",)), NOW)
    assert (seen.name, seen.arn, seen.events_last_day, len(seen.series)) == ("g", "g", 4, 1)
    assert seen.evidence == {"log events": {f"{NOW - timedelta(minutes=5):%H:%M} UTC": 4.0}}


def _fronted(*own: str, **more: Any) -> Fronted:
    groups = tuple(Resource(arn=one, name=one) for one in own)
    return Fronted(**{"arn": WEB.arn, "name": "web", "balancer": WEB, "own": groups, "count": len(groups), **more})


def test_traffic_is_of_the_stacks_own_groups_and_of_those_that_may_be() -> None:
    doubtful = (Resource(arn="d", name="d"),)
    known = series(a__requests=[(5, 3)], a__target_5xx=[(4, 1)], a__p95_response_time=[(5, 250.4)])
    a, d = traffic(known, [_fronted("a", doubtful=doubtful, doubt=UNREAD)], NOW)
    assert (a.name, a.arn, a.balancer, a.alone) == ("a", "a", "web", True)
    assert a.figures == (
        Figure("p95 response time", 250),
        Figure("requests", 3),
        Figure("requests a day", 3),
        Figure("5xx a day", 1),
    )
    assert [one.label for one in a.series] == ["p95 response time", "requests", "5xx"]
    assert (d.name, d.balancer, d.alone) == ("d", "web", True)
    for measure in OF_GROUP:
        with pytest.raises(CouldNotLook, match="Throttling"):
            d.metrics.series("d", measure)
    [one, two] = traffic(known, [_fronted("a", "b")], NOW)
    assert (one.alone, two.alone) == (False, False)
    assert (two.figures, two.series, two.evidence) == ((), (), {})


@cases([
    ({"a__requests": [], "a__target_5xx": []}, [], ["requests a day", "5xx a day"]),
    ({"a__requests": [(5, 1)], "a__target_5xx": REFUSED}, ["requests"], ["requests"]),
    ({"a__requests": REFUSED, "a__target_5xx": []}, [], []),
    (
        {"a__requests": [(5, 1)], "a__target_5xx": []},
        ["requests", "5xx"],
        ["requests", "requests a day", "5xx a day"],
    ),
])  # fmt: skip
def test_what_is_shown_of_a_group_of_which_a_part_is_known(
    known: Mapping[str, Any], labels: list[str], figures: list[str]
) -> None:
    [seen] = traffic(series(**known), [_fronted("a")], NOW)
    assert [one.label for one in seen.series] == labels
    assert [one.label for one in seen.figures] == figures


def test_each_balancer_has_its_own_errors_and_says_whether_others_share_it() -> None:
    known = series(web__load_balancer_5xx=[(600, 2), (5, 1)], edge__x=[])
    others = (Resource(arn="o", name="o"),)
    web, edge = balancer_errors(known, [WEB, NET], [_fronted("a", others=others, of_others=UNREAD)], NOW)
    assert (web.others, web.doubt, web.speaks_http, web.unread) == (("o",), UNREAD, True, None)
    assert web.figures == (Figure("5xx of every stack a day", 3),)
    assert [one.label for one in web.series] == ["load balancer 5xx"]
    assert (edge.others, edge.doubt, edge.speaks_http, edge.figures, edge.series) == ((), None, False, (), ())
    unread = LoadBalancer(arn="x", name="x", evidence=Unread(UNREAD))
    assert [one.name for one in balancer_errors(known, [unread, WEB], [], NOW)] == ["x", "web"]
    [web] = balancer_errors(known, [WEB], [_fronted("a")], NOW)
    assert (web.figures, web.others, web.doubt) == ((Figure("5xx a day", 3),), (), None)
    [web] = balancer_errors(known, [WEB], [_fronted("a", doubt=REFUSED)], NOW)
    assert (web.unread, web.figures, web.arn, web.name) == (REFUSED, (), WEB.arn, "web")
    [seen] = balancer_errors(known, [unread], [], NOW)
    assert (seen.unread, seen.speaks_http, seen.arn, seen.name) == (UNREAD, True, "x", "x")


def test_charts_have_the_series_with_points_and_the_last_hour_as_evidence() -> None:
    known = series(a__x=[(66, 9), (64, 1.26), (5, 2.449)], a__y=[], a__z=REFUSED)
    lines = lines_of(known, "a", "x", "y", "z", "unknown")
    assert [one.label for one in lines] == ["x"]
    assert newest_of(lines) == (Figure("x", 2),)
    shown = charted(Measured(arn="a", name="a", metrics=known, now=NOW), lines, (Figure("f", 1),))
    assert shown.evidence == {
        "x": {f"{NOW - timedelta(minutes=ago):%H:%M} UTC": value for ago, value in ((64, 1.3), (5, 2.4))}
    }
    assert (shown.series, shown.figures) == (lines, (Figure("f", 1),))


def test_a_group_of_which_nobody_says_why_it_is_doubtful_is_not_known_either() -> None:
    [seen] = traffic(series(), [_fronted(doubtful=(Resource(arn="d", name="d"),))], NOW)
    with pytest.raises(CouldNotLook, match="requests of d was not fetched"):
        assert seen.requests_last_hour


def test_the_tasks_beside_a_load_are_those_of_its_own_service() -> None:
    def service(name: str, running: int) -> Service:
        return Service(arn=name, name=name, evidence={"runningCount": running, "desiredCount": 2})

    unread = Service(arn="b", name="b", evidence=Unread(UNREAD))
    inventory = names(services=("a", "b", "c"))
    a, b, c = service_load(series(), inventory, [service("a", 1), unread, service("c", 2)], [], list, NOW, stack())
    assert [one.beside.partition(";")[0] for one in (a, b, c)] == [
        "1 of 2 tasks run",
        "task count unknown",
        "2 of 2 tasks run",
    ]
    assert (a.figures, a.series) == ((), ())
