"""How many tasks are wanted: beyond its bounds a service needs a word, and says why; only what is named is stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.ecs import ScaleService
from opschecks.remedies.settings.ecs_dev import ScaleDevToZero
from tests.aws import test_unused as unused
from tests.canned import ACCOUNT, NOW, Aws, Raw, refuses, stack
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


DEV_TARGET = "service/dev/backend"
WEEKDAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER_NOW = {"days": [WEEKDAY[(NOW + timedelta(days=3)).weekday()]]}
ALWAYS = {"days": WEEKDAY, "begins": "00:00", "ends": "23:59:59.999999"}


def to_zero(raw: Raw | None = None, **keys: Any) -> ScaleDevToZero:
    named = {"cluster": "prod", "services": ("backend",), "office_hours": NEVER_NOW}
    checked = stack(**{"dev_services": ["dev/backend"], **named, **keys})
    return ScaleDevToZero(
        checked, Aws({("ecs", "DescribeServices"): {"services": [raw or unused.service(2)]}}, checked)
    )


def test_it_stops_all_tasks_and_undo_starts_as_many() -> None:
    scaling = to_zero()
    (target,) = scaling.targets(f"arn:aws:ecs:{ACCOUNT}:service/dev/backend", {})
    before = scaling.read_for_plan(target)
    after = scaling.want(before, {})
    assert (target, before, after) == (DEV_TARGET, {"desiredCount": 2}, {"desiredCount": 0})
    there, back = scaling.request(target, before, after), scaling.request(target, after, before)
    assert there.parameters == {"cluster": "dev", "service": "backend", "desiredCount": 0}
    assert back.parameters == {"cluster": "dev", "service": "backend", "desiredCount": 2}
    assert (scaling.risk_of(before, after), scaling.risk_of(after, before)) == (Risk.DISRUPTIVE, Risk.SAFE)
    assert scaling.shown(target) == "dev/backend"


@pytest.mark.parametrize("target", ["service/prod/backend", "service/dev/other", "service/other/backend"])
def test_what_is_not_named_is_never_stopped(target: str) -> None:
    with pytest.raises(CannotFix, match="is not one of dev_services"):
        to_zero().normal(target)
    with pytest.raises(CannotFix, match="is not one of dev_services"):
        to_zero().targets(f"arn:aws:ecs:{ACCOUNT}:{target}", {})


def _stopped_where_tags_tell(told: Raw | CouldNotLook) -> None:
    checked = stack(dev_services=["dev/backend"], tags={"app": "web"}, office_hours=NEVER_NOW)
    ScaleDevToZero(checked, Aws({TAGGED: told}, checked)).read_for_plan(DEV_TARGET)


TAGGED = ("resourcegroupstaggingapi", "GetResources")
OURS = [{"ResourceARN": f"arn:aws:ecs:{ACCOUNT}:{of}"} for of in ("cluster/dev", "service/dev/backend")]
BY_TAGS: dict[str, tuple[Raw | CouldNotLook, str]] = {
    "known": ({"ResourceTagMappingList": OURS}, "dev/backend is one of the services that are checked as production"),
    "not known": (
        CouldNotLook("tag:GetResources", "AccessDenied: no", action="tag:GetResources"),
        "which services are production is not known: tag:GetResources",
    ),
}
test_production_that_only_tags_know_of_is_never_stopped = refuses(BY_TAGS, _stopped_where_tags_tell)


def test_within_its_hours_nobody_loses_it() -> None:
    with pytest.raises(CannotFix, match="within its office hours: "):
        to_zero(office_hours=ALWAYS).read_for_plan(DEV_TARGET)


def test_what_rests_already_is_left_alone() -> None:
    with pytest.raises(CannotFix, match="already scaled to zero"):
        to_zero().want({"desiredCount": 0}, {})


def test_without_dev_services_there_is_nothing_to_stop() -> None:
    with pytest.raises(CannotFix, match="names no dev_services"):
        to_zero(dev_services=[]).all_targets()
