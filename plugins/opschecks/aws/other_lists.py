"""Lists of resources that a stack names in `resources` of stacks.toml: queues, functions, databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Aws


@dataclass(frozen=True)
class OtherList:
    """How the resources of a key are listed. `what`: as a person calls them; `arn`: how theirs go on after the account.

    `type`: theirs in CloudFormation.
    `name`: what of an item is its name, or an identifier that ends with it; "" where the item is a URL that does.
    `but_engines`: of other services that answer with theirs.
    """

    what: str
    service: str
    operation: str
    items: str
    name: str
    type: str
    arn: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    but_engines: tuple[str, ...] = ()

    def names(self, aws: Aws) -> Iterator[str]:
        """The names; an answer without any may lack the list."""
        for page in aws.pages(self.service, self.operation, **self.asked):
            for one in page.get(self.items) or []:
                if not (self.but_engines and one.get("Engine") in self.but_engines):
                    yield _name(str(one[self.name] if self.name else one))


def _name(identifier: str) -> str:
    """The name at the end of an ARN or a URL; others are names."""
    return re.split("[/:]", identifier)[-1] if re.match(r"arn:|https?:", identifier) else identifier


OTHER_LISTS: Mapping[str, OtherList] = {
    # without MaxResults SQS ends after 1,000 and says nothing of more: SQS, API_ListQueues
    "queues": OtherList(
        "SQS queues", "sqs", "ListQueues", "QueueUrls", "", "AWS::SQS::Queue", "sqs:", {"MaxResults": 1000}
    ),
    "functions": OtherList(
        "Lambda functions",
        "lambda",
        "ListFunctions",
        "Functions",
        "FunctionName",
        "AWS::Lambda::Function",
        "lambda:function:",
    ),
    "databases": OtherList(
        "DB instances",
        "rds",
        "DescribeDBInstances",
        "DBInstances",
        "DBInstanceIdentifier",
        "AWS::RDS::DBInstance",
        "rds:db:",
        but_engines=("docdb", "neptune"),  # RDS, API_DescribeDBInstances: it also describes instances of these
    ),
}
"""By the key; `type` and `arn` are what the checks give to `inventory.others`."""


def own_list(key: str, type_: str, arn: str) -> OtherList:
    """Of resources that checks of a user's own look at, by their type: as one of ours lists them, else Cloud Control.

    Source: cloudcontrolapi/latest/userguide, "Discovering resources": it lists the resources of a type in account and
    region, made by CloudFormation or not, by their primary identifiers; some types cannot be listed.
    """
    ours = next((one for one in OTHER_LISTS.values() if one.type == type_), None)
    what, asked = key.replace("_", " "), {"TypeName": type_}
    listed = OtherList(what, "cloudcontrol", "ListResources", "ResourceDescriptions", "Identifier", type_, arn, asked)
    return ours or listed


def keys_and_names(arn: str, lists: Mapping[str, OtherList]) -> list[tuple[str, str]]:
    """The keys, each with the name, of what an ARN is of; none where it is of none of the lists."""
    parts = arn.split(":", 5)
    told = f"{parts[2]}:{parts[5]}" if len(parts) == 6 else ""
    return [(key, told.removeprefix(of.arn)) for key, of in lists.items() if of.arn and told.startswith(of.arn)]
