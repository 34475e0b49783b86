"""Which metrics have no data while all is well, by the words of their names."""

from __future__ import annotations

import pytest

from opschecks.aws.sparse_metrics import is_sparse

SPARSE = (
    "HTTPCode_Target_5XX_Count", "5xxErrorRate", "TargetResponseTime", "ReadThrottleEvents", "UserErrors",
    "NumberOfNotificationsFailed", "SuccessfulRequestLatency", "order-errors", "orderErrors", "http_errors_total",
    "ERROR_COUNT", "PacketsDropCount", "EventCountDropped", "IdleTimeoutCount", "ClientTLSNegotiationErrorCount",
)  # fmt: skip
STEADY = ("DefaultQueueConsumers", "DropoffCount", "CPUUtilization", "DaysToExpiry", "Defaults", "terrors")


@pytest.mark.parametrize("name", SPARSE)
def test_errors_and_waits_come_only_with_trouble_or_requests(name: str) -> None:
    assert is_sparse("Shop", name)


@pytest.mark.parametrize("name", STEADY)
def test_a_part_of_a_word_is_no_word(name: str) -> None:
    assert not is_sparse("Shop", name)
