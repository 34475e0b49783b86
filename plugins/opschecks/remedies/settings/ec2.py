"""Remedies of security groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...aws.ec2 import Rule, SecurityGroup, owner_of, rules_in
from ...core.answer import Answer
from ...core.change import CannotFix, Change, Request, Risk, State
from ...fixing.remedy import Setting

_CALL = "ec2:DescribeSecurityGroups"


class RevokeIngress(Setting):
    """Revoke one source of one inbound rule that no allowed ingress covers, and nothing else.

    A target is JSON: the group, the IpPermission that lets in this one source, and the rule's tags where it has some:
    all that undoing takes to make the rule again. Its id, new each time, is read before each request.
    """

    risk = Risk.DISRUPTIVE
    runbook = "security-groups"
    allow = (
        "ec2:RevokeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSecurityGroupRules",
    )
    expects = "connections of that source are refused; whoever used them must come another way"
    beware = "what CDK, CloudFormation or Terraform defines must be changed there too, or its next run opens it again"

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """Each offending source on its own: revoking a whole rule would revoke its other sources too."""
        told = Answer(evidence, _CALL)
        own = frozenset(told["own groups"]) if "own groups" in told else frozenset([resource])
        group = SecurityGroup(arn=resource, name=str(told["GroupName"]), evidence=told, own=own)
        wide = group.wider_than(self.stack.ingress)
        return [_target(resource, rule) for rule in group.rules if rule.source in wide]

    def normal(self, target: str) -> str:
        """CannotFix where it is not what a plan has for a target."""
        try:
            group, permission, *tags = json.loads(target)
            (_,) = SecurityGroup.sources_of(permission)
            if isinstance(group, str) and dict(*tags) is not None:
                return target
        except (ValueError, TypeError, AttributeError, KeyError):
            pass
        raise CannotFix(
            f"{target[:80]}: expected [group, permission of one source] as JSON, as the plan of --fix=plan has it: "
            "make that plan, and choose from it with opschecks fix PLAN --only"
        )

    def shown(self, target: str) -> str:
        group, permission, *_ = json.loads(target)
        return f"{group}: {SecurityGroup.sources_of(permission)[0]}"

    def described(self, change: Change) -> Change:
        """With a warning of who defines the rule, where tags of it or of its group tell."""
        group, _, *tags = json.loads(change.target)
        (found,) = self.aws.call("ec2", "DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
        mine = [{"Key": key, "Value": value} for key, value in dict(*tags).items()]
        owner = owner_of({"Tags": mine}, found)
        warning = f"{owner} defines it: change it there too, or its next run opens it again"
        return replace(change, beware=warning) if owner else change

    def read(self, target: str) -> State:
        return {"let in": self._rule(target) is not None}

    def _rule(self, target: str) -> Rule | None:
        """The rule as it is now: with another id where it was revoked and made again."""
        group, permission, *_ = json.loads(target)
        (source,) = SecurityGroup.sources_of(permission)
        bare = {"GroupName": group, "IpPermissions": [], "rules": rules_in(self.aws, [group])}
        now = SecurityGroup(arn=group, name=group, evidence=Answer(bare, _CALL), own=frozenset())
        return next((rule for rule in now.rules if rule.source == source), None)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if not now["let in"]:
            raise CannotFix("that source is no longer let in")
        return {"let in": False}

    def request(self, target: str, before: State, after: State) -> Request:
        """Revoke names the one rule by its id; undoing restores its description and tags too."""
        group, permission, *tags = json.loads(target)
        if not after["let in"]:
            if not (rule := self._rule(target)):
                raise CannotFix("that source is no longer let in")
            return Request("ec2", "RevokeSecurityGroupIngress", {"GroupId": group, "SecurityGroupRuleIds": [rule.id]})
        return Request("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": group, **_made_again(permission, *tags)})


def _target(group: str, rule: Rule) -> str:
    tags = [dict(rule.tags)] if rule.tags else []
    return json.dumps([group, rule.permission, *tags], sort_keys=True)


def _made_again(permission: Mapping[str, Any], tags: Mapping[str, str] = {}) -> dict[str, Any]:
    """What AuthorizeSecurityGroupIngress takes; nobody may set tags that begin with aws:, which belong to AWS."""
    told = {"IpPermissions": [permission]}
    ours = [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")]
    return told | ({"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": ours}]} if ours else {})
