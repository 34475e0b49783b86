"""Stacks for stacks.toml, proposed from what an account has: each key with why, and what checks will not find."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..aws.survey import Survey
from ..config.lacking import GONE_WITH
from ..core.observation import NotConfigured
from ..core.wording import few, plural
from .check_files import CheckSource
from .parts import OF_CLOUDFORMATION, WORD, Traits, balancers_of, grouped, home, home_of_alarm, traits_of, watched_parts
from .prefixes import common_prefix, prefixes
from .proposed_file import Line, Proposal

OF_TEMPLATES = re.compile(r"-[A-Za-z0-9]+-(?=[^-]*[A-Z])(?=[^-]*\d)[A-Za-z0-9]{11,13}$")
"""How CloudFormation goes on after the stack's name where a template gives none: AWSCloudFormation/latest/UserGuide,
"Name type": the logical id, and a random end, in which there are capitals and digits."""
ALL_COUNT = "all alarms of the account count"
OWN_COUNT = "those count that are clearly of no other stack"
NONE_COUNT = "none count"
"""What a stack's checks of alarms do as long as it names none: alone, beside stacks that all name theirs, beside one
that does not either. See aws/cloudwatch_alarms.py, config/neighbours.py."""
LISTED_AS: Mapping[str, tuple[str, ...]] = {
    "ECS clusters": ("cluster", "services", "log_groups", "load_balancer", "security_groups"),
    "ECS services": ("services", "log_groups", "load_balancer", "security_groups"),
    "task definitions": ("log_groups",),
    "load balancers": ("load_balancer", "security_groups"),
    "target groups": ("load_balancer", "security_groups"),
    "DynamoDB tables": ("tables", "incidents_table", "wanted_indexes"),
    "alarms": ("alarm_prefix",),
    "CloudFront distributions": ("distribution_id", "dashboard_bucket"),
}
"""The keys of stacks.toml for which nothing is known, by the list of the survey that could not be read."""


def unseen_keys(found: Survey) -> set[str]:
    """The keys of which nothing, or not all, could be seen; alarms that are there may be any stack's."""
    seen_some = {"alarm_prefix"} if found.alarms else set()
    return seen_some | {key for what in found.refused for key in LISTED_AS.get(what, ())}


def propose(found: Survey, *, name: str = "", given: Mapping[str, str | None]) -> list[Proposal]:
    """A stack for each group of clusters that belong together, that of most services first.

    `name`: what the first is called; `given` are keys that say how the account is reached.
    """
    groups = grouped(found) or [[]]
    shared = [
        Line("account_id", found.account, "a run refuses other credentials"),
        Line("region", found.region, ""),
        *(Line(key, value, "as given") for key, value in given.items() if value),
    ]
    known = [traits_of(found, group) for group in groups]
    parts = watched_parts(found, groups, known)
    homes = {one: home_of_alarm(one, found, known, parts) for one in found.alarms}
    made: list[Proposal] = []
    alone = len(groups) == 1
    of_alarms = [[*_alarms(homes, number, alone=alone)] for number in range(len(groups))]
    for number, group in enumerate(groups):
        lines = [*_of_clusters(found, group), *_balancers(found, group, number, known)]
        lines += [*_by_name(found, number, known), *of_alarms[number], *_sites(found, number, known)]
        called = name if name and not number else _called(found, group)
        is_told = any("alarm_prefix" in (line.key or line.why) for line in lines)
        why = "" if is_told or "alarms" in found.refused else _no_alarms(homes)
        lacks = {"alarm_prefix": f"{why}; set alarm_prefix to have them checked"} if why else {}
        if not is_told and not why and found.alarms:
            nobodys = few([one for one, where in homes.items() if where is None])
            others = (told for at, told in enumerate(of_alarms) if at != number)
            clear = all(any(line.key == "alarm_prefix" for line in told) for told in others)
            count = ALL_COUNT if alone else OWN_COUNT if clear else NONE_COUNT
            told = f"it may be of {nobodys}; until it is set, {count}"
            lines.append(Line("", None, f'alarm_prefix = "…"  # {told}'))
        made.append(Proposal(_unused(called, [one.name for one in made]), lines, shared, lacks))
    return made


def _called(found: Survey, group: Sequence[str]) -> str:
    """As its first cluster; as the CloudFormation stack where that gave the cluster its name."""
    first, formations = next(iter(group), ""), [one.formation for one in traits_of(found, group)]
    made_by = next((one for one in formations if one and first.startswith(f"{one}-")), "")
    first = made_by or OF_TEMPLATES.sub("", first)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", first).strip("-_.") or "production"


def _unused(name: str, taken: Sequence[str]) -> str:
    number = 2
    while name in taken:
        name, number = f"{name}-{number}", number + 1
    return name


def _value(names: Sequence[str]) -> Any:
    """One name as it is, several as a list."""
    return names[0] if len(names) == 1 else list(names)


def _of_clusters(found: Survey, group: Sequence[str]) -> Iterator[Line]:
    if not group:
        yield Line("", None, f"no ECS cluster in {found.region}")
        return
    several = len(group) > 1
    why = "the only one" if len(found.clusters) == 1 else "other clusters belong to other stacks"
    yield Line("cluster", _value(group), "one application, by names, tags and balancers" if several else why)
    running = [(name, service) for name in group for service in found.services.get(name, ())]
    names = sorted(f"{name}/{one['serviceName']}" if several else str(one["serviceName"]) for name, one in running)
    if names:
        yield Line("services", names, f"all of {plural(len(group), 'cluster')}" if several else "all of the cluster")
    counted = (one for _, one in running if one.get("schedulingStrategy") != "DAEMON")
    resting = [str(one["serviceName"]) for one in counted if not one.get("desiredCount", 1)]
    if resting:
        yield Line("", None, f"desired count 0: {few(resting)}; what is to rest, take out of services")
    groups = {log for _, one in running for log in found.log_groups_of.get(str(one.get("taskDefinition")), ())}
    if groups:
        yield Line("log_groups", sorted(groups), "to which the services' containers write")
    tags = [tag for one in found.clusters if one["clusterName"] in group for tag in one.get("tags") or []]
    made_by = sorted({str(tag.get("value")) for tag in tags if tag.get("key") == OF_CLOUDFORMATION})
    if made_by:
        yield Line("cloudformation_stacks", made_by, "made the cluster, says its tag")


def _balancers(found: Survey, group: Sequence[str], number: int, known: Sequence[Sequence[Traits]]) -> Iterator[Line]:
    arns = balancers_of(found, group)
    others = {arn for one in found.services for arn in balancers_of(found, [one])} - arns
    for one in found.balancers:
        arn, name = str(one["LoadBalancerArn"]), str(one["LoadBalancerName"])
        if arn not in others and home(name, found.tags_of("load_balancer", name), known) == number:
            arns.add(arn)
    own = sorted(
        (one for one in found.balancers if one["LoadBalancerArn"] in arns),
        key=lambda one: (one["Type"] != "application", str(one["LoadBalancerName"])),
    )
    names = [str(one["LoadBalancerName"]) for one in own]
    if own:
        yield Line("load_balancer", _value(names), "the services fill its target groups, or it is named like them")
        yield Line(
            "",
            None,
            f'backend_url = "https://…"  # your own domain in front of {own[0].get("DNSName", names[0])}; '
            "then remove it from without",
        )
    elif not number and (rest := [one for one in found.balancers if one["LoadBalancerArn"] not in others]):
        there = few([str(one["LoadBalancerName"]) for one in rest])
        yield Line("", None, f"no balancer has target groups that these services fill; there are {there}")
    security = {security for one in own for security in one.get("SecurityGroups") or []}
    for service in (one for cluster in group for one in found.services.get(cluster, ())):
        network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        security |= set(network.get("securityGroups") or [])
    if security:
        yield Line("security_groups", sorted(map(str, security)), "of the balancers and the services")


def _own(found: Survey, kind: str, names: Sequence[str], number: int, known: Sequence[Sequence[Traits]]) -> list[str]:
    """Those of a kind that belong to a stack; of the only one all, where nothing says whose any of them is."""
    homes = {name: home(name, found.tags_of(kind, name), known) for name in names}
    own = sorted(name for name, where in homes.items() if where == number)
    return own or (sorted(names) if len(known) == 1 else [])


def _by_name(found: Survey, number: int, known: Sequence[Sequence[Traits]]) -> Iterator[Line]:
    tables = _own(found, "table", found.tables, number, known)
    if tables:
        yield Line("tables", tables, _how("table", tables, found.tables))
    for table in tables:
        if WORD.split(table.lower())[-1] in ("incident", "incidents"):
            yield Line("", None, f'incidents_table = "{table}"  # if it has one item for each incident')
    for key, names in found.others.items():
        own = _own(found, key, names, number, known)
        if own:
            yield Line(f"resources.{key}", own, _how(key.removesuffix("s"), own, names))
        if own and key == "functions":
            group = f"/aws/lambda/{own[0]}"  # unless its LoggingConfig says another: Lambda, "Configuring log groups"
            yield Line("", None, f"of functions that are called every day, add the log group to log_groups: {group}")


def _how(what: str, own: Sequence[str], names: Sequence[str]) -> str:
    rest = len(names) - len(own)
    return f"by names and tags; {plural(rest, f'other {what}')}" if rest else "all of the account"


def _alarms(homes: Mapping[str, int | None], number: int, *, alone: bool) -> Iterator[Line]:
    """`homes`: by alarm the number of its stack."""
    own, count = [name for name, where in homes.items() if where == number], len(homes)
    if homes and alone and not own:
        begin = [one for one in [common_prefix([*homes])] if one]
        if not begin:
            told = "there is one alarm" if count == 1 else f"the {count} alarms have no common beginning"
            yield Line("", None, f"alarm_prefix: {told}; until it is set, {ALL_COUNT}")
    else:
        begin = prefixes(own, [one for one in homes if one not in own])
    if begin:
        some = sum(one.startswith(tuple(begin)) for one in homes)
        begins = f"{'begins' if some == 1 else 'begin'} with {'it' if len(begin) == 1 else 'one of them'}"
        yield Line("alarm_prefix", _value(begin), f"{some} of {plural(count, 'alarm')} {begins}")
    elif own:
        begins = f"{plural(len(own), 'alarm')} of it {'begins' if len(own) == 1 else 'begin'} as others do"
        yield Line("", None, f'alarm_prefix = "…"  # {begins}: {few(own)}')


def _no_alarms(homes: Mapping[str, int | None]) -> str:
    """Why a stack of which no alarm is known has none; empty where one that is nobody's may be its own."""
    if not homes:
        return "no alarms found"
    return "" if None in homes.values() else f"{plural(len(homes), 'alarm')} found, all of other stacks"


def _sites(found: Survey, number: int, known: Sequence[Sequence[Traits]]) -> Iterator[Line]:
    names = {str(one["Id"]): str(one.get("DomainName", "")) for one in found.distributions}
    own = [one for one in names if home("", found.tags_of("distribution", one), known) == number]
    if own:
        yield Line("distribution_id", _value(own), "by its tags; the first serves the dashboards")
    elif len(names) == 1 and not number:
        ((one, domain),) = names.items()
        yield Line("distribution_id", one, f"the only one: {domain}")
    elif names and not number:
        yield Line("", None, f'distribution_id = "…"  # of the dashboards; there are {few(list(names))}')


def set_aside(
    proposal: Proposal,
    lacking: Sequence[tuple[NotConfigured, Sequence[CheckSource]]],
    checks: Sequence[CheckSource],
    unseen: Collection[str] = (),
) -> Proposal:
    """The stack with `without`: what no observation finds named, by the narrowest word for it, each with why.

    A key; where there is none, the slug of checks none of which finds what it looks for, else the checks. Without the
    keys `unseen`: what could not be listed may be there, and its checks are blind until somebody knows. Nor with a key
    that would cover one of them.
    """
    spared = {*unseen, *(other for key in unseen for other in GONE_WITH.get(key, ()))}
    without: dict[str, str] = {**(proposal.without or {})}
    named = proposal.table
    blind = {check.name for _, of in lacking for check in of}
    for error, of in lacking:
        said, _, advice = error.cause.partition(": ")
        what = said.rpartition(" names ")[2]
        keys = [key for key in error.keys if key not in named]
        if keys and not spared & {*keys}:
            without.setdefault(keys[0], f"{what} found; {advice.removesuffix(' in stacks.toml')} to have it checked")
        for check in () if keys else of:
            whole = all(one.name in blind for one in checks if one.slug == check.slug)
            without.setdefault(check.slug if whole else check.name, error.cause)
    told = {key: why for key, why in sorted(without.items()) if not {*GONE_WITH.get(key, ())} & {*without}}
    return replace(proposal, without=told)


def certificates(proposal: Proposal, found: Survey, look: Callable[[Sequence[str]], Sequence[str]]) -> list[Line]:
    """Those of the proposal's load balancers, by `look` at their ARNs, and of its distributions."""
    table = proposal.table
    balancers, distributions = ({*_listed(table.get(key))} for key in ("load_balancer", "distribution_id"))
    arns = [str(one["LoadBalancerArn"]) for one in found.balancers if one["LoadBalancerName"] in balancers]
    shown = [one for one in found.distributions if one["Id"] in distributions]
    told = {str((one.get("ViewerCertificate") or {}).get("ACMCertificateArn", "")) for one in shown}
    every = sorted({*look(arns), *told} - {""})
    return [Line("resources.certificates", every, "of its load balancers and distributions")] if every else []


def _listed(value: str | Sequence[str] | None) -> list[str]:
    """The names of a key that takes one or a list."""
    return [value] if isinstance(value, str) else list(value or ())


def left_out(found: Survey, proposals: Sequence[Proposal]) -> list[str]:
    """What is in the account and in none of the stacks, as comments: nobody is to take silence for health."""
    tables = [one.table for one in proposals]
    told = []
    for what, key, names in (
        ("clusters", "cluster", found.idle_clusters),
        ("load balancers", "load_balancer", [str(one["LoadBalancerName"]) for one in found.balancers]),
        ("tables", "tables", found.tables),
        *((key, f"resources.{key}", names) for key, names in found.others.items()),
        ("alarms", "alarm_prefix", found.alarms),
    ):
        of, _, inner = key.partition(".")
        values = [value for table in tables if (value := table.get(of, {}).get(inner) if inner else table.get(of))]
        own = [one for value in values for one in _listed(value)]
        rest = [one for one in names if one not in own]
        if key == "alarm_prefix":
            several = own or len(proposals) > 1  # of the only stack without it all alarms count
            rest = [one for one in names if several and not one.startswith(tuple(own))]
        why = " (no service runs there)" if key == "cluster" else ""
        told += [f"in no stack: {what} {few(rest)}{why}"] if rest else []
    return told
