"""The last step of a morning: the fleet's page goes where people find it, and one line of JSON says how it ended.

python report.py STATE PAGES FLEET        s3://BUCKET/PREFIX, s3://BUCKET, the fleet's name

The line is {"complete": …, "exit_code": …}: complete is a fleet whose shards have all ended and whose stacks all have a
run, whatever their verdicts. The exit code is that of `opschecks report fleet`.
"""

from __future__ import annotations

import html
import json
import mimetypes
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3

NO_PAGE = "<!doctype html><meta charset=utf-8><title>No run today</title><h1>No run today</h1><p>{said}"


def report(state: str, pages: str, fleet: str, s3: Any) -> int:
    """Make the page, put it into the bucket, print the line; the exit code."""
    asked = ["opschecks", "report", "fleet", state, "--fleet", fleet]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "index.html")
        made = _run([*asked, "--out", str(page)])
        if not page.exists():  # yesterday's page must not stay
            page.write_text(NO_PAGE.format(said=html.escape(made.stderr)), encoding="utf-8")
        _upload(Path(folder), pages, s3)
    told = _run([*asked, "--format", "json"])
    sys.stdout.write(json.dumps({"complete": is_complete(told.stdout), "exit_code": made.returncode}) + "\n")
    return made.returncode


def is_complete(told: str) -> bool:
    """Whether every shard has ended and every stack has a run, by what `--format json` printed; no without that."""
    try:
        fleet = json.loads(told)
    except ValueError:
        return False
    return not (fleet["counts"]["missing"] or fleet["shards"]["not_ended"] or fleet["unknown"])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    sys.stderr.write(done.stderr)
    return done


def _upload(folder: Path, pages: str, s3: Any) -> None:
    bucket, _, prefix = pages.removeprefix("s3://").partition("/")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            key = "/".join(filter(None, (prefix, path.relative_to(folder).as_posix())))
            told = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=told)


if __name__ == "__main__":
    _state, _pages, _fleet = sys.argv[1:]
    sys.exit(report(_state, _pages, _fleet, boto3.client("s3")))
