"""Archived incidents put back, by undo and by name."""

from __future__ import annotations

import pytest

from opschecks.core.change import CannotFix
from opschecks.fixing.plan import change_of, planned
from opschecks.remedies.operations.incident_restore import RestoreIncidents
from tests.remedies.operations.archiving import World, edit_lines, incident, progress


def test_undo_leaves_alone_what_is_there_by_now_and_says_so() -> None:
    world = World(incident(1), incident(2))
    change = world.plan()
    world.make(change)
    world.items = [incident(1, "active", title={"S": "it came again"})]
    world.index = list(world.items)
    back = change_of(world.remedy(), change.target, change.after, change.before)
    remedy = world.make(back)
    assert world.ids() == ["inc-001", "inc-002"]
    assert world.items[0]["status"] == {"S": "active"}
    assert progress(world, remedy, back).said.endswith("in the table already, and left alone: inc-001")


def test_undo_of_an_archive_that_is_not_the_whole_truth_is_refused() -> None:
    world = World(incident(1), incident(2))
    change = world.plan()
    world.make(change)
    edit_lines(world, lambda lines: lines[1:])
    with pytest.raises(CannotFix, match="together do not make what was there before"):
        change_of(world.remedy(), change.target, change.after, change.before)


def test_one_object_is_put_back_by_name() -> None:
    world = World(*(incident(n) for n in range(3)))
    world.make(world.plan())
    (key,) = world.objects
    target = f"s3://old/{key}"
    world.items = [incident(1, "active")]
    remedy = world.remedy(RestoreIncidents)
    change = planned(remedy, remedy.normal(target), wish={})
    assert dict(change.before) == {"archived": 3, "in the table": 1}
    assert progress(world, world.make(change, kind=RestoreIncidents), change).settled
    assert world.ids() == ["inc-000", "inc-001", "inc-002"]
    assert incident(1, "active") in world.items
    with pytest.raises(CannotFix, match="is as restore-incidents would make it"):
        planned(world.remedy(RestoreIncidents), target, wish={})
    for other in (target.replace("old", "others"), "s3://old/incidents/incidents/", f"s3://old/elsewhere/{key}"):
        with pytest.raises(
            CannotFix, match="is not an object of the archive: s3://old/incidents/incidents/before-DAY/"
        ):
            remedy.normal(other)
    with pytest.raises(CannotFix, match="aws s3 ls --recursive s3://old/incidents/incidents/ shows them"):
        remedy.all_targets()
