"""pytest-html's page: our columns, sortable, escaped, and complete when xdist ran the checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import opened
from tests.scratch import CONFTEST, Project, check_of_each

FAULTS = ("--fault", "cpu_is_saturated", "--fault", "ssh_is_open_to_the_world", "--fault", "log_group_is_gone")


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["one process", "xdist"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project.of_the_checks(tmp_path_factory.mktemp("checks"))
    assert project.run("checks/daily", *FAULTS, *request.param).code == 1
    return project.folder / "reports" / "daily.pytest.html"


def _column(page: Page, name: str) -> list[str]:
    return page.locator(f"#results-table td.col-{name}").all_inner_texts()


def test_every_check_has_a_row_with_our_columns(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        checks = _column(page, "testId")
        assert len(checks) == len(set(checks)) == 39
        names = [name.partition("::")[2].partition("[")[0] for name in checks]
        columns = [_column(page, one) for one in ("severity", "concluded", "resource", "runbook", "fix")]
        rows = dict(zip(names, zip(*columns, strict=True), strict=True))
        saturated = ("critical", "failed", "backend", "high-cpu", "scale-service: available")
        assert rows["test_cpu_is_not_saturated"] == saturated
        assert rows["test_ingress_is_no_wider_than_allowed"][2] == "incident-commander-tasks"
        assert rows["test_errors_are_rare_in_the_logs"][:2] == ("medium", "could not look")
        assert rows["test_no_alarm_is_ringing"] == ("high", "passed", "", "alarms", "")


def test_it_links_to_the_page_for_managers_and_that_links_back(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
        assert (
            page.locator('a[href="daily.html"]').inner_text() == "The report with verdict, evidence and runbook steps"
        )
    assert f'href="{path.name}"' in (path.parent / "daily.html").read_text(encoding="utf-8")


def test_severities_sort_by_rank(browser: Browser, path: Path) -> None:
    ranks = ["low", "medium", "high", "critical"]
    with opened(browser, path) as page:
        for descending in (False, True):
            page.click("th[data-column-type=severity]")
            shown = [ranks.index(one) for one in _column(page, "severity")]
            assert shown == sorted(shown, reverse=descending)
            assert len(set(shown)) == 4


HOSTILE = "<img src=x onerror='window.pwned = 1'><script>window.pwned = 1</script>\\x1b[31m"


def test_names_of_the_world_are_escaped(browser: Browser, project: Project) -> None:
    project.write("conftest.py", CONFTEST.replace('("a", "b", "c")', f'("{HOSTILE}",)'))
    project.checks(check_of_each("test_fails", "assert False, thing.name", promise='"a", "<b>it is bad</b>"'))
    assert project.run("checks/daily").code == 1
    with opened(browser, project.folder / "reports" / "daily.pytest.html") as page:
        (shown,) = _column(page, "resource")
        assert shown.startswith("<img src=x onerror")
        assert "\\x1b[31m" in shown
        assert page.evaluate("window.pwned === undefined")
        assert page.locator("#results-table img[src=x]").count() == 0
