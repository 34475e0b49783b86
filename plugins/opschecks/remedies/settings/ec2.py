"""Remedies of security groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...aws.ec2 import SecurityGroup
from ...core.answer import Answer
from ...core.change import CannotFix, Request, Risk, State
from ...fixing.remedy import Setting

_CALL = "ec2:DescribeSecurityGroups"
_SOURCES = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


class RevokeIngress(Setting):
    """Revoke one source of one inbound rule that no allowed ingress covers, and nothing else."""

    risk = Risk.DISRUPTIVE
    runbook = "security-groups"
    allow = ("ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress", "ec2:DescribeSecurityGroups")
    expects = "connections of that source are refused; whoever used them must come another way"
    beware = "what CDK or CloudFormation defines must be changed there too, or the next deployment opens it again"

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """Each offending source on its own: revoking a whole rule would revoke its other sources too."""
        told = Answer(evidence, _CALL)
        own = frozenset(told["own groups"]) if "own groups" in told else frozenset([resource])
        group = SecurityGroup(arn=resource, name=str(told["GroupName"]), evidence=told, own=own)
        wide = {(one.protocol, one.low, one.high, one.source) for one in group.wider_than(self.stack.ingress)}
        return [
            json.dumps([resource, permission], sort_keys=True)
            for permission, one in _each(told)
            if (one.protocol, one.low, one.high, one.source) in wide
        ]

    def shown(self, target: str) -> str:
        group, permission = json.loads(target)
        return f"{group}: {SecurityGroup.sources_of(permission)[0]}"

    def read(self, target: str) -> State:
        group, permission = json.loads(target)
        answer = self.aws.call("ec2", "DescribeSecurityGroups", GroupIds=[group])
        told = answer["SecurityGroups"]
        here = [one for raw in told for one, _ in _each(raw)]
        return {"let in": _bare(permission) in [_bare(one) for one in here]}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if not now["let in"]:
            raise CannotFix("that source is no longer let in")
        return {"let in": False}

    def request(self, target: str, before: State, after: State) -> Request:
        """Revoke names the one source; undoing restores its description too."""
        group, permission = json.loads(target)
        operation = "AuthorizeSecurityGroupIngress" if after["let in"] else "RevokeSecurityGroupIngress"
        sent = permission if after["let in"] else _bare(permission)
        return Request("ec2", operation, {"GroupId": group, "IpPermissions": [sent]})


def _each(raw: Mapping[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Each source of each rule as a permission of its own, with what it lets in."""
    found = []
    for permission in raw["IpPermissions"]:
        head = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission}
        for kind in _SOURCES:
            for source in permission.get(kind, []):
                one = {**head, kind: [source]}
                found.append((one, SecurityGroup.sources_of(one)[0]))
    return found


def _bare(permission: Mapping[str, Any]) -> dict[str, Any]:
    """Without description and owner: to AWS, sources that differ only in them are the same."""
    told = dict(permission)
    for kind, key in _SOURCES.items():
        if kind in told:
            sources: Sequence[Mapping[str, Any]] = told[kind]
            told[kind] = [{key: source[key]} for source in sources]
    return told
