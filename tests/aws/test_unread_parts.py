"""What one failed call leaves unknown is neither passed nor failed, and the message says why: found by the matrix."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from opschecks.aws.clients import Clients
from opschecks.aws.cloudfront import INVALIDATIONS_KEPT, invalidations
from opschecks.aws.elbv2 import TargetHealth
from opschecks.aws.logs import log_errors
from opschecks.aws.own_groups import own_groups
from opschecks.aws.refusals import explained
from opschecks.aws.unread import Unread, each_alone, require_read, why_unread
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from opschecks.web.websocket import open_session
from tests.aws import test_alarm_hygiene as hygiene
from tests.aws import test_costs as costs
from tests.aws import test_websocket_groups as sessions
from tests.aws.test_listeners import default, forward
from tests.aws.test_session_parts import NO
from tests.canned import NOW, Aws, daily, names, pages_of, stack, verdicts
from tests.canned_wire import Wire
from tests.cases import cases
from tests.real import traffic
from tests.real.traffic import seen as measured

LOST = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: Rate exceeded")


def test_a_page_of_html_is_no_bucket_without_versioning() -> None:
    aws = Wire().says(200, b"<!DOCTYPE html>\n<html><body>Sign in</body></html>")
    with pytest.raises(CouldNotLook, match=r"s3:GetBucketVersioning: the answer is a page of HTML.*check HTTPS_PROXY"):
        aws.call("s3", "GetBucketVersioning", Bucket="web")


def test_whose_errors_they_are_is_not_known_where_an_other_group_may_be_empty() -> None:
    fronted = traffic.front("app", "canary", filled=[traffic.fills("app")], empty=("canary",))
    balancer = fronted[0].balancer
    told = {**traffic.OURS, "HTTPCode_ELB_5XX_Count": traffic.steady(40)}
    check = daily("alb").test_server_errors_are_rare
    assert verdicts(check, **{**measured(fronted, told), "traffic": []}) == {balancer.name: "failed"}
    unread = [replace(fronted[0], others=(fronted[0].own[0],), of_others=LOST)]
    assert verdicts(check, **{**measured(unread, told), "traffic": []}) == {balancer.name: "blind"}
    groups = [*fronted[0].own]
    other = replace(groups[0], arn=f"{groups[0].arn}x", evidence=groups[0].evidence)
    for registered in (LOST, [TargetHealth(arn=other.arn, name="x", evidence={}, unread=LOST)]):
        [front] = own_groups(names(), [balancer], [*groups, other], [*groups], [], registered)
        assert (front.others, front.of_others) == ((other,), LOST)


def test_a_group_whose_services_were_not_read_is_not_failed_for_its_stickiness() -> None:
    off = {"web": sessions.OFF, "canary": sessions.OFF}
    lost = CouldNotLook("ecs:DescribeServices", "Throttling: Rate exceeded")
    shared = default(forward("web", "canary", weights=(50, 50)))
    found = sessions.seen(off, shared, services=lost)
    assert verdicts(sessions.check, websocket_groups=found) == {"web": "blind", "canary": "blind"}
    sticky = sessions.seen({"a": sessions.APPLICATION, "b": sessions.APPLICATION}, sessions.SPLIT, services=lost)
    assert verdicts(sessions.check, websocket_groups=sticky) == {"a": "blind", "b": "blind"}


def test_attributes_that_were_not_read_are_said_to_be_so() -> None:
    [group] = sessions.seen({"web": sessions.OFF}, default(forward("web")))
    assert replace(group, problem=LOST).problem is LOST
    with pytest.raises(CouldNotLook, match="Rate exceeded"):
        _ = replace(group, problem=LOST).sticky


def test_invalidations_are_read_on_behind_an_empty_page() -> None:
    one = {"Id": "I1", "CreateTime": NOW, "Status": "InProgress"}
    page = {"Marker": "", "MaxItems": INVALIDATIONS_KEPT}
    told: list[dict[str, Any]] = [
        {"InvalidationList": {**page, "Quantity": 0, "IsTruncated": True, "NextMarker": "2"}},
        {"InvalidationList": {**page, "Quantity": 1, "IsTruncated": False, "Items": [one]}},
    ]
    aws = Aws({("cloudfront", "ListInvalidations"): told})
    assert [of.name for of in invalidations(aws, names(distributions=("E1",)))] == ["I1"]


def test_a_group_of_costs_without_its_service_is_not_read() -> None:
    days = costs.results({"Amazon ECS": lambda day: 1.0})
    days[3]["Groups"][0]["Keys"] = []
    with pytest.raises(CouldNotLook, match=r"ce:GetCostAndUsage: a group of .* has 0 keys; expected 1"):
        costs.asked([days])


def test_a_search_of_logs_that_was_stopped_says_why() -> None:
    event = {"message": "ERROR", "timestamp": int(NOW.timestamp() * 1000)}
    refused = CouldNotLook("logs:FilterLogEvents", "AccessDenied: no", action="logs:FilterLogEvents")
    aws = Aws({("logs", "FilterLogEvents"): [pages_of("events", [event], [], token="nextToken")[0], refused]})
    [log] = log_errors(stack(), aws, names(log_groups=("/ecs/web",)), NOW)
    with pytest.raises(CouldNotLook, match=r"after 1 event; .*AccessDenied: no – allow logs:FilterLogEvents"):
        log.at_most(20)


def test_a_connection_that_is_closed_before_the_handshake_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: Any, **__: Any) -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.close()
        return ours

    monkeypatch.setattr(socket, "create_connection", closed)
    with contextlib.closing(closed()):
        assert open_session(stack(), "ws://web.test/ws", {}) == "the connection was closed before the handshake"


@cases([
    ("ThrottlingException", 400, "AWS limits how often the account may ask this: run it again later"),
    ("SlowDown", 503, "AWS limits how often the account may ask this: run it again later"),
    ("InternalFailure", 500, "AWS itself failed: run it again later"),
])  # fmt: skip
def test_what_may_be_answered_later_says_so(code: str, status: int, advice: str) -> None:
    error = ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "DescribeServices"
    )
    assert str(explained("ecs:DescribeServices", error)) == f"ecs:DescribeServices: {code}: no – {advice}"


def test_a_network_that_fails_says_what_to_check() -> None:
    clients = Clients(stack(), {"aws_access_key_id": "none", "aws_secret_access_key": "none"}, None, None)
    error = clients.failure("ecs:ListTasks", ConnectionClosedError(endpoint_url="https://ecs.test"))
    assert str(error).endswith("– check the network, and run it again")


def test_an_alarm_whose_dimensions_are_missing_watches_nothing_that_is_known() -> None:
    aws = hygiene.aws_of({"CPUUtilization": [60]})
    found = hygiene.watched(aws, hygiene.alarm("lost", Dimensions=None), hygiene.alarm())
    assert verdicts(hygiene.checks.test_alarms_watch_something, watched_alarms=found) == {
        "lost": "blind",
        "cpu-high": "passed",
    }


def test_evidence_that_could_not_be_read_raises_why() -> None:
    unread = Resource(arn="a", name="a", evidence=Unread(NO))
    read = Resource(arn="b", name="b", evidence=Answer({}, "x"))
    assert (why_unread(unread), why_unread(read)) == (NO, None)
    require_read(read)
    assert (Unread(NO), Unread(NO).call) == ({}, NO.call)
    for look in (lambda: unread.evidence["x"], lambda: unread.evidence.get("x", 1), lambda: require_read(unread)):
        with pytest.raises(CouldNotLook, match="no credentials"):
            look()


def test_what_cannot_be_looked_at_is_blind_alone_unless_nothing_can() -> None:
    def look(number: int) -> str:
        if number > 1:
            raise CouldNotLook("a:B", f"no {number}")
        return f"seen {number}"

    assert each_alone(look, [0, 2, 1], lambda number, why: f"{number}: {why.reason}") == ["seen 0", "2: no 2", "seen 1"]
    assert each_alone(look, [], lambda number, why: "") == []
    with pytest.raises(CouldNotLook, match="no 3"):
        each_alone(look, [3, 2], lambda number, why: "")
