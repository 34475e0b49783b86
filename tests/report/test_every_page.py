"""What holds of every page, as people meet it: in Chromium, wide and on a phone, light and dark, without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import meta, nodes
from playwright.sync_api import Browser

from opschecks.report import page as assembly
from opschecks.report import rendering
from tests.browser import PHONE, SCROLLS, WIDE, cut_off, opened, unfold, violations

EVERY = [
    *(f"daily/{name}" for name in ("bad", "good", "hostile", "unfinished", "none")),
    *(f"past/{name}" for name in ("past", "hostile", "unreadable", "first", "several", "own")),
    *(f"weekly/{name}" for name in ("story", "first", "hostile", "unreadable", "several")),
]
IN_EVERY_LOOK = ("daily/bad", "past/past", "weekly/story", "weekly/hostile")
HOSTILE = ("daily/hostile", "daily/none", "past/hostile", "past/unreadable", "weekly/hostile")


@pytest.fixture
def path(request: pytest.FixtureRequest, name: str) -> Path:
    """The page of that name."""
    family, _, one = name.partition("/")
    pages: dict[str, Path] = request.getfixturevalue(family)
    return pages[one]


SECTIONS = [assembly.template_of(section) for section in dict.fromkeys((*assembly.of_a_day(), *assembly.of_a_week()))]


@pytest.mark.parametrize(
    "template", [*SECTIONS, "templates/page.html", "templates/verdict.html", "templates/parts.html"]
)
def test_a_template_prints_facts_and_calls_no_python(template: str) -> None:
    """A run, or a function, that it asked would be asked again for each page and each export.

    The one function that it has, `told`, puts the moments of a text into words.
    """
    environment = rendering.environment()
    assert environment.loader
    parsed = environment.parse(environment.loader.get_source(environment, template)[0])
    assert meta.find_undeclared_variables(parsed) <= {"facts", "page", "sections", "caller", "told"}
    assert all(isinstance(call.node, nodes.Name) for call in parsed.find_all(nodes.Call)), "a macro, never a method"


@pytest.mark.parametrize("name", EVERY)
def test_nothing_needs_javascript(browser: Browser, path: Path, name: str) -> None:
    with opened(browser, path) as page:
        assert page.locator("script").count() == 0
        if name not in IN_EVERY_LOOK:
            return
        with_it = page.screenshot(full_page=True)
    with opened(browser, path, java_script_enabled=False) as page:
        assert page.screenshot(full_page=True) == with_it


@pytest.mark.parametrize("name", EVERY)
def test_axe_finds_nothing(browser: Browser, path: Path, name: str) -> None:
    with opened(browser, path, bypass_csp=True) as page:
        unfold(page)
        looks = [(width, dark) for width in (WIDE, PHONE) for dark in (False, True)]
        for width, dark in looks if name in IN_EVERY_LOOK else (looks[0], looks[-1]):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if dark else "light")
            assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [width, dark]
            assert violations(page) == []


@pytest.mark.parametrize("name", EVERY)
def test_a_phone_never_scrolls_sideways_and_loses_nothing(browser: Browser, path: Path) -> None:
    with opened(browser, path, width=PHONE) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        assert cut_off(page, f"main {SCROLLS}") == []


@pytest.mark.parametrize("name", EVERY)
def test_a_page_asks_for_nothing(browser: Browser, path: Path, asked: list[str]) -> None:
    loaded: list[str] = []
    with opened(browser, path) as page:
        page.on("requestfinished", lambda request: loaded.append(request.url))
        page.reload()
    assert loaded == [path.as_uri()]
    assert asked == []


def test_a_page_that_asked_would_be_caught(browser: Browser, server: str, tmp_path: Path, asked: list[str]) -> None:
    (tmp_path / "asking.html").write_text(f'<img src="{server}/seen.png">', encoding="utf-8")
    with opened(browser, tmp_path / "asking.html"):
        assert asked == ["/seen.png"]


@pytest.mark.parametrize("name", EVERY)
def test_every_link_within_the_page_leads_to_a_card_of_its_sentence(browser: Browser, path: Path) -> None:
    with opened(browser, path) as page:
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
        inner = dict(
            page.locator("article section[id]").evaluate_all(
                "all => all.map(one => [one.id, one.closest('article').id])"
            )
        )
        for anchor, sentence in links:
            assert sentence in cards[inner.get(anchor, anchor)]
        assert page.locator(".group a").count() == len(links)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_do_nothing(browser: Browser, path: Path) -> None:
    # without the page's own content security policy, so that escaping alone must do
    with opened(browser, path, bypass_csp=True, offline=True) as page:
        unfold(page)
        assert page.evaluate("window.pwned") is None
        assert page.locator("script, iframe, object, embed, base, form, main style").count() == 0
        assert page.locator("h1").count() == 1, "nothing closed what it stands in"
        assert page.evaluate("[...document.images].filter(one => !one.closest('.own') || one.onerror).length") == 0
        handlers = page.evaluate(
            """[...document.querySelectorAll('*')].flatMap(one =>
                 [...one.attributes].map(each => each.name)).filter(name => name.startsWith('on'))"""
        )
        assert handlers == []
        assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(page.content())
        said = page.inner_text("body")
        assert "<script>window.pwned" in said
        assert "{{ 7 * 7 }}" in said, "no template took it for one of its own"
    assert len(path.read_bytes()) < 700_000
