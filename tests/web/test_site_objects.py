"""The site serves what the bucket holds; objects that it does are not asked for again while a bake waits."""

from __future__ import annotations

import pytest
import requests
import responses

from opschecks.aws.cloudfront import Distribution
from opschecks.core.model import CHECK_ATTRIBUTE
from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http
from opschecks.web.site_objects import SiteObject, site_objects
from tests.canned import Aws, Raw, after, concludes, stack, verdict
from tests.canned_site import CDN, MD5, OTHER, item, page, told_of


def site(*pages: Raw, path: str = "", aws: Aws | None = None) -> list[SiteObject]:
    of = Distribution(arn="arn", name="E1SITE", evidence=told_of("site.s3.us-west-2.amazonaws.com", path))
    asked = aws or Aws({("s3", "ListObjectsV2"): list(pages)})
    return site_objects(stack(dashboard_url=CDN), asked, Http(), of)


SERVES_IT = after("dashboard").test_site_serves_what_the_bucket_holds

SERVED: dict[str, tuple[str, Raw, str, str]] = {
    "the same": (MD5, {"headers": {"ETag": f'"{MD5}"'}}, "passed", ""),
    "the same, in small letters": (MD5, {"headers": {"etag": f'"{MD5}"'}}, "passed", ""),
    "the same, compressed on its way": (MD5, {"headers": {"ETag": f'W/"{MD5}"'}}, "passed", ""),
    "the same, put in parts": (f"{MD5}-2", {"headers": {"ETag": f'"{MD5}-2"'}}, "passed", ""),
    "something old": (MD5, {"headers": {"ETag": f'"{OTHER}"'}}, "failed", f"{OTHER}, and the bucket holds {MD5}"),
    "something old, compressed": (MD5, {"headers": {"ETag": f'W/"{OTHER}"'}}, "failed", f"it serves {OTHER}"),
    "without an ETag": (MD5, {}, "blind", f"HEAD {CDN}/index.html: the answer has no ETag"),
    "with an empty ETag": (MD5, {"headers": {"ETag": ""}}, "blind", "the answer has no ETag"),
    "not there": (MD5, {"status": 404}, "failed", "answered 404, expected 200"),
    "forbidden": (MD5, {"status": 403, "headers": {"ETag": f'"{MD5}"'}}, "failed", "answered 403, expected 200"),
    "the CDN is in trouble": (MD5, {"status": 503}, "failed", "answered 503, expected 200"),
    "silence": (MD5, {"body": requests.exceptions.ReadTimeout("slow")}, "failed", "gave no answer within"),
}


@pytest.mark.parametrize(("etag", "answer", "outcome", "message"), SERVED.values(), ids=SERVED)
def test_the_site_serves_what_the_bucket_holds(
    mocked: responses.RequestsMock, etag: str, answer: Raw, outcome: str, message: str
) -> None:
    mocked.head(f"{CDN}/index.html", **answer)
    concludes(SERVES_IT, outcome, message, site_objects=site(page(item(etag=etag))))


def test_an_object_without_an_etag_is_not_compared(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/index.html", headers={"ETag": f'"{MD5}"'})
    concludes(SERVES_IT, "blind", "s3:ListBucket: the answer has no 'ETag'", site_objects=site(page(item(ETag=None))))


def test_a_redirect_is_followed_to_what_is_served(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/demo.html", status=301, headers={"Location": "/demo"})
    mocked.head(f"{CDN}/demo", headers={"ETag": f'"{MD5}"'})
    seen = site(page(item("demo.html")))
    assert verdict(after("dashboard").test_site_serves_what_the_bucket_holds, site_objects=seen)[0] == "passed"


def test_a_cdn_out_of_reach_is_not_looked_at(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/index.html", body=requests.exceptions.ConnectionError("no route"))
    with pytest.raises(CouldNotLook, match=f"HEAD {CDN}/index.html: ConnectionError"):
        site(page(item()))


URLS = {
    "a b.html": "/a%20b.html",
    "berichte/größe.html": "/berichte/gr%C3%B6%C3%9Fe.html",
    "日本.html": "/%E6%97%A5%E6%9C%AC.html",
    "100%.html": "/100%25.html",
    "a+b&c=d.html": "/a%2Bb%26c%3Dd.html",
    "what?.html": "/what%3F.html",
    "part#1.html": "/part%231.html",
    "_next/static/~a-b_c.1.js": "/_next/static/~a-b_c.1.js",
}


@pytest.mark.parametrize(("key", "path"), URLS.items(), ids=URLS.values())
def test_any_key_has_an_address(mocked: responses.RequestsMock, key: str, path: str) -> None:
    mocked.head(f"{CDN}{path}", headers={"ETag": f'"{MD5}"'})
    [seen] = site(page(item(key)))
    assert (seen.arn, seen.name, seen.answer.status) == (f"{CDN}{path}", key, 200)
    assert mocked.calls[0].request.url == f"{CDN}{path}"


def test_an_origin_path_is_no_part_of_an_address(mocked: responses.RequestsMock) -> None:
    mocked.head(f"{CDN}/demo/index.html", headers={"ETag": f'"{MD5}"'})
    aws = Aws({("s3", "ListObjectsV2"): page(item("web/out/demo/index.html"))})
    [seen] = site(path="/web/out", aws=aws)
    assert (seen.arn, seen.name) == (f"{CDN}/demo/index.html", "web/out/demo/index.html")
    assert aws.parameters_of("ListObjectsV2") == [{"Bucket": "site", "Prefix": "web/out/"}]


def test_an_empty_bucket_is_no_site() -> None:
    assert site(page()) == []
    check = after("dashboard").test_site_serves_what_the_bucket_holds
    assert not getattr(check, CHECK_ATTRIBUTE).may_be_empty


@pytest.mark.parametrize(
    ("answer", "key"), [({}, "KeyCount"), ({"KeyCount": 2}, "Contents")], ids=["empty", "objects left out"]
)
def test_a_bucket_of_which_nothing_is_said_is_not_seen(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"s3:ListBucket: the answer has no '{key}'"):
        site(answer)
