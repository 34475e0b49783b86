"""A stack's checks that are made when its turn comes are those that pytest would have made of all at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.hooks import in_turn
from opschecks.hooks.in_turn import ChecksOf
from opschecks.hooks.pytest_private import parameters

FIRST, OTHER = SimpleNamespace(name="first"), SimpleNamespace(name="other")


def _run(*, in_turn: bool = True, **more: Any) -> Any:
    return SimpleNamespace(stacks=[FIRST, OTHER], in_turn=in_turn, processes=1, **more)


@pytest.mark.parametrize("stack", [FIRST, OTHER], ids=lambda stack: stack.name)
def test_an_item_of_another_stack_is_as_pytest_makes_it(stack: Any, request: pytest.FixtureRequest) -> None:
    own = request.node
    own.add_marker("trylast")
    of = ChecksOf(_run(), [own])
    assert list(of) == ["first", "other"]
    (item,), (planned,) = of.made(stack.name), of[stack.name]
    made: list[Any] = [item, planned]
    for one in made:
        assert (one.nodeid, one.name, one.location) == (own.nodeid, own.name, own.location)
        assert (one.path, one.function, one.fixturenames) == (own.path, own.function, own.fixturenames)
        assert parameters(one) == {"stack": stack}
    assert [mark.name for mark in item.iter_markers()] == [mark.name for mark in own.iter_markers()]
    assert {"trylast", stack.name} <= set(item.keywords)
    assert item is not own
    assert item.stash is not own.stash
    item.add_marker("tryfirst")
    assert "tryfirst" not in {mark.name for mark in own.iter_markers()}
    (another,) = of.made("other" if stack is FIRST else "first")
    assert another.nodeid != own.nodeid
    assert len(list(of.planned())) == 2


@pytest.mark.parametrize("stack", [FIRST], ids=["first"])
def test_items_that_pytest_has_made_are_run_as_they_are(stack: Any, request: pytest.FixtureRequest) -> None:
    of = ChecksOf(_run(in_turn=False), [request.node])
    assert (list(of), of.made("first"), of["first"]) == (["first"], [request.node], [request.node])


def modify(items: list[Any]) -> None:
    """A hook of somebody's conftest."""


def ours() -> None:
    """One of this package."""


ours.__module__ = "opschecks.hooks.markers"


@pytest.mark.parametrize(("hook", "seen"), [(modify, True), (ours, False)])
@pytest.mark.parametrize("stack", [FIRST], ids=["first"])
def test_a_hook_of_users_is_shown_every_item(
    stack: Any, hook: Any, seen: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = SimpleNamespace(get_hookimpls=lambda: [SimpleNamespace(function=hook)])
    manager = SimpleNamespace(list_plugin_distinfo=list)
    config: Any = SimpleNamespace(
        hook=SimpleNamespace(**dict.fromkeys(in_turn._SEE_ITEMS, caller)), pluginmanager=manager
    )
    run = _run()
    monkeypatch.setattr(in_turn, "checks_run", lambda config: run)
    session: Any = SimpleNamespace(config=config)
    in_turn.pytest_collection(session)
    assert run.in_turn is not seen
    run.in_turn = True  # the conftest is in a folder that was collected since
    items: list[Any] = [request.node]
    monkeypatch.setattr(in_turn, "item_of", lambda item, stack, place: (item.originalname, stack.name, place))
    in_turn.pytest_collection_modifyitems(config, items)
    name = request.node.originalname
    assert items == ([(name, "first", 0), (name, "other", 1)] if seen else [request.node])


@pytest.mark.parametrize(
    ("stacks", "processes", "line"),
    [
        (2, 1, "2 checks of each of 2 stacks: 4"),
        (1200, 1, "2 checks of each of 1,200 stacks: 2,400; -n auto would use 3 more of this machine's processors"),
        (1200, 4, "2 checks of each of 1,200 stacks: 2,400"),
    ],
)
def test_the_number_of_checks_is_that_of_all_stacks(
    stacks: int, processes: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = SimpleNamespace(stacks=[FIRST] * stacks, in_turn=True, processes=processes)
    monkeypatch.setattr(in_turn, "checks_run", lambda config: run)
    monkeypatch.setattr(in_turn, "_processors", lambda: 4)
    config: Any = None
    items: Any = ["one", "two"]
    assert in_turn.pytest_report_collectionfinish(config, items) == line
