"""Which services are scaled to zero, and which never are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook
from opschecks.remedies.settings.ecs_dev import ScaleDevToZero
from tests.aws.test_unused import service
from tests.canned import ACCOUNT, NOW, Aws, Raw, stack

TARGET = "service/dev/backend"
WEEKDAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER_NOW = {"days": [WEEKDAY[(NOW + timedelta(days=3)).weekday()]]}
ALWAYS = {"days": WEEKDAY, "begins": "00:00", "ends": "23:59:59.999999"}


def remedy(raw: Raw | None = None, **keys: Any) -> ScaleDevToZero:
    named = {"cluster": "prod", "services": ("backend",), "office_hours": NEVER_NOW}
    checked = stack(**{"dev_services": ["dev/backend"], **named, **keys})
    return ScaleDevToZero(checked, Aws({("ecs", "DescribeServices"): {"services": [raw or service(2)]}}, checked))


def test_it_stops_all_tasks_and_undo_starts_as_many() -> None:
    scaling = remedy()
    (target,) = scaling.targets(f"arn:aws:ecs:{ACCOUNT}:service/dev/backend", {})
    before = scaling.read_for_plan(target)
    after = scaling.want(before, {})
    assert (target, before, after) == (TARGET, {"desiredCount": 2}, {"desiredCount": 0})
    there, back = scaling.request(target, before, after), scaling.request(target, after, before)
    assert there.parameters == {"cluster": "dev", "service": "backend", "desiredCount": 0}
    assert back.parameters == {"cluster": "dev", "service": "backend", "desiredCount": 2}
    assert (scaling.risk_of(before, after), scaling.risk_of(after, before)) == (Risk.DISRUPTIVE, Risk.SAFE)
    assert scaling.shown(target) == "dev/backend"


@pytest.mark.parametrize("target", ["service/prod/backend", "service/dev/other", "service/other/backend"])
def test_what_is_not_named_is_never_stopped(target: str) -> None:
    with pytest.raises(CannotFix, match="is not one of dev_services"):
        remedy().normal(target)
    with pytest.raises(CannotFix, match="is not one of dev_services"):
        remedy().targets(f"arn:aws:ecs:{ACCOUNT}:{target}", {})


def test_production_that_only_tags_know_of_is_never_stopped() -> None:
    checked = stack(dev_services=["dev/backend"], tags={"app": "web"}, office_hours=NEVER_NOW)
    arns = [f"arn:aws:ecs:{ACCOUNT}:cluster/dev", f"arn:aws:ecs:{ACCOUNT}:service/dev/backend"]
    listed = {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in arns]}
    scaling = ScaleDevToZero(checked, Aws({("resourcegroupstaggingapi", "GetResources"): listed}, checked))
    with pytest.raises(CannotFix, match="dev/backend is one of the services that are checked as production"):
        scaling.read_for_plan(TARGET)


def test_where_production_is_not_known_nothing_is_stopped() -> None:
    checked = stack(dev_services=["dev/backend"], tags={"app": "web"}, office_hours=NEVER_NOW)
    denied = CouldNotLook("tag:GetResources", "AccessDenied: no", action="tag:GetResources")
    scaling = ScaleDevToZero(checked, Aws({("resourcegroupstaggingapi", "GetResources"): denied}, checked))
    with pytest.raises(CannotFix, match="which services are production is not known: tag:GetResources"):
        scaling.read_for_plan(TARGET)


def test_within_its_hours_nobody_loses_it() -> None:
    with pytest.raises(CannotFix, match="within its office hours: "):
        remedy(office_hours=ALWAYS).read_for_plan(TARGET)


def test_what_rests_already_is_left_alone() -> None:
    with pytest.raises(CannotFix, match="already scaled to zero"):
        remedy().want({"desiredCount": 0}, {})


def test_without_dev_services_there_is_nothing_to_stop() -> None:
    with pytest.raises(CannotFix, match="names no dev_services"):
        remedy(dev_services=[]).all_targets()
