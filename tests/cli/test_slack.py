"""`opschecks report slack`: posted once, and no webhook is ever named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import responses

from opschecks.cli.report import WEBHOOK
from opschecks.history.storage import FolderStorage
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.history.filed import mornings


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
