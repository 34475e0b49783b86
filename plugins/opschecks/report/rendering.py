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
BROAD_FROM = 24
"""A longer word may not fit into a column."""
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
    made.tests["broad"] = is_broad
    return made


_SEPARATORS = re.compile(r"(?<=[\w.])([/:_.@]+)(?=\w)")


def apart(name: str) -> Markup:
    """A long name as a page shows it, which may be divided after its separators, never within a word of it."""
    shown = clean(name)
    if len(shown) < DIVIDED_FROM:
        return escape(shown)
    pieces = _SEPARATORS.split(shown)
    return Markup().join(escape(piece) + (_MAY_BREAK if place % 2 else "") for place, piece in enumerate(pieces))


_ANYWHERE = re.compile(r'<td class="rest">.*?</td>', re.DOTALL)
_ENDS_OF_WORDS = re.compile(r"\s|<[^>]*>|-|&(?:lt|gt|amp|quot|#\d+);")


def is_broad(rows: str) -> bool:
    """Whether rows of a table (HTML) have a word that no column has room for, so that the table may scroll.

    Cells of the class "rest" divide their words anywhere.
    """
    words = _ENDS_OF_WORDS.split(_ANYWHERE.sub("", rows))
    return any(len(word) > BROAD_FROM for word in words)


def _shown(value: Any) -> Any:
    """Every value that a template prints: without secrets, and without the control characters of the world."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
