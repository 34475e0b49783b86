"""Where moto's Contributor Insights are not like AWS's: tables have none, and rules report nothing."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler

from ..correction import Kind, replaces


@replaces(DynamoHandler, "describe_contributor_insights", Kind.MISSING, "amazondynamodb/latest/APIReference/")
def _describe_contributor_insights(self: DynamoHandler) -> ActionResult:
    """moto has no Contributor Insights; the sandbox keeps the tables' rules in the backend's `insight_rules`."""
    table, index = self.body["TableName"], self.body.get("IndexName")
    self.dynamodb_backend.get_table(table)  # refuses one that does not exist
    rules = vars(self.dynamodb_backend).get("insight_rules", {}).get((table, index), [])
    return ActionResult(
        {
            "TableName": table,
            **({"IndexName": index} if index else {}),
            "ContributorInsightsStatus": "ENABLED" if rules else "DISABLED",
            **({"ContributorInsightsRuleList": rules} if rules else {}),
        }
    )


@replaces(CloudWatchResponse, "get_insight_rule_report", Kind.MISSING, "AmazonCloudWatch/latest/APIReference/")
def _get_insight_rule_report(self: CloudWatchResponse) -> ActionResult:
    """moto's rules report nothing; the sandbox keeps each rule's contributors in the backend's `contributors`."""
    known: dict[str, float] = vars(self.cloudwatch_backend).get("contributors", {}).get(self._get_param("RuleName"), {})
    most = int(self._get_param("MaxContributorCount") or 10)
    hottest = sorted(known.items(), key=lambda one: -one[1])[:most]
    told: list[dict[str, Any]] = [
        {"Keys": [key], "ApproximateAggregateValue": value, "Datapoints": []} for key, value in hottest
    ]
    return ActionResult(
        {
            "KeyLabels": ["PartitionKey"],
            "AggregationStatistic": "Sum",
            "AggregateValue": sum(known.values()),
            "ApproximateUniqueCount": len(known),
            "Contributors": told,
        }
    )
