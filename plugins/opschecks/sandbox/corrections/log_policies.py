"""Where moto's CloudWatch Logs is not like AWS's: it has no policies of the account."""

from __future__ import annotations

import json

from moto.logs.responses import LogsResponse

from ..correction import Kind, replaces

DOCS = "AmazonCloudWatchLogs/latest/APIReference/"


@replaces(LogsResponse, "describe_account_policies", Kind.MISSING, DOCS)
def _describe(self: LogsResponse) -> str:
    """moto has no account policies. Here the account has those that were put into its state."""
    kept = vars(self.logs_backend).get("account_policies", [])
    return json.dumps({"accountPolicies": [one for one in kept if one["policyType"] == self._get_param("policyType")]})
