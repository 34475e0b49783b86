"""The objects of the site, asked for again while a bake waits for the CDN."""

from __future__ import annotations

from typing import Any, ClassVar

from opschecks.aws.cloudfront import Distribution
from opschecks.web.http import Response
from opschecks.web.site_objects import SiteObject, site_objects
from tests.canned import Aws, stack


def test_objects_of_the_site_that_are_served_as_they_are_are_not_asked_for_again() -> None:
    def served(name: str, etag: str, status: int = 200) -> SiteObject:
        told = Response(name, status, 1.0, headers={"ETag": f'"{etag}"'})
        return SiteObject(arn=f"http://site.test/{name}", name=name, answer=told, evidence={"ETag": '"new"'})

    class Asked:
        urls: ClassVar[list[str]] = []

        def head(self, url: str, timeout_s: float) -> Response:
            self.urls.append(url)
            return Response(url, 200, 1.0, headers={"ETag": 'W/"new"'})

    http: Any = Asked()
    of = Distribution(arn="d", name="d")
    earlier = [served("a", "new"), served("b", "old"), served("c", "new", 503)]
    again = site_objects(stack(dashboard_url="http://site.test"), Aws({}), http, of, earlier)
    assert sorted(Asked.urls) == ["http://site.test/b", "http://site.test/c"]
    assert [(one.name, one.is_current) for one in again] == [("a", True), ("b", True), ("c", True)]
