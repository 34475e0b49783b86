"""WebSocket sessions open, answer, stay open, and come back to their task."""

from datetime import timedelta

from opschecks import Examine, Severity, Stack, check, in_words, plural
from opschecks.aws.logs import LogErrors
from opschecks.aws.websocket_groups import WebSocketGroup
from opschecks.remedies.settings.elbv2 import EnableStickiness
from opschecks.web.idle_timeout import WebSocketBalancer
from opschecks.web.websocket import Reconnects, Session

SLUG = "websocket-connection-issues"


@check(Severity.CRITICAL, runbook=SLUG, failing="WebSocket sessions do not work")
def test_websocket_sessions_open_and_answer(websocket_session: Session, stack: Stack, examine: Examine) -> None:
    """Agents and dashboards live on this connection; /health says nothing about it."""
    limits, session = stack.limits, websocket_session
    with examine(session) as note:
        assert not session.refused, session.refused
        assert session.ping_ms is not None, session.ended_early or f"no pong within {limits.probe_timeout_s:g} s"
        wanted = f"a pong within {limits.websocket_ping_ms:g} ms"
        note(f"opened in {session.open_ms:.0f} ms, pong after {session.ping_ms:.0f} ms", expected=wanted)
        assert session.ping_ms <= limits.websocket_ping_ms, f"limit {limits.websocket_ping_ms:g} ms"
        assert not session.ended_early, f"after {session.held_s:.1f} s: {session.ended_early}"


@check(Severity.HIGH, runbook=SLUG, failing="WebSocket sessions are not sticky", remedy=EnableStickiness)
def test_websocket_sessions_are_sticky(websocket_groups: list[WebSocketGroup], stack: Stack, examine: Examine) -> None:
    """A client that reconnects must reach the task that holds its session."""
    wanted = timedelta(seconds=stack.limits.stickiness_s)
    for group in websocket_groups:
        with examine(group) as note:
            if group.unused:
                note(group.unused)
                continue
            assert group.keeps_clients, "stickiness is off"
            assert not group.split, group.split
            if group.by_address:
                note("by the client's address")
                continue
            note(f"for {in_words(group.sticky_for)}", expected=f"at least {in_words(wanted)}")
            assert group.sticky_for >= wanted, f"expected at least {in_words(wanted)}"


@check(Severity.HIGH, runbook=SLUG, failing="A reconnecting client reaches another task")
def test_reconnecting_reaches_the_same_task(websocket_reconnects: Reconnects, examine: Examine) -> None:
    """Attributes say what is configured; only a client that reconnects shows what happens."""
    with examine(websocket_reconnects) as note:
        if websocket_reconnects.unproven:
            note(f"not proven live, by attributes only: {websocket_reconnects.unproven}")
            return
        reached = sorted(set(websocket_reconnects.tasks))
        note(f"{plural(len(websocket_reconnects.tasks), 'connection')}, task {', '.join(reached)}")
        assert len(reached) == 1, f"{plural(len(reached), 'task')} answered one client"


@check(Severity.MEDIUM, runbook=SLUG, failing="The load balancer cuts idle WebSocket sessions", may_be_empty=True)
def test_idle_sessions_are_not_cut(
    websocket_balancers: list[WebSocketBalancer], stack: Stack, examine: Examine
) -> None:
    """A load balancer closes what is silent for its idle timeout: quiet sessions drop, one after the other, all day."""
    heartbeat_s = stack.websocket.heartbeat_s
    for balancer in websocket_balancers:
        with examine(balancer) as note:
            idle_s = balancer.idle_timeout.total_seconds()
            note(f"idle timeout {idle_s:g} s")
            if heartbeat_s is None:
                note("not compared: websocket.heartbeat_s is not set in stacks.toml")
            else:
                assert idle_s > heartbeat_s, f"the heartbeat comes every {heartbeat_s:g} s, which is not sooner"


@check(Severity.MEDIUM, runbook=SLUG, failing="The logs are full of WebSocket errors")
def test_websocket_errors_are_rare_in_the_logs(log_errors: list[LogErrors], stack: Stack, examine: Examine) -> None:
    """Sessions that break after they opened show in the logs long before anyone reports them."""
    for group in log_errors:
        with examine(group) as note:
            limit = stack.limits.of(group).websocket_errors_per_hour
            note(group.told_of_websockets, expected=f"at most {limit} an hour")
            assert group.websocket_at_most(limit), f"limit {limit}"
