"""Dashboards as they are served, and the stand-in that a site serves for what it has not."""

from __future__ import annotations

import re

import pytest
import requests
import responses

from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http
from opschecks.web.pages import Page, dashboard_pages
from tests.canned import Raw
from tests.web.hosts import SITE, _free_port, _stack

DEMO = "<!doctype html><html><head><title>\n Incident  Commander\t– Demo </title></head></html>"


def _page(
    http: Http,
    mocked: responses.RequestsMock,
    body: str = DEMO,
    *,
    content_type: str = "text/html",
    status: int = 200,
    stand_in: Raw | None = None,
) -> Page:
    mocked.get(f"{SITE}/demo", body=body, content_type=content_type, status=status)
    mocked.get(re.compile(rf"{SITE}/opschecks-[0-9a-f]{{16}}$"), **(stand_in or {"status": 404}))
    stack = _stack(dashboard_url=SITE, dashboards=[{"path": "/demo", "contains": "Demo"}])
    (page,) = dashboard_pages(stack, http)
    return page


def test_a_dashboard_is_seen_as_served(http: Http, mocked: responses.RequestsMock) -> None:
    page = _page(http, mocked)
    assert (page.arn, page.name, page.contains) == (f"{SITE}/demo", "/demo", "Demo")
    assert page.answer.status == 200
    assert page.is_html
    assert page.title == "Incident Commander – Demo"
    assert not page.is_a_stand_in
    assert page.evidence["a path that cannot exist"] == 404


@pytest.mark.parametrize(
    ("body", "content_type", "is_html"),
    [
        (DEMO, "application/xhtml+xml", True),
        ("<HTML>", "TEXT/HTML", True),
        ('{"<html>": 1}', "application/json", False),
        ("Demo", "text/html", False),
        ("", "text/html", False),
    ],
)
def test_a_page_is_html_by_type_and_by_content(
    http: Http, mocked: responses.RequestsMock, body: str, content_type: str, is_html: bool
) -> None:
    assert _page(http, mocked, body, content_type=content_type).is_html is is_html


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<html>", ""),
        ("<TITLE lang='en'>A\n\nB</TITLE>", "A B"),
        ("<title>one</title><title>two</title>", "one"),
        ("<title>without an end", ""),
    ],
)
def test_a_page_has_the_title_of_its_document(
    http: Http, mocked: responses.RequestsMock, body: str, title: str
) -> None:
    assert _page(http, mocked, body).title == title


def test_an_error_page_dressed_as_200_is_a_stand_in(http: Http, mocked: responses.RequestsMock) -> None:
    assert _page(http, mocked, stand_in={"body": DEMO, "status": 200}).is_a_stand_in


@pytest.mark.parametrize(
    "stand_in",
    [{"body": DEMO, "status": 404}, {"body": "<html>not found</html>", "status": 200}, {"body": "", "status": 403}],
    ids=str,
)
def test_a_site_that_tells_pages_from_nothing_has_no_stand_in(
    http: Http, mocked: responses.RequestsMock, stand_in: Raw
) -> None:
    assert not _page(http, mocked, stand_in=stand_in).is_a_stand_in


def test_pages_that_are_all_empty_are_judged_by_their_content_alone(http: Http, mocked: responses.RequestsMock) -> None:
    page = _page(http, mocked, "", stand_in={"body": "", "status": 200})
    assert not page.is_a_stand_in
    assert not page.is_html


@pytest.mark.parametrize(
    "stand_in",
    [{"status": 500}, {"status": 503}, {"body": requests.exceptions.ReadTimeout("slow")}],
    ids=["500", "503", "silence"],
)
def test_a_stand_in_that_is_not_known_is_not_looked_at(
    http: Http, mocked: responses.RequestsMock, stand_in: Raw
) -> None:
    page = _page(http, mocked, stand_in=stand_in)
    with pytest.raises(CouldNotLook, match=f"GET {SITE}/opschecks-"):
        _ = page.is_a_stand_in


def test_dashboards_of_a_site_out_of_reach_are_not_looked_at(http: Http) -> None:
    stack = _stack(dashboard_url=f"http://127.0.0.1:{_free_port()}", dashboards=[{"path": "/demo", "contains": "Demo"}])
    with pytest.raises(CouldNotLook, match="refused"):
        dashboard_pages(stack, http)


@pytest.mark.parametrize("given", [{}, {"dashboard_url": SITE}, {"dashboards": [{"path": "/x", "contains": "x"}]}])
def test_dashboards_that_are_not_named_are_not_looked_at(http: Http, given: Raw) -> None:
    with pytest.raises(CouldNotLook, match="names no dashboards"):
        dashboard_pages(_stack(**given), http)
