"""Facts to HTML: where templates are looked for, and how they print what they are given."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .compiled import BesideTemplates
from .text import clean

DIVIDED_FROM = 16
"""Shorter names fit everywhere."""
_MAY_BREAK = Markup("<wbr>")


def rendered(template: str, **facts: Any) -> str:
    """The template, by its path below report/, filled in."""
    return environment().get_template(template).render(**facts)


@cache
def environment() -> Environment:
    """Templates are found by their paths below report/, and print no value as it is."""
    made = Environment(
        loader=PackageLoader("opschecks.report", ""),
        bytecode_cache=BesideTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["apart"] = apart
    return made


_SEPARATORS = re.compile(r"(?<=[\w.])([/:_.@]+)(?=\w)")


def apart(name: str) -> Markup:
    """A long name as a page shows it, which may be divided after its separators, never within a word of it."""
    shown = clean(name)
    if len(shown) < DIVIDED_FROM:
        return escape(shown)
    pieces = _SEPARATORS.split(shown)
    return Markup().join(escape(piece) + (_MAY_BREAK if place % 2 else "") for place, piece in enumerate(pieces))


def _shown(value: Any) -> Any:
    """Every value that a template prints: without secrets, and without the control characters of the world."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
