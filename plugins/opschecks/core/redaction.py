"""Masks secrets in everything that is written or printed.

A value is masked for its shape (an access key, a JWT, a private key) or for its place: a header, a member of JSON,
`key=value`, an option of a command. In a sentence, a word after "token" or "password" stays unless it looks like one.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

MASK = "(redacted)"
SHORT = 400
"""Results for texts up to this length are cached, since names and states repeat."""

_SECRET_KEY = re.compile(
    r"secret|passw|authori[sz]ation|credential|cookie|api[-_]?key|private[-_]?key|(?:session|access|refresh|security|auth|id)[-_]?token"
    r"|^token$|^environment$|^environmentfiles$",
    re.IGNORECASE,
)
_KEY_HINTS = ("secret", "passw", "authori", "credential", "cookie", "key", "token", "environment")
"""Without any of them, of whatever case, a name is not that of a secret."""
_NAMED = (
    r"(?:secret|passw(?:or)?d|pwd|token|(?:api|private)[-_]?key|access[-_]?key(?!id)"
    r"|authori[sz]ation|signature|credential|x-(?:\w+-){0,3}auth(?!\w))"
)
# A name may be ten kilobytes long and a log a megabyte: no expression looks at a word once for each place in it. So a
# word is entered at its beginning only, taken whole (++), and what it must contain is looked for ahead, once.
_SECRET_TEXT = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:gh[pousr]_|github_pat_|xox[a-z]-|sk_live_|glpat-|hv[sbr]\.)[\w-]{8,}"
    r"|(?<=://)[^/\s@:]*+:[^/\s]+(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"(?<![\w-])(?=[\w-]++\.[\w-]{10,}+\.)([\w-]*?\b)eyJ[\w-]{10,}+\.[\w-]++\.[\w-]*+")
_HAS_NAME = rf"(?<![\w.-]) (?=[\w.-]*?(?:{_NAMED}|(?:set-)?cookie\\?[\"'])) [\w.-]++"
_SCHEME_WORD = r"(?:(?:bearer|basic|token)\s+)?+"
_UNMASKED = r"(?!\(redacted\))"
_CHARACTER = r"""[^\s"',;&\\\[\]{}()\x1b]"""
_QUOTED = rf"""(?P<start> b?(?P<quote>\\?["']) {_SCHEME_WORD} ) {_UNMASKED} (?:(?!(?P=quote))(?:\\.|.))"""
_LIST = r"(?P<list> \[ [^\]]+ (?: \] | \Z ) )"
_OPEN = rf"""(?P<open> (?:b?\\?["'])? {_SCHEME_WORD} ) {_UNMASKED}"""
_LOOKS_SECRET = rf"""
    (?: (?!\d{{4}}-\d\d-\d\d(?:T[\d:.]+Z?)?(?!{_CHARACTER}))                     # letters and digits, but not a date
        (?={_CHARACTER}*?\d) (?={_CHARACTER}*?[^\W\d_]) {_CHARACTER}{{5,}}+
      | \d{{6,}}+ (?!{_CHARACTER})
      | (?={_CHARACTER}*?[^\W\d_][@$!\#%^*~]++\w) {_CHARACTER}{{3,}}+
    )"""
_ENDS_PAIR = rf"""{_CHARACTER}{{3,}}+ (?= [ \t]*+ (?: [\r\n,;)}}\]|"'`\\\x1b\#] | \Z ) )"""
_NOT_PROSE = r"(?!(?:and|are|can|cannot|expects|for|has|must|needs|not|requires|takes|the|was|with)[ ])"
_NOT_A_FAULT = r"(?!(?:access|denied|expected|expired|invalid|missing|no|permission|required|unknown|unset)\b)"
_RANDOM = r"(?-i: (?=[\w+/=]*?\d) (?=[\w+/=]*?[a-z]) (?=[\w+/=]*?[A-Z]) [\w+/=]{16,}+ )"
_PAIR_NAMED = rf"(?:{_NAMED}|cookie|connection[-_]?string|dsn)"
_PLACES = (
    # key=value, also of a URL
    ("=", rf"""( {_HAS_NAME} (?:\\?["'])? \s* =>? \s* ) (?: {_QUOTED}+ | {_LIST} | {_OPEN} {_CHARACTER}{{3,}} )"""),
    # a member of JSON, or of what Python prints
    (
        ":",
        rf"""( {_HAS_NAME} \\?["'] \s* : \s* )
            (?: {_QUOTED}+ | {_LIST} | {_OPEN} (?: {_LOOKS_SECRET} | {_ENDS_PAIR} ) )""",
    ),
    # a line or an item that is nothing but `name: value`, a header among them
    (
        ":",
        rf"""( (?: ^ | [,;({{|"'`\[<] | \x1b\[[\d;]*m ) [ \t]*+ (?: (?:-|export)[ \t]+ )?+
               [\w.-]*{_NAMED} [ \t]*+ : \s* )
            {_OPEN} {_ENDS_PAIR}""",
    ),
    # after a name that no sentence has: DB_PASSWORD, x-api-key, spring.datasource.password
    (
        ":",
        rf"""( (?<![\w:./-]) (?= [\w.-]*_ | x- | (?-i: [a-z\d-]+ \. [a-z\d.-]+ \s*+ : ) )
               [\w.-]*{_NAMED} \s* : \s* )
            (?: {_QUOTED}+ | {_LIST} | {_OPEN} {_NOT_PROSE} {_NOT_A_FAULT} {_CHARACTER}{{3,}} )""",
    ),
    # the scheme of an authorization, and password:value without a blank
    (
        ":",
        rf"""( authori[sz]ation \s*+ : \s*+ (?:bearer|basic|token) \\?\s+ ) {_UNMASKED} {_NOT_A_FAULT}
            {_CHARACTER}{{8,}}""",
    ),
    (":", rf"""( (?<![\w:./-]) {_NAMED} : ) {_OPEN} (?=\S) {_CHARACTER}{{3,}}"""),
    # `name: value` within a sentence; a whole name: not ExpiredTokenException
    (
        ":",
        rf"""( (?<![\w:.-]) [\w.-]*{_NAMED} \s* : \s* )
            (?: {_QUOTED}{{3,}} | {_LIST} | {_OPEN} {_LOOKS_SECRET} )""",
    ),
    # a pair of name and value, as tags, ECS' environment and attachment details are written
    (
        "alue",
        rf"""( (?P<pair> \\?["'])(?:name|key)(?P=pair) \s*+ : \s*+ (?P=pair)(?=[\w./:-]*?{_PAIR_NAMED})
               [\w./:-]++(?P=pair) \s*+ , \s*+ (?P=pair)value(?P=pair) \s*+ : \s*+ ) {_QUOTED}+""",
    ),
    # the same with its value first
    (
        "alue",
        rf"""( (?P<pair> \\?["'])value(?P=pair) \s*+ : \s*+ ) {_QUOTED}+ (?= (?P=pair) \s*+ , \s*+
               (?P=pair)(?:name|key)(?P=pair) \s*+ : \s*+ (?P=pair)[\w./:-]*?{_PAIR_NAMED} )""",
    ),
    # an argument after its option, in a list of arguments
    ("-", rf"""( ["'] -(?=[\w-]*?{_NAMED}) [\w-]++ \\?["'] \s*+ , \s*+ ) (?!\\?["']-) {_QUOTED}+"""),
    # a pair of a list of headers
    (
        "(",
        rf"""( \( b?["'] (?=[\w.-]*?(?:{_NAMED}|cookie["'])) [\w.-]++ ["'] , \s*+ ) {_QUOTED}+""",
    ),
    # a parameter of a URL whose name says so, or whose value looks random
    ("=", rf"""( [?&] (?:sig|auth|jwt|otp|assertion|sas) = ) {_OPEN} {_CHARACTER}{{3,}}+"""),
    ("=", rf"""( [?&] [\w.~-]{{1,64}}+ = ) {_OPEN} {_RANDOM}"""),
    ("</", rf"""( <(?=[\w:.-]*?{_NAMED}) [\w:.-]++ > ) {_UNMASKED} [^<]++ (?=</)"""),
    (
        "-",
        rf"""( (?<![\w-]) -(?=[\w-]*?{_NAMED}) [\w-]++ [ =] )
            (?: {_QUOTED}+ | {_OPEN} {_NOT_PROSE} [^\s"',;&]{{3,}} )""",
    ),
    # a random text after the word itself
    (" ", rf"""( \b{_NAMED} (?:[ ]key)?+ (?:[ ](?:is|was):?)?+ [ ]+ ) {_OPEN} {_RANDOM}"""),
)
"""Each with a text that it needs: a text without it is not searched."""
_SCHEME = re.compile(
    r"\b((?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+)(?=[\w.~+/=-]+[A-Z0-9=~])[\w.~+/=-]{8,}"
    r"|((?i:\b(?:set-)?cookie:)\s*+)(?!\(redacted\))(?=[^\s=;]++=)[^\r\n]+"
)
_HINTS = (
    "?", "&", "secret", "passw", "pwd", "token", "key", "auth", "signature", "credential", "cookie", "akia", "asia",
    "eyj", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "sk_live", "glpat", "hvs.", "hvb.", "hvr.",
    "bearer", "basic", "://",
)  # fmt: skip
"""Without any of them, of whatever case, there is nothing to mask; looked for by text, as an expression takes ten times
as long, and of 1,500 texts of a run five have one."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def redact_text(text: str) -> str:
    """The text without access keys, tokens, passwords and private keys, nor halves of characters."""
    return _remembered(text) if len(text) <= SHORT else _redacted(text)


def _redacted(text: str) -> str:
    text = str.__str__(text)  # of a subclass, such as Markup or an enumeration's, the text alone
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text)
    if not _has_any(_HINTS, text):
        return text
    text = _SECRET_TEXT.sub(MASK, _JWT.sub(rf"\1{MASK}", text))
    text = _SCHEME.sub(lambda found: (found.group(1) or found.group(2)) + MASK, text)
    for needs, place in _PLACES:
        if needs in text:
            text = _compiled(place).sub(_kept, text)
    return text


def _has_any(hints: Iterable[str], text: str) -> bool:
    folded = text.casefold()
    if not folded.isascii():  # to an expression that ignores case, an i may have its dot or not
        folded = folded.replace("\u0307", "").replace("\u0131", "i")
    for hint in hints:  # noqa: SIM110 - a generator would take twice as long
        if hint in folded:
            return True
    return False


@functools.cache
def _compiled(place: str) -> re.Pattern[str]:
    """When a text first needs it: most runs have none."""
    return re.compile(place, re.IGNORECASE | re.VERBOSE | re.MULTILINE)


def _kept(found: re.Match[str]) -> str:
    """What is kept: the name of the secret, and an opening quote or scheme."""
    begins = found.groupdict()
    return found.group(1) + (begins.get("start") or begins.get("open") or "") + MASK


_remembered = functools.lru_cache(maxsize=5_000)(_redacted)


_NAMES = ("name", "Name", "key", "Key")
"""Of a pair of name and value, as tags and environments are written."""
_NOTHING: tuple[Any, ...] = (None, "", [], {})
"""No secret."""


@functools.lru_cache(maxsize=2_000)
def _names_a_secret(key: str) -> bool:
    return _has_any(_KEY_HINTS, key) and bool(_SECRET_KEY.search(key))


@functools.lru_cache(maxsize=2_000)
def _key(name: str) -> tuple[str, bool]:
    """A key as it is written, and whether it names a secret."""
    return _redacted(name), _names_a_secret(name)


def _is_option(value: object) -> bool:
    """Whether it is an option of a command whose argument, the next of the list, is a secret."""
    return isinstance(value, str) and value.startswith("-") and "=" not in value and _names_a_secret(value.lstrip("-"))


class Masked(dict[str, Any]):
    """Plain data whose secrets are masked already: `plain` returns it as it is."""

    __slots__ = ()


def as_masked(value: Any) -> Any:
    """What `plain` has returned, so that it is not gone through again; of a user's own, evidence may be no mapping."""
    return Masked(value) if type(value) is dict else value


_AS_IT_IS = frozenset([type(None), int, bool, Masked])


def plain(value: Any) -> Any:
    """The value as plain JSON data, secrets masked: datetimes as ISO text, Decimals as numbers, bytes as text.

    A dataclass is the mapping of its fields.
    """
    kind = type(value)
    if kind is str:  # most are; nothing here is asked in vain for each of the 10,000 values of a run
        return redact_text(value)
    if kind in _AS_IT_IS:
        return value
    if isinstance(value, dict):  # before Mapping, which takes longer to ask for
        return _plain_mapping(value)
    if isinstance(value, list | tuple):
        return _plain_list(value)
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
        return value if math.isfinite(value) else str(value)  # JSON has no such number
    if isinstance(value, int | str):
        return redact_text(value) if isinstance(value, str) else value
    if isinstance(value, set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    if dataclasses.is_dataclass(kind):
        return _plain_mapping({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    return redact_text(str(value))


def _plain_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    # what could not be read has no keys, and raises why when it is asked for one
    named = [name for name in _NAMES if name in value]
    is_paired = bool(named) and any(_names_a_secret(str(value.get(name, ""))) for name in named)
    told: dict[str, Any] = {}
    for key, item in value.items():
        name, is_secret = _key(key if type(key) is str else str(key))
        if is_secret or (is_paired and key in ("value", "Value")):
            told[name] = plain(item) if item in _NOTHING else MASK
        else:
            kind = type(item)
            told[name] = item if kind in _AS_IT_IS else redact_text(item) if kind is str else plain(item)
    return told


def _plain_list(value: list[Any] | tuple[Any, ...]) -> list[Any]:
    if not any(issubclass(kind, str) for kind in set(map(type, value))):
        return [plain(item) for item in value]
    return [
        MASK if _is_option(before) and isinstance(item, str) and not item.startswith("-") else plain(item)
        for before, item in zip((None, *value), value, strict=False)
    ]
