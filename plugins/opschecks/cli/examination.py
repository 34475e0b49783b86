"""What `opschecks doctor` looks at, one row for each thing: whether it is as a run needs it, and the next step."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from ..aws.session import identify
from ..aws.trial import Trial
from ..config.stack import Stack
from ..core.dataclass import dataclass
from ..core.gathering import Gathering
from ..core.observation import REGISTRY, CouldNotLook, NotApplicable, NotConfigured, WrongAccount
from ..core.version import __version__
from ..core.wording import few
from ..history.storage import Storage
from ..web.http import Http
from .check_files import CheckSource

CLOCK_MAY_BE_OFF = timedelta(minutes=1)
"""AWS refuses requests whose time is five minutes off; metrics and logs of the last minutes are missed earlier."""
LIST_AT_MOST = 3


class State(StrEnum):
    """How a thing is: as a run needs it, not so, or nobody could say."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One thing; `next` is what to do about it, where it is wrong."""

    what: str
    state: State
    said: str
    next: str = ""


def wrong(what: str, text: str) -> Row:
    """A row of an error's text, whose advice is parted from what went wrong."""
    said, dash, advice = text.partition(" – ")
    if not dash:
        said, _, advice = text.partition("; ")
    return Row(what, State.WRONG, said, advice)


def versions() -> Row:
    """Ours, Python's and those of what decides how AWS is asked and how a run ends."""
    others = ", ".join(f"{name} {version(name)}" for name in ("boto3", "pytest", "pydantic"))
    return Row("versions", State.OK, f"opschecks {__version__}, Python {platform.python_version()}, {others}")


def identity(stack: Stack, aws: Trial) -> Iterator[Row]:
    """Whose credentials, until when; region and partition; the clock, by the date of STS's answer."""
    partition = ""
    try:
        account = identify(aws)
        arn = str(aws.call("sts", "GetCallerIdentity")["Arn"])
        partition = arn.split(":")[1]
        owner = "" if stack.account_id else "; no account_id in stacks.toml keeps other accounts out"
        yield Row("credentials", State.OK, f"{arn}, account {account}; {_end(aws)}{owner}")
    except WrongAccount as error:
        aws.refuse(CouldNotLook("", str(error)))
        yield wrong("credentials", str(error))
    except CouldNotLook as error:
        aws.refuse(error)
        yield wrong("credentials", error.cause)
    yield _region(aws, partition)
    yield _clock(aws)


def _end(aws: Trial) -> str:
    end = aws.credentials_end
    if end is not None:
        return f"until {end:%Y-%m-%d %H:%M} UTC"
    return "of a session that does not say when it ends" if aws.is_temporary else "without an end"


def _region(aws: Trial, partition: str) -> Row:
    from botocore.exceptions import BotoCoreError

    try:
        own = aws.partition
    except BotoCoreError as error:
        return Row("region", State.WRONG, str(error), "correct region in stacks.toml")
    if partition and partition != own:
        said = f"{aws.region} is of partition {own}, and the credentials are of {partition}"
        return Row("region", State.WRONG, said, "correct region, or use credentials of its partition")
    return Row("region", State.OK, f"{aws.region}, partition {own}")


def _clock(aws: Trial) -> Row:
    ahead = aws.noted.ahead
    if ahead is None:
        return Row("clock", State.UNKNOWN, "STS gave no answer with a date")
    off = abs(ahead.total_seconds())
    if abs(ahead) > CLOCK_MAY_BE_OFF:
        way = "behind" if ahead > timedelta() else "ahead of"
        return Row("clock", State.WRONG, f"{off:.0f} s {way} AWS's", "set this machine's clock, as by NTP")
    return Row("clock", State.OK, f"within {max(1, round(off))} s of AWS's")


def endpoints(aws: Trial) -> Iterator[Row]:
    """Where the calls of each service went, and whether any was answered."""
    for service, endpoint in sorted(aws.noted.endpoints.items()):
        what = f"endpoint {service}"
        if endpoint.answered:
            yield Row(what, State.OK, f"{endpoint.url} answers")
        elif endpoint.failure:
            advice = "look at the network: DNS, proxy, VPC endpoint, security groups"
            yield Row(what, State.WRONG, f"{endpoint.url}: {endpoint.failure}", advice)


def actions(
    aws: Trial, store: Gathering, checks: Mapping[str, Sequence[str]], *, simulator: bool = True
) -> Iterator[Row]:
    """Each IAM action that the suites need, by what came of the calls that it allows.

    `checks` are those that need an observation, by its name. IAM's simulator may be asked of what no call needed.
    """
    wanted: dict[str, list[str]] = {}
    for name, result in store.results.items():
        if _is_absent(aws.stack, result.error):  # nothing will be asked
            continue
        for action in REGISTRY[name].allow:
            wanted.setdefault(action, []).extend(checks.get(name, ()))
    errors = [one.error for one in store.results.values() if isinstance(one.error, CouldNotLook)]
    ended_by = {one.call for one in errors if not isinstance(one, NotApplicable)}
    declined = {one.call: one.reason for one in errors if isinstance(one, NotApplicable)}
    pending = " ".join(store.pending())
    untried = [action for action in wanted if action not in aws.noted.actions]
    by_simulator = simulated(aws, untried) if simulator and untried else {}
    for action in sorted({*wanted, *aws.noted.actions} - {"sts:GetCallerIdentity"}):
        what, error = f"action {action}", aws.noted.actions.get(action)
        if f"({action})" in pending:
            yield Row(what, State.WRONG, "no answer yet", "look at the network, or raise limits.gather_timeout_s")
        elif error is not None and (_denied(error) or error.call in ended_by):
            row = wrong(what, error.cause.removeprefix(f"{error.call}: "))
            whom = few(sorted(set(wanted.get(action, ()))), LIST_AT_MOST) or "what others need"
            yield replace(row, said=f"{row.said} (needed by {whom})")
        elif error is not None and error.call in declined:
            yield Row(what, State.OK, f"answered, and does not apply: {declined[error.call]}")
        elif action in aws.noted.actions:
            yield Row(what, State.OK, "allowed")
        else:
            yield by_simulator.get(action) or Row(what, State.UNKNOWN, "not tried: no call of this look needed it")


def _is_absent(stack: Stack, error: BaseException | None) -> bool:
    """Whether the stack has none of what was looked for, as AWS or stacks.toml says."""
    return isinstance(error, NotApplicable) or (isinstance(error, NotConfigured) and bool(stack.lacks(*error.keys)))


def untried(checks: Mapping[str, Sequence[str]]) -> Row:
    """Where no credentials are known: nothing was asked with them."""
    count = len({action for name in checks for action in REGISTRY[name].allow})
    return Row("actions", State.UNKNOWN, f"{count} IAM actions were not tried, because of the credentials")


def _denied(error: CouldNotLook) -> bool:
    return bool(error.action) or "deny" in error.reason or "denies" in error.reason


def simulated(aws: Trial, untried: Sequence[str]) -> dict[str, Row]:
    """What IAM's simulator says of actions that were not tried; nothing where it may not be asked.

    Only `allowed` is taken at its word: it simulates on every resource and without conditions' values, which a good
    policy may not allow. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    told: dict[str, str] = {}
    who = principal(str(aws.call("sts", "GetCallerIdentity")["Arn"]))
    if not who:
        return {}
    try:
        for page in aws.every_page("iam", "SimulatePrincipalPolicy", PolicySourceArn=who, ActionNames=list(untried)):
            told |= {str(one["EvalActionName"]): str(one["EvalDecision"]) for one in page["EvaluationResults"]}
    except CouldNotLook:
        told = {}  # no run needs the simulator: without it the rows of these actions say that nothing is known
    aws.noted.actions.pop("iam:SimulatePrincipalPolicy", None)
    return {
        action: Row(f"action {action}", State.OK, "allowed, says IAM's simulator; no call of this look needed it")
        for action, decision in told.items()
        if decision == "allowed"
    }


def principal(arn: str) -> str:
    """The user or role behind the caller's ARN, "" for the root user and others that cannot be simulated.

    A role's session does not tell the path of its role: one with a path is not found.
    """
    head, _, name = arn.partition("assumed-role/")
    if name:
        return f"{head.replace(':sts:', ':iam:')}role/{name.partition('/')[0]}"
    return arn if ":user/" in arn else ""


def missing(named_by_none: Sequence[tuple[NotConfigured, Sequence[CheckSource]]]) -> Iterator[Row]:
    """What stacks.toml does not name and a check looks for; by `trial_look.unnamed`."""
    for error, of in named_by_none:
        said, _, advice = error.cause.partition(": ")
        slugs = ", ".join(dict.fromkeys(f'"{one}"' for one in error.keys[:1] or [check.slug for check in of]))
        what = f"stacks.toml: {said.rpartition(' names no ')[2]}"
        yield Row(what, State.WRONG, said, f"{advice}, or list in without what it does not have: {slugs}")


def state(store: Callable[[], Storage]) -> Row:
    """Whether history, journal and lock can be kept: a key is created, read, listed and deleted."""
    key = f"doctor-{secrets.token_hex(6)}.json"
    try:
        place = store()
        place.create(key, "{}")
        try:
            if place.read(key) != "{}":
                return Row("state", State.WRONG, f"{place}: what was written is not what is read", "use another place")
            place.keys("daily")
        finally:
            place.delete(key)
    except (OSError, CouldNotLook) as error:
        return Row("state", State.WRONG, str(error), "let these credentials read and write there, or set another state")
    return Row("state", State.OK, f"{place}: can be read and written")


def probes(stack: Stack) -> Iterator[Row]:
    """Whether the stack's addresses can be reached from here; what they answer, checks judge."""
    backend, site, socket = stack.backend_url, stack.dashboard_url, stack.websocket_url
    urls = [f"{backend.rstrip('/')}{stack.health_path}"] if backend else []
    urls += [f"{site.rstrip('/')}{page.path}" for page in stack.dashboards] or [site] if site else []
    urls += [socket.replace("ws", "http", 1)] if socket else []
    http = Http(stack.known_hosts)
    try:
        for url in dict.fromkeys(urls):
            yield _probe(http.get, url, stack.limits.probe_timeout_s)
    finally:
        http.close()


def _probe(get: Callable[[str, float], Any], url: str, timeout_s: float) -> Row:
    what, advice = f"probe {url}", "look at the address, DNS, firewall and proxy"
    try:
        answer = get(url, timeout_s)
    except CouldNotLook as error:
        return Row(what, State.WRONG, error.reason, advice)
    if answer.status is None:
        return Row(what, State.WRONG, answer.said, advice)
    return Row(what, State.OK, f"{answer.said} in {answer.latency_ms:.0f} ms")
