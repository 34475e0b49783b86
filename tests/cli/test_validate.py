"""What pre-commit is told of stacks.toml and waivers.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from opschecks.cli.check_files import check_sources
from opschecks.cli.validate import problems, validate
from opschecks.config.waivers import Waiver
from opschecks.core.shipped import shipped_checks
from tests.scratch import ROOT

GOOD = '[stacks.a]\nregion = "us-west-2"\n'
WAIVER = "[[waivers]]\ncheck = '{}'\nresource = 'r'\nuntil = 2000-01-01\nowner = 'us'\nreason = 'known'\n"
SAID = {
    "good": (GOOD, "", ""),
    "no such key": (GOOD + "regoin = 1\n", "", "stacks.toml: stacks.a.regoin: unknown key; "),
    "no TOML": ("[stacks", "", "stacks.toml: not valid TOML: "),
    "a waiver that ended": (GOOD, WAIVER.format("test_no_alarm_is_ringing"), "until: it ended on 2000-01-01"),
    "a waiver of nothing": (GOOD, WAIVER.format("test_nothing"), "waiver 1 (test_nothing on r): check: no such check"),
}


@pytest.mark.parametrize("case", SAID)
@pytest.mark.parametrize("named", [True, False], ids=["named", "found"])
def test_what_is_wrong_is_said_as_a_run_says_it(
    case: str, named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks, waivers, wrong = SAID[case]
    monkeypatch.chdir(tmp_path)
    Path("stacks.toml").write_text(stacks, encoding="utf-8")
    if waivers:
        Path("waivers.toml").write_text(waivers, encoding="utf-8")
    files = [path.name for path in tmp_path.iterdir()] if named else []
    ended = CliRunner().invoke(validate, files, catch_exceptions=False)
    assert ended.exit_code == bool(wrong)
    assert wrong in ended.stderr
    assert len(ended.stderr.splitlines()) == bool(wrong)


@pytest.mark.parametrize("file", [".pre-commit-hooks.yaml", ".pre-commit-config.yaml"])
def test_pre_commit_calls_what_exists(file: str) -> None:
    told = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    hooks = told if isinstance(told, list) else [hook for repo in told["repos"] for hook in repo["hooks"]]
    (ours,) = (hook for hook in hooks if hook["id"] == "opschecks")
    assert ours["entry"] == f"python -m {validate.callback.__module__}"
    assert CliRunner().invoke(validate, [str(ROOT / "stacks.toml")]).exit_code == 0


def test_the_stacks_of_the_example_are_as_a_run_needs_them() -> None:
    assert list(problems([ROOT / "examples" / "aws" / "stacks.toml"])) == []


def test_the_waiver_of_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "waivers.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (entry,) = tomllib.loads(written)["waivers"]
    waiver = Waiver.model_validate(entry)
    assert waiver.check in {one.name for one in check_sources(shipped_checks())}
    assert waiver.model_fields_set == set(Waiver.model_fields)
