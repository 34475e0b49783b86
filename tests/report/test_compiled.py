"""Compiled templates beside their sources: used when they fit, left out when they do not, never in the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from opschecks.report.compiled import BesideTemplates


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, int]]:
    """Renders page.html as a new process would; the text, and how many times something was compiled."""
    (tmp_path / "page.html").write_text("one {{ 1 + 1 }}")
    (tmp_path / "page.py").write_text("")
    compiled: list[str] = []

    def render() -> tuple[str, int]:
        compiled.clear()
        environment = Environment(loader=FileSystemLoader(tmp_path), bytecode_cache=BesideTemplates(), autoescape=True)
        compile_it = environment.compile

        def counted(*given: Any) -> Any:
            compiled.append("")
            return compile_it(*given)

        monkeypatch.setattr(environment, "compile", counted)
        return environment.get_template("page.html").render(), len(compiled)

    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return render


def test_a_template_is_compiled_once(rendered: Callable[[], tuple[str, int]], tmp_path: Path) -> None:
    assert rendered() == ("one 2", 1)
    assert rendered() == ("one 2", 0)
    kept = [one.name for one in (tmp_path / "__pycache__").iterdir()]
    assert len(kept) == 1
    assert kept[0].startswith("page.html."), "a module page.py keeps its own"


def test_one_that_was_changed_is_compiled_again(rendered: Callable[[], tuple[str, int]], tmp_path: Path) -> None:
    rendered()
    (tmp_path / "page.html").write_text("two")
    assert rendered() == ("two", 1)


@pytest.mark.parametrize("left", [b"", b"what another program left"])
def test_what_cannot_be_read_is_compiled_again(
    rendered: Callable[[], tuple[str, int]], tmp_path: Path, left: bytes
) -> None:
    rendered()
    next((tmp_path / "__pycache__").iterdir()).write_bytes(left)
    assert rendered() == ("one 2", 1)


def test_a_folder_that_cannot_be_made_stops_nobody(rendered: Callable[[], tuple[str, int]], tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("in the way")
    assert rendered() == ("one 2", 1)


def test_nothing_is_written_where_python_writes_nothing(
    rendered: Callable[[], tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered() == ("one 2", 1)
    assert not (tmp_path / "__pycache__").exists()


def test_what_is_written_half_is_not_left(
    rendered: Callable[[], tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jinja2.bccache.Bucket.write_bytecode", full)
    assert rendered() == ("one 2", 1)
    assert list((tmp_path / "__pycache__").iterdir()) == []
