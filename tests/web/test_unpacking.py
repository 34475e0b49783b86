"""Unpacking stops at its bound: a member of gzip that begins there is not unpacked at all, however large."""

from __future__ import annotations

import gzip

from opschecks.web.client.packing import _gzip


def test_what_begins_at_the_bound_is_not_unpacked() -> None:
    first, bomb = gzip.compress(b"x" * 1000), gzip.compress(b"y" * 10**6)
    assert _gzip(first + bomb, 1000) == b"x" * 1000
    assert _gzip(first + bomb, 1001) == b"x" * 1000 + b"y"
    assert _gzip(first + bomb, 999) == b"x" * 999
    assert _gzip(first + b"no gzip", 2000) == b"x" * 1000
