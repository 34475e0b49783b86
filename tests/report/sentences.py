"""A whole run to change one thing of, and what its page says in words."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

from opschecks.core.model import Outcome
from opschecks.core.run import Run, StackFacts
from tests.exported import NOW, page_of
from tests.report.runs import check_of, found

P = Outcome.PASSED
BERLIN = StackFacts("production", False, "123456789012", "us-west-2", "Europe/Berlin")


def run_of(suite: str = "daily", **more: Any) -> Run:
    """A whole run in which the one check passed."""
    told: dict[str, Any] = {
        "checks": (check_of("test_load", "ecs", P, "high-cpu"),),
        "findings": (found("test_load", "svc", P),),
        "exit_code": 0,
        "stacks": (BERLIN,),
        "ended": NOW + timedelta(seconds=2),
        "state": "finished",
    }
    return Run(suite, NOW, **{**told, **more})


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    body = re.sub("</?time[^>]*>|<wbr>", "", page.partition("<body>")[2])
    return " ".join(unescape(re.sub("<[^>]*>", " ", body)).split())


def section(run: Run, heading: str) -> str:
    """What the run's page says below a heading, up to the next one."""
    for part in page_of(run).split("<h2")[1:]:
        if (told := text_of(f"<body><h2{part}")).startswith(heading):
            return told
    return ""
