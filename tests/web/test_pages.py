"""Dashboards as they are served, and the stand-in that a site serves for what it has not."""

from __future__ import annotations

import re

import pytest
import responses

from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http
from opschecks.web.pages import dashboard_pages
from tests.web.hosts import SITE, _free_port, _stack

DEMO = "<!doctype html><html><head><title>\n Incident  Commander\t– Demo </title></head></html>"


def test_a_dashboard_is_seen_as_served(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(f"{SITE}/demo", body=DEMO, content_type="text/html")
    mocked.get(re.compile(rf"{SITE}/opschecks-[0-9a-f]{{16}}$"), status=404)
    (page,) = dashboard_pages(_stack(dashboard_url=SITE, dashboards=[{"path": "/demo", "contains": "Demo"}]), http)
    assert (page.arn, page.name, page.contains) == (f"{SITE}/demo", "/demo", "Demo")
    assert page.answer.status == 200
    assert page.is_html
    assert page.title == "Incident Commander – Demo"
    assert not page.is_a_stand_in
    assert page.evidence["a path that cannot exist"] == 404


def test_dashboards_of_a_site_out_of_reach_are_not_looked_at(http: Http) -> None:
    stack = _stack(dashboard_url=f"http://127.0.0.1:{_free_port()}", dashboards=[{"path": "/demo", "contains": "Demo"}])
    with pytest.raises(CouldNotLook, match="refused"):
        dashboard_pages(stack, http)
