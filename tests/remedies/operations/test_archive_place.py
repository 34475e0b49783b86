"""Where incidents are archived to: what makes a place unfit, and what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix
from opschecks.core.observation import NotThere
from tests.aws.test_retention import rule
from tests.remedies.operations.archiving import PRIVATE, Edit, World, incident

UNFIT: dict[str, tuple[dict[str, Any], Edit, str]] = {
    "none is named": ({"archive": None}, lambda world: None, "set archive = .s3://BUCKET/PREFIX. in"),
    "the dashboards'": (
        {"distribution_id": "E1", "archive": "s3://site/x"},
        lambda world: None,
        "behind the dashboards",
    ),
    "the dashboards', by name": ({"dashboard_bucket": "old"}, lambda world: None, "behind the dashboards"),
    "public": (
        {},
        lambda world: setattr(world, "blocked", NotThere("s3:x", "NoSuchPublicAccessBlockConfiguration: none")),
        "does not block public access .BlockPublicAcls, IgnorePublicAcls",
    ),
    "half public": (
        {},
        lambda world: setattr(
            world, "blocked", {"PublicAccessBlockConfiguration": {**PRIVATE, "RestrictPublicBuckets": False}}
        ),
        "does not block public access .RestrictPublicBuckets.",
    ),
    "no bucket": ({}, lambda world: setattr(world, "blocked", NotThere("s3:x", "NoSuchBucket: no")), "no bucket old"),
    "it forgets": (
        {},
        lambda world: setattr(world, "rules", {"Rules": [rule(Expiration={"Days": 30})]}),
        "deletes what is archived after 30 days, sooner",
    ),
}


@pytest.mark.parametrize(("of", "edit", "message"), UNFIT.values(), ids=UNFIT)
def test_a_place_that_is_not_fit_is_refused(of: dict[str, Any], edit: Edit, message: str) -> None:
    world = World(incident(1), **of)
    edit(world)
    with pytest.raises(CannotFix, match=message):
        world.plan()


def test_a_bucket_that_turns_public_meanwhile_gets_nothing() -> None:
    world = World(incident(1))
    change = world.plan()
    world.blocked = {"PublicAccessBlockConfiguration": {}}
    with pytest.raises(CannotFix, match="does not block public access"):
        world.make(change)
    assert not world.objects


def test_a_place_that_forgets_late_is_warned_of() -> None:
    world = World(incident(1))
    others = [rule(Expiration={"Days": 1}, Filter={"Prefix": "logs/"}), rule(Expiration={"Days": 1}, Status="Disabled")]
    world.rules = {
        "Rules": [*others, rule(Expiration={"Days": 2555}), rule(NoncurrentVersionExpiration={"NoncurrentDays": 1})]
    }
    assert "deletes what is archived after 2555 days, for good" in world.plan().beware
    world.rules = {"Rules": others}
    assert "for good" not in world.plan().beware


@pytest.mark.parametrize("value", ["archive", "s3://", "s3://UPPER/x", "/a/folder"])
def test_an_archive_is_a_place_in_s3(value: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        Stack(name="here", archive=value)
