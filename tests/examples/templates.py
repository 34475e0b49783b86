"""The CloudFormation templates of the examples, read as plain data."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import yaml

from tests.scratch import ROOT

AWS = ROOT / "examples" / "aws"
MAIN, MEMBER = AWS / "opschecks.yaml", AWS / "member-role.yaml"

GIVEN = {
    "ImageTag": "1",
    "Shards": "4",
    "TimeZone": "Europe/Berlin",
    "Email": "on-call@example.com",
    "Viewers": "203.0.113.0/24",
    "Organization": "o-abcdefghij",
}
"""Parameters of the main template, besides the network's."""
OF_MEMBER = {
    "RunnerArn": "arn:aws:iam::123456789012:role/opschecks-runner",
    "ExternalId": "0123456789abcdef",
    "StateBucket": "opschecks-state-123456789012-us-west-2",
}


class _Tags(yaml.SafeLoader):
    """CloudFormation's short forms."""


def _call(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        value: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".")
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_Tags.add_multi_constructor("!", _call)


@functools.cache
def read(path: Path) -> dict[str, Any]:
    """The template in long form, as JSON would have it."""
    told: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Tags)
    return told


def types(path: Path) -> set[str]:
    """The resource types of the template."""
    return {one["Type"] for one in read(path)["Resources"].values()}


def without(template: dict[str, Any], lacking: frozenset[str]) -> dict[str, Any]:
    """The template without resources of these types, and with a stand-in for whatever refers to one of them."""
    gone = {name for name, one in template["Resources"].items() if one["Type"] in lacking}

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("Ref") in gone or value.get("Fn::GetAtt", [""])[0] in gone:
                return "stand-in"
            return {key: cut(one) for key, one in value.items()}
        if isinstance(value, list):
            return [cut(one) for one in value]
        if isinstance(value, str):
            for name in gone:
                value = value.replace(f"${{{name}}}", "stand-in").replace(f"${{{name}.", "${AWS::NoValue.")
                value = value.replace("${AWS::NoValue.DomainName}", "stand-in")
        return value

    kept = {name: one for name, one in template["Resources"].items() if name not in gone}
    return {**cut({**template, "Resources": kept})}


def machine(template: dict[str, Any]) -> dict[str, Any]:
    """The state machine's definition, whose placeholders are kept as texts."""
    text = template["Resources"]["Morning"]["Properties"]["DefinitionString"]["Fn::Sub"]
    told: dict[str, Any] = json.loads(text.replace("${Shards}", "2"))
    return told
