"""What a page says of earlier mornings, as people meet it: in Chromium, wide and on a phone, light and dark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from opschecks.core.model import CheckResult, Finding, ObservationResult, Outcome, SeenResource, Series, Severity
from opschecks.core.run import Past, ReportSection, Run, StackFacts, Standing
from opschecks.report.daily.since import SHOWN
from opschecks.report.page import render
from opschecks.report.runbook import read_runbook
from opschecks.report.runfile import from_json, to_json
from opschecks.report.standing import BARS
from tests.browser import PHONE, WIDE, chromium, cut_off, opened, unfold, violations
from tests.mornings import earlier
from tests.report.test_page import HOSTILE
from tests.scratch import ROOT, Project

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # a Tuesday, 08:00 in Berlin
RUNBOOK = read_runbook(ROOT / "checks" / "RUNBOOK.md")
LINKS = {"run": "daily.json", "pytest": "daily.pytest.html", "junit": "daily.xml"}
F, P, W, B = Outcome.FAILED, Outcome.PASSED, Outcome.WAIVED, Outcome.BLIND
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((WIDE, "light"), (WIDE, "dark"), (PHONE, "dark"))
EVERY = ("past", "hostile", "unreadable", "first", "several", "own")
STRIPS = {
    "": ("passed", "failed", "blind", "waived", "not_run", "") + ("passed",) * 7,
    "ecs": ("passed",) * 10 + ("failed", "failed", "passed"),
    "alarms": ("not_run", "", "blind", "passed", "waived", "failed"),
    "dynamodb": ("passed",) * 9 + ("failed",) * 13,  # more than a strip has room for
    "logs": ("",) * 12 + ("waived",),
}
SECTION = ReportSection(
    "Releases of yesterday",
    "| service | version |\n| --- | --- |\n| backend | **v12** |\n\n1. `cdk deploy`\n2. [notes](https://example.com/)\n",
)
ATTACK = """\
<script>window.pwned = 1</script> <img src=x onerror="window.pwned = 1"> <style>*{display:none}</style>

<iframe src="URL/frame"></iframe><svg onload="window.pwned = 1"></svg>

![seen](URL/image.png) [one](javascript:window.pwned=1) [two](JaVaScRiPt:window.pwned=1)
[three](data:text/html,<script>window.pwned=1</script>) [four](vbscript:x) <javascript:window.pwned=1>

[five]: javascript:window.pwned=1
[five] {{ 7 * 7 }} <a href="javascript:window.pwned=1" onclick="window.pwned = 1">six</a>

</div></main></body><h1>Forged</h1>

| a | b |
| --- | --- |
| <b onmouseover="window.pwned = 1">x</b> | <base href="URL/"> |

```html
<script>window.pwned = 1</script>
```
"""


def _ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _series(label: str, unit: str, value: float, limit: float | None) -> Series:
    points = tuple((NOW - timedelta(minutes=5 * n), value + n % 7) for n in range(288, 0, -1))
    return Series(label, unit, points, 300, limit)


def _check(name: str, area: str, outcome: Outcome, slug: str, stack: str = "production") -> CheckResult:
    nodeid = f"checks/daily/test_{area}.py::{name}"
    failing = f"{name.removeprefix('test_').capitalize()} is bad"
    return CheckResult(stack, name, nodeid, area, Severity.HIGH, slug, failing, "It hurts", outcome.value, "said")


def _finding(check: str, name: str, outcome: Outcome, stack: str = "production") -> Finding:
    return Finding(stack, check, f"arn:{name}", name, outcome, Severity.HIGH, f"{name} is so", {"a": 1})


def _changed(entry: str, days: float, **more: Any) -> dict[str, Any]:
    """A change as the past of a run file has it."""
    told = {
        "entry": entry, "begun": _ago(days).isoformat(), "by": "ann on laptop, process 7", "undoes": "",
        "remedy": "scale-service", "target": "arn:svc-still", "name": "svc-still", "differs": ["desired: 2 → 4"],
        "state": "cured", "said": "the same check passes now", "one_way": False,
    }  # fmt: skip
    return {**told, **more}


def _with_everything() -> Run:
    """A morning whose past has every kind of standing, and everything else that a past can have."""
    standings = [
        ("test_load", "svc-new", "new", 0, 1),
        ("test_load", "svc-still", "still", 2, 3),
        ("test_load", "svc-flapping", "flapping", 0, 1),
        ("test_load", "svc-recovered", "recovered", 3, 4),
        ("test_tables", "table-recovered", "recovered", 1, 2),
        ("test_tables", "table-gone", "gone", 5, 6),
    ]
    unseen = Standing("test_alarms", "stack/production", "production", "unseen", _ago(2), 3)
    series = (_series("CPU", "%", 60, 62), _series("memory", "%", 40, 80))
    traffic = (_series("5xx", "per minute", 3, 10), _series("p95 response time", "ms", 200, None))
    return Run(
        suite="daily",
        started=NOW,
        stacks=(
            StackFacts("production", False, "123456789012", "us-west-2", "Europe/Berlin", {"on_call": "ann"},
                       {"cluster": "c", "service": "s", "region": "us-west-2"}),
        ),
        ended=NOW + timedelta(seconds=2),
        state="finished",
        exit_code=1,
        checks=(
            _check("test_load", "ecs", F, "high-cpu"),
            _check("test_alarms", "alarms", B, "alarms"),
            _check("test_tables", "dynamodb", P, "database-throttling"),
            _check("test_logs", "logs", W, "logs"),
        ),
        findings=(
            *(_finding("test_load", f"svc-{state}", F) for state in ("new", "still", "flapping")),
            _finding("test_load", "svc-recovered", P),
            Finding("production", "test_alarms", "stack/production", "production", B, Severity.HIGH, "AccessDenied"),
            _finding("test_tables", "table-recovered", P),
            _finding("test_logs", "group", W),
        ),
        observations=(
            ObservationResult("production", "service_load", 0.1, (), "",
                              (SeenResource("arn:svc-new", "svc-new", (), series),)),
            ObservationResult("production", "traffic", 0.1, (), "", (SeenResource("lb", "lb", (), traffic),)),
        ),
        changes=(
            {"stack": "production", "check": "test_load", "remedy": "sync-dashboard", "name": "site",
             "result": "rolled back", "said": "it did not help", "entry": "own00000", "undo": "",
             "differs": ["files: 3 → 4"]},
        ),
        past=(
            Past(
                "production",
                runs=20,
                previous=_ago(3),
                missed=("2026-11-22", "2026-11-23"),
                standings=(
                    *(Standing(check, f"arn:{name}", name, state, _ago(days), day)
                      for check, name, state, days, day in standings),
                    unseen,
                ),
                strips=STRIPS,
                numbers={
                    "passed": tuple((_ago(7 - n), value) for n, value in enumerate((4.0, 0.0, 1.0, 3.0, 2.0))),
                    "CPU, svc-new": ((_ago(4), 20.0), (_ago(3), 51.0)),
                    "CPU, svc-other": ((_ago(4), 90.0), (_ago(2), 99.0)),
                    "5xx, lb": ((_ago(3), 4.0),),
                },
                changes=(
                    _changed("first000", 2.5),
                    _changed("second00", 2, undoes="older000", state="sent", said=""),
                    _changed("third000", 1, one_way=True, remedy="rotate-key", name="key", target="key"),
                    _changed("own00000", 0),
                ),
            ),
        ),
        sections=(SECTION,),
        versions={"opschecks": "0.1.0"},
    )  # fmt: skip


def _hostile(url: str, text: str = HOSTILE) -> Run:
    """The same, where every string that comes from the world is hostile."""
    run = _with_everything()
    (past,) = run.past
    attack = ATTACK.replace("URL", url)
    image = f'<img src="{url}/past.png" onerror="window.pwned = 1">'
    bad = f"{image}{text}"
    return replace(
        run,
        findings=tuple(replace(one, resource=f"{one.resource}{bad}", name=bad) for one in run.findings),
        past=(
            replace(
                past,
                standings=tuple(replace(one, resource=f"{one.resource}{bad}", name=bad) for one in past.standings),
                changes=tuple(
                    _changed(f"{n}{bad}", 1, by=bad, undoes=bad, remedy=bad, name=bad, target=bad, said=bad,
                             differs=[bad, bad], state=bad, one_way=n == 1)
                    for n in range(2)
                ),
            ),
        ),
        sections=(ReportSection(bad, attack), ReportSection("Empty", "   ")),
    )  # fmt: skip


def _several() -> Run:
    """Two stacks with checks of the same names, each with a past of its own, and a third whose history is broken."""
    names = ("one", "other", "third")
    return replace(
        _with_everything(),
        stacks=tuple(StackFacts(name, False, "123456789012", "us-west-2", "Europe/Berlin") for name in names),
        checks=tuple(_check("test_load", "ecs", F, "high-cpu", name) for name in names),
        findings=tuple(_finding("test_load", f"svc-of-{name}", F, name) for name in names),
        observations=(),
        changes=(),
        past=(
            Past("one", 2, _ago(1), standings=(
                Standing("test_load", "arn:svc-of-one", "svc-of-one", "still", _ago(4), 5),
            ), strips={"": ("passed", "failed"), "ecs": ("passed", "failed")},
                 changes=(_changed("aaaa", 0.5, name="thing of one"),)),
            Past("other", 7, _ago(2), standings=(
                Standing("test_load", "arn:svc-of-other", "svc-of-other", "new", NOW, 1),
            ), strips={"": ("passed",) * 7, "ecs": ("passed",) * 7}),
            Past("third", error="AccessDenied"),
        ),
    )  # fmt: skip


class Quiet(BaseHTTPRequestHandler):
    """What hostile strings would ask for; it notes every request."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A web server on loopback that nothing may ask for anything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as listening:  # a browser opens connections to spare
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


OWN = """

from opschecks import ReportSection


def pytest_opschecks_report_sections(run):
    return [ReportSection(f"Of {run.suite}", f"{len(run.checks)} checks, *{run.past[0].runs}* runs before")]
"""
NESTED = """\
from opschecks import ReportSection


def pytest_opschecks_report_sections(run):
    return [ReportSection("Nested", "<b>plain</b>"), ReportSection("Second", "- a\\n- b")]


"""
CHECKS = '''
@promise("a")
def test_things(things, examine):
    """Why."""
    for one in things:
        with examine(one):
            assert one.name != "b", "it is b"
'''


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of which two conftests add sections, after its second morning."""
    project = Project.make(tmp_path_factory.mktemp("own"))
    conftest = project.folder / "conftest.py"
    conftest.write_text(conftest.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    project.write("checks/daily/conftest.py", NESTED)
    project.checks(CHECKS)
    for _ in range(2):
        assert project.run("checks/daily").code == 1
    return project


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, server: str, own: Project) -> dict[str, Path]:
    """Every kind of page by name."""
    folder = tmp_path_factory.mktemp("pages")
    run = _with_everything()
    yesterday = earlier(replace(run, observations=tuple(_other(one) for one in run.observations)), 1)
    broken = Past("production", error=f"cannot be read: {HOSTILE}")
    runs = {
        "past": run,
        "hostile": _hostile(server),
        "unreadable": replace(run, past=(broken,)),
        "first": replace(run, past=(Past("production", strips={"": ()}),)),
        "several": _several(),
    }
    for name, one in runs.items():
        page = render(one, runbook=RUNBOOK, links=LINKS, earlier=yesterday)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / "own.html").write_text(own.page(), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


def _other(seen: ObservationResult) -> ObservationResult:
    """The observation with other values: a line that lies on another is not seen."""
    return replace(
        seen,
        resources=tuple(
            replace(
                one,
                series=tuple(
                    replace(line, points=tuple((time, value / 2) for time, value in line.points)) for line in one.series
                ),
            )
            for one in seen.resources
        ),
    )


def _groups(page: Page) -> dict[str, list[str]]:
    """The groups of "What changed" by heading, each with its lines."""
    told: list[tuple[str, list[str]]] = page.locator(".group").evaluate_all(
        """all => all.map(one => [one.querySelector('h3').textContent,
             [...one.querySelectorAll('li')].map(line => line.textContent.replace(/\\s+/g, ' ').trim())])"""
    )
    return dict(told)


def _heading(page: Page) -> list[str]:
    texts = page.locator("h2").evaluate_all("all => all.map(one => one.textContent.replace(/\\s+/g, ' ').trim())")
    return [text for text in texts if text.startswith("What changed")]


# every page


@pytest.mark.parametrize("name", EVERY)
def test_axe_finds_nothing(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], bypass_csp=True) as page:
        unfold(page)
        for width, scheme in LOOKS if name == "past" else LOOKS[:1]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [
                width,
                scheme == "dark",
            ]
            assert violations(page) == []


@pytest.mark.parametrize("name", EVERY)
def test_a_phone_never_scrolls_sideways(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], width=PHONE) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        assert cut_off(page, "main :is(.group, .group *, .tile, .tile *, .strip, .own, .own *)") == []


@pytest.mark.parametrize("name", ["past", "own"])
def test_nothing_needs_javascript(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        with_it = page.screenshot(full_page=True)
    with opened(browser, pages[name], java_script_enabled=False) as page:
        assert page.screenshot(full_page=True) == with_it


@pytest.mark.parametrize("name", EVERY)
def test_a_page_asks_for_nothing(browser: Browser, pages: dict[str, Path], name: str) -> None:
    asked: list[str] = []
    Quiet.asked.clear()
    with opened(browser, pages[name]) as page:
        page.on("requestfinished", lambda request: asked.append(request.url))
        page.reload()
        assert page.locator("script").count() == 0
    assert asked == [pages[name].as_uri()]
    assert Quiet.asked == []


def test_a_page_that_asked_would_be_caught(browser: Browser, server: str, tmp_path: Path) -> None:
    (tmp_path / "asking.html").write_text(f'<img src="{server}/seen.png">', encoding="utf-8")
    Quiet.asked.clear()
    with opened(browser, tmp_path / "asking.html"):
        assert Quiet.asked == ["/seen.png"]


@pytest.mark.parametrize("name", EVERY)
def test_every_link_within_the_page_leads_to_a_card_of_its_sentence(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    with opened(browser, pages[name]) as page:
        links = page.locator('.group a[href^="#"]').evaluate_all(
            "all => all.map(one => [one.getAttribute('href').slice(1), one.textContent])"
        )
        cards = dict(
            page.locator("article[id]").evaluate_all(
                "all => all.map(one => [one.id, one.querySelector('h3').innerText])"
            )
        )
        ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
        assert len(ids) == len(set(ids))
        for anchor, sentence in links:
            assert sentence in cards[anchor]
        assert page.locator(".group a").count() == len(links)


# what changed


def test_each_kind_of_standing_has_its_group(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["past"]) as page:
        assert " ".join(_heading(page)) == (
            "What changed Compared with the run of Sat 21 Nov, 08:00, and 19 before it. "
            "There was no run on Sun 22, Mon 23."
        )
        groups = _groups(page)
        tones = page.locator(".group h3").evaluate_all("all => all.map(one => one.className)")
        anchors = page.locator(".group a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert groups["New failures (1)"] == ["Load is bad: svc-new high, new"]
    assert groups["Still failing (1)"] == ["Load is bad: svc-still high, day 3, since Sun 22 Nov, 08:00"]
    assert groups["Flapping (1)"][0].startswith("Load is bad: svc-flapping high, flapping: failed, ")
    assert groups["No longer there (1)"][0].startswith("Tables is bad: table-gone high, was bad since ")
    assert [line.split(",")[0] for line in groups["Recovered (2)"]] == [
        "Load is bad: svc-recovered high",
        "Tables is bad: table-recovered high",
    ]
    (unseen,) = groups["Could not look (1)"]
    assert unseen.startswith("whether alarms high")
    assert "production" not in unseen, "the whole stack is no resource of a name"
    assert tones == ["bad", "bad", "bad", "unsure", "good", "none"]
    assert set(anchors) == {"#production-load"}, "what has no card has no link"
    assert len(anchors) == 4


def test_a_card_tells_of_each_resource_since_when_and_what_was_changed(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["past"]) as page:
        rows = dict(
            zip(
                page.locator("#production-load dt").all_text_contents(),
                page.locator("#production-load dd").all_text_contents(),
                strict=True,
            )
        )
    assert set(rows) == {"svc-new", "svc-still", "svc-flapping"}
    assert rows["svc-new"].startswith("svc-new is so new")
    assert "last changed" not in rows["svc-new"]
    assert "day 3, since Sun 22 Nov, 08:00 last changed Tue 24 Nov, 08:00 by ann on laptop" in rows["svc-still"]


def test_a_long_group_is_cut_and_says_so(browser: Browser, tmp_path: Path) -> None:
    run = _with_everything()
    (past,) = run.past
    many = tuple(Standing("test_load", f"arn:{n}", f"svc-{n}", "new", NOW, 1) for n in range(SHOWN + 30))
    page_of = render(replace(run, past=(replace(past, standings=many),)), runbook=RUNBOOK, links=LINKS)
    (tmp_path / "many.html").write_text(page_of, encoding="utf-8")
    with opened(browser, tmp_path / "many.html") as page:
        (group,) = _groups(page).items()
    assert group[0] == f"New failures ({SHOWN + 30})"
    assert len(group[1]) == SHOWN + 1
    assert group[1][-1] == "and 30 more"


def test_the_first_run_on_record_says_so(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["first"]) as page:
        assert _heading(page) == ["What changed The first run on record: there is nothing to compare it with."]
        assert page.locator(".group").count() == 0
        assert page.locator(".tile .worse").count() == 0
        labels = page.locator("svg.strip").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        assert set(labels) == {"the only run so far"}
        assert "No new failures" not in page.inner_text("body")


def test_a_history_that_could_not_be_read_says_so(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["unreadable"]) as page:
        (heading,) = _heading(page)
        assert heading.startswith(
            "What changed Earlier runs could not be read, so nothing is compared: cannot be read: <script>"
        )
        assert page.locator(".group").count() == 0
        assert "No new failures" not in page.inner_text("body")
        assert "first run on record" not in page.inner_text("body")


def test_a_morning_like_the_one_before_says_so_and_no_more() -> None:
    run = _with_everything()
    good = replace(
        run,
        checks=tuple(replace(one, outcome=P.value) for one in run.checks),
        findings=tuple(replace(one, outcome=P) for one in run.findings),
        past=(Past("production", 3, _ago(1)),),
    )
    page = render(good, runbook=RUNBOOK, links=LINKS)
    assert "Compared with the run of Mon 23 Nov, 08:00, and 2 before it." in page
    assert "No new failures." in page
    assert 'class="group"' not in page


@pytest.mark.parametrize("state", ["stopped", "finished"])
def test_a_morning_that_is_not_whole_does_not_pass_for_one_like_the_one_before(state: str) -> None:
    run = _with_everything()
    outcome = (Outcome.NOT_RUN if state == "finished" else P).value
    cut = replace(
        run,
        state=state,
        checks=tuple(replace(one, outcome=outcome) for one in run.checks),
        findings=(),
        past=(Past("production", 3, _ago(1)),),
    )
    page = render(cut, runbook=RUNBOOK, links=LINKS)
    assert "No comparison: this run is incomplete." in page
    assert "No new failures" not in page


def test_several_stacks_are_compared_each_with_its_own_past(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["several"]) as page:
        assert _heading(page) == [
            "What changed on one Compared with the run of Mon 23 Nov, 08:00, and 1 before it.",
            "What changed on other Compared with the run of Sun 22 Nov, 08:00, and 6 before it.",
            "What changed on third Earlier runs could not be read, so nothing is compared: AccessDenied",
        ]
        assert _groups(page) == {
            "Still failing (1)": ["Load is bad: svc-of-one high, day 5, since Fri 20 Nov, 08:00"],
            "New failures (1)": ["Load is bad: svc-of-other high, new"],
        }
        anchors = page.locator(".group a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert anchors == ["#one-load", "#other-load"]
        for anchor, name in (("one-load", "one"), ("other-load", "other")):
            assert f"svc-of-{name}" in page.locator(f"#{anchor}").inner_text()
        assert "thing of one (one)" in page.locator("table", has_text="thing of one").inner_text()
        strips = page.locator("tr svg.strip").evaluate_all(
            "all => all.map(one => [one.closest('tr').cells[0].textContent, one.getAttribute('aria-label')])"
        )
        assert strips[:2] == [
            ["one", "last 3 runs: 1 passed, 2 failed"],
            ["other", "last 8 runs: 7 passed, 1 failed"],
        ]


# strips, numbers, lines

SAME = {"good": ("passed",), "waived": ("waived",), "bad": ("failed",), "unsure": ("could not look",),
        "none": ("not run", "none")}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_strip_says_in_words_what_its_bars_show(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        strips = page.locator("svg.strip").evaluate_all(
            """all => all.map(one => ({
                 said: one.getAttribute('aria-label'),
                 bars: [...one.children].map(bar => bar.getAttribute('class')),
                 places: [...one.children].map(bar => bar.getBBox().x),
                 ends: Math.max(...[...one.children].map(bar => bar.getBBox().x + bar.getBBox().width)),
                 width: one.viewBox.baseVal.width,
                 colours: [...one.children].map(bar => getComputedStyle(bar).fill),
               }))"""
        )
    assert strips
    for strip in strips:
        bars = Counter(strip["bars"])
        assert strip["places"] == sorted(set(strip["places"])), "each bar in a place of its own, in order"
        assert strip["ends"] <= strip["width"]
        assert len(set(strip["colours"])) == len(bars)
        if strip["said"] in ("the only run so far", "earlier runs were not compared"):
            assert len(strip["bars"]) == 1
            continue
        total, counts = re.fullmatch(r"last (\d+) runs: (.*)", strip["said"]).groups()  # type: ignore[union-attr]
        said = Counter({words: int(count) for count, words in (one.split(" ", 1) for one in counts.split(", "))})
        assert sum(said.values()) == int(total) == len(strip["bars"])
        assert {tone: sum(said[word] for word in words) for tone, words in SAME.items()} == {
            tone: bars[tone] for tone in SAME
        }


def test_a_strip_ends_with_this_run_and_begins_with_the_oldest(browser: Browser, pages: dict[str, Path]) -> None:
    tones = {"passed": "good", "failed": "bad", "blind": "unsure", "waived": "waived"}
    now = {"ECS": ("ecs", "failed"), "Alarms": ("alarms", "blind"), "DynamoDB": ("dynamodb", "passed"),
           "Logs": ("logs", "waived")}  # fmt: skip
    with opened(browser, pages["past"]) as page:
        rows = dict(
            page.locator("tr", has=page.locator("svg.strip")).evaluate_all(
                """all => all.map(one => [one.querySelector('th').textContent,
                     [...one.querySelectorAll('.strip rect')].map(bar => bar.getAttribute('class'))])"""
            )
        )
        tall = page.locator(".strip rect").evaluate_all(
            "all => all.map(one => [one.getAttribute('class'), one.getBBox().height])"
        )
    assert {name: bars for name, bars in rows.items() if name in now} == {
        name: [tones.get(outcome, "none") for outcome in (*STRIPS[area], last)][-BARS:]
        for name, (area, last) in now.items()
    }
    heights = dict(tall)
    assert min(heights["bad"], heights["unsure"]) > max(heights["good"], heights["waived"], heights["none"])


def test_tiles_tell_how_they_differ_from_the_run_before(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["past"]) as page:
        tiles = {
            label.split(",")[0]: (delta, worse, points, drawn)
            for label, delta, worse, points, drawn in page.locator(".tile").evaluate_all(
                """all => all.map(one => [one.querySelector('.label').textContent,
                     one.querySelector('strong ~ span').textContent, !!one.querySelector('.worse'),
                     [...one.querySelectorAll('polyline')].map(line => line.points.numberOfItems),
                     one.lastElementChild.textContent])"""
            )
        }
        assert page.locator(".spark polyline").evaluate_all("all => all.every(one => one.getBBox().width > 90)")
    assert tiles["Checks passed"] == ("▼ 1", True, [6], "last 6 runs")
    assert tiles["CPU"] == ("▲ 10 %", False, [288], "last 24 h"), "three runs are no line"
    assert tiles["5xx"][:2] == ("no change", False)
    assert tiles["p95 response time"][1:] == (False, [288], "last 24 h")


def test_yesterdays_line_is_drawn_beside_todays(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["past"]) as page:
        lines = page.locator(".charts svg.chart").evaluate_all(
            """all => all.map(one => [...one.querySelectorAll('polyline')].map(line => {
                 const [box, style] = [line.getBBox(), getComputedStyle(line)];
                 return [line.getAttribute('class'), line.points.numberOfItems, box.x, box.x + box.width, box.y,
                         style.strokeDasharray, style.stroke]; }))"""
        )
        assert "dotted is the day before" in page.inner_text("body")
    assert len(lines) == 4
    for chart in lines:
        (before, line) = chart
        assert (before[0], line[0]) == ("before", "line")
        assert before[1] == line[1] == 288
        assert abs(before[2] - line[2]) < 1
        assert abs(before[3] - line[3]) < 1
        assert before[4] > line[4], "its values are the half of today's"
        assert (before[5] != "none", line[5]) == (True, "none")
        assert before[6] != line[6]


# changes, sections


def test_changes_of_the_journal_stand_beside_those_of_the_run_each_once(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["past"]) as page:
        heading = page.locator("h2", has_text="Changes made").inner_text()
        rows = page.locator('[aria-label="Changes made"] tbody tr').evaluate_all(
            "all => all.map(one => [...one.cells].map(cell => cell.textContent))"
        )
    assert heading.startswith("Changes made (4) ")
    assert [row[:4] for row in rows] == [
        ["this run", "rolled back", "sync-dashboard", "site"],
        ["Mon 23 Nov, 08:00 by ann on laptop, process 7", "cured", "rotate-key", "key"],
        ["Sun 22 Nov, 08:00 by ann on laptop, process 7", "sent", "scale-service", "svc-still"],
        ["Sat 21 Nov, 20:00 by ann on laptop, process 7", "cured", "scale-service", "svc-still"],
    ]
    assert [row[6] for row in rows] == [
        "nothing to undo",
        "it cannot be undone",
        "opschecks undo second00 --stack production",
        "opschecks undo first000 --stack production",
    ]
    assert rows[2][5] == "undoes older000"
    assert rows[3][4:6] == ["desired: 2 → 4", "the same check passes now"]


def test_a_users_section_stands_on_the_page_and_in_the_run_file(
    browser: Browser, pages: dict[str, Path], own: Project
) -> None:
    with opened(browser, pages["own"]) as page:
        headings = page.locator("h2:has(+ .own)").all_inner_texts()
        texts = page.locator(".own").all_inner_texts()
        assert page.locator(".own em").inner_text() == "1"
        assert page.locator(".own li").all_inner_texts() == ["a", "b"]
        assert page.locator(".own b").count() == 0
        assert _groups(page)["Still failing (1)"][0].startswith("it is broken: b high, day 1, since ")
    told = dict(zip(headings, (text.strip() for text in texts), strict=True))
    assert told["Of daily"] == "1 checks, 1 runs before"
    assert told["Nested"] == "<b>plain</b>"
    sections = own.told()["sections"]
    assert {(one["title"], one["markdown"]) for one in sections} == {
        ("Of daily", "1 checks, *1* runs before"),
        ("Nested", "<b>plain</b>"),
        ("Second", "- a\n- b"),
    }


def test_a_section_is_markdown(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["past"]) as page:
        own = page.locator(".own")
        assert own.locator("td strong").inner_text() == "v12"
        assert own.locator("li code").inner_text() == "cdk deploy"
        assert own.locator("a").get_attribute("href") == "https://example.com/"


@pytest.mark.parametrize(
    "run",
    [_with_everything(), _hostile("http://127.0.0.1:1", HOSTILE.rstrip("n")), _several()],
    ids=["past", "hostile", "several"],
)
def test_a_page_made_again_from_the_run_file_has_the_same_past(run: Run) -> None:
    again = from_json(to_json(run))
    assert again.past == from_json(to_json(again)).past
    first, second = (render(one, runbook=RUNBOOK, links=LINKS, earlier=earlier(one, 1)) for one in (run, again))
    assert first == second


# hostile strings


def test_hostile_strings_of_the_past_do_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    for name in ("hostile", "unreadable"):
        # without the page's own content security policy, so that escaping alone must do
        with opened(browser, pages[name], bypass_csp=True, offline=True) as page:
            unfold(page)
            assert page.evaluate("window.pwned") is None
            assert page.locator("script, iframe, object, embed, base, form, main style").count() == 0
            assert page.locator("main > *").count() > 5, "nothing closed what it stands in"
            assert page.locator("h1").count() == 1
            assert page.evaluate("[...document.images].filter(one => !one.closest('.own') || one.onerror).length") == 0
            handlers = page.evaluate(
                """[...document.querySelectorAll('*')].flatMap(one =>
                     [...one.attributes].map(each => each.name)).filter(name => name.startsWith('on'))"""
            )
            assert handlers == []
            text = page.content()
            assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(text)
            assert "<script>window.pwned" in page.inner_text("body")


def test_no_link_of_a_section_is_a_script(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["hostile"]) as page:
        links = page.locator("a").evaluate_all("all => all.map(one => one.protocol)")
        assert set(links) <= {"file:", "https:"}
        own = page.locator(".own").first
        said = own.inner_text()
        assert "javascript:window.pwned=1" in said, "it is shown, and leads nowhere"
        assert "{{ 7 * 7 }}" in said
        assert own.locator("a").count() == 0
        assert page.evaluate("window.pwned") is None


def test_hostile_strings_keep_their_place(browser: Browser, pages: dict[str, Path]) -> None:
    """Each group has its lines, each change its row; ten kilobytes of a name are cut."""
    with opened(browser, pages["hostile"]) as page:
        assert [len(lines) for lines in _groups(page).values()] == [1, 1, 1, 1, 2, 1]
        assert page.locator('[aria-label="Changes made"] tbody tr').count() == 3
        assert page.locator('[aria-label="Changes made"] tbody tr').evaluate_all(
            "all => all.every(one => one.cells.length === 7)"
        )
        assert page.locator(".own").count() == 2
    text = pages["hostile"].read_text(encoding="utf-8")
    assert "… (cut here)" in text
    assert len(text) < 500_000
