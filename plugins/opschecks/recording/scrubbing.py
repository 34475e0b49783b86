"""A recording without anybody's names: every word that is not known to be AWS's or ours is replaced, always alike.

The same word has the same stand-in everywhere in a recording, alone, in an ARN, a host name, a log line or a pattern,
so that what belongs together still does. Numbers, moments and the names of metrics stay. Stand-ins are in the order of
the words, because lists are sorted by names.
"""

from __future__ import annotations

import base64
import functools
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..core.redaction import redact_text
from .addresses import Addresses
from .coding import TAGS
from .file import Exchange, Recording
from .vocabulary import WORD, is_entity, pieces, vocabulary

_TOKEN = re.compile(
    r"""
    (?P<entity> &\#?\w{1,31}; )
  | (?P<escape> % [0-9A-Fa-f]{2} )
  | (?P<moment> (?<!\w) \d{4}-\d\d-\d\d
        (?: [T ] \d\d:\d\d (?: :\d\d (?: \.\d{1,9} )? )? (?: Z | [+-]\d\d:?\d\d )? )? (?!\w) )
  | (?P<id> (?<!\w) [0-9A-Fa-f]{8} (?: - [0-9A-Fa-f]{4} ){3} - [0-9A-Fa-f]{12} (?!\w) )
  | (?P<mac> (?<![\w:]) (?: [0-9A-Fa-f]{2} : ){5} [0-9A-Fa-f]{2} (?![\w:]) )
  | (?P<namespace> (?<!\w) AWS/\w+ )
  | (?P<host> (?<![^\W_]) ip- (?P<numbers> \d{1,3}(?:-\d{1,3}){3} ) (?!\w) )
  | (?P<v4> (?<![\w.]) \d{1,3}(?:\.\d{1,3}){3} (?: /\d{1,2} )? (?!\w) )
  | (?P<v6> (?<![\w:.]) (?: [0-9A-Fa-f]{0,4}: ){2,7} [0-9A-Fa-f]{0,4} (?: /\d{1,3} )? (?![\w:]) )
  | (?P<word> [^\W_]+ )
    """,
    re.VERBOSE,
)
_SECRET = re.compile(
    r"passw|secret_?access|secretstring|private_?key|authorization|cookie|session_?token", re.IGNORECASE
)
"""Keys whose values are replaced whole, also words that are known."""
_OURS = frozenset(["check", "outcome", "time_zone", "runbook"])
"""Keys of our own data whose values name nobody."""
_NAMES = ("MetricName", "Namespace")
_OF_AWS = ("AWS/", "ECS/", "ContainerInsights", "LambdaInsights", "CWAgent")
"""How namespaces begin whose metrics AWS names."""
_SHORT = 2
"""Words of so many letters of ASCII name nobody."""
_TELLING = 4
"""A known piece of so many letters shows that a word is made of words."""
_FEW_DIGITS = 9
"""Of fewer digits is a count, a port or an age."""
_EPOCH = re.compile(r"1[5-9]\d{8}(\d{3})?")
"""Seconds or milliseconds of a moment between 2017 and 2033."""
_NUMBERED = re.compile(r"[A-Za-z]\d{1,3}")
"""Such as v2, or the m17 by which a query is answered."""
_KEY_ID = re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b")
"""The id of an access key: what is asked by it is found by it, so one mask for all of them would mix them up."""
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{4,}|(?=.*\d)[0-9A-F]{4,}")


def scrubbed(recording: Recording) -> Recording:
    """A copy with stand-ins; one that is scrubbed already is returned as it is."""
    if recording.scrubbed:
        return recording
    metrics = {name.lower() for one in recording.exchanges for name in _metrics(one.question, one.answer)}
    scrubber = _Scrubber(vocabulary(recording.exchanges) | metrics)  # a stack may name a metric, too
    scrubber.recording(recording)
    scrubber.number()
    return replace(scrubber.recording(recording), scrubbed=True)


def _metrics(*told: Any) -> Iterator[str]:
    """The names of AWS's own metrics; not those in texts that are JSON, which anybody may have written."""
    for one in told:
        if isinstance(one, dict):
            if _is_of_aws(one):
                yield from (one[key] for key in _NAMES if isinstance(one.get(key), str))
            yield from _metrics(*one.values())
        elif isinstance(one, list):
            yield from _metrics(*one)


def _is_of_aws(told: Mapping[str, Any]) -> bool:
    """Whether a mapping tells of a metric that AWS names."""
    return str(told.get("Namespace", "")).startswith(_OF_AWS)


class _Scrubber:
    """Goes over a recording twice: once to meet every word, then to replace it."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._met: set[str] = set()
        self._stand_ins: Mapping[str, str] | None = None
        self._addresses = Addresses(secrets.token_bytes(32))
        self._text = functools.lru_cache(100_000)(self._replaced)

    def number(self) -> None:
        """Give each word that was met its stand-in; from now on it is replaced."""
        self._stand_ins = {word: _stand_in(word, rank) for rank, word in enumerate(sorted(self._met), 1)}
        self._text.cache_clear()

    def recording(self, told: Recording) -> Recording:
        """The recording, its words met or replaced."""
        about = {key: self._value(told.about[key], "", ours=True) for key in ("stacks", "waivers", "expected")}
        return replace(
            told,
            about={**told.about, **about},
            exchanges=tuple(self._exchange(one) for one in told.exchanges),
            outcomes=tuple(self._value(one, "", ours=True) for one in told.outcomes),
        )

    def _exchange(self, one: Exchange) -> Exchange:
        question = {key: self._value(item, key) for key, item in one.question.items()}
        if one.kind == "aws":
            question |= {key: one.question[key] for key in ("service", "operation")}
        error = {key: value if key == "kind" else self._text(value) for key, value in (one.error or {}).items()}
        answer = self._value(one.answer, "", ours=one.kind == "filed")
        return Exchange(one.kind, self._text(one.call), question, answer, error or None)

    def _value(self, value: Any, key: str, *, ours: bool = False, of_aws: bool = False, named: bool = True) -> Any:
        """`key` is what holds the value; with `ours`, the data is our own and not the world's.

        `of_aws`: it is of a metric that AWS names; `named`: such metrics keep their names.
        """
        if isinstance(value, str):
            if (of_aws and key in _NAMES) or (ours and key in _OURS):
                return value
            return WORD.sub(lambda found: self._word(found[0]), value) if _SECRET.search(key) else self._text(value)
        if isinstance(value, list):
            return [self._value(one, key, ours=ours, named=named) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((tag, item),) = value.items()
            if tag == "$map":
                return {tag: self._mapping(item, ours=ours, named=named)}
            if tag in TAGS:
                return {tag: self._bytes(item)} if tag in ("$bytes", "$stream") else value
        return self._mapping(value, ours=ours, named=named)

    def _mapping(self, value: Mapping[str, Any], *, ours: bool, named: bool) -> dict[str, Any]:
        of_aws = named and _is_of_aws(value)
        return {
            self._text(name): self._value(item, name, ours=ours, of_aws=of_aws, named=named)
            for name, item in value.items()
        }

    def _bytes(self, packed: str) -> str:
        raw = base64.b64decode(packed)
        try:
            text = self._text(raw.decode())
        except UnicodeDecodeError:  # packed, or an image: what is in it is unknown
            text = f"{len(raw)} bytes {self._word(base64.b32encode(raw[:32] + raw[-32:]).decode().rstrip('='))}"
        return base64.b64encode(text.encode()).decode()

    def _replaced(self, text: str) -> str:
        """Texts within a text that is JSON are replaced one by one: its escapes are no part of words."""
        if text[:1] in ("{", "["):
            try:
                return json.dumps(self._value(json.loads(text), "", named=False), ensure_ascii=False)
            except (ValueError, RecursionError):
                pass
        parts = enumerate(_KEY_ID.split(text))
        return "".join(self._word(one) if n % 2 else _TOKEN.sub(self._token, redact_text(one)) for n, one in parts)

    def _token(self, found: re.Match[str]) -> str:
        kind, text = found.lastgroup, found[0]
        if found["word"]:
            return self._known_or_not(text)
        if found["entity"]:
            return text if is_entity(text) else _TOKEN.sub(self._token, text[:-1]) + ";"
        if found["id"] or found["mac"]:
            return text if text.lower() in self._known else self._word(text)
        if found["host"]:
            return "ip-" + self._address(found["numbers"].replace("-", "."), str).replace(".", "-")
        if kind in ("v4", "v6"):
            return self._address(text, self._words_of)
        return text

    def _address(self, text: str, otherwise: Callable[[str], str]) -> str:
        try:
            return self._addresses.stand_in(text)
        except ValueError:
            return otherwise(text)

    def _words_of(self, text: str) -> str:
        return WORD.sub(lambda found: self._known_or_not(found[0]), text)

    def _known_or_not(self, word: str) -> str:
        known = self._known
        if (len(word) <= _SHORT and word.isascii()) or word.lower() in known or _NUMBERED.fullmatch(word):
            return word
        if word.isdigit():
            return word if len(word) < _FEW_DIGITS or _EPOCH.fullmatch(word) else self._word(word)
        parts = pieces(word)
        if not any(len(piece) >= _TELLING and piece.lower() in known for piece in parts):
            return self._word(word)  # also a random text, whose pieces are short
        return "".join(piece if piece.lower() in known else self._word(piece) for piece in parts)

    def _word(self, word: str) -> str:
        """The stand-in of a word, in its case: those of host names are the same in lower case."""
        base = word.lower()
        if self._stand_ins is None:
            self._met.add(base)
            return word
        stand_in = self._stand_ins[base]
        if word.isupper() or "-" in word:
            return stand_in.upper() if word.isupper() else stand_in
        return stand_in.capitalize() if word[:1].isupper() else stand_in


def _stand_in(word: str, rank: int) -> str:
    """Digits for digits, an id for an id, and a short name for anything else."""
    if "-" in word:
        return re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", f"{rank:032x}")
    if ":" in word:
        return ":".join(f"02{rank:010x}"[at : at + 2] for at in range(0, 12, 2))
    if word.isdigit() and len(word) >= len(str(rank)):
        return str(rank).zfill(len(word))
    if _HEX.fullmatch(word) and len(word) >= len(f"{rank:x}"):
        return f"{rank:x}".zfill(len(word))
    return f"n{rank:05d}"
