"""Run to a badge: one small SVG that tells the verdict, for a README or a dashboard."""

from __future__ import annotations

from datetime import datetime
from html import escape

from ...core.model import NOT_APPLICABLE, Outcome
from ...core.run import Run
from ..gate_words import AFTER, BEFORE
from ..notes import brief
from ..times import written
from ..verdict import verdict

COLOURS = {"good": "#1b6b34", "warn": "#8a4b00", "bad": "#a61b1b", "unsure": "#8a4b00", "none": "#566072"}
"""Of the verdict's tone: what could not look is amber, never green. All have enough contrast with white text."""
LONGEST = 40
_PADDING = 7
"""The room beside a text, in px."""
_WIDTHS = {**dict.fromkeys("ijl.,:;|'!", 3.6), **dict.fromkeys(" ftr()I-", 4.6), **dict.fromkeys("mwMW", 10.0)}
"""How wide some letters of 11 px are, in px; the others are about as wide as each other."""
_OTHERS = 7.0
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{said}">'
    "<title>{said}, as of {at}</title>"
    '<rect width="{width}" height="20" rx="3" fill="#3a4250"/>'
    '<path d="M{left} 0h{room}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{room}z" fill="{colour}"/>'
    '<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
    '<text x="{pad}" y="14" textLength="{label_width}">{label}</text>'
    '<text x="{at_word}" y="14" textLength="{word_width}">{word}</text></g></svg>\n'
)


def to_badge(run: Run) -> str:
    """The badge of a run that has ended: its stack and suite, then how many checks failed or could not look."""
    said = verdict(run)
    sandbox = "sandbox: " if run.sandbox and run.where != "sandbox" else ""
    word = said.word.lower() if said.tone == "warn" else _word(run, said.word)
    return _badge(f"{sandbox}{run.where} {run.suite}", word, _colour(run, said.tone), run.started)


def no_result(suite: str, word: str, at: datetime) -> str:
    """The badge where there is no result, with why: unfinished, no run."""
    return _badge(suite, word, COLOURS["none"], at)


def _colour(run: Run, tone: str) -> str:
    """Green only where something passed and nothing was left out."""
    if tone == "good" and (run.partial or not run.count(Outcome.PASSED)):
        tone = "unsure" if run.count(Outcome.PASSED) else "none"
    return COLOURS[tone]


def _word(run: Run, word: str) -> str:
    failed, blind = run.count(Outcome.FAILED), run.count(Outcome.BLIND)
    if run.suite in (BEFORE, AFTER) or run.lost_changes or run.state != "finished":
        return word.lower()
    if failed or blind:
        parts = (f"{failed} failed" if failed else "", f"{blind} could not look" if blind else "")
        return ", ".join(filter(None, parts))
    if not run.checks or run.count(Outcome.NOT_RUN) or run.exit_code:
        return word.lower()
    passed, applying = run.count(Outcome.PASSED), len(run.checks) - run.count(NOT_APPLICABLE)
    of = f"{passed} of {applying} passed" if passed < applying else f"{passed} passed" if passed else "nothing applies"
    return f"{of} (partial)" if run.partial else of


def _badge(label: str, word: str, colour: str, at: datetime) -> str:
    label, word = brief(label, LONGEST), brief(word, LONGEST)
    label_width, word_width = (round(sum(_WIDTHS.get(one, _OTHERS) for one in text)) for text in (label, word))
    left = label_width + 2 * _PADDING
    return _SVG.format(
        said=escape(f"{label}: {word}"), at=written(at), width=left + word_width + 2 * _PADDING, left=left,
        room=word_width + 2 * _PADDING - 3, colour=colour, pad=_PADDING, label=escape(label), label_width=label_width,
        at_word=left + _PADDING, word=escape(word), word_width=word_width,
    )  # fmt: skip
