"""Bodies that are packed (Content-Encoding), unpacked to a bound: a small one may unpack to gigabytes."""

from __future__ import annotations

import zlib

LAYERS = 3
ACCEPTED = "gzip, deflate"
_GZIP, _ZLIB, _RAW = 31, 15, -15
_NOT_PACKED = {"", "identity", "aws-chunked"}
"""aws-chunked: how an SDK uploaded it; S3 may keep the word although the object is stored as it is."""


class UnknownPacking(Exception):  # noqa: N818 - said of an answer
    """The answer is packed in a way that was not asked for."""


def packings(content_encoding: str) -> list[str]:
    """The packings of a Content-Encoding header, the last applied last."""
    told = [one.strip().lower().removeprefix("x-") for one in content_encoding.split(",")]
    return [one for one in told if one not in _NOT_PACKED]


def unpacked(body: bytes, content_encoding: str, at_most: int) -> bytes:
    """The first bytes of the body as it was before it was packed; zlib.error where it is broken."""
    named = packings(content_encoding)
    if len(named) > LAYERS or not set(named) <= {"gzip", "deflate"}:
        raise UnknownPacking(content_encoding)
    for one in reversed(named):
        body = _gzip(body, at_most) if one == "gzip" else _deflate(body, at_most)
    return body[:at_most]


def _gzip(body: bytes, at_most: int) -> bytes:
    found = b""
    while body and len(found) < at_most:
        member = zlib.decompressobj(_GZIP)
        try:
            found += member.decompress(body, at_most - len(found))
        except zlib.error:
            if found:
                break  # bytes after the last member, which gzip ignores too
            raise
        body = member.unused_data
    return found


def _deflate(body: bytes, at_most: int) -> bytes:
    """Both forms that servers send under this name."""
    try:
        return zlib.decompressobj(_ZLIB).decompress(body, at_most)
    except zlib.error:
        return zlib.decompressobj(_RAW).decompress(body, at_most)
