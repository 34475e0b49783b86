"""examples/aws/report.py: what the dead man's switch and readers of the page are told at the end of a morning."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from examples.aws import report as step


class Bucket:
    """S3 as the step uses it: keeps what is put into it, by bucket and key, with its media type."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803 - AWS's names
        self.kept[f"{Bucket}/{Key}"] = (Body, ContentType)


WHOLE: dict[str, Any] = {
    "counts": {"failed": 1, "missing": 0, "unseen": 0, "good": 3},
    "shards": {"of": 2, "not_ended": []},
    "unknown": "",
}
TOLD: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "complete, though something failed": (WHOLE, True),
    "a stack is missing": ({**WHOLE, "counts": {**WHOLE["counts"], "missing": 1}}, False),
    "a shard has not ended": ({**WHOLE, "shards": {"of": 2, "not_ended": [2]}}, False),
    "it is unknown which stacks": ({**WHOLE, "unknown": "no fleet is on record"}, False),
    "nothing was told": (None, False),
}


def _answering(told: dict[str, Any] | None, code: int, calls: list[list[str]]) -> Any:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        if "--out" in command and told is not None:
            page = Path(command[command.index("--out") + 1])
            page.write_text("<h1>All stacks</h1>", encoding="utf-8")
            (page.parent / "fleet").mkdir()
            (page.parent / "fleet" / "shop.html").write_text("<h1>Shop</h1>", encoding="utf-8")
        out = json.dumps(told) if told is not None and "json" in command else ""
        return subprocess.CompletedProcess(command, code, out, "" if told is not None else "Error: no such fleet <x>\n")

    return run


@pytest.mark.parametrize("case", TOLD)
def test_only_a_whole_fleet_is_complete(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, complete = TOLD[case]
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", _answering(told, 1, calls))
    bucket = Bucket()
    assert step.report("s3://state/opschecks", "s3://pages", "morning-1", bucket) == 1
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == {"complete": complete, "exit_code": 1}
    for command in calls:
        assert command[:6] == ["opschecks", "report", "fleet", "s3://state/opschecks", "--fleet", "morning-1"]


def test_the_page_and_those_of_the_stacks_are_put_where_people_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", _answering(WHOLE, 0, []))
    bucket = Bucket()
    assert step.report("s3://state/opschecks", "s3://pages/daily", "morning-1", bucket) == 0
    kind = "text/html; charset=utf-8"
    assert bucket.kept == {
        "pages/daily/index.html": (b"<h1>All stacks</h1>", kind),
        "pages/daily/fleet/shop.html": (b"<h1>Shop</h1>", kind),
    }


def test_yesterday_s_page_does_not_stay_where_no_page_could_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", _answering(None, 1, []))
    bucket = Bucket()
    step.report("s3://state/opschecks", "s3://pages", "morning-1", bucket)
    body, _ = bucket.kept["pages/index.html"]
    assert b"No run today" in body
    assert b"no such fleet &lt;x&gt;" in body
