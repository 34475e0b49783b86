"""scale-service: beyond the bounds of the service it needs a word, and says why; odd numbers are one clear line."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.core.change import CannotFix, Risk
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.ecs import ScaleService
from tests.canned import Aws, stack
from tests.canned_ecs import scalable, service

TARGET = "service/prod/backend"


def _remedy(bounds: tuple[int, int] | None, desired: int = 2, **limits: Any) -> ScaleService:
    told = [scalable(TARGET, *bounds)] if bounds else []
    answers = {
        ("ecs", "DescribeServices"): {"services": [service(desiredCount=desired)]},
        ("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": told},
    }
    return ScaleService(stack(limits=limits), Aws(answers), tuple)


BEYOND: dict[str, tuple[tuple[int, int] | None, int, str, Risk, str]] = {
    "within": ((2, 10), 2, "10", Risk.SAFE, ""),
    "a slip of the finger": ((2, 10), 2, "5000", Risk.DISRUPTIVE, "5000 is above its maximum, 10: each task costs"),
    "one too many": ((2, 10), 2, "11", Risk.DISRUPTIVE, "11 is above its maximum, 10"),
    "more, and still too few": ((4, 10), 2, "3", Risk.DISRUPTIVE, "3 is below its minimum, 4: only a later scale-out"),
    "fewer, and too few": ((2, 10), 4, "1", Risk.DISRUPTIVE, "1 is below its minimum, 2"),
    "none is an outage all the same": ((2, 10), 4, "0", Risk.DESTRUCTIVE, "0 is below its minimum, 2"),
    "without auto-scaling, the limits of the stack": (None, 2, "11", Risk.DISRUPTIVE, "11 is above its maximum, 10"),
    "without auto-scaling, within the limits": (None, 2, "9", Risk.SAFE, ""),
}


@pytest.mark.parametrize(("bounds", "desired", "wish", "risk", "why"), BEYOND.values(), ids=BEYOND)
def test_beyond_its_bounds_it_is_disruptive_and_says_why(
    bounds: tuple[int, int] | None, desired: int, wish: str, risk: Risk, why: str
) -> None:
    change = planned(_remedy(bounds, desired), TARGET, wish={"desired": wish})
    assert change.risk is risk
    assert change.beware.startswith(why)
    assert "auto-scaling may change the number again" in change.beware


def test_limits_of_the_one_service_count() -> None:
    own: dict[str, Any] = {"prod/backend": {"max_tasks": 4}}
    remedy = _remedy(None, **own)
    assert planned(remedy, TARGET, wish={"desired": "5"}).risk is Risk.DISRUPTIVE


def test_by_itself_it_stays_within_the_scalable_target() -> None:
    assert planned(_remedy((2, 5), 4), TARGET).after == {"desiredCount": 5}
    with pytest.raises(CannotFix, match="5 tasks desired already, and its maximum is 5"):
        planned(_remedy((2, 5), 5), TARGET)


@pytest.mark.parametrize("wish", ["²", "٣", "1e3", "+3", "3.0", "-1", " 3", "9" * 5000, "3\n"])
def test_a_number_that_is_no_plain_decimal_is_one_clear_line(wish: str) -> None:
    with pytest.raises(CannotFix, match="expected a whole number of at least 0") as refused:
        planned(_remedy((2, 10)), TARGET, wish={"desired": wish})
    assert len(str(refused.value)) < 120
