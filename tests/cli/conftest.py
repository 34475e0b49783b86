"""The folders in which commands are typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opschecks.history.storage import FolderStorage
from opschecks.report.runfile import to_json
from tests.history.filed import mornings
from tests.scratch import Project


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> FolderStorage:
    """The state of a stack without any AWS; commands are typed in its folder."""
    monkeypatch.chdir(project.folder)
    project.runbook("a")
    return FolderStorage(project.folder / "reports" / "history" / "here")


@pytest.fixture
def run_file(here: FolderStorage) -> Iterator[str]:
    """A run file, of which nothing is filed."""
    Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
    yield "run.json"
    assert here.keys("daily") == []


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The checks of this repository, in a folder of their own."""
    return Project.of_the_checks(tmp_path_factory.mktemp("checks"))
