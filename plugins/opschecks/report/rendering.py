"""Facts to HTML: where templates are looked for, and how they print what they are given."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .compiled import BesideTemplates
from .text import clean


def rendered(template: str, **facts: Any) -> str:
    """The template, by its path below report/, filled in."""
    return environment().get_template(template).render(**facts)


@cache
def environment() -> Environment:
    """Templates are found by their paths below report/, and print no value as it is."""
    return Environment(
        loader=PackageLoader("opschecks.report", ""),
        bytecode_cache=BesideTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """Every value that a template prints: without secrets, and without the control characters of the world."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
