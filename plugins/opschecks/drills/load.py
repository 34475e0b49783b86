"""The load drill: a short, bounded load on the backend, and its response times under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..core import clock
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource, Series
from ..core.observation import CouldNotLook, names_no
from ..core.wording import plural
from .declare import Ground, drill
from .probes import Get, Got, failed_percent, load, percentile

if TYPE_CHECKING:
    from ..config.limits import Limits
    from ..config.stack import Stack

ENOUGH = 10
"""With fewer requests there is no percentile, and no early end."""
GIVEN_UP_PERCENT = 20.0
"""The share of failed requests at which the load ends early, to hurt no more users."""


@dataclass(frozen=True, kw_only=True)
class LoadRun(Resource):
    """The result of a load. `stopped` says why it ended early; empty where it did not."""

    got: tuple[Got, ...]
    stopped: str = ""

    @property
    def failed_percent(self) -> float:
        """Requests that failed, in percent of all that were due."""
        return failed_percent(self.got)

    @property
    def failures(self) -> str:
        """How they failed, the most frequent first."""
        counts = Counter(one.failure for one in self.got if one.failure)
        return ", ".join(f"{count} × {why}" for why, count in counts.most_common(3))

    @property
    def p95_ms(self) -> float:
        """p95 of the response times; CouldNotLook where too few requests were answered."""
        answered = _answered(self.got)
        if len(answered) < ENOUGH:
            raise CouldNotLook(f"GET {self.arn}", f"too few requests were answered for a p95: {len(answered)}")
        return percentile(answered, 95)


def _answered(got: Sequence[Got]) -> list[float]:
    return [one.took_ms for one in got if not one.failure]


def _url(stack: Stack) -> str:
    if not stack.backend_url:
        raise names_no(stack.name, "backend", "backend_url")
    return stack.backend_url + (stack.load_path or stack.health_path)


def _makes(stack: Stack) -> str:
    limits = stack.limits
    total = round(limits.load_requests_per_second * limits.load_seconds)
    return (
        f"sends {total} GET {stack.load_path or stack.health_path}, {limits.load_requests_per_second:g} a second over "
        f"at most {limits.load_connections} connections; ends early when {GIVEN_UP_PERCENT:g} % fail"
    )


@drill(makes=_makes)
def load_drill(stack: Stack, ground: Ground) -> LoadRun:
    """A short, steady load of GET requests on the backend, with the percentiles of its response times."""
    url, limits = _url(stack), stack.limits
    get = Get(url, limits.probe_timeout_s)
    if failure := get():
        raise CouldNotLook(f"GET {url}", f"{failure}, before there was any load")
    began = clock.now()
    got, stopped = load(
        lambda: Get(url, limits.probe_timeout_s),
        per_second=limits.load_requests_per_second,
        seconds=limits.load_seconds,
        connections=limits.load_connections,
        patience_s=2 * limits.probe_timeout_s,
        stop=_given_up,
        say=lambda so_far: ground.say(f"load on {urlsplit(url).path}: {_said(so_far)}"),
    )
    ground.say(f"load on {urlsplit(url).path}: {_said(got)}{f'; {stopped}' if stopped else ''}")
    return load_run(url, got, stopped, began, limits)


def load_run(url: str, got: Sequence[Got], stopped: str, began: datetime, limits: Limits) -> LoadRun:
    """The result of the requests, with figures and the p95 of each second."""
    answered = _answered(got)
    figures = [Figure(f"p{of}", round(percentile(answered, of)), "ms") for of in (50, 95, 99) if answered]
    figures += [Figure("requests", len(got)), Figure("failed", round(failed_percent(got), 1), "%")]
    return LoadRun(
        arn=url,
        name=urlsplit(url).path,
        evidence={
            "requests": len(got),
            "answered": len(answered),
            "wanted per second": limits.load_requests_per_second,
            "connections": limits.load_connections,
            "ended early": stopped,
        },
        figures=tuple(figures),
        series=(Series("p95 under load", "ms", tuple(_by_second(got, began)), period_s=1, limit=limits.load_p95_ms),),
        got=tuple(got),
        stopped=stopped,
    )


def _by_second(got: Sequence[Got], began: datetime) -> list[tuple[datetime, float]]:
    """The p95 of the requests that were due in each second, where any was answered."""
    seconds: dict[int, list[float]] = {}
    for one in got:
        if not one.failure:
            seconds.setdefault(int(one.due_s), []).append(one.took_ms)
    return [(began + timedelta(seconds=at), percentile(seconds[at], 95)) for at in sorted(seconds)]


def _given_up(got: Sequence[Got]) -> str:
    failed = failed_percent(got)
    if len(got) < ENOUGH or failed <= GIVEN_UP_PERCENT:
        return ""
    return f"ended early, because {failed:.0f} % of {plural(len(got), 'request')} failed"


def _said(got: Sequence[Got]) -> str:
    answered = _answered(got)
    p95 = f", p95 {percentile(answered, 95):.0f} ms" if answered else ""
    return f"{plural(len(got), 'request')}, {failed_percent(got):.1f} % failed{p95}"
