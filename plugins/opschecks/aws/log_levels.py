"""Which log events are errors: by the level of JSON or logfmt, by a word in capitals, or by a label before the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .evidence import json_object

_BAD = ("error", "err", "fatal", "critical", "crit", "panic", "alert", "emerg", "emergency", "severe", "dpanic")
_VALUES = (*_BAD, "Error", "Fatal", "Critical", "ALERT", "ERR")
_OF_SYSLOG = ("0", *(f"{number}{end}" for number in (1, 2, 3) for end in ",}"))
"""The levels of syslog and GELF, so that 30, which is fine, is not asked for."""
_PHRASES = (
    *(f'{before}"{value}"' for value in _VALUES for before in (":", ": ")),
    *(f"={value}" for value in ("error", "err", "fatal", "crit", "panic", "alert", "emerg")),
    *(f"{label}:" for label in ("error", "Error", "fatal", "Fatal", "critical", "panic")),
    *("[error]", ":error]", "[crit]", "[alert]", "[emerg]", '="error'),
    *(f'"level":{space}{number}' for number in ("50", "60", *_OF_SYSLOG) for space in ("", " ")),
)
_ESCAPED = (one.replace('"', '\\"') for one in _PHRASES)
PATTERN = " ".join(("?ERROR ?FATAL ?CRITICAL ?PANIC ?SEVERE ?EMERGENCY", *(f'?"{one}"' for one in _ESCAPED)))
"""Matches more than errors: CloudWatch looks for any of these words and phrases, and is_error decides. A key called
"error", which many events have, is not among them.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
"""
_LEVELS = "level|severity|severity_?text|lvl|levelname|@l"
_INSIGHTS = (
    r"\b(ERROR|FATAL|CRITICAL|PANIC|SEVERE|EMERGENCY)\b",
    rf"(?i)({_LEVELS})[\x22\s]*[:=][\x22\s]*(error|err|fatal|critical|crit|d?panic|alert|emerg(ency)?|severe|[56]0)\b",
    r"(?i)\x22(short_message|facility)\x22.*\x22level\x22\s*:\s*\x22?[0-3]\b",
    r"(?i)\x22level\x22\s*:\s*\x22?[0-3]\b.*\x22(short_message|facility)\x22",
    r"(?i)\[([\w.-]+:)?(error|crit|alert|emerg)\]",
    r"(?i)^([^\s\x22]+\s+){0,4}(error|err|fatal|critical|crit|panic|alert|emerg):",
)
INSIGHTS = " or @message like ".join(f"/{one}/" for one in _INSIGHTS)
"""The same for Logs Insights, after `filter @message like`. It counts whatever is_error does, and also events of
another level whose text has such words.
"""
_KEYS = ("level", "severity", "lvl", "levelname", "loglevel", "log_level", "severity_text", "severitytext", "@l")
_OF_SYSLOGS_NUMBERS = frozenset(("short_message", "facility", "syslogtag", "syslog_facility", "pri"))
"""Keys that GELF and syslog have beside a level from 0 to 7; others count the other way round, or write a verbosity."""
_CAPITALS = re.compile(r"\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|EMERGENCY)\b")
_WORDS = "error|err|fatal|critical|crit|panic|alert|emerg"
_LABEL = re.compile(
    rf"(?:^|[\s|])(?:level|lvl|severity)=\"?(?:{_WORDS})\b"
    rf"|\[(?:[\w.-]+:)?(?:{_WORDS})\]"
    rf"|^(?:[^\s\"]+\s+){{0,4}}(?:{_WORDS}):",
    re.IGNORECASE,
)
"""logfmt; nginx and Apache; `error:` within the first words."""
_HARMLESS = re.compile(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING)\b")
_FIRST = re.compile(rf"{_CAPITALS.pattern}|{_HARMLESS.pattern}")
_LOGFMT = re.compile(r"(?:^|\s)(?:level|lvl|severity)=\"?(\w+)", re.IGNORECASE)


def is_error(text: str) -> bool:
    """Whether the event is an error. Where it names its level, that decides, whatever words are in its text.

    A word in capitals before JSON or `level=` names it, too: those are then what the event is about.
    """
    begin = text.find("{")
    told = json_object(text[begin:]) if begin >= 0 and text.rstrip().endswith("}") else None
    level = _level(told) if told else None
    if told and level is not None:
        return _begins_as_one(text[:begin]) or _is_bad(level, told)
    if named := _LOGFMT.search(text):
        return _begins_as_one(text[: named.start()]) or named[1].lower() in _BAD
    label = _LABEL.search(text)
    return bool(_CAPITALS.search(text) or (label and not _HARMLESS.search(text, 0, label.end())))


def _begins_as_one(text: str) -> bool:
    first = _FIRST.search(text)
    return bool(first and _CAPITALS.fullmatch(first[0]))


def _level(told: Mapping[str, Any]) -> str | float | None:
    """The level that a JSON event names, also within `log` or as `log.level`."""
    named = {str(key).lower().removeprefix("log."): value for key, value in told.items()}
    for key in _KEYS:
        if isinstance(named.get(key), str | int | float) and not isinstance(named[key], bool):
            found: str | float = named[key]
            return found
    inner = named.get("log")
    return _level(inner) if isinstance(inner, Mapping) else None


def _is_bad(level: str | float, told: Mapping[str, Any]) -> bool:
    """By its name, or by its number: 50 and more as pino and bunyan count, 0 to 3 as syslog and GELF do."""
    if isinstance(level, str):
        if not level.strip().isdecimal():
            return level.strip().lower() in _BAD
        level = int(level.strip()[:9])
    of_syslog = bool(_OF_SYSLOGS_NUMBERS & {str(key).lower() for key in told})
    return level <= 3 if of_syslog else 50 <= level < 1000
