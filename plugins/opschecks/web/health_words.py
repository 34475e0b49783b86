"""The words of a health page in JSON: of the whole, and of each component, in the formats in use.

Spring Boot Actuator, ASP.NET Core and its HealthChecks UI, NestJS Terminus, MicroProfile Health, the IETF draft
health+json, and plain objects of names and words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.observation import CouldNotLook

STATUS = ("status", "health", "healthy", "state", "ok")
"""Keys, in any case, that tell the status of the whole, the first one that is there."""
WRAPPED = ("data", "result", "response")
"""Keys under which an API that wraps all its answers puts the health page."""
PARTS = ("components", "checks", "services", "dependencies")
"""Keys under which a health page lists its components."""
PARTS_OF_OBJECTS = ("entries", "details")
"""Keys that list components in some formats (HealthChecks UI; Terminus, Spring Boot 2.0) and details in others: only
objects with a status are components there."""


def overall(told: Any, depth: int = 3) -> str | None:
    """The word for the whole; None where the page has none. Components do not tell it: the list may lack some."""
    if not isinstance(told, dict):
        return None
    keys = {str(key).lower(): value for key, value in told.items()}
    for key in STATUS:
        word = _status_word(keys.get(key), depth)
        if word is not None:
            return word
    for key in WRAPPED:
        if depth and isinstance(keys.get(key), dict) and (word := overall(keys[key], depth - 1)) is not None:
            return word
    return None


def _status_word(value: Any, depth: int) -> str | None:
    if isinstance(value, bool):
        return "healthy" if value else "unhealthy"
    if isinstance(value, dict):
        return overall(value, depth - 1) if depth else None
    if value is None or isinstance(value, list):
        return None
    return str(value)


def words_of(told: Any, depth: int = 20) -> Iterator[tuple[str, str]]:
    """Component names and status words, at any depth.

    Each of PARTS maps names to a word, a bool, an object with a status, or a list of those; or is a list of objects
    with names. CouldNotLook for anything else: an unknown format is not healthy.
    """
    if not depth:
        raise CouldNotLook("", "the health page is nested too deeply")
    if isinstance(told, list):
        told = {"components": told}
    if not isinstance(told, dict):
        return
    for part in PARTS:
        listed = told.get(part)
        if listed is None:
            continue
        if not isinstance(listed, dict | list):
            raise CouldNotLook("", f"the health page's {part!r} is {listed!r}, not a list of components")
        for key, one in listed.items() if isinstance(listed, dict) else enumerate(listed):
            for item in one if isinstance(one, list) else [one]:
                yield from _word(str(key), item, depth)
    for part in PARTS_OF_OBJECTS:
        listed = told.get(part)
        for key, one in listed.items() if isinstance(listed, dict) else ():
            if isinstance(one, dict) and "status" in one:
                yield from _word(str(key), one, depth)
    for part in WRAPPED:
        if isinstance(told.get(part), dict):
            yield from words_of(told[part], depth - 1)


def _word(key: str, told: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        name = str(told.get("name", key))
        inner = list(words_of(told, depth - 1))
        if "status" in told or not (inner or "observedValue" in told):
            yield name, _told_word(told.get("status", "without a status"))
        yield from ((f"{name}/{below}", word) for below, word in inner)
    else:
        yield key, _told_word(told)


def _told_word(value: Any) -> str:
    if isinstance(value, bool):
        return "healthy" if value else "unhealthy"
    return str(value)
