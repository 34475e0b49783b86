"""`opschecks report asff|event|slack`: what is printed and written, what sends it; and no webhook is ever named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import responses

from opschecks.cli.report import WEBHOOK
from opschecks.core.run import Run
from opschecks.history.storage import FolderStorage
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.exported import RUNS, ran
from tests.history.filed import mornings
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


@contextmanager
def _listening() -> Iterator[tuple[str, list[str]]]:
    """A web server on loopback, and what it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/services/T0SECRET/xSECRETx", asked
        finally:
            server.shutdown()
            thread.join()


def test_slack_wants_a_webhook(run_file: str) -> None:
    assert refused(opschecks("report", "slack", run_file)).startswith(f"{WEBHOOK}: not set")
    assert refused(opschecks("report", "slack", run_file, **{WEBHOOK: ""})).startswith(f"{WEBHOOK}: not set")


def test_a_webhook_that_is_not_encrypted_is_sent_nothing_and_not_named(run_file: str) -> None:
    with _listening() as (webhook, asked):
        line = refused(opschecks("report", "slack", run_file, **{WEBHOOK: webhook}))
    assert line == "the webhook is not an https:// address"
    assert asked == []


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:99999", "[", "user:T0SECRET@127.0.0.1:1"])
def test_a_webhook_that_cannot_be_reached_is_not_named(run_file: str, host: str) -> None:
    ended = opschecks("report", "slack", run_file, **{WEBHOOK: f"https://{host}/services/T0SECRET/xSECRETx"})
    assert refused(ended).startswith("Slack could not be reached: ")
    assert "SECRET" not in ended.output
    assert "127.0.0.1" not in ended.output


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, "ok", 0, "posted to Slack"),
        (404, "no_service", 1, "Slack did not take the message, and answered 404: no_service"),
        (302, "", 1, "Slack did not take the message, and answered 302"),
    ],
)
def test_a_run_is_posted_once_with_its_page(here: FolderStorage, status: int, body: str, code: int, said: str) -> None:
    webhook = "https://hooks.slack.com/services/T0SECRET/xSECRETx"
    responses.post(webhook, status=status, body=body, headers={"Location": "https://elsewhere.example/"})
    Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
    url = "https://pages.example/latest.html"
    ended = opschecks("report", "slack", "run.json", "--page-url", url, **{WEBHOOK: webhook})
    assert ended.exit_code == code
    assert ended.output.strip().removeprefix("Error: ") == said
    (call,) = responses.calls
    sent = json.loads(call.request.body or "{}")
    assert any(f"<{url}|" in str(block.get("text", {}).get("text", "")) for block in sent["blocks"])
    assert "Action needed" in sent["text"]
    assert here.keys("daily") == []
