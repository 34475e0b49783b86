"""Keeps secrets out of everything that is written or printed."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

MASK = "(redacted)"
SHORT = 400
"""Texts up to this length are remembered: names and states come again and again."""

_SECRET_KEY = re.compile(
    r"secret|passw|authori[sz]ation|credential|cookie|api[-_]?key|private[-_]?key|(?:session|access|refresh|security|auth|id)[-_]?token"
    r"|^token$|^environment$|^environmentfiles$",
    re.IGNORECASE,
)
_NAMED = (
    r"(?:secret|passw(?:or)?d|pwd|token|(?:api|private)[-_]?key|access[-_]?key(?!id)"
    r"|authori[sz]ation|signature|credential)"
)
# A name may be ten kilobytes long and a log a megabyte: no expression looks at a word once for each place in it. So a
# word is entered at its beginning only, taken whole (++), and what it must contain is looked for ahead, once.
_SECRET_TEXT = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:gh[pousr]_|github_pat_|xox[a-z]-|sk_live_|glpat-)[\w-]{8,}"
    r"|(?<=://)[^/\s@:]*+:[^/\s]+(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"(?<![\w-])(?=[\w-]++\.[\w-]{10,}+\.)([\w-]*?\b)eyJ[\w-]{10,}+\.[\w-]++\.[\w-]*+")
_SECRET_PAIR = re.compile(
    rf"""(?ix)
    (                                            # what stays: the name of the secret, and how its value begins
      (?: (?<![\w.-]) (?=[\w.-]*?{_NAMED}) [\w.-]++ (?: \\?["']\s*[:=] | \s*= )
        | (?<![\w:.-]) [\w.-]*{_NAMED} \s*:       # in prose only a whole name: not ExpiredTokenException
      )
      \s*
    )
    (?: (?P<start> b?(?P<quote>\\?["']) (?:(?:bearer|basic|token)\s+)?+ ) (?!\(redacted\)) (?:(?!(?P=quote))(?:\\.|.))+
      | (?P<list> \[ [^\]]+ (?: \] | \Z ) )
      | (?P<open> (?:b?\\?["'])? (?:(?:bearer|basic|token)\s+)?+ ) (?!\(redacted\)) [^\s"',;&\\\[\]{{}}()]{{3,}}
    )
    """
)
_OPTION = re.compile(rf"(?i)(?<![\w-])(-(?=[\w-]*?{_NAMED})[\w-]++[ =][\"']?)(?!\(redacted\))[^\s\"',;&]{{3,}}")
_SCHEME = re.compile(
    r"\b((?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+)(?=[\w.~+/=-]+[A-Z0-9=~])[\w.~+/=-]{8,}"
    r"|((?i:\b(?:set-)?cookie:)\s*+)(?!\(redacted\))[^\r\n]+"
)
_HINT = re.compile(
    r"(?i)secret|passw(?:or)?d|pwd|token|key|authori|signature|credential|cookie|AKIA|ASIA|eyJ|gh[pousr]_|github_pat_|xox|sk_live|glpat|bearer|basic|://"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def redact_text(text: str) -> str:
    """The text without access keys, tokens, passwords and private keys, nor halves of characters."""
    return _remembered(text) if len(text) <= SHORT else _redacted(text)


def _redacted(text: str) -> str:
    if _SURROGATES.search(text):
        text = _SURROGATES.sub("\ufffd", text)
    if not _HINT.search(text):
        return text
    text = _SECRET_TEXT.sub(MASK, _JWT.sub(rf"\1{MASK}", text))
    text = _OPTION.sub(lambda found: found.group(1) + MASK, text)
    text = _SCHEME.sub(lambda found: (found.group(1) or found.group(2)) + MASK, text)
    return _SECRET_PAIR.sub(lambda found: found.group(1) + (found["start"] or found["open"] or "") + MASK, text)


_remembered = functools.lru_cache(maxsize=20_000)(_redacted)


@functools.lru_cache(maxsize=2_000)
def _names_a_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key))


def plain(value: Any) -> Any:
    """The value as plain JSON data, secrets masked: datetimes as ISO text, Decimals as numbers, bytes as text."""
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
        return value if math.isfinite(value) else str(value)  # JSON has no such number
    if isinstance(value, Mapping):
        return {
            redact_text(str(key)): MASK if _names_a_secret(str(key)) and item not in (None, "", [], {}) else plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    return redact_text(str(value))
