"""A window of logs in a file: all of it or none."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench import bench


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_window_is_written_with_secrets_masked(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        events = [(ago, f"ERROR {ago} minutes ago, password=hunter{ago}") for ago in (5, 50, 70)]
        logs = on.sandbox.client("logs")
        logs.create_log_stream(logGroupName="/ecs/incident-commander", logStreamName="more")
        logs.put_log_events(
            logGroupName="/ecs/incident-commander",
            logStreamName="more",
            logEvents=[
                {"timestamp": int((on.sandbox.now - timedelta(minutes=ago)).timestamp() * 1000), "message": text}
                for ago, text in sorted(events, reverse=True)
            ],
        )
        ended = on.command("export-logs", "--since", "1h", "--filter", "ERROR", "--out", "here/logs.jsonl").ends(0)
        told = _lines(tmp_path / "here" / "logs.jsonl")
        own = [one for one in told if one["stream"] == "more"]
        assert [one["message"] for one in own] == [f"ERROR {n} minutes ago, password=(redacted)" for n in (50, 5)]
        arn = "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/incident-commander:*"
        by_arn = on.command("export-logs", "--since", "1h", "--filter", "ERROR", "--group", arn, "--out", "arn.jsonl")
        assert by_arn.code == 0, by_arn.all
        assert len(_lines(tmp_path / "arn.jsonl")) == len(told)
        assert f"{len(told)} events of /ecs/incident-commander" in ended.out
        on.command("export-logs", "--since", "2h", "--out", "all.jsonl").ends(0)
        assert len(_lines(tmp_path / "all.jsonl")) > len(told)


def test_a_search_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        for broken in ("denied", "cut", "empty", "throttled"):
            on.sandbox.server.wire.broken = {"logs": broken}
            ended = on.command("export-logs").ends(1)
            assert "logs:FilterLogEvents" in ended.err, broken
            assert "nothing was written" in ended.err, broken
            assert "Traceback" not in ended.all, broken
            assert not (tmp_path / "logs.jsonl").exists(), broken


def test_wrong_input_is_told_in_one_line(tmp_path: Path) -> None:
    wrong = {
        ("--since", "yesterday"): "--since yesterday: 90m, 2h or 1d ago, or a time with its offset",
        ("--since", "2026-11-24T07:00:00"): "or a time with its offset",
        ("--since", "1h", "--until", "2h"): "--since 1h: it is not before --until 2h",
        ("--group", "/nowhere"): "ResourceNotFoundException",
        ("--group", "arn:aws:logs:eu-west-1:123456789012:log-group:/x"): "is of region eu-west-1, the stack is of us-",
    }
    with bench(tmp_path) as on:
        for arguments, message in wrong.items():
            ended = on.command("export-logs", *arguments).ends(1)
            assert message in ended.err
            assert len(ended.err.strip().splitlines()) == 1
