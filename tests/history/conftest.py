"""Where summaries and a stack's state lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.history.storage import FolderStorage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "summaries"


@pytest.fixture
def store(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "state")
