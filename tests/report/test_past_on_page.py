"""What a page says of earlier mornings, as people meet it in Chromium."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from opschecks.core.model import Outcome
from opschecks.core.run import Past, Run, Standing
from opschecks.report.builtin_sections import builtin_sections
from opschecks.report.daily.since import SHOWN
from opschecks.report.runfile import from_json, to_json
from opschecks.report.standing import BARS
from tests.browser import opened
from tests.exported import HOSTILE, NOW, hostile, page_of
from tests.mornings import earlier
from tests.report.runs import STRIPS, P, ago, hostile_past, several_pasts, with_everything
from tests.scratch import Project

EVERY = ("past", "hostile", "unreadable", "first", "several", "own")


@pytest.fixture
def page(browser: Browser, past: dict[str, Path]) -> Iterator[Page]:
    with opened(browser, past["past"]) as shown:
        yield shown


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


# what changed


def test_each_kind_of_standing_has_its_group(page: Page) -> None:
    assert " ".join(_heading(page)) == (
        "What changed Compared with the run of Sat 21 Nov, 08:00 CET, and 19 before it. "
        "There was no run on Sun 22, Mon 23."
    )
    groups = _groups(page)
    tones = page.locator(".group h3").evaluate_all("all => all.map(one => one.className)")
    anchors = page.locator(".group a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert groups["New failures (1)"] == ["Load is bad: svc-new high, new"]
    assert groups["Still failing (1)"] == ["Load is bad: svc-still high, day 3, since Sun 22 Nov, 08:00 CET"]
    assert groups["Flapping (1)"][0].startswith("Load is bad: svc-flapping high, flapping: failed, ")
    assert groups["No longer there (1)"][0].startswith("Tables is bad: table-gone high, was failing since ")
    assert [line.split(",")[0] for line in groups["Recovered (2)"]] == [
        "Load is bad: svc-recovered high",
        "Tables is bad: table-recovered high",
    ]
    (unseen,) = groups["Could not look (1)"]
    assert unseen.startswith("alarms high")
    assert "production" not in unseen, "the whole stack is not named as a resource"
    assert tones == ["bad", "bad", "bad", "unsure", "good", "none"]
    assert set(anchors) == {"#production-load"}, "what has no card has no link"
    assert len(anchors) == 4


def test_a_card_shows_of_each_resource_since_when_and_what_was_changed(page: Page) -> None:
    texts = page.locator("#production-load .rows li").all_text_contents()
    rows = {text.split()[0]: " ".join(text.split()) for text in texts}
    assert set(rows) == {"svc-new", "svc-still", "svc-flapping"}
    assert rows["svc-new"].startswith("svc-new arn:svc-new svc-new is so new")
    assert "last changed" not in rows["svc-new"]
    assert "day 3, since Sun 22 Nov, 08:00 CET last changed Tue 24 Nov, 08:00 CET by ann on laptop" in rows["svc-still"]


def test_a_long_group_is_cut_and_says_so(browser: Browser, tmp_path: Path) -> None:
    run = with_everything()
    (past,) = run.past
    many = tuple(Standing("test_load", f"arn:{n}", f"svc-{n}", "new", NOW, 1) for n in range(SHOWN + 30))
    long = page_of(replace(run, past=(replace(past, standings=many),)))
    (tmp_path / "many.html").write_text(long, encoding="utf-8")
    with opened(browser, tmp_path / "many.html") as page:
        (group,) = _groups(page).items()
    assert group[0] == f"New failures ({SHOWN + 30})"
    assert len(group[1]) == SHOWN + 1
    assert group[1][-1] == "and 30 more"


def test_the_first_run_on_record_says_so(browser: Browser, past: dict[str, Path]) -> None:
    with opened(browser, past["first"]) as page:
        assert _heading(page) == ["What changed The first run on record: there is nothing to compare it with."]
        assert page.locator(".group").count() == 0
        assert page.locator(".tile .worse").count() == 0
        assert "the only run so far" in page.inner_text("article.card >> nth=0")
        assert page.locator("svg.strip").count() == 0, "one bar shows nothing"
        assert "No new failures" not in page.inner_text("body")


def test_a_history_that_could_not_be_read_says_so(browser: Browser, past: dict[str, Path]) -> None:
    with opened(browser, past["unreadable"]) as page:
        (heading,) = _heading(page)
        assert heading.startswith(
            "What changed Earlier runs could not be read, so nothing is compared: cannot be read: <script>"
        )
        assert page.locator(".group").count() == 0
        assert "No new failures" not in page.inner_text("body")
        assert "first run on record" not in page.inner_text("body")


def test_a_morning_like_the_one_before_says_so_and_no_more() -> None:
    run = with_everything()
    good = replace(
        run,
        checks=tuple(replace(one, outcome=P.value) for one in run.checks),
        findings=tuple(replace(one, outcome=P) for one in run.findings),
        past=(Past("production", 3, ago(1)),),
    )
    page = page_of(good)
    assert "Compared with the run of <time " in page
    assert ">Mon 23 Nov, 08:00 CET</time>, and 2 before it." in page
    assert "No new failures." in page
    assert 'class="group"' not in page


@pytest.mark.parametrize("state", ["stopped", "finished"])
def test_a_morning_that_is_not_whole_does_not_pass_for_one_like_the_one_before(state: str) -> None:
    run = with_everything()
    outcome = (Outcome.NOT_RUN if state == "finished" else P).value
    cut = replace(
        run,
        state=state,
        checks=tuple(replace(one, outcome=outcome) for one in run.checks),
        findings=(),
        past=(Past("production", 3, ago(1)),),
    )
    page = page_of(cut)
    assert "No comparison: this run is incomplete." in page
    assert "No new failures" not in page


def test_several_stacks_are_compared_each_with_its_own_past(browser: Browser, past: dict[str, Path]) -> None:
    with opened(browser, past["several"]) as page:
        assert _heading(page) == [
            "What changed on one Compared with the run of Mon 23 Nov, 08:00 CET, and 1 before it.",
            "What changed on other Compared with the run of Sun 22 Nov, 08:00 CET, and 6 before it.",
            "What changed on third Earlier runs could not be read, so nothing is compared: AccessDenied",
        ]
        assert _groups(page) == {
            "Still failing (1)": ["Load is bad: svc-of-one high, day 5, since Fri 20 Nov, 08:00 CET"],
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
        assert strips[:2] == [["one", "last 3 runs: 1 passed, 2 failed"], ["other", "last 8 runs: 7 passed, 1 failed"]]


# strips, numbers, lines

SAME = {"good": ("passed",), "waived": ("waived",), "bad": ("failed",), "unsure": ("could not look",),
        "none": ("not run", "none")}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_strip_says_in_words_what_its_bars_show(browser: Browser, past: dict[str, Path], name: str) -> None:
    with opened(browser, past[name]) as page:
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
    assert bool(strips) == (name not in ("unreadable", "first"))
    for strip in strips:
        bars = Counter(strip["bars"])
        assert strip["places"] == sorted(set(strip["places"])), "each bar in a place of its own, in order"
        assert strip["ends"] <= strip["width"]
        assert len(set(strip["colours"])) == len(bars)
        if strip["said"] in ("the only run so far", "earlier runs were not compared"):  # beside a stack with runs
            assert len(strip["bars"]) == 1
            continue
        total, counts = re.fullmatch(r"last (\d+) runs: (.*)", strip["said"]).groups()  # type: ignore[union-attr]
        said = Counter({words: int(count) for count, words in (one.split(" ", 1) for one in counts.split(", "))})
        assert sum(said.values()) == int(total) == len(strip["bars"])
        assert {tone: sum(said[word] for word in words) for tone, words in SAME.items()} == {
            tone: bars[tone] for tone in SAME
        }


def test_a_strip_ends_with_this_run_and_begins_with_the_oldest(browser: Browser, past: dict[str, Path]) -> None:
    tones = {"passed": "good", "failed": "bad", "blind": "unsure", "waived": "waived"}
    now = {"ECS": ("ecs", "failed"), "Alarms": ("alarms", "blind"), "DynamoDB": ("dynamodb", "passed"),
           "Logs": ("logs", "waived")}  # fmt: skip
    with opened(browser, past["past"]) as page:
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


def test_tiles_show_how_they_differ_from_the_run_before(page: Page) -> None:
    tiles = {
        label.split(",")[0]: (delta, worse, points, drawn)
        for label, delta, worse, points, drawn in page.locator(".tile").evaluate_all(
            """all => all.map(one => [one.querySelector('.label').textContent,
                 one.querySelector('.about span').textContent, !!one.querySelector('.worse'),
                 [...one.querySelectorAll('polyline')].map(line => line.points.numberOfItems),
                 (one.querySelector('.trend .dim') || one.lastElementChild).textContent])"""
        )
    }
    assert page.locator(".spark polyline").evaluate_all("all => all.every(one => one.getBBox().width > 90)")
    assert tiles["Checks passed"] == ("▼ 1", True, [6], "last 6 runs")
    assert tiles["CPU"] == ("▲ 10 points", True, [288], "last 24 h"), "three runs are no line"
    assert tiles["5xx"][:2] == ("no change", False)
    assert tiles["p95 response time"][1:] == (False, [288], "last 24 h")


def test_yesterdays_line_is_drawn_beside_todays(page: Page) -> None:
    lines = page.locator(".charts svg.chart").evaluate_all(
        """all => all.map(one => [...one.querySelectorAll('polyline')].map(line => {
             const [box, style] = [line.getBBox(), getComputedStyle(line)];
             return [line.getAttribute('class'), line.points.numberOfItems, box.x, box.x + box.width, box.y,
                     style.strokeDasharray, style.stroke]; }))"""
    )
    assert "dotted: the day before" in (page.locator("main").text_content() or "")
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


def test_changes_of_the_journal_stand_beside_those_of_the_run_each_once(page: Page) -> None:
    heading = page.locator("h2", has_text="Changes made").inner_text()
    rows = page.locator('[aria-label="Changes made"] tbody tr').evaluate_all(
        "all => all.map(one => [...one.cells].map(cell => cell.textContent))"
    )
    assert heading.startswith("Changes made (4) ")
    assert [row[:4] for row in rows] == [
        ["this run", "rolled back", "sync-dashboard", "site"],
        ["Mon 23 Nov, 08:00 CET by ann on laptop, process 7", "cured", "rotate-key", "key"],
        ["Sun 22 Nov, 08:00 CET by ann on laptop, process 7", "sent", "scale-service", "svc-still"],
        ["Sat 21 Nov, 20:00 CET by ann on laptop, process 7", "cured", "scale-service", "svc-still"],
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
    browser: Browser, past: dict[str, Path], own: Project
) -> None:
    with opened(browser, past["own"]) as page:
        headings = page.locator("h2:has(+ .own)").all_inner_texts()
        texts = page.locator(".own").all_inner_texts()
        assert page.locator(".own em").inner_text() == "1"
        assert page.locator(".own li").all_inner_texts() == ["a", "b"]
        assert page.locator(".own b").count() == 0
        assert re.match("it is broken: b high, day [12], since ", _groups(page)["Still failing (1)"][0])
    told = dict(zip(headings, (text.strip() for text in texts), strict=True))
    assert told["Of daily"] == "1 checks, 1 runs before"
    assert told["Nested"] == "<b>plain</b>"
    ours, *theirs = own.told()["sections"]
    assert {(one["title"], one["markdown"]) for one in theirs} == {
        ("Of daily", "1 checks, *1* runs before"),
        ("Nested", "<b>plain</b>"),
        ("Second", "- a\n- b"),
    }
    assert (ours["title"], headings[0]) == ("Waivers", "Waivers")
    assert "thing/d*\tit is *known*\tann | bob\t" in texts[0]


def test_sections_of_ours_are_made_where_a_run_file_of_an_earlier_version_lacks_them() -> None:
    run = hostile()
    assert [one.title for one in builtin_sections(run)] == ["Waivers"]
    assert page_of(run) == page_of(replace(run, sections=tuple(builtin_sections(run))))


def test_a_section_is_markdown(page: Page) -> None:
    own = page.locator(".own")
    assert own.locator("td strong").inner_text() == "v12"
    assert own.locator("li code").inner_text() == "cdk deploy"
    assert own.locator("a").get_attribute("href") == "https://example.com/"


@pytest.mark.parametrize(
    "run",
    [with_everything(), hostile_past("http://127.0.0.1:1", HOSTILE.rstrip("n")), several_pasts()],
    ids=["past", "hostile", "several"],
)
def test_a_page_made_again_from_the_run_file_has_the_same_past(run: Run) -> None:
    again = from_json(to_json(run))
    assert again.past == from_json(to_json(again)).past
    first, second = (page_of(one, earlier=earlier(one, 1)) for one in (run, again))
    assert first == second


def test_no_link_of_a_section_is_a_script(browser: Browser, past: dict[str, Path]) -> None:
    with opened(browser, past["hostile"]) as page:
        links = page.locator("a").evaluate_all("all => all.map(one => one.protocol)")
        assert set(links) <= {"file:", "https:"}
        own = page.locator(".own").first
        said = own.inner_text()
        assert "javascript:window.pwned=1" in said, "it is shown, and leads nowhere"
        assert "{{ 7 * 7 }}" in said
        assert own.locator("a").count() == 0
        assert page.evaluate("window.pwned") is None


def test_hostile_strings_keep_their_place(browser: Browser, past: dict[str, Path]) -> None:
    """Each group has its lines, each change its row; ten kilobytes of a name are cut."""
    with opened(browser, past["hostile"]) as page:
        assert [len(lines) for lines in _groups(page).values()] == [1, 1, 1, 1, 2, 1]
        assert page.locator('[aria-label="Changes made"] tbody tr').count() == 3
        assert page.locator('[aria-label="Changes made"] tbody tr').evaluate_all(
            "all => all.every(one => one.cells.length === 7)"
        )
        assert page.locator(".own").count() == 2
    text = past["hostile"].read_text(encoding="utf-8")
    assert "… (cut here)" in text
    assert len(text) < 500_000
