"""Sessions share what describes AWS's services, and nothing else."""

from __future__ import annotations

import pytest

from opschecks.aws.session import Aws
from opschecks.config.stack import Stack

KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}


def aws_of(name: str) -> Aws:
    return Aws(Stack(name=name, region="us-west-2"), {**KEYS, "aws_access_key_id": name})


def test_models_are_read_once_for_all_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = aws_of("one"), aws_of("other")
    loaders = {id(aws._shared._own.get_component("data_loader")) for aws in (one, other)}  # type: ignore[union-attr]
    assert len(loaders) == 1
    models = [aws._shared.client("sts").meta.service_model._service_description for aws in (one, other)]
    assert models[0] is models[1]
    monkeypatch.setenv("AWS_DATA_PATH", "/elsewhere")
    elsewhere = aws_of("elsewhere")._shared._own.get_component("data_loader")  # type: ignore[union-attr]
    assert id(elsewhere) not in loaders
    assert "/elsewhere" in elsewhere.search_paths


def test_a_stack_more_adds_no_search_path() -> None:
    paths = aws_of("one")._shared._own.get_component("data_loader").search_paths  # type: ignore[union-attr]
    before = len(paths)
    for number in range(3):
        aws_of(f"more-{number}")
    assert len(paths) == before


def test_credentials_are_each_stacks_own() -> None:
    keys = {aws.handed_on()["aws_access_key_id"] for aws in (aws_of("one"), aws_of("other"))}
    assert keys == {"one", "other"}
