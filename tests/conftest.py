"""What all tests share: warnings are errors here, and only here; scratch projects to run checks in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scratch import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of its own, with one stack that has no AWS and things to look at."""
    return Project.make(tmp_path)
