"""Service quotas as real accounts have them: never raised, unused, without a metric, rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.inventory import inventory
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import NOW, Aws, Raw, ago, given, stack, weekly
from tests.canned_metrics import by_metric
from tests.real.rows import Row

checks = weekly("quotas")
ROOM = checks.test_quotas_have_room
METRICS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html"
API = "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"
DENIED = CouldNotLook("servicequotas:GetServiceQuota", "AccessDeniedException: no")
NONE_APPLIED = NotThere("servicequotas:GetServiceQuota", "NoSuchResourceException: none")


def quota(**changes: Any) -> Raw:
    """The Quota of Service Quotas; a change to None takes a key away."""
    usage = {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Class": "None", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
        "MetricStatisticRecommendation": "Maximum",
    }
    raw = {
        "ServiceCode": "fargate",
        "QuotaCode": "L-3032A538",
        "QuotaArn": "arn:aws:servicequotas:us-west-2:123456789012:fargate/L-3032A538",
        "QuotaName": "Fargate On-Demand vCPU resource count",
        "Value": 200.0,
        "UsageMetric": usage,
    }
    return given(raw, changes)


def seen(told: Raw | CouldNotLook, *used: float, default: Raw | None = None) -> Mapping[str, Any]:
    """What the check is given of a quota that answers so, with this usage in the last hours."""
    here = stack(resources={"quotas": ("fargate/L-3032A538",)})

    points = [(ago(hours=len(used) - n), value) for n, value in enumerate(used)]
    aws = Aws(
        {
            ("service-quotas", "GetServiceQuota"): told if isinstance(told, CouldNotLook) else {"Quota": told},
            ("service-quotas", "GetAWSDefaultServiceQuota"): {"Quota": default or {}},
            ("cloudwatch", "GetMetricData"): by_metric(lambda _: points),
        },
        here,
    )
    return {"service_quotas": checks.service_quotas(aws, inventory(here, aws), NOW), "stack": here}


ROWS = {
    "half of it is used": Row(ROOM, lambda: seen(quota(), 40, 104), "passed", METRICS, "104 of 200 used"),
    "nothing of it is used, and there is no point": Row(ROOM, lambda: seen(quota()), "passed", METRICS, "0 of 200"),
    "nine tenths were used last night": Row(ROOM, lambda: seen(quota(), 182, 20), "failed", METRICS, "limit 80 %"),
    "it was never raised in this account": Row(
        ROOM, lambda: seen(NONE_APPLIED, 3, default=quota(Value=6.0)), "passed", API, "3 of 6 used"
    ),
    "AWS publishes no usage of it": Row(ROOM, lambda: seen(quota(UsageMetric=None)), "blind", API, "publishes no"),
    "it is a rate of calls": Row(
        ROOM, lambda: seen(quota(Period={"PeriodValue": 1, "PeriodUnit": "SECOND"}), 9000), "blind", API
    ),
}
