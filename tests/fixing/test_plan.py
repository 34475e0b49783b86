"""A plan file is data: what is not a plan, was edited, or names anything but checks of this project is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opschecks.fixing.plan import PlanError, read_plan, write_plan
from opschecks.history.journal import digest_of
from opschecks.history.storage import FolderStorage
from tests.changes import change

NODE = "checks/daily/test_alb.py::test_target_groups_are_sticky[here]"


def planned(folder: Path, *stores: FolderStorage) -> Path:
    """A plan of one change, as --fix=plan writes it."""
    fix = {**change(1).to_plain(), "result": "planned", "nodeid": NODE, "said": ""}
    write_plan(folder / "plan.json", "daily", [fix], stores)
    return folder / "plan.json"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return planned(tmp_path / "project")


def rewritten(path: Path, edit: Callable[[dict[str, Any]], object], *, sign: bool) -> None:
    """The plan after an edit; with `sign`, by somebody who also knows how its digest is made."""
    told = json.loads(path.read_text())
    edit(told)
    if sign:
        told["digest"] = digest_of(told)
    path.write_text(json.dumps(told))


def test_a_plan_is_read_as_it_was_written(plan: Path) -> None:
    told = read_plan(plan)
    assert (told.suite, told.nodes, told.changes) == ("daily", (NODE,), (change(1),))
    assert told.nodes_of("here") == [NODE]
    assert told.nodes_of("there") == []


EDITED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a change is gone": lambda told: told["changes"].clear(),
    "another target": lambda told: told["changes"][0].update(target="sg-of-production"),
    "another risk": lambda told: told["changes"][0].update(risk="destructive"),
    "another check": lambda told: told["nodes"].append(NODE.replace("sticky", "healthy")),
    "a key of one's own": lambda told: told.update(note="reviewed"),
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED)
def test_a_plan_that_was_edited_is_refused(plan: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    rewritten(plan, edit, sign=False)
    with pytest.raises(PlanError, match="it was edited after it was made"):
        read_plan(plan)


NODES = [
    "--junitxml=/tmp/x",
    "--junitxml=x.py::test_a[here]",
    "-p",
    "../x/test_a.py::test_a[here]",
    "checks/../../x/test_a.py::test_a[here]",
    "/etc/test_a.py::test_a[here]",
    "linked/test_a.py::test_a[here]",
    "inner/../../x/test_a.py::test_a[here]",  # inside as the disk has it, outside as pytest reads it
    "checks/daily/test_alb.py",
    "checks/daily/test_alb.py::test_a",
    "checks/daily/test_alb.py::test_a[here] --co",
    "@file.py::test_a[here]",
]


@pytest.mark.parametrize("node", NODES)
def test_what_is_not_a_check_of_the_project_never_reaches_pytest(plan: Path, node: str) -> None:
    (plan.parent / "linked").symlink_to("/etc")
    (plan.parent / "deep" / "deeper").mkdir(parents=True)
    (plan.parent / "inner").symlink_to(plan.parent / "deep" / "deeper")
    rewritten(plan, lambda told: told.update(nodes=[node]), sign=True)
    with pytest.raises(PlanError, match="is not a check of this project, such as checks/daily/"):
        read_plan(plan)


SHAPES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no list": (lambda told: told.update(changes=7), "not iterable"),
    "a change without a target": (lambda told: told["changes"][0].pop("target"), "target"),
    "a number for a text": (lambda told: told["changes"][0].update(name=7), "name: "),
    "a risk of one's own": (lambda told: told["changes"][0].update(risk="harmless"), "risk: "),
    "a text for the checks": (lambda told: told.update(nodes="all"), "nodes|tuple"),
    "another format": (lambda told: told.update(format=1), "its format is 1, and this version reads 2: plan again"),
    "no format": (lambda told: told.pop("format"), "it has no 'format'"),
}


@pytest.mark.parametrize(("edit", "said"), SHAPES.values(), ids=SHAPES)
def test_a_plan_of_another_shape_is_one_line(plan: Path, edit: Callable[[dict[str, Any]], object], said: str) -> None:
    rewritten(plan, edit, sign=True)
    with pytest.raises(PlanError, match=said) as refused:
        read_plan(plan)
    assert str(refused.value).startswith(f"{plan}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["[]", "7", "{", "null"])
def test_a_file_that_is_no_plan_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(PlanError, match=r"plan\.json: not (JSON|a plan)"):
        read_plan(path)


def test_a_plan_is_known_to_the_state_in_which_it_was_filed(plan: Path, tmp_path: Path) -> None:
    store, other = FolderStorage(tmp_path / "state"), FolderStorage(tmp_path / "other")
    told = read_plan(planned(plan.parent, store))
    told.require_filed(store)
    with pytest.raises(PlanError, match=r"not one that --fix=plan filed in .*/other: it was edited, or made with"):
        told.require_filed(other)
    rewritten(plan, lambda told: told["changes"][0].update(target="sg-of-production"), sign=True)
    with pytest.raises(PlanError, match="it was edited"):
        read_plan(plan).require_filed(store)
