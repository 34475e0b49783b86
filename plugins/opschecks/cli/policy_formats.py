"""A policy as JSON, as Terraform's data source and as a CloudFormation template, each with its comments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .policy_statements import Statement

VERSION = "2012-10-17"


def document(made: Sequence[Statement], *, sid: bool = True) -> dict[str, Any]:
    """The policy as JSON has it."""
    return {"Version": VERSION, "Statement": [one.document(sid=sid) for one in made]}


def compact(made: Sequence[Statement], *, sid: bool = True) -> str:
    """In as few characters as JSON takes."""
    return json.dumps(document(made, sid=sid), separators=(",", ":"))


def as_json(made: Sequence[Statement], name: str) -> str:
    """Indented; JSON has no comments, so each Sid says what its statement is for."""
    return json.dumps(document(made), indent=2)


def as_terraform(made: Sequence[Statement], name: str) -> str:
    """A data source, whose `json` is what aws_iam_policy takes."""
    lines = [f'data "aws_iam_policy_document" "opschecks_{_word(name)}" {{']
    for number, one in enumerate(made):
        lines += [""] * bool(number)
        lines += [f"  # for {one.why}", "  statement {", f"    sid       = {_hcl(one.sid)}"]
        lines += [f"    actions   = [{_listed(one.actions)}]", f"    resources = [{_listed(one.resources)}]"]
        for operator, key, values in one.conditions:
            lines += ["", "    condition {", f"      test     = {_hcl(operator)}", f"      variable = {_hcl(key)}"]
            lines += [f"      values   = [{_listed(values)}]", "    }"]
        lines.append("  }")
    return "\n".join([*lines, "}"])


def as_cloudformation(made: Sequence[Statement], name: str) -> str:
    """A template with one managed policy, in YAML."""
    lines = [
        "AWSTemplateFormatVersion: '2010-09-09'",
        "Resources:",
        f"  Opschecks{''.join(part.capitalize() for part in _word(name).split('_'))}Policy:",
        "    Type: AWS::IAM::ManagedPolicy",
        "    Properties:",
        "      PolicyDocument:",
        f"        Version: '{VERSION}'",
        "        Statement:",
    ]
    for one in made:
        lines += [f"          # for {one.why}", f"          - Sid: {one.sid}", "            Effect: Allow"]
        lines += _yaml("            Action:", one.actions) + _yaml("            Resource:", one.resources)
        if one.conditions:
            lines.append("            Condition:")
        for operator, key, values in one.conditions:
            lines += [f"              {operator}:", *_yaml(f"                {json.dumps(key)}:", values)]
    return "\n".join(lines)


FORMS: Mapping[str, Callable[[Sequence[Statement], str], str]] = {
    "json": as_json,
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
}
"""By the name that `--format` takes."""


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _hcl(text: str) -> str:
    """A quoted string, in which Terraform would replace ${…} and %{…}."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_hcl, values))


def _yaml(key: str, values: Sequence[str]) -> list[str]:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return [key, *(f"{indent}- {json.dumps(value)}" for value in values)]
