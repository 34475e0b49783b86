"""Which incidents are archived, and restored: held to the ways in which one could be lost, on canned answers."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from opschecks.aws.dynamodb_items import to_line
from opschecks.core.change import CannotFix, Risk
from opschecks.fixing.plan import change_of, planned
from opschecks.remedies.operations import archive_objects, old_incidents
from opschecks.remedies.operations.incident_restore import RestoreIncidents
from tests.canned import NOW, refuses
from tests.clock import stop
from tests.remedies.operations.archiving import ARN, EVERY_KIND, Item, World, edit_lines, incident, progress


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is old enough is said from NOW on."""
    stop(monkeypatch)


@pytest.mark.parametrize("keys", [("incident_id",), ("incident_id", "created_at"), ("team", "incident_id")])
def test_copied_then_deleted_by_the_whole_key_and_put_back(keys: tuple[str, ...]) -> None:
    team = {"team": {"S": "b"}}
    items = [incident(n, **EVERY_KIND, **team) for n in range(3)]
    world = World(*items, incident(8, "active", **team), incident(9, "resolved", f"{NOW:%Y-%m-%dT}", **team), keys=keys)
    before = sorted(map(to_line, world.items))
    change = world.plan()
    assert (change.before["incidents"], change.after["incidents"]) == (3, 0)
    assert (change.risk, change.one_way) == (Risk.DESTRUCTIVE, False)
    assert "ünïcode" not in str(change.to_plain())
    assert "inc-00" not in str(change.to_plain())
    remedy = world.make(change)
    assert world.ids() == ["inc-008", "inc-009"]
    assert sorted(map(to_line, world.archived)) == sorted(map(to_line, items))
    assert progress(world, remedy, change).settled
    assert world.remedy().read(change.target) == change.after
    back = change_of(world.remedy(), change.target, change.after, change.before)
    assert (back.risk, back.call) == (Risk.DISRUPTIVE, "dynamodb:PutItem")
    assert progress(world, world.make(back), back).settled
    assert sorted(map(to_line, world.items)) == before
    assert len(world.archived) == 3


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (None, "inc-001 is no longer in the table"),
        (incident(1, "active"), "inc-001 is no longer resolved"),
        (incident(1, "resolved", "2999-01-01"), "inc-001 was not opened before"),
        ({**incident(1), "created_at": {"N": "1"}}, "inc-001 was not opened before"),
        (incident(1, **{f"a{n}": {"N": "1"} for n in range(160)}), "has more attributes than a condition can name"),
    ],
    ids=["gone", "reopened", "younger", "opened at a number", "too wide"],
)
def test_the_index_lags_and_what_it_is_wrong_about_is_left_alone(now: Item | None, why: str) -> None:
    world = World(incident(1), incident(2))
    world.items = [*([now] if now else []), incident(2)]
    change = world.plan()
    assert (change.before["incidents"], change.after["incidents"]) == (2, 1)
    stays = [one for one in world.items if one["incident_id"] == {"S": "inc-001"}]
    world.make(change)
    assert world.items == stays
    assert world.ids(world.archived) == ["inc-002"]
    world.items, world.index = stays, [incident(1)]
    with pytest.raises(CannotFix, match=f"nothing can be archived: .*{why}"):
        world.plan()


def test_only_the_oldest_and_never_more_than_wanted() -> None:
    world = World(*(incident(n, "resolved", f"20{20 - n}-01-01T00:00:00Z") for n in range(8)))
    assert world.plan().after["incidents"] == 0
    change = world.plan(at_most="3")
    world.make(change)
    assert world.ids(world.archived) == ["inc-005", "inc-006", "inc-007"]
    before = world.plan(before="2018-06-01")
    assert before.target == "incidents before 2018-06-01"
    assert (before.before["incidents"], before.after["incidents"]) == (3, 0)
    assert before.before["archive"] == []
    world.make(before)
    assert world.ids() == ["inc-000", "inc-001"]
    assert len(world.objects) == 2


def test_what_is_held_in_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(to_line(incident(1)))
    monkeypatch.setattr(old_incidents, "RUN_BYTES", 5 * size)
    monkeypatch.setattr(archive_objects, "OBJECT_BYTES", 2 * size)
    world = World(*(incident(n) for n in range(12)))
    change = world.plan()
    assert change.after["incidents"] == 7
    remedy = world.make(change)
    assert [len(gzip.decompress(body).splitlines()) for body in world.objects.values()] == [2, 2, 1]
    assert progress(world, remedy, change).settled
    assert world.remedy().read(change.target) == change.after


WISHES: dict[str, tuple[dict[str, str], str]] = {
    "none": ({"at_most": "0"}, "expected a whole number from 1 to 10,000"),
    "too many": ({"at_most": "10001"}, "expected a whole number from 1 to 10,000"),
    "no number": ({"at_most": "-1"}, "expected a whole number from 1 to 10,000"),
    "no day": ({"before": "soon"}, "soon is not a day such as 2026-01-01"),
    "no such day": ({"before": "2026-02-30"}, "2026-02-30 is not a day"),
    "too young": ({"before": f"{NOW - timedelta(days=30):%Y-%m-%d}"}, "incidents stay for 90 days"),
    "nothing so old": ({"before": "2010-01-01"}, "there is nothing to archive"),
}


test_a_wish_that_cannot_be_is_refused = refuses(WISHES, lambda wish: World(incident(1)).plan(**wish))


def test_a_target_is_named_one_way() -> None:
    remedy = World().remedy()
    (default,) = remedy.all_targets()
    assert remedy.normal("incidents") == remedy.normal(ARN) == default
    seen = {"opened before": datetime(2020, 5, 5, tzinfo=UTC)}
    assert remedy.targets(ARN, seen) == ["incidents before 2020-05-05"]
    with pytest.raises(CannotFix, match="others is not the incidents table of here"):
        remedy.normal("others")
    with pytest.raises(CannotFix, match="names no incidents table"):
        World(incidents_table=None).remedy().all_targets()


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
