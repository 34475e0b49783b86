"""One stack for stacks.toml, proposed from what an account has: each key with why, and what checks will not find."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.wording import plural

if TYPE_CHECKING:
    from ..aws.survey import Survey
    from .check_files import CheckSource

_WORD = re.compile(r"[-_./ ]+")
_OF_CLOUDFORMATION = "aws:cloudformation:stack-name"
SHOWN = 5


@dataclass(frozen=True)
class Line:
    """A key with its value, and why; a line that is only said where `value` is None."""

    key: str
    value: Any
    why: str

    def __str__(self) -> str:
        if self.value is None:
            return f"# {self.why}"
        value = json.dumps(self.value, ensure_ascii=False)
        return f"{self.key} = {value}{f'  # {self.why}' if self.why else ''}"


@dataclass(frozen=True)
class Proposal:
    """A stack's table: its lines, in order."""

    name: str
    lines: Sequence[Line]

    @property
    def table(self) -> dict[str, Any]:
        """As stacks.toml would be read."""
        return {line.key: line.value for line in self.lines if line.value is not None}

    def text(self, without: Mapping[str, str], said: Sequence[str]) -> str:
        """The file: `without` has a reason by each slug; `said` is told as comments at its end."""
        lines = [f"default = {json.dumps(self.name)}", "", f"[stacks.{_quoted(self.name)}]", *map(str, self.lines)]
        if without:
            lines += ["without = [", *(f'    "{slug}",  # {why}' for slug, why in without.items()), "]"]
        return "\n".join([*lines, *(f"# {' '.join(one.split())}" for one in said)]) + "\n"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)


def propose(found: Survey, *, name: str = "", given: Mapping[str, str | None]) -> Proposal:
    """The stack around the cluster with most services; `given` are keys that say how it is reached."""
    sizes = {str(one["clusterName"]): len(found.services.get(str(one["clusterName"]), ())) for one in found.clusters}
    cluster = max(sorted(sizes), key=lambda one: sizes[one], default="")
    lines = [
        Line("account_id", found.account, "a run refuses other credentials"),
        Line("region", found.region, ""),
        *(Line(key, value, "as given") for key, value in given.items() if value),
        *_of_cluster(found, cluster, sizes),
        *_balancer(found, cluster),
        *_by_name(found, cluster),
        *_site(found),
    ]
    fallback = re.sub(r"[^A-Za-z0-9_.-]+", "-", cluster).strip("-_.") or "production"
    return Proposal(name or fallback, lines)


def _of_cluster(found: Survey, cluster: str, sizes: Mapping[str, int]) -> Iterator[Line]:
    if not cluster:
        yield Line("", None, f"no ECS cluster in {found.region}")
        return
    others = [f"{one} ({plural(count, 'service')})" for one, count in sizes.items() if one != cluster]
    why = f"most services; other clusters: {_some(others)}; a stack has one" if others else "the only one"
    yield Line("cluster", cluster, why)
    services = found.services.get(cluster, ())
    yield Line("services", sorted(str(one["serviceName"]) for one in services), "all of the cluster")
    groups = {group for one in services for group in found.log_groups_of.get(str(one.get("taskDefinition")), ())}
    if groups:
        yield Line("log_groups", sorted(groups), "to which the services' containers write")
    (told,) = (one for one in found.clusters if one["clusterName"] == cluster)
    tags = {str(tag.get("key")): str(tag.get("value")) for tag in told.get("tags") or []}
    if _OF_CLOUDFORMATION in tags:
        yield Line("cloudformation_stacks", [tags[_OF_CLOUDFORMATION]], "it made the cluster, says its tag")


def _balancer(found: Survey, cluster: str) -> Iterator[Line]:
    services = found.services.get(cluster, ())
    filled = {str(one.get("targetGroupArn")) for service in services for one in service.get("loadBalancers") or []}
    arns = {arn for one in found.target_groups if one["TargetGroupArn"] in filled for arn in one["LoadBalancerArns"]}
    own = sorted((one for one in found.balancers if one["LoadBalancerArn"] in arns), key=lambda one: one["Type"])
    names = [str(one["LoadBalancerName"]) for one in own]
    if own:
        more = f"; others of them: {_some(names[1:])}; a stack has one" if names[1:] else ""
        yield Line("load_balancer", names[0], f"its target groups are filled by the services{more}")
        yield Line(
            "", None, f'backend_url = "https://…"  # your own domain in front of {own[0].get("DNSName", names[0])}'
        )
    elif found.balancers:
        rest = _some([str(one["LoadBalancerName"]) for one in found.balancers])
        yield Line("", None, f"no balancer has target groups that these services fill; there are {rest}")
    security = {group for one in own for group in one.get("SecurityGroups") or []}
    for service in services:
        network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        security |= set(network.get("securityGroups") or [])
    if security:
        yield Line("security_groups", sorted(map(str, security)), "of the balancer and the services")


def _by_name(found: Survey, cluster: str) -> Iterator[Line]:
    tables = related(found.tables, cluster)
    if tables:
        rest = len(found.tables) - len(tables)
        yield Line(
            "tables", tables, f"named like the cluster; {plural(rest, 'other table')}" if rest else "all of the account"
        )
    for table in tables:
        if _WORD.split(table.lower())[-1] in ("incident", "incidents"):
            yield Line("", None, f'incidents_table = "{table}"  # if it has one item for each incident')
    alarms = related(found.alarms, cluster)
    prefix = common_prefix(alarms)
    if prefix:
        count = sum(one.startswith(prefix) for one in found.alarms)
        yield Line("alarm_prefix", prefix, f"{count} of {plural(len(found.alarms), 'alarm')} begin with it")
    elif found.alarms:
        yield Line(
            "", None, f"alarm_prefix: the {plural(len(found.alarms), 'alarm')} have no common beginning: all count"
        )


def _site(found: Survey) -> Iterator[Line]:
    names = {str(one["Id"]): str(one.get("DomainName", "")) for one in found.distributions}
    if len(names) == 1:
        ((one, domain),) = names.items()
        yield Line("distribution_id", one, f"the only one: {domain}")
    elif names:
        yield Line("", None, f'distribution_id = "…"  # of the dashboards; there are {_some(list(names))}')


def related(names: Sequence[str], cluster: str) -> list[str]:
    """Those whose first word is the cluster's; all where none is."""
    word = _WORD.split(cluster.lower())[0]
    own = [one for one in names if word and _WORD.split(one.lower().strip("/"))[0] == word]
    return sorted(own or names)


def common_prefix(names: Sequence[str]) -> str:
    """The whole words with which all names begin; "" for fewer than two names, or fewer than three letters."""
    if len(names) < 2:
        return ""
    shared = next(iter(names))
    for name in names:
        while not name.startswith(shared) or (len(name) > len(shared) and not _WORD.match(name[len(shared)])):
            ends = [match.start() for match in _WORD.finditer(shared) if match.start()]
            shared = shared[: ends[-1]] if ends else ""
            if not shared:
                return ""
    return shared if len(shared) >= 3 else ""


def set_aside(
    unnamed: Mapping[str, Sequence[CheckSource]], checks: Sequence[CheckSource]
) -> tuple[dict[str, str], list[str]]:
    """`without`: the slugs none of whose checks finds what it looks for, each with why.

    And what a person has to decide, because a slug also has checks that find theirs.
    """
    lacking: dict[str, dict[str, str]] = {}
    for cause, of in unnamed.items():
        for check in of:
            lacking.setdefault(check.slug, {})[check.name] = cause
    without, open_ends = {}, []
    for slug, names in lacking.items():
        cause = next(iter(names.values()))
        said, _, advice = cause.partition(": ")
        what = said.rpartition(" names ")[2]
        if all(one.name in names for one in checks if one.slug == slug):
            without[slug] = f"{what}; {advice.removesuffix(' in stacks.toml')} to have it checked"
        else:
            open_ends.append(f"{what}: {advice}, or {', '.join(names)} cannot look ({slug} also has other checks)")
    return dict(sorted(without.items())), open_ends


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
