"""Lambda functions: they are there, rarely fail and are not throttled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from opschecks import (  # fmt: skip
    Aws,
    CouldNotLook,
    Examine,
    Inventory,
    Metric,
    Resource,
    Series,
    Severity,
    Stack,
    Unread,
    check,
    each_alone,
    fault,
    fetch_metrics,
    limit,
    observation,
    plural,
    seed,
    seen,
)

PERCENT = limit("lambda_errors_percent", 1, "invocations of a function in the last hour that may fail")
FLOOR = limit("lambda_errors_floor", 3, "fewer errors of a function in an hour than these are not judged")
THROTTLES = limit("lambda_throttles_per_hour", 0, "invocations of a function in the last hour that Lambda may refuse")
HOUR = timedelta(hours=1)
MEASURES = ("Invocations", "Errors", "Throttles")


@dataclass(frozen=True, kw_only=True)
class Function(Resource):
    """A function, by GetFunctionConfiguration; `counts` are its metrics of the last hour by their names."""

    counts: dict[str, Series | CouldNotLook]

    def count(self, measure: str) -> int:
        """How many in the last hour; Lambda writes no points while nobody invokes the function."""
        return round(sum(value for _, value in seen(self.counts[measure]).points))


@observation(allow=["lambda:GetFunctionConfiguration", "cloudwatch:GetMetricData"])
def lambda_functions(aws: Aws, inventory: Inventory, now: datetime) -> list[Function]:
    """The stack's Lambda functions, with an hour of metrics. Source: "Types of metrics for Lambda functions"."""

    def read(name: str) -> Function:
        told = aws.call("lambda", "GetFunctionConfiguration", FunctionName=name)
        return Function(arn=told["FunctionArn"], name=told["FunctionName"], evidence=told, counts={})

    def unread(name: str, why: CouldNotLook) -> Function:
        return Function(arn=name, name=name, evidence=Unread(why), counts=dict.fromkeys(MEASURES, why))

    found = each_alone(read, inventory.others("functions", "AWS::Lambda::Function", "lambda:function:"), unread)
    asked = [
        Metric(one.name, measure, "AWS/Lambda", measure, (("FunctionName", one.name),), "Sum", 300, "in 5 minutes")
        for one in found
        if not one.counts
        for measure in MEASURES
    ]
    told = fetch_metrics(aws, asked, now - HOUR, now)
    return [
        one if one.counts else replace(one, counts={measure: told[one.name, measure] for measure in MEASURES})
        for one in found
    ]


@check(Severity.HIGH, runbook="functions", failing="A Lambda function does not run")
def test_functions_are_active(lambda_functions: list[Function], examine: Examine) -> None:
    """Every event for a function that failed to deploy is refused, or handled by the version before it."""
    for one in lambda_functions:
        with examine(one) as note:
            state, update = str(one.evidence["State"]), str(one.evidence["LastUpdateStatus"])
            note(f"{state}, last update {update}")
            assert state != "Failed", str(one.evidence.get("StateReason", "its State is Failed"))
            assert update != "Failed", str(one.evidence.get("LastUpdateStatusReason", "its last update failed"))


@check(Severity.HIGH, runbook="functions", failing="A Lambda function fails often")
def test_functions_rarely_fail(lambda_functions: list[Function], stack: Stack, examine: Examine) -> None:
    """An event whose function fails is tried again a few times, and then lost."""
    for one in lambda_functions:
        with examine(one) as note:
            errors, tried, most = one.count("Errors"), one.count("Invocations"), PERCENT.of(stack, one)
            note(f"{plural(errors, 'error')} of {plural(tried, 'invocation')} in the last hour")
            assert errors < FLOOR.of(stack, one) or 100 * errors <= most * tried, f"limit {most:g} %"


@check(Severity.HIGH, runbook="functions", failing="A Lambda function is throttled")
def test_functions_are_not_throttled(lambda_functions: list[Function], stack: Stack, examine: Examine) -> None:
    """Where concurrency is used up Lambda refuses invocations: whoever waits for an answer gets an error."""
    for one in lambda_functions:
        with examine(one) as note:
            note(f"{plural(one.count('Throttles'), 'throttled invocation')} in the last hour")
            assert one.count("Throttles") <= THROTTLES.of(stack, one), f"limit {THROTTLES.of(stack, one):g}"


@seed
def functions_of_the_stack(sandbox: Any) -> None:
    """Each function that the stack names, deployed, with invocations that succeed."""
    for name in sandbox.stack.resources.get("functions", ()):
        trust = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}'
        role = sandbox.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        code = {"Code": {"ImageUri": f"{sandbox.stack.account_id}.dkr.ecr.us-west-2.amazonaws.com/{name}:v1"}}
        sandbox.client("lambda").create_function(FunctionName=name, Role=role, PackageType="Image", **code)
        _counted(sandbox, "Invocations", 400)


def _counted(sandbox: Any, measure: str, count: float) -> None:
    name = sandbox.stack.resources["functions"][0]
    sandbox.metric("AWS/Lambda", measure, count, HOUR / 4, FunctionName=name)


@fault(caught_by=["test_functions_are_active"])
def function_is_not_deployed(sandbox: Any) -> None:
    """The last update of a function failed, because its image is gone."""
    function = sandbox.backend("lambda").get_function(sandbox.stack.resources["functions"][0])
    told = {**function.get_configuration(), "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "ImageDeleted"}
    function.get_configuration = lambda *_, **__: told


@fault(caught_by=["test_functions_rarely_fail"])
def function_fails(sandbox: Any) -> None:
    """A function fails at each tenth event."""
    _counted(sandbox, "Errors", 40)


@fault(caught_by=["test_functions_are_not_throttled"])
def function_is_throttled(sandbox: Any) -> None:
    """The account's concurrency is used up by somebody else."""
    _counted(sandbox, "Throttles", 12)
