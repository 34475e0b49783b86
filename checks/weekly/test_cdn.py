"""The CDN caches what does not change, compresses it, and does not hide what is missing."""

from opschecks import Examine, Severity, check, plural
from opschecks.aws.cdn_caching import BucketBehavior, ErrorPages
from opschecks.remedies.settings.cloudfront import TuneCdn
from opschecks.web.caching import StaticAsset

SLUG = "cdn-caching"


@check(Severity.MEDIUM, runbook=SLUG, failing="The CDN is configured not to cache or not to compress", remedy=TuneCdn)
def test_cdn_is_set_to_cache_and_compress(bucket_behaviors: list[BucketBehavior], examine: Examine) -> None:
    """Files that never change are fetched from the bucket for each visitor, three times as large as necessary."""
    for behavior in bucket_behaviors:
        with examine(behavior) as note:
            note(behavior.summary)
            assert not behavior.not_cached, behavior.not_cached
            assert not behavior.not_compressed, behavior.not_compressed


@check(Severity.MEDIUM, runbook=SLUG, failing="Static assets are not cached or not compressed")
def test_assets_come_compressed_from_the_cache(static_assets: list[StaticAsset], examine: Examine) -> None:
    """Settings may be right while a header of the file itself, or its type, undoes them for every visitor."""
    for asset in static_assets:
        with examine(asset) as note:
            assert asset.last.status == 200, f"{asset.last.said}, expected 200"
            note(f"asked {plural(len(asset.answers), 'time')}; {asset.encoding or 'not compressed'}")
            assert not asset.forbids_caching, f"its own Cache-Control is {asset.cache_control}"
            assert asset.is_from_cache, "no answer came from the cache"
            assert asset.encoding, f"it is not compressed, as {asset.last.content_type or 'a file without a type'}"


@check(Severity.LOW, runbook=SLUG, failing="A missing file is answered as if it were there")
def test_missing_files_are_not_dressed_up(error_pages: ErrorPages, examine: Examine) -> None:
    """A page in place of a script that is gone breaks it in ways that no monitor sees, and is cached as its content."""
    with examine(error_pages) as note:
        if error_pages.one_page:
            note(f"{error_pages.one_page} is for any path, as single_page_application says")
        assert not error_pages.masked, "; ".join(error_pages.masked)
