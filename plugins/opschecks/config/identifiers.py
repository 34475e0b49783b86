"""What names a resource in stacks.toml: its name, its ARN or its id, each to the one form that the code uses.

Terraform and CDK put out ARNs where AWS's own calls take a name, or both. A metric's dimension takes names only: a name
that is an ARN would have no data, which reads like "nothing was throttled". So every identifier comes through here. The
forms of ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/ (each service's "Resource types").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..core.dataclass import dataclass

_NAME = r"(?P<name>[^/:]+)"


@dataclass(frozen=True)
class Kind:
    """A kind of resource: the service in its ARN, what follows the account there, and other ways of naming it."""

    noun: str
    service: str
    resource: str
    whole: bool = False
    """Whether the ARN itself is kept: the calls of the kind take it."""
    short: str = ""
    """Another form, which is not an ARN."""


KINDS: Mapping[str, Kind] = {
    "cluster": Kind("ECS cluster", "ecs", f"cluster/{_NAME}"),
    "service": Kind(
        "ECS service", "ecs", f"service/(?:(?P<within>[^/]+)/)?{_NAME}", short=rf"(?P<within>[\w-]+)/{_NAME}"
    ),
    "load_balancer": Kind(
        "application, network or gateway load balancer",
        "elasticloadbalancing",
        f"loadbalancer/(?:app|net|gwy)/{_NAME}/[0-9a-f]+",
        whole=True,
        short=f"(?:app|net|gwy)/{_NAME}/[0-9a-f]+",
    ),
    "table": Kind("table", "dynamodb", f"table/{_NAME}"),
    "index": Kind("index of a table", "dynamodb", f"table/(?P<within>[^/]+)/index/{_NAME}"),
    "log_group": Kind("log group", "logs", r"log-group:(?P<name>[^:*]+)(?::\*)?"),
    "security_group": Kind("security group", "ec2", f"security-group/{_NAME}"),
    "bucket": Kind("bucket", "s3", _NAME),
    "alarm": Kind("alarm", "cloudwatch", "alarm:(?P<name>.+)"),
    "distribution": Kind("distribution", "cloudfront", f"distribution/{_NAME}"),
    "formation_stack": Kind("CloudFormation stack", "cloudformation", f"stack/{_NAME}(?:/.+)?", whole=True),
    "user": Kind("IAM user", "iam", f"user/(?:.+/)?{_NAME}"),
}
"""By the word that the code uses."""

KEYS: Mapping[str, str] = {
    "cluster": "cluster",
    "services": "service",
    "load_balancer": "load_balancer",
    "tables": "table",
    "incidents_table": "table",
    "status_index": "index",
    "log_groups": "log_group",
    "flow_log_group": "log_group",
    "security_groups": "security_group",
    "buckets": "bucket",
    "bucket_expire_days": "bucket",
    "dashboard_bucket": "bucket",
    "alarm_prefix": "alarm",
    "distribution_id": "distribution",
    "cloudformation_stack": "formation_stack",
    "cloudformation_stacks": "formation_stack",
    "dev_services": "service",
    "iam_users": "user",
}
"""The keys of a stack whose values name resources, and the kind of each; the keys within tables are in _INNER."""

SEVERAL = ("cluster", "load_balancer", "alarm_prefix", "distribution_id", "cloudformation_stack")
"""Keys that take one value or a list: the first is the value of the key, the others are `further` of the stack."""

_INNER: Mapping[str, Mapping[str, str]] = {
    "wanted_indexes": {"table": "table", "name": "index"},
    "rotated_keys": {"user": "user", "services": "service"},
}
_WITH_CLUSTER = ("dev_services", "rotated_keys")
"""Keys whose services keep their cluster, as CLUSTER/NAME."""


@dataclass(frozen=True)
class Identifier:
    """What an identifier says: `name` is the form that the code uses; the rest is "" where it is not said.

    `within`: the cluster of a service, the table of an index.
    """

    name: str
    within: str = ""
    region: str = ""
    account: str = ""


def parsed(kind: str, text: str) -> Identifier:
    """The identifier; ValueError for an ARN of anything else. What is no ARN is a name, and stays as it is."""
    of = KINDS[kind]
    if not text.startswith("arn:"):
        found = re.fullmatch(of.short, text) if of.short else None
        return _read(found) if found else Identifier(text)
    _, _, service, region, account, resource = [*text.split(":", 5), "", "", "", "", ""][:6]
    found = re.fullmatch(of.resource, resource) if service == of.service else None
    if not found:
        article = "an" if of.noun[0] in "AEIOaeio" else "a"
        raise ValueError(f"{text} is not the ARN of {article} {of.noun}")
    read = replace(_read(found), region=region, account=account)
    return replace(read, name=text) if of.whole else read


def kind_of(arn: str) -> str:
    """The kind of what an ARN is of; "" where none of them has it, such as a listener or a classic load balancer."""
    _, _, service, _, _, resource = [*arn.split(":", 5), "", "", "", "", ""][:6]
    fitting = (kind for kind, of in KINDS.items() if of.service == service and re.fullmatch(of.resource, resource))
    return next(fitting, "")


def _read(found: re.Match[str]) -> Identifier:
    told = found.groupdict()
    return Identifier(told["name"], told.get("within") or "")


def own(kind: str, text: str, region: str | None, account: str | None) -> Identifier:
    """The identifier; ValueError where its ARN is of another region or account than the stack's, as far as known."""
    read = parsed(kind, text)
    for what, said, known in (("region", read.region, region), ("account", read.account, account)):
        if said and known and said != known:
            raise ValueError(f"{text} is of {what} {said}, the stack is of {known}")
    return read


def normalised(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A stack's keys with names for ARNs; ValueError naming the key where an ARN cannot be the stack's.

    A region, account or cluster that only ARNs say becomes the stack's: they are then checked like any other.
    """
    told = dict(raw)
    for key, more in (told.get("further") or {}).items():
        told[key] = [told[key], *more]
    for key, kind in KEYS.items():
        if key in told:
            told[key] = _each(told, key, kind, told[key])
    for key, inner in _INNER.items():
        if isinstance(told.get(key), list | tuple):
            told[key] = [_table(told, key, inner, one) for one in told[key]]
    if isinstance(told.get("services"), list | tuple):
        _place(told)
    return _with_further(told)


def _place(told: dict[str, Any]) -> None:
    """Services by their name alone where the stack has one cluster, as CLUSTER/NAME where it has several."""
    services = list(told["services"])
    within = [one.partition("/")[0] for one in services if isinstance(one, str) and "/" in one]
    given = told.get("cluster")
    clusters = [given] if isinstance(given, str) else list(dict.fromkeys(within))
    if isinstance(given, list | tuple):
        clusters = list(given)
    if within and not given:
        told["cluster"] = clusters if len(clusters) > 1 else clusters[0]
    if len(clusters) < 2:
        told["services"] = [one.rpartition("/")[2] if isinstance(one, str) else one for one in services]
        return
    for one in services:
        if isinstance(one, str) and "/" not in one:
            places = " or ".join(f"{cluster}/{one}" for cluster in clusters)
            raise ValueError(f"services: {one} does not say its cluster, and the stack has several: write {places}")


def _with_further(told: dict[str, Any]) -> dict[str, Any]:
    """Of a key with a list, its first value; the others in `further`."""
    further = {}
    for key in SEVERAL:
        given = told.get(key)
        if not isinstance(given, list | tuple):
            continue
        if not given or not all(isinstance(one, str) and one for one in given):
            raise ValueError(f"{key}: expected a name, or a list of names")
        if twice := sorted({one for one in given if list(given).count(one) > 1}):
            raise ValueError(f"{key}: {twice[0]} is listed twice")
        told[key] = given[0]
        if len(given) > 1:
            further[key] = tuple(given[1:])
    if further or "further" in told:
        told["further"] = further
    return told


def _table(told: dict[str, Any], key: str, inner: Mapping[str, str], given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    found = dict(given)
    for name, kind in inner.items():
        if name in found:
            found[name] = _each(told, key, kind, found[name])
    said = given.get("name")
    if key == "wanted_indexes" and isinstance(said, str) and (within := parsed("index", said).within):
        found.setdefault("table", within)
    return found


def _each(told: dict[str, Any], key: str, kind: str, given: Any) -> Any:
    """The value with each text in it read; what has another type is left for the types of the stack to refuse."""
    if isinstance(given, str):
        return _one(told, key, kind, given)
    if isinstance(given, list | tuple):
        return [_each(told, key, kind, one) for one in given]
    if isinstance(given, Mapping):
        return {_each(told, key, kind, name): value for name, value in given.items()}
    return given


def _one(told: dict[str, Any], key: str, kind: str, given: str) -> str:
    known = {what: told[what] for what in ("region", "account_id") if isinstance(told.get(what), str)}
    try:
        read = own(kind, given, known.get("region"), known.get("account_id"))
        if key in _WITH_CLUSTER and kind == "service":
            return f"{read.within}/{read.name}" if read.within else _named(read, given, key)
        if key == "services" and read.within:
            _require_cluster(read, given, told.get("cluster"))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    told["region"] = told.get("region") or read.region or None
    told["account_id"] = told.get("account_id") or read.account or None
    return f"{read.within}/{read.name}" if key == "services" and read.within else read.name


def _require_cluster(read: Identifier, given: str, named: Any) -> None:
    """ValueError where the stack names its clusters, and the service is of another one."""
    known = [named] if isinstance(named, str) else [one for one in named or () if isinstance(one, str)]
    if known and read.within not in known:
        stacks = "the stack's is" if len(known) == 1 else "the stack's are"
        raise ValueError(f"{given} is of cluster {read.within}, {stacks} {', '.join(known)}")


def _named(read: Identifier, given: str, key: str) -> str:
    """The name of a service without its cluster; ValueError where the key needs one."""
    if key == "dev_services" and given.startswith("arn:"):
        raise ValueError(f"{given} does not say the cluster; expected CLUSTER/SERVICE, or an ARN that has both")
    return read.name
