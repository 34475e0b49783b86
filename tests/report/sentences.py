"""A whole run to change one thing of, and what its page says in words."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

from opschecks.core.model import Outcome
from opschecks.core.run import Run
from tests.exported import page_of, ran
from tests.report.runs import check_of, found

P = Outcome.PASSED


def run_of(suite: str = "daily", **more: Any) -> Run:
    """A whole run in which the one check passed."""
    whole = ran(check_of("test_load", "ecs", P, "high-cpu"), findings=(found("test_load", "svc", P),))
    return replace(whole, suite=suite, **more)


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
