"""Service Quotas: nothing that the stack needs is near its limit."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from opschecks import (  # fmt: skip
    Aws,
    CouldNotLook,
    Examine,
    Inventory,
    Metric,
    NotThere,
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
    seed,
    seen,
)

PERCENT = limit("quota_percent", 80, "how much of a service quota may be used at its peak of the last day")
DAY, _QUOTAS = timedelta(days=1), "servicequotas:GetServiceQuota"


@dataclass(frozen=True, kw_only=True)
class Quota(Resource):
    """A quota: the evidence is what Service Quotas says of it; `used` is its usage of the last day."""

    used: Series | CouldNotLook | None = None

    @property
    def peak(self) -> float:
        """The highest usage of the last day; AWS/Usage has a point every five minutes while there is any."""
        if self.used is None:
            name = self.evidence["QuotaName"]
            raise CouldNotLook(_QUOTAS, f"{name}: AWS publishes no usage that it could be compared with")
        return max((value for _, value in seen(self.used).points), default=0.0)


@observation(allow=[_QUOTAS, "servicequotas:GetAWSDefaultServiceQuota", "cloudwatch:GetMetricData"])
def service_quotas(aws: Aws, inventory: Inventory, now: datetime) -> list[Quota]:
    """The quotas that the stack names as SERVICE/CODE, with their usage. Source: "Service Quotas and CloudWatch"."""

    def read(name: str) -> Quota:
        service, _, code = name.partition("/")
        asked = {"ServiceCode": service, "QuotaCode": code}
        try:
            told = aws.call("service-quotas", "GetServiceQuota", **asked)["Quota"]
        except NotThere:  # nothing was ever applied to it in this account: AWS's own value holds
            told = aws.call("service-quotas", "GetAWSDefaultServiceQuota", **asked)["Quota"]
        return Quota(arn=told["QuotaArn"], name=name, evidence=told)

    named = inventory.others("quotas", "AWS::ServiceQuotas::Quota", "servicequotas:")
    found = each_alone(read, named, lambda name, why: Quota(arn=name, name=name, evidence=Unread(why)))
    asked = [metric for one in found if (metric := _metric(one))]
    told = fetch_metrics(aws, asked, now - DAY, now)
    return [replace(one, used=told.get((one.name, "usage"))) for one in found]


def _metric(one: Quota) -> Metric | None:
    usage = {} if isinstance(one.evidence, Unread) else one.evidence.get("UsageMetric", {})
    if not usage or one.evidence.get("Period"):  # a rate, of which only totals are published
        return None
    of = tuple(sorted(usage["MetricDimensions"].items()))
    statistic = usage.get("MetricStatisticRecommendation", "Maximum")
    return Metric(one.name, "usage", usage["MetricNamespace"], usage["MetricName"], of, statistic, 300, "used")


@check(Severity.HIGH, runbook="service-quotas", failing="A service quota is nearly used up")
def test_quotas_have_room(service_quotas: list[Quota], stack: Stack, examine: Examine) -> None:
    """At a quota AWS refuses: no task starts, no address is given, just when there is most to do."""
    for one in service_quotas:
        with examine(one) as note:
            value, most = float(one.evidence["Value"]), PERCENT.of(stack, one)
            note(f"{one.evidence['QuotaName']}: {one.peak:g} of {value:g} used at the peak of the last day")
            assert 100 * one.peak <= most * value, f"limit {most:g} %"


@seed
def quotas_of_the_stack(sandbox: Any) -> None:
    """Each quota that the stack names is 100, of which 10 are used."""
    named = sandbox.stack.resources.get("quotas", ())
    usage = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Type": "Resource"}}
    told = {"QuotaName": "Fargate vCPUs", "Value": 100.0, "UsageMetric": usage}

    def answer(service_code: str, quota_code: str) -> dict[str, Any]:
        arn = f"arn:{sandbox.partition}:servicequotas:{sandbox.region}:123456789012:{service_code}/{quota_code}"
        return {**told, "QuotaArn": arn, "ServiceCode": service_code, "QuotaCode": quota_code}

    if named:
        sandbox.backend("service-quotas").get_service_quota = answer
        sandbox.metric("AWS/Usage", "ResourceCount", 10, Type="Resource")


@fault(caught_by=["test_quotas_have_room"])
def quota_is_nearly_used_up(sandbox: Any) -> None:
    """So many tasks run that Fargate starts few more."""
    sandbox.metric("AWS/Usage", "ResourceCount", 94, Type="Resource")
