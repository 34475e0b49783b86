"""Where moto's Lambda is not like AWS's: an account has no limit of concurrency."""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse

from ..correction import Kind, replaces

PATH = (urls, r"{0}/2016-08-19/account-settings/?$")
MOST = 1000
"""What AWS gives a new account, unless it starts with less."""


@replaces(LambdaResponse, "get_account_settings", Kind.MISSING, "lambda/latest/api/", path=PATH)
def _settings(self: LambdaResponse) -> tuple[int, dict[str, Any], str]:
    """moto has no settings of the account. Here its limit is AWS's default, less what functions have reserved."""
    functions = self.backend.list_functions()
    reserved = sum(int(one.reserved_concurrency or 0) for one in functions)
    limit = {"ConcurrentExecutions": MOST, "UnreservedConcurrentExecutions": MOST - reserved}
    return 200, {}, json.dumps({"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(list(functions))}})
