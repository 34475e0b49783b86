"""`opschecks report asff|event`: what is printed and written, and the commands that send it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.core.run import Run
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.exported import RUNS, ran
from tests.report.situations import FAULTS, morning, thousand


@pytest.fixture
def filed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("run.json")


def _asff(path: Path, run: Run, *more: str) -> tuple[str, str]:
    path.write_text(to_json(run), encoding="utf-8")
    ended = opschecks("report", "asff", str(path), *more)
    assert ended.exit_code == 0
    return ended.stdout, ended.stderr


def test_findings_are_printed_for_the_aws_cli(filed: Path) -> None:
    printed, said = _asff(filed, morning(FAULTS))
    labels = [one["Severity"]["Label"] for one in json.loads(printed)]
    assert [label for label in labels if label != "INFORMATIONAL"] == ["CRITICAL", "CRITICAL", "MEDIUM", "HIGH"]
    assert said == ""
    assert {one["RecordState"] for one in json.loads(_asff(filed, morning())[0])} == {"ARCHIVED"}


def test_many_findings_are_a_file_for_each_call(filed: Path) -> None:
    run = thousand()
    run = replace(run, findings=run.findings[:150])
    assert "--out FOLDER makes a file for each call" in _asff(filed, run)[1]
    lines = _asff(filed, run, "--out", "to send")[0].splitlines()
    assert lines == [
        "aws securityhub batch-import-findings --region us-west-2 --findings "
        f"'file://to send/asff-123456789012-us-west-2-00{number}.json'"
        for number in (1, 2)
    ]
    first, second = (json.loads(path.read_text()) for path in sorted(Path("to send").iterdir()))
    assert len(first) == 100
    assert [one["RecordState"] for one in second] == ["ACTIVE"] * 50 + ["ARCHIVED"] * (len(second) - 50)
    assert "no check looked" in _asff(filed, ran(), "--out", "none")[0]
    assert not Path("none").exists()


def test_files_of_an_earlier_run_are_not_sent_again(filed: Path) -> None:
    folder = Path("to-send")
    _asff(filed, thousand(), "--out", str(folder))
    (folder / "asff-notes.json").write_text("mine")
    assert len(list(folder.iterdir())) > 3
    _asff(filed, morning(FAULTS), "--out", str(folder))
    assert {path.name for path in folder.iterdir()} == {"asff-notes.json", "asff-123456789012-us-west-2-001.json"}
    _asff(filed, ran(), "--out", str(folder))
    assert [path.name for path in folder.iterdir()] == ["asff-notes.json"]


def test_a_sandbox_has_no_findings_for_security_hub(filed: Path) -> None:
    filed.write_text(to_json(RUNS["sandbox"]), encoding="utf-8")
    assert refused(opschecks("report", "asff", "run.json")) == "production is a sandbox: it has no account of AWS"


def test_a_stack_without_an_account_is_left_out_and_named(filed: Path) -> None:
    run = RUNS["several stacks"]
    printed, said = _asff(filed, replace(run, stacks=(replace(run.stacks[0], account_id=""), run.stacks[1])))
    assert {one["AwsAccountId"] for one in json.loads(printed)} == {"210987654321"}
    assert said.startswith("left out: production: its account or region is not known")


def test_an_event_is_printed_or_written(filed: Path) -> None:
    filed.write_text(to_json(morning(FAULTS)), encoding="utf-8")
    (entry,) = json.loads(opschecks("report", "event", "run.json", "--bus", "ops").stdout)
    assert (entry["Source"], entry["EventBusName"]) == ("opschecks", "ops")
    ended = opschecks("report", "event", "run.json", "--out", "event.json")
    assert ended.output == "aws events put-events --entries file://event.json\n"
    assert json.loads(json.loads(Path("event.json").read_text())[0]["Detail"])["counts"]["failed"] == 4
