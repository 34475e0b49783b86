"""Dashboards, assets and objects of a site, part by part, from answers that are told in this process."""

from __future__ import annotations

import pytest

from opschecks.aws.cloudfront import Distribution
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotConfigured
from opschecks.web.caching import StaticAsset, comes_from_cache, static_assets
from opschecks.web.http import Response
from opschecks.web.pages import BEGINNING, TITLE_WITHIN, Page, dashboard_pages
from opschecks.web.site_objects import SiteObject, list_objects, site_objects
from tests.canned import Aws, Raw, stack
from tests.canned_site import item, page, told_of
from tests.web.told import Site, response

ROOT = "https://site.test"
HTML: Raw = {"Content_Type": "text/html; charset=utf-8"}
OLD = "<!doctype html><title>A</title>"


def _page(
    answer: Response | str = OLD, stand_in: Response | None = None, contains: str = "A", for_any_path: bool = False
) -> Page:
    told = response(answer, **HTML) if isinstance(answer, str) else answer
    return Page(
        arn=ROOT,
        name="/",
        answer=told,
        stand_in=stand_in or response(status=404),
        contains=contains,
        for_any_path=for_any_path,
    )


@pytest.mark.parametrize(
    ("body", "kind", "is_html"),
    [
        ("<!DOCTYPE HTML>", "text/html", True),
        ("<html lang=en>", "text/html", True),
        ("<HTML>", "TEXT/HTML", True),
        ("<html>", "Application/XHTML+XML", True),
        ("<html>", "text/plain", False),
        ('{"<html>": 1}', "application/json", False),
        ("<p>", "text/html", False),
        ("", "text/html", False),
        (" " * (BEGINNING - 5) + "<html>", "text/html", True),
        (" " * (BEGINNING - 4) + "<html>", "text/html", False),
    ],
)
def test_an_html_document_says_so_in_its_type_and_its_beginning(body: str, kind: str, is_html: bool) -> None:
    assert _page(response(body, Content_Type=kind)).is_html is is_html


@pytest.mark.parametrize(
    ("body", "contains", "has"),
    [
        ("x Demo y", "Demo", True),
        ("x &ndash; Demo", "– Demo", True),
        ("x\n  Demo\n  of", "Demo of", True),
        ("x\n  Demo", "\n  Demo", True),
        ("x", "Demo", False),
    ],
)
def test_a_page_has_its_text_however_it_is_written(body: str, contains: str, has: bool) -> None:
    assert _page(body, contains=contains).has_its_text is has


@pytest.mark.parametrize(
    ("stand_in", "any_path", "is_one"),
    [
        (response(status=404), False, False),
        (response(OLD, **HTML), False, True),
        (response(OLD, **HTML), True, False),
        (response(OLD, status=404), False, False),
        (response(OLD, status=499), False, False),
        (response("other"), False, False),
        (response(status=403), False, False),
        (response(status=503), True, False),
    ],
)
def test_a_page_that_is_served_for_any_path_is_a_stand_in(stand_in: Response, any_path: bool, is_one: bool) -> None:
    assert _page(stand_in=stand_in, for_any_path=any_path).is_a_stand_in is is_one
    assert not _page("", stand_in=response("")).is_a_stand_in


@pytest.mark.parametrize(("status", "said"), [(None, "broke off"), (500, "answered 500"), (503, "answered 503")])
def test_without_the_answer_for_any_path_it_is_not_known_whether_a_page_is_one(status: int | None, said: str) -> None:
    with pytest.raises(CouldNotLook, match=f"GET https://site.test/x: {said}"):
        assert _page(stand_in=response(status=status)).is_a_stand_in


TITLES = {
    "<title>A</title>": "A",
    "x<TITLE lang='en'>\n A &amp;  B\t</Title>y": "A & B",
    "<title>A": "",
    "A</title>": "",
    "<title": "",
    "<p>A</p>": "",
    "<title>one</title><title>two</title>": "one",
    "<title></title>": "",
    " " * (TITLE_WITHIN - 16) + "<title>A</title>": "A",
    " " * (TITLE_WITHIN - 8) + "<title>A</title>": "",
    "\u0130<title>A</title>": "A",
    "x</title><title": "",
    "<body><title>A</title><svg><title>B</title>": "A",
}


@pytest.mark.parametrize(("body", "title"), TITLES.items(), ids=range(len(TITLES)))
def test_the_title_of_a_document(body: str, title: str) -> None:
    assert _page(body).title == title


def test_each_dashboard_is_asked_for_and_a_path_that_cannot_exist() -> None:
    site = Site(lambda url: response(f"body of {url}", 404 if "opschecks-" in url else 200, url))
    boards = [{"path": "/a", "contains": "A"}, {"path": "/b", "contains": "B"}]
    checked = stack(dashboard_url=ROOT, dashboards=boards, single_page_application=True, limits={"probe_timeout_s": 3})
    a, b = dashboard_pages(checked, site)
    assert (a.arn, a.name, a.contains, a.for_any_path) == (f"{ROOT}/a", "/a", "A", True)
    assert (b.answer.url, b.stand_in.status) == (f"{ROOT}/b", 404)
    assert a.evidence == {
        "status": 200,
        "headers": {},
        "latency_ms": 12,
        "body": f"body of {ROOT}/a",
        "a path that cannot exist": 404,
    }
    assert a.figures == (Figure("latency", 12, "ms"),)
    assert {timeout for _, _, timeout in site.asked} == {3}
    nowhere = next(url for _, url, _ in site.asked if "opschecks-" in url)
    assert len(nowhere) == len(f"{ROOT}/opschecks-") + 16
    long = dashboard_pages(stack(dashboard_url=ROOT, dashboards=boards[:1]), Site(lambda _: response("x" * 1001)))
    assert len(long[0].evidence["body"]) == 1000
    for keys in ({}, {"dashboard_url": ROOT}, {"dashboards": boards}):
        with pytest.raises(NotConfigured, match="names no dashboards: set dashboard_url and dashboards"):
            dashboard_pages(stack(**keys), site)


def _asset(*answers: Response) -> StaticAsset:
    return StaticAsset(arn=f"{ROOT}/a.js", name="a.js", answers=answers)


PAST, LATER = "Tue, 24 Nov 2026 06:00:00 GMT", "Tue, 24 Nov 2026 08:00:00 GMT"
FORBIDS: dict[str, tuple[Raw, bool]] = {
    "nothing is said": ({}, False),
    "no-store": ({"Cache_Control": "no-store"}, True),
    "no-cache among others": ({"Cache_Control": "public, No-Cache"}, True),
    "private": ({"Cache_Control": "private, max-age=60"}, True),
    "private of a header": ({"Cache_Control": 'private="Set-Cookie", max-age=60'}, False),
    "no age": ({"Cache_Control": "max-age=0"}, True),
    "an age": ({"Cache_Control": "max-age=60"}, False),
    "an age in quotes": ({"Cache_Control": 'max-age="0"'}, True),
    "an age of shared caches": ({"Cache_Control": "max-age=0, s-maxage=60"}, False),
    "no age of shared caches": ({"Cache_Control": "max-age=60, s-maxage=0"}, True),
    "an age beside a past": ({"Cache_Control": "max-age=60", "Expires": "0"}, False),
    "it varies by anything": ({"Vary": " * "}, True),
    "it varies by a header": ({"Vary": "Accept-Encoding"}, False),
    "it has expired": ({"Expires": PAST, "Date": LATER}, True),
    "it expires now": ({"Expires": LATER, "Date": LATER}, True),
    "it expires later": ({"Expires": LATER, "Date": PAST}, False),
    "it expires at no date": ({"Expires": "0", "Date": PAST}, True),
    "when it expires is unknown, and what time it was": ({"Expires": "x GMT", "Date": ""}, True),
    "it expires at no date in GMT": ({"Expires": "x GMT", "Date": PAST}, False),
    "it has no date": ({"Expires": LATER}, True),
}


@pytest.mark.parametrize(("headers", "forbids"), FORBIDS.values(), ids=FORBIDS)
def test_whether_an_answer_forbids_to_keep_it(headers: Raw, forbids: bool) -> None:
    assert _asset(response(), response(**headers)).forbids_caching is forbids


CACHES: dict[str, tuple[Raw, bool]] = {
    "CloudFront's": ({"X_Cache": "Hit from cloudfront"}, True),
    "a miss": ({"X_Cache": "Miss from cloudfront"}, False),
    "refreshed": ({"X_Cache": "RefreshHit from cloudfront"}, True),
    "a shield's": ({"X_Cache": "OriginShieldHit from cloudfront"}, True),
    "one of two": ({"X_Cache": "MISS, HIT"}, True),
    "squid's": ({"X_Cache": "TCP_HIT from a"}, True),
    "squid's memory": ({"X_Cache": "TCP_MEM_HIT from a"}, True),
    "by its standard": ({"Cache_Status": "edge; hit"}, True),
    "by its standard, not": ({"Cache_Status": "edge; fwd=miss"}, False),
    "Cloudflare's": ({"CF_Cache_Status": "HIT"}, True),
    "a word that begins so": ({"X_Cache": "Hitless"}, False),
    "an age": ({"Age": "7"}, True),
    "an age, and a miss": ({"Age": "7", "X_Cache": "Miss"}, False),
    "an age, and nothing": ({"Age": "7", "X_Cache": " "}, True),
    "nothing": ({}, False),
}


@pytest.mark.parametrize(("headers", "cached"), CACHES.values(), ids=CACHES)
def test_whether_an_answer_came_from_a_cache(headers: Raw, cached: bool) -> None:
    assert comes_from_cache(response(**headers)) is cached


def test_an_asset_is_told_by_its_last_answer() -> None:
    miss, hit = response(X_Cache="Miss"), response(X_Cache="Hit", Content_Encoding="gzip, x-br", Cache_Control="public")
    seen = _asset(miss, hit)
    assert (seen.last, seen.is_from_cache, seen.encoding, seen.cache_control) == (hit, True, "gzip, br", "public")
    assert not _asset(hit, miss).is_from_cache
    assert not _asset(hit, response()).is_from_cache
    assert _asset(response(Age="3")).is_from_cache
    silent: list[Raw] = [{}, {"Server": "x"}]
    for headers in silent:
        with pytest.raises(CouldNotLook, match="no answer has X-Cache, Cache-Status or Age") as told:
            assert _asset(response(**headers), response()).is_from_cache
        assert told.value.call == f"GET {ROOT}/a.js"


def _distribution(path: str = "") -> Distribution:
    evidence = Answer(told_of("site.s3.us-west-2.amazonaws.com", path), "cloudfront:GetDistribution")
    return Distribution(arn="d", name="E1", evidence=evidence)


SIZES: list[tuple[str, int]] = [
    ("a.js", 1000), ("b.css", 999_999), ("c.js", 999), ("d.js", 1_000_000), ("e.png", 5000), ("f.json", 5000),
    ("g.svg", 5000), ("h.mjs", 4000),
]  # fmt: skip


def test_the_largest_assets_are_asked_for_until_they_come_from_the_cache() -> None:
    hit, miss = response(X_Cache="Hit", url="hit"), response(X_Cache="Miss", url="miss")
    gone = response(status=404)
    site = Site({f"{ROOT}/b.css": [miss, hit], f"{ROOT}/f.json": [miss] * 4, f"{ROOT}/g.svg": [gone]})
    listed = [item(f"v1/{key}", Size=size) for key, size in SIZES]
    aws = Aws({("s3", "ListObjectsV2"): page(*listed)})
    seen = static_assets(stack(dashboard_url=ROOT), aws, site, _distribution("/v1"))
    assert [(one.name, one.arn, len(one.answers)) for one in seen] == [
        ("v1/b.css", f"{ROOT}/b.css", 2),
        ("v1/f.json", f"{ROOT}/f.json", 4),
        ("v1/g.svg", f"{ROOT}/g.svg", 1),
    ]
    assert seen[0].evidence == {"bytes in the bucket": 999_999, "answers": [miss.evidence, hit.evidence]}
    assert seen[0].figures == (Figure("latency", 12, "ms"),)
    assert {timeout for _, _, timeout in site.asked} == {stack().limits.probe_timeout_s}
    # the first answer is not looked at: it may come from another edge
    twice = Site({f"{ROOT}/a.js": [hit, hit]})
    aws = Aws({("s3", "ListObjectsV2"): page(item("a.js", Size=2000))})
    assert len(static_assets(stack(dashboard_url=ROOT), aws, twice, _distribution())[0].answers) == 2
    aws = Aws({("s3", "ListObjectsV2"): page(item("a.js", Size=999))})
    with pytest.raises(NotConfigured, match="site holds no script or style sheet of 1 kB or more to try it with"):
        static_assets(stack(dashboard_url=ROOT), aws, site, _distribution())
    with pytest.raises(NotConfigured, match="names no dashboards: set dashboard_url"):
        static_assets(stack(), aws, site, _distribution())


def _object(etag: str = "1", served: str | None = '"1"', status: int | None = 200) -> SiteObject:
    told = {} if served is None else {"ETag": served}
    evidence = Answer({"ETag": f'"{etag}"'}, "s3:ListBucket")
    return SiteObject(arn=f"{ROOT}/{etag}", name=etag, answer=response(status=status, **told), evidence=evidence)


def test_an_object_is_current_where_its_etag_is_served() -> None:
    assert (_object().etag, _object().served_etag, _object().is_current) == ("1", "1", True)
    assert _object(served='W/"1"').is_current
    assert (_object(served='W/"2"').served_etag, _object(served='"2"').is_current) == ("2", False)
    assert not _object(status=404).is_current
    assert not _object(served=None).is_current
    assert _object(served=None, status=404).served_etag == ""
    with pytest.raises(CouldNotLook, match=f"HEAD {ROOT}/1: the answer has no ETag to compare"):
        assert _object(served=None).served_etag


def test_objects_are_listed_below_the_prefix_without_folders() -> None:
    pages = [
        page(item("a/"), item("b/", Size=0), IsTruncated=True, NextContinuationToken="2"),
        page(IsTruncated=True, NextContinuationToken="3"),
        page(item("c/", Size=3), item("d", Size=0)),
    ]
    pages[0]["Contents"][0].pop("Size")
    aws = Aws({("s3", "ListObjectsV2"): pages})
    assert [one["Key"] for one in list_objects(aws, "site", "")] == ["c/", "d"]
    asked = aws.parameters_of("ListObjectsV2")
    assert asked == [{"Bucket": "site"}, *({"Bucket": "site", "ContinuationToken": token} for token in "23")]
    aws = Aws({("s3", "ListObjectsV2"): page()})
    assert list_objects(aws, "site", "v1/") == []
    assert aws.parameters_of("ListObjectsV2") == [{"Bucket": "site", "Prefix": "v1/"}]


def test_only_objects_that_were_not_current_are_asked_for_again() -> None:
    current, stale, gone = _object("1"), _object("2"), _object("3", served='"3"', status=503)
    new = response(ETag='"2"', url="again")
    site = Site({f"{ROOT}/2": new, f"{ROOT}/3": response(ETag='W/"3"')})
    checked = stack(dashboard_url=ROOT, limits={"probe_timeout_s": 7})
    seen = site_objects(checked, Aws({}), site, _distribution(), [current, stale, gone])
    assert seen[0] is current
    assert (seen[1].answer, seen[1].evidence, seen[1].name) == (new, {"ETag": '"2"', "served": new.evidence}, "2")
    assert [one.is_current for one in seen] == [True] * 3
    assert sorted(site.asked) == [("HEAD", f"{ROOT}/2", 7), ("HEAD", f"{ROOT}/3", 7)]
    first = Site(lambda url: response(url=url))
    aws = Aws({("s3", "ListObjectsV2"): page(item("v1/a b"))})
    [one] = site_objects(checked, aws, first, _distribution("/v1"), [])
    assert (one.arn, one.name, one.answer.url) == (f"{ROOT}/a%20b", "v1/a b", f"{ROOT}/a%20b")
    assert one.evidence["served"] == one.answer.evidence
    with pytest.raises(NotConfigured, match="names no dashboards: set dashboard_url"):
        site_objects(stack(), aws, first, _distribution())
