"""Putting a built site into its bucket: what is sent in which order, and the way back."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.change import CannotFix, Change, Request, State
from opschecks.core.observation import NotThere
from opschecks.fixing.plan import planned
from opschecks.remedies.operations.sync_dashboard import SyncDashboard, content_type
from tests.canned import Answers, Raw, fits, remedy
from tests.canned_site import CUSTOM, MD5, item, page, told_of


def folder(at: Path, **files: str) -> Path:
    """A built site; `__` stands for a slash, and `_` for a dot."""
    for name, text in {"index_html": "home", **files}.items():
        path = at / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return at


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def bucket(*items: Raw, **more: Answers) -> dict[tuple[str, str], Answers]:
    return {
        ("cloudfront", "GetDistribution"): {"Distribution": told_of("site.s3.us-west-2.amazonaws.com")},
        ("s3", "GetBucketVersioning"): {"Status": "Enabled"},
        ("s3", "HeadObject"): {"CacheControl": "no-cache"},
        ("s3", "GetBucketEncryption"): encrypted("AES256"),
        ("s3", "ListObjectsV2"): page(*items),
        **{("s3", operation): answer for operation, answer in more.items()},
    }


def encrypted(by: str) -> Raw:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": by}}]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def sent(requests: Sequence[Request]) -> list[tuple[str, Any]]:
    """Operation and key of each request; of deletes their keys."""
    return [
        (one.operation, one.parameters.get("Key") or [key["Key"] for key in one.parameters["Delete"]["Objects"]])
        for one in requests
    ]


def taken(sync: SyncDashboard, target: str, before: State, after: State) -> list[Request]:
    """Those of the steps, which AWS would take."""
    return [fits(step.request) for step in sync.steps(target, before, after)]


def wanted(sync: SyncDashboard, built: Path) -> tuple[Change, list[Request]]:
    """What would put the folder into the bucket."""
    change = planned(sync, sync.normal(str(built)))
    return change, taken(sync, change.target, change.before, change.after)


def test_new_files_are_put_before_the_pages_that_ask_for_them_and_old_ones_deleted_last(tmp_path: Path) -> None:
    built = folder(tmp_path, demo__index_html="demo", app_js="script", z_css="style", same_css="same", old_htm="page")
    there = bucket(item(etag=md5("old")), item("same.css", md5("same")), item("gone.js"), item("a/gone.html"))
    sync = remedy(SyncDashboard, there)
    target = sync.normal(str(built))
    assert (target, sync.shown(target)) == (f"s3://site/ from {built}", "s3://site/")
    change, requests = wanted(sync, built)
    assert sent(requests) == [
        ("PutObject", "app.js"),
        ("PutObject", "z.css"),
        ("PutObject", "demo/index.html"),
        ("PutObject", "index.html"),
        ("PutObject", "old.htm"),
        ("DeleteObjects", ["a/gone.html", "gone.js"]),
    ]
    assert change.call == "s3:PutObject, s3:DeleteObject"


def test_what_a_file_holds_is_told_by_its_md5(tmp_path: Path) -> None:
    built = folder(tmp_path)
    _, [request] = wanted(remedy(SyncDashboard, bucket()), built)
    assert request.files == {"Body": built / "index.html"}
    assert request.parameters == {
        "Bucket": "site",
        "Key": "index.html",
        "ContentMD5": base64.b64encode(bytes.fromhex(md5("home"))).decode(),
        "ContentType": "text/html; charset=utf-8",
    }


def test_an_origin_path_is_a_part_of_each_key(tmp_path: Path) -> None:
    there = bucket(item("web/out/gone.js"))
    there["cloudfront", "GetDistribution"] = {"Distribution": told_of("site.s3.us-west-2.amazonaws.com", "/web/out")}
    change, requests = wanted(remedy(SyncDashboard, there), folder(tmp_path))
    assert change.before == {"gone.js": MD5}
    assert sent(requests) == [("PutObject", "web/out/index.html"), ("DeleteObjects", ["web/out/gone.js"])]


def test_objects_are_deleted_by_the_thousand(tmp_path: Path) -> None:
    gone = {f"old/{n:04}.js": MD5 for n in range(2500)}
    deleted = [keys for _, keys in sent(taken(remedy(SyncDashboard), f"s3://site/ from {folder(tmp_path)}", gone, {}))]
    assert [len(keys) for keys in deleted] == [1000, 1000, 500]
    assert list(itertools.chain.from_iterable(deleted)) == list(gone)


def test_a_sync_that_broke_off_sends_the_rest(tmp_path: Path) -> None:
    built = folder(tmp_path, app_js="script")
    all_of_it = {"index.html": md5("home"), "app.js": md5("script")}
    between = {"app.js": md5("script"), "gone.js": MD5}
    rest = taken(remedy(SyncDashboard), f"s3://site/ from {built}", between, all_of_it)
    assert sent(rest) == [("PutObject", "index.html"), ("DeleteObjects", ["gone.js"])]


def version(key: str, etag: str, number: int, **more: Any) -> Raw:
    return {"Key": key, "ETag": f'"{etag}"', "VersionId": f"v{number}", "IsLatest": False, **more}


KEPT: Raw = {
    "Versions": [
        version("index.html", md5("home"), 4, IsLatest=True),
        version("index.html", md5("between"), 3),
        version("index.html", md5("before"), 2),
        version("index.html", md5("before"), 1),
        version("index.html.map", md5("map"), 9),
    ]
}


def test_what_is_taken_back_is_the_version_that_held_it(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    target = f"s3://site/ from {folder(tmp_path)}"
    [request] = taken(sync, target, {"index.html": md5("home")}, {"index.html": md5("before")})
    assert request.operation == "CopyObject"
    assert request.parameters == {
        "Bucket": "site",
        "Key": "index.html",
        "CopySource": {"Bucket": "site", "Key": "index.html", "VersionId": "v2"},
    }


def test_what_was_deleted_is_brought_back_and_what_was_new_goes(tmp_path: Path) -> None:
    marked = {"Versions": [version("gone.js", MD5, 1)], "DeleteMarkers": [{"Key": "gone.js", "VersionId": "v2"}]}
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=marked))
    target = f"s3://site/ from {folder(tmp_path)}"
    back = taken(sync, target, {"index.html": md5("home")}, {"gone.js": MD5})
    assert sent(back) == [("CopyObject", "gone.js"), ("DeleteObjects", ["index.html"])]


def test_what_the_folder_has_needs_no_version_and_a_folder_that_is_gone_needs_one(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    built, before = folder(tmp_path / "out", copy_html="before"), {"index.html": md5("before")}
    [from_folder] = taken(sync, f"s3://site/ from {built}", {}, before)
    [from_version] = taken(sync, f"s3://site/ from {tmp_path / 'cleaned'}", {}, before)
    assert (from_folder.operation, from_folder.files) == ("PutObject", {"Body": built / "copy.html"})
    assert from_version.operation == "CopyObject"


def test_a_version_that_s3_no_longer_keeps_cannot_be_brought_back(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(ListObjectVersions=KEPT))
    with pytest.raises(CannotFix, match=r"S3 keeps no version of index.html with the content that it had"):
        sync.steps(f"s3://site/ from {folder(tmp_path)}", {}, {"index.html": md5("map")})


def test_how_long_a_file_may_be_cached_is_the_first_pattern_that_fits(tmp_path: Path) -> None:
    built = folder(tmp_path, demo__index_html="demo", static__app_js="script", robots_txt="all")
    patterns = {"index.html": "no-store", "*.html": "no-cache", "static/*": "max-age=31536000, immutable"}
    _, made = wanted(remedy(SyncDashboard, bucket(), dashboard_cache_control=patterns), built)
    assert {one.parameters["Key"]: one.parameters.get("CacheControl") for one in made} == {
        "robots.txt": None,
        "static/app.js": "max-age=31536000, immutable",
        "demo/index.html": "no-cache",
        "index.html": "no-store",
    }


@pytest.mark.parametrize(
    ("versioning", "one_way"),
    [({"Status": "Enabled"}, False), ({"Status": "Suspended"}, True), ({}, True)],
    ids=["on", "suspended", "never on"],
)
def test_a_bucket_that_keeps_versions_can_be_taken_back(tmp_path: Path, versioning: Raw, one_way: bool) -> None:
    sync = remedy(SyncDashboard, bucket(item(), GetBucketVersioning=versioning))
    assert planned(sync, sync.normal(str(folder(tmp_path)))).one_way == one_way


ENCRYPTIONS: dict[str, tuple[Answers, str]] = {
    "by S3": (encrypted("AES256"), ""),
    "not at all": (NotThere("s3:GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"), ""),
    "by KMS": (encrypted("aws:kms"), "site is encrypted with aws:kms: its ETags do not show what it holds"),
    "by KMS twice": (encrypted("aws:kms:dsse"), "site is encrypted with aws:kms:dsse"),
}


@pytest.mark.parametrize(("answer", "refusal"), ENCRYPTIONS.values(), ids=ENCRYPTIONS)
def test_a_bucket_whose_etags_tell_nothing_is_left_alone(tmp_path: Path, answer: Answers, refusal: str) -> None:
    sync = remedy(SyncDashboard, bucket(item(), GetBucketEncryption=answer))
    target = sync.normal(str(folder(tmp_path)))
    if refusal:
        with pytest.raises(CannotFix, match=refusal):
            planned(sync, target)
    else:
        assert planned(sync, target).before == {"index.html": MD5}


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        ([], "it has no index.html: is it the folder that the build writes"),
        (["demo/index.html"], "it has no index.html"),
        (["index.html", ".env"], r"\.env would be public"),
        (["index.html", "a/.git/config"], r"a/\.git/config would be public"),
        (["index.html", ".well-known/security.txt"], ""),
    ],
)
def test_a_folder_that_is_no_site_is_refused(tmp_path: Path, files: list[str], refusal: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    sync = remedy(SyncDashboard, bucket())
    if refusal:
        with pytest.raises(CannotFix, match=refusal):
            sync.normal(str(tmp_path))
    else:
        assert sync.normal(str(tmp_path)).startswith("s3://site/")


def test_a_folder_that_is_not_there_and_an_origin_that_is_no_bucket_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotFix, match="there is no such folder"):
        remedy(SyncDashboard, bucket()).normal(str(tmp_path / "out"))
    custom = {**bucket(), ("cloudfront", "GetDistribution"): {"Distribution": told_of("origin.example.com")}}
    with pytest.raises(CannotFix, match=f"the distribution serves origin.example.com, {CUSTOM}"):
        remedy(SyncDashboard, custom).normal(str(folder(tmp_path)))
    with pytest.raises(CannotFix, match="say which folder with --target"):
        remedy(SyncDashboard).all_targets()


def test_a_bucket_is_in_sync_when_it_holds_what_the_folder_holds(tmp_path: Path) -> None:
    sync = remedy(SyncDashboard, bucket(item(etag=md5("home"))))
    target = sync.normal(str(folder(tmp_path)))
    assert sync.progress(target, {}, {"index.html": md5("home")}).settled
    assert not sync.progress(target, {}, {"index.html": md5("other")}).settled
    with pytest.raises(CannotFix, match="s3://site/ is as sync-dashboard would make it"):
        planned(sync, target)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("data.json", "application/json; charset=utf-8"),
        ("logo.svg", "image/svg+xml"),
        ("logo.png", "image/png"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_what_its_suffix_says(name: str, kind: str) -> None:
    assert content_type(name) == kind


def test_scripts_are_served_as_scripts() -> None:
    assert content_type("app.js").endswith("/javascript; charset=utf-8")
