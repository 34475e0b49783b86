"""Run to the HTML of an e-mail, small enough that no mailbox clips it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ...core.run import Run
from ..amounts import first, named
from ..notes import BadCheck, brief, notes
from ..week_tables import WeekTable, week_tables

CHECKS_SHOWN = 12
CHANGES_SHOWN = 5
TABLES_SHOWN = 6
"""Those of two stacks."""
ROWS_SHOWN = 30
"""Rows of all of them, as many of each."""
ROWS_OF_ONE = 10
LONGEST_CELL = 100
LONGEST_SUBJECT = 150
LONGEST_SENTENCE = 800
LONGEST_LINE = 250

_TONES = {"good": "#1a7f37", "warn": "#9a5b00", "bad": "#b42318", "unsure": "#9a5b00", "none": "#57606a"}
_DOCUMENT = Markup(
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{subject}</title></head>\n'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.45;max-width:42em;overflow-wrap:anywhere">\n'
    '<h1 style="font-size:20px;border-left:6px solid {colour};padding-left:10px">{subject}</h1>\n'
    "<p>{sentence}</p>\n{tables}{lists}"
    '<p style="font-size:13px">{counted}</p>\n</body>\n</html>\n'
)
_LIST = Markup('<h2 style="font-size:17px">{heading}</h2>\n<ul>\n{items}</ul>\n')
_ITEM = Markup('<li style="margin-bottom:8px"><strong>{first}</strong>{rest}</li>\n')
_LINE = Markup("<br>{line}")
_TABLE = Markup(
    '<h2 style="font-size:17px">{heading}</h2>\n<table style="border-collapse:collapse;font-size:14px">\n'
    "<tr>{heads}</tr>\n{rows}</table>\n{more}"
)
_MORE = Markup("<p>{text}</p>\n")
_HEAD = Markup('<th align="left" style="padding:3px 10px 3px 0;border-bottom:1px solid #999999">{text}</th>')
_CELL = Markup('<td valign="top" style="padding:3px 10px 3px 0;border-bottom:1px solid #dddddd">{text}</td>')
_ROW = Markup("<tr>{cells}</tr>\n")

MailEntry = tuple[str, ...]
"""The lines of one entry, fit to print; the first one is its heading."""


def to_email(run: Run) -> str:
    """The HTML; it stays below 75 KB, which are 100 KB once encoded for the way: Gmail clips at 102.

    It loads nothing: styles are inline, and there is no image.
    """
    told = notes(run)
    lists = (
        ("What to do", [(brief(action, LONGEST_LINE),) for action in told.verdict.actions]),
        ("What failed or could not look", _shown(map(_bad, told.causes), CHECKS_SHOWN, "checks")),
        ("Changes made", _shown(map(_change, told.changes), CHANGES_SHOWN, "changes")),
    )
    return mail(told.headline, told.verdict.tone, told.verdict.sentence, lists, told.counted, week_tables(run))


def mail(
    headline: str,
    tone: str,
    sentence: str,
    lists: Iterable[tuple[str, Sequence[MailEntry]]],
    counted: str,
    tables: Sequence[WeekTable] = (),
) -> str:
    """The HTML of these parts; `lists` are headings with their entries, which are fit to print."""
    html = _DOCUMENT.format(
        subject=brief(headline, LONGEST_SUBJECT),
        colour=_TONES[tone],
        sentence=brief(sentence, LONGEST_SENTENCE),
        tables=_tables(tables),
        lists=Markup().join(_as_html(heading, entries) for heading, entries in lists if entries),
        counted=counted,
    )
    return str(html)  # text that is added to a Markup is escaped


def _tables(tables: Sequence[WeekTable]) -> Markup:
    """The first ones, and the headings of those that are left out."""
    shown, left = first(tables, TABLES_SHOWN)
    if not shown:
        return Markup()
    told = Markup().join(_table(one, min(ROWS_OF_ONE, ROWS_SHOWN // len(shown))) for one in shown)
    others = named([f"“{one.heading}”" for one in tables[len(shown) :]], TABLES_SHOWN)
    return told + (_MORE.format(text=brief(f"On the page, and not here: {others}.", LONGEST_SENTENCE)) if left else "")


def _table(table: WeekTable, most: int) -> Markup:
    heads = Markup().join(_HEAD.format(text=head) for head in table.heads)
    shown, left = first(table.rows, most)
    rows = (Markup().join(_CELL.format(text=brief(cell, LONGEST_CELL)) for cell in row) for row in shown)
    return _TABLE.format(
        heading=brief(table.heading, LONGEST_LINE),
        heads=heads,
        rows=Markup().join(_ROW.format(cells=row) for row in rows),
        more=_MORE.format(text=f"{left} more on the page.") if left else "",
    )


def _shown(entries: Iterable[MailEntry], most: int, what: str) -> Sequence[MailEntry]:
    shown, left = first(entries, most)
    return (*shown, (f"and {left} more {what}: the run file and the page have every one",)) if left else shown


def _bad(bad: BadCheck) -> MailEntry:
    title = brief(f"{bad.check.severity.value}: {bad.title}{bad.where}", LONGEST_LINE)
    lines = (title, brief(bad.said, LONGEST_LINE), bad.longest, brief(bad.place, LONGEST_LINE))
    return tuple(line for line in lines if line)


def _change(change: Mapping[str, Any]) -> MailEntry:
    lines = (f"{change['result']}: {change['remedy']} on {change['name']}", change["said"], change["undo"])
    return tuple(brief(line, LONGEST_LINE) for line in lines if line)


def _as_html(heading: str, entries: Sequence[MailEntry]) -> Markup:
    items = (
        _ITEM.format(first=first, rest=Markup().join(_LINE.format(line=line) for line in rest))
        for first, *rest in entries
    )
    return _LIST.format(heading=heading, items=Markup().join(items))
