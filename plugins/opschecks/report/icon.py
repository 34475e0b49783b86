"""A page's icon, which tells the verdict in the browser's tab: a colour and a sign, drawn in the page itself."""

from __future__ import annotations

from urllib.parse import quote

_SIGNS = {
    "good": ("#1b6b34", "M4 8.5l3 3 5-6.5"),
    "warn": ("#8a4b00", "M8 4v5M8 11.5v.5"),
    "bad": ("#a61b1b", "M5 5l6 6M11 5l-6 6"),
    "unsure": ("#5a3a9e", "M6 6.5c0-3 4-3 4-.5 0 2-2 1.500-2 3.500M8 11.5v.5"),
    "none": ("#566072", "M4 8h8"),
}


def icon(tone: str) -> str:
    """A data URI of the verdict's tone: tick, exclamation mark, cross, question mark or dash."""
    colour, sign = _SIGNS[tone]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="{colour}"/>'
        f'<path d="{sign}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawn, safe='')}"
