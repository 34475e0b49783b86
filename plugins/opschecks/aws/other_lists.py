"""Lists of resources that a stack names in `resources` of stacks.toml: queues, functions, databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Aws


@dataclass(frozen=True)
class OtherList:
    """How the resources of a key are listed. `what`: as a person calls them; `arn`: how theirs go on after the account.

    `type`: theirs in CloudFormation.
    `name`: what of an item is its name; "" where the item is a URL that ends with it. `but_engines`: of other services
    that answer with theirs.
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
                    yield str(one[self.name]) if self.name else str(one).rsplit("/", 1)[-1]


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


def key_and_name(arn: str) -> tuple[str, str] | None:
    """The key and the name of what an ARN is of; None where it is none of these."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    told = f"{parts[2]}:{parts[5]}"
    return next(((key, told.removeprefix(of.arn)) for key, of in OTHER_LISTS.items() if told.startswith(of.arn)), None)
