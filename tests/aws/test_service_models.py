"""Service models: read once for all sessions, of the same content as botocore's own loader reads."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from opschecks.aws.endpoints import SERVICES
from opschecks.aws.paging import paging
from opschecks.aws.service_models import models, share_models


def test_a_service_is_found_without_a_look_into_the_folders_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore looks for the file in each of 400 folders: 40 ms for each kind of model, and again in each session."""
    looked: list[str] = []
    loader = models.__wrapped__()
    exists = loader.file_loader.exists

    def counted(path: str) -> bool:
        looked.append(path)
        return bool(exists(path))

    monkeypatch.setattr(loader.file_loader, "exists", counted)
    assert loader.load_service_model("ecs", "service-2")["metadata"]["serviceId"] == "ECS"
    assert 0 < len(looked) < 10


def test_sessions_share_what_was_read() -> None:
    one, other = botocore.session.Session(), botocore.session.Session()
    share_models(one)
    share_models(other)
    loaders = {id(session.get_component("data_loader")) for session in (one, other)}
    assert len(loaders) == 1


@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_models_are_botocores(kind: str) -> None:
    assert models().load_service_model("ecs", kind) == Loader().load_service_model("ecs", kind)


def test_every_service_that_is_called_is_known() -> None:
    assert set(SERVICES) <= set(models().list_available_services("service-2"))


def test_a_folder_of_the_configuration_has_models_too(tmp_path: Path) -> None:
    folder = tmp_path / "madeup" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps({"metadata": {"serviceId": "Made Up"}}))
    found = models(str(tmp_path)).load_service_model("madeup", "service-2")
    assert found["metadata"]["serviceId"] == "Made Up"


def test_what_is_no_service_is_told_as_botocore_tells_it() -> None:
    with pytest.raises(DataNotFoundError):
        models().load_service_model("nosuch", "service-2")
    with pytest.raises(TypeError, match="nosuch ListThings: botocore has no paginator"):
        paging("nosuch", "ListThings")
