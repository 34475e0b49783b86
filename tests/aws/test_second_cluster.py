"""Where one of several clusters, load balancers or kinds cannot be read, no other is judged for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.aws.ecs import Service, Task
from opschecks.aws.places import Places
from opschecks.aws.releases import releases
from opschecks.aws.unread import Unread
from opschecks.config.load import StackError, load_stacks
from opschecks.core.model import Expected
from opschecks.core.observation import CouldNotLook
from tests.canned import after, stack, verdicts
from tests.canned_ecs import rolled, service
from tests.canned_releases import RUNNING, released, revision

LOST = CouldNotLook("ecs:DescribeServices", "Throttling: Rate exceeded")
WANTED = {"revision": revision("y:7"), "image": Expected(images=("y:7",)), "deployment": Expected(deployments=("y-7",))}


@pytest.mark.parametrize("expected", WANTED.values(), ids=WANTED)
def test_what_may_concern_a_service_that_could_not_be_read_is_asked_of_no_other(expected: Expected) -> None:
    """A healthy service failed for the revision of its neighbour, whose cluster had been throttled."""
    [good] = released(revision("backend:8"), [service()], [RUNNING])
    unread = rolled([Service(arn="service/b/y", name="y", evidence=Unread(LOST))])
    seen = releases(expected, [good.rollout, *unread], list(good.tasks))
    told = verdicts(after("deployment").test_what_was_deployed_serves, releases=seen)
    assert told == {"backend": "passed", "y": "blind"}


def test_of_a_service_whose_tasks_could_not_be_read_the_image_is_not_known() -> None:
    [good] = released(revision("backend:8"), [service()], [RUNNING])
    other = replace(good.rollout, service=replace(good.rollout.service, arn="service/b/y", name="y"))
    lost = Task(arn="service/b/y", name="y", service="y", evidence=Unread(LOST))
    seen = releases(Expected(images=("y:7",)), [good.rollout, other], [*good.tasks, lost])
    told = verdicts(after("deployment").test_what_was_deployed_serves, releases=seen)
    assert told == {"backend": "passed", "y": "blind"}


def test_limits_that_checks_declare_may_be_inherited_by_several_stacks(tmp_path: Path) -> None:
    text = "[defaults.limits]\nlambda_errors_percent = 2\n" + "".join(
        f'[stacks.{name}]\nregion = "us-west-2"\n' for name in "ab"
    )
    (tmp_path / "stacks.toml").write_text(text, encoding="utf-8")
    read = load_stacks(tmp_path / "stacks.toml").stacks
    assert {one.limits.own["lambda_errors_percent"] for one in read.values()} == {2}


def test_the_place_where_they_are_kept_is_no_key(tmp_path: Path) -> None:
    text = '[stacks.a]\nregion = "us-west-2"\nlimits = { own = { lambda_errors_percent = 2 } }\n'
    (tmp_path / "stacks.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StackError, match=r"limits\.own: unknown key"):
        load_stacks(tmp_path / "stacks.toml")


def test_a_policy_has_every_part_of_a_stack() -> None:
    several = {
        "cloudformation_stack": ["One", "Two"], "distribution_id": ["E1ABC", "E2ABC"], "alarm_prefix": ["a-", "b-"],
        "cluster": ["c1", "c2"],
    }  # fmt: skip
    places = Places(stack(**several, services=["c1/x", "c2/y"]))
    told = " ".join([*places.formation(), *places.distributions(), *places.alarms(), *places.clusters()])
    for part in ("stack/Two", "distribution/E2ABC", "alarm:b-*", "cluster/c2"):
        assert part in told
