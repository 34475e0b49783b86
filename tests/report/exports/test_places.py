"""The ids of findings: on the page, and the same in all that leads to it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from opschecks.core.run import Run
from opschecks.report.exports.annotations import to_annotations
from opschecks.report.exports.csv_findings import to_csv
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from tests.exported import page_of, texts_of
from tests.report.situations import FAULTS, denied, morning, on_three_stacks

URL = "https://pages.example/production/daily/latest.html"
MADE = {"four faults": morning(FAULTS), "denied": denied(), "three stacks": on_three_stacks()}


@pytest.mark.parametrize("run", MADE.values(), ids=MADE)
def test_every_way_to_the_page_ends_at_something_on_it(run: Run) -> None:
    page = page_of(run)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    told = {
        "markdown": to_markdown(run), "mail": to_email(run), "annotations": "\n".join(to_annotations(run)),
        "slack": "\n".join(texts_of(to_slack(run))), "csv": to_csv(run),
    }  # fmt: skip
    for where, text in told.items():
        found = set(re.findall(r"\bdaily\.html#([\w-]+)", text))
        assert found, where
        assert found <= ids, where


def test_slack_links_each_card_where_the_page_has_an_address() -> None:
    run = MADE["four faults"]
    blocks = to_slack(run, page_url=f"{URL}#old")["blocks"]
    links = [one["text"] for block in blocks if block["type"] == "context" for one in block["elements"]]
    assert links[0] == f"<{URL}#production-cpu_is_not_saturated|Show on the page>"
    assert len(links) == 5  # the last one counts the checks
    assert not any("daily.html#" in text for text in texts_of(to_slack(run, page_url=URL)) if "|" not in text)


def test_a_part_of_a_suite_has_a_page_of_its_own() -> None:
    assert "daily-partial.html#production-" in to_email(replace(MADE["four faults"], partial="-k alarms"))


def test_ids_are_the_same_on_another_day() -> None:
    def ids(run: Run) -> list[str]:
        return [row["id"] for row in csv.DictReader(io.StringIO(to_csv(run)))]

    today, later = MADE["four faults"], morning(FAULTS[:1])
    assert len(set(ids(today))) == len(ids(today)) == len(today.findings)
    assert ids(later)[0] == ids(today)[0]
