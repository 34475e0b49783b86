"""Makes member-role.yaml: the role of a checked account, with what the observations of the shipped checks declare.

python examples/aws/member_role.py            prints it
python examples/aws/member_role.py --write    writes it beside this file, after checks or observations have changed
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

from opschecks.cli.check_files import check_sources
from opschecks.core.declared import declaring
from opschecks.core.observation import REGISTRY, closure
from opschecks.core.shipped import shipped_checks
from opschecks.hooks.fixtures import import_observations

FILE = Path(__file__).with_name("member-role.yaml")
SUITES = ("daily", "weekly")
OF_NO_POLICY = {"sts:GetCallerIdentity"}
"""Allowed to everybody."""
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  The role by which opschecks looks at this account: it reads what the daily and weekly checks ask for, and writes
  nothing but the runs that it files

Parameters:
  RunnerArn:
    Type: String
    Description: The role of the containers, Runner of the other template; it must be there already
    AllowedPattern: "arn:[a-z-]+:iam::[0-9]{{12}}:role/.+"
  ExternalId:
    Type: String
    Description: external_id in stacks.toml; a value that nobody guesses
    MinLength: 16
    MaxLength: 1224
    AllowedPattern: "[A-Za-z0-9_+=,.@:/-]+"
  StateBucket:
    Type: String
    Description: The bucket in which runs are filed, StateBucket of the other template
    AllowedPattern: "[a-z0-9.-]{{3,63}}"
  RoleName:
    Type: String
    Description: MemberRole of the other template
    Default: opschecks

Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: Read by opschecks
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Ref RunnerArn
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                sts:ExternalId: !Ref ExternalId

  Reads: # made by examples/aws/member_role.py: what the observations of the checks declare
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Role]
      Description: What the daily and weekly checks of opschecks read
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
{statements}
  Files: # runs are filed, and history is read, by the role by which the stack was looked at
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Role]
      Description: History, journal and locks of opschecks
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [s3:GetObject, s3:PutObject, s3:DeleteObject]
            Resource: !Sub arn:${{AWS::Partition}}:s3:::${{StateBucket}}/opschecks/*
          - Effect: Allow
            Action: s3:ListBucket
            Resource: !Sub arn:${{AWS::Partition}}:s3:::${{StateBucket}}

Outputs:
  RoleArn:
    Description: role_arn in stacks.toml
    Value: !GetAtt Role.Arn
"""


def actions() -> list[str]:
    """What the shipped daily and weekly checks need, by what their observations declare."""
    import_observations()
    for path in declaring(shipped_checks()):  # observations that files of checks bring themselves
        runpy.run_path(str(path))
    needs = {name for suite in SUITES for check in check_sources(shipped_checks() / suite) for name in check.needs}
    looked = closure(needs & REGISTRY.keys())
    return sorted({action for one in looked for action in one.allow} - OF_NO_POLICY)


def statements() -> Iterator[str]:
    """A statement for each service."""
    by_service: dict[str, list[str]] = {}
    for action in actions():
        by_service.setdefault(action.partition(":")[0], []).append(action)
    for service, allowed in by_service.items():
        yield f"          - Sid: {service.title().replace('-', '')}\n            Effect: Allow\n            Action:\n"
        yield from (f"              - {action}\n" for action in allowed)
        yield '            Resource: "*"\n'


def template() -> str:
    """The whole of member-role.yaml."""
    return TEMPLATE.format(statements="".join(statements()))


if __name__ == "__main__":
    if "--write" in sys.argv:
        FILE.write_text(template(), encoding="utf-8")
    else:
        sys.stdout.write(template())
