"""Run to a message for Slack, and the sending of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ...core.run import Run
from ..amounts import first, plural
from ..notes import WEB_ADDRESS, Notes, brief, notes

CHECKS_SHOWN = 8
CHANGES_SHOWN = 5
LONGEST_HEADER = 150
LONGEST_SENTENCE = 900
LONGEST_SAID = 250
LONGEST_ENTRY = 500
"""Slack takes 3000 characters a block, but all blocks together only about 13,000: above that it refuses the message."""

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CODE = re.compile("[a-z_]{1,60}")
"""How Slack names what is wrong; a body that is anything else may be a proxy's page, which quotes the address."""


class SlackError(Exception):
    """The message was not sent, or that is not known; the text says why, without the webhook's address, a secret."""


def to_slack(run: Run, *, page_url: str = "") -> dict[str, Any]:
    """The message in Block Kit; `text` is what a notification shows.

    Every string of the world stands in a `plain_text`, in which Slack reads neither formatting nor mentions nor links;
    the only `mrkdwn` are links to the page, and to the card of each check on it.
    """
    told = notes(run)
    said = told.verdict
    entries = _entries(told, in_text=not WEB_ADDRESS.fullmatch(page_url))
    return message(told.headline, said.sentence, said.actions, entries, told.counted, page_url=page_url)


def message(
    headline: str,
    sentence: str,
    actions: Sequence[str],
    entries: Iterable[str | tuple[str, str]],
    counted: str,
    *,
    page_url: str = "",
) -> dict[str, Any]:
    """A message of these parts, in this order; each of `entries` is a block, of which Slack takes 50 in all.

    An entry with a second text, the id of its card, has a link to that below it.
    """
    blocks = [
        {"type": "header", "text": _plain(headline, LONGEST_HEADER)},
        _section(sentence, LONGEST_SENTENCE),
    ]
    if actions:
        steps = (f"{number}. {brief(action, LONGEST_ENTRY)}" for number, action in enumerate(actions, start=1))
        blocks.append(_section("\n".join(steps), len(actions) * (LONGEST_ENTRY + 4)))
    for entry in entries:
        text, anchor = (entry, "") if isinstance(entry, str) else entry
        blocks.append(_section(text, LONGEST_ENTRY))
        if anchor and WEB_ADDRESS.fullmatch(card := f"{page_url.partition('#')[0]}#{quote(anchor)}"):
            blocks.append({"type": "context", "elements": [_link(card, "Show on the page")]})
    if page_url:  # a link where the address may be one, else the address as it is written
        linked = {"type": "section", "text": _link(page_url, "The whole page")}
        blocks.append(linked if WEB_ADDRESS.fullmatch(page_url) else _section(page_url, LONGEST_ENTRY))
    blocks.append({"type": "context", "elements": [_plain(counted, LONGEST_ENTRY)]})
    text = f"{_escaped(headline, LONGEST_HEADER)}\n{_escaped(sentence, LONGEST_SENTENCE)}"
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _entries(told: Notes, *, in_text: bool) -> Iterator[str | tuple[str, str]]:
    """What is bad, a check an entry, the worst first; then what was changed.

    `in_text`: where the page tells of it is a line of the entry, as there is no address for a link.
    """
    bad, left = first(told.causes, CHECKS_SHOWN)
    for one in bad:
        lasting = f" – {one.longest}" if one.longest else ""
        said = brief(one.said, LONGEST_SAID)
        text = f"{one.check.severity.value.upper()}: {brief(one.title, LONGEST_HEADER)}{one.where}{lasting}\n{said}"
        yield f"{text}\n{one.place}" if in_text else (text, one.place.partition("#")[2])
    if left:
        yield f"and {left} more"
    changes, left = first(told.changes, CHANGES_SHOWN)
    for change in changes:
        undo = f"\n{change['undo']}" if change["undo"].startswith("opschecks ") else ""
        yield f"{change['result']}: {change['remedy']} on {brief(change['name'], LONGEST_ENTRY // 2)}{undo}"
    if left:
        yield f"and {plural(left, 'more change')}"


def _section(text: str, longest: int) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text, longest)}


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _escaped(text, longest), "emoji": False}


def _link(url: str, words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": f"<{url.replace('&', '&amp;')}|{words}>"}


def _escaped(text: str, longest: int) -> str:
    """Line by line fit to print, in at most `longest` characters as Slack counts them, and never empty."""
    kept = ""
    for character in "\n".join(brief(line, longest) for line in text.split("\n")):
        piece = _ESCAPED.get(character, character)
        if len(kept) + len(piece) >= longest:
            return f"{kept}…"
        kept += piece
    return kept or "–"


def post(webhook: str, message: Mapping[str, Any], *, timeout_s: float = 10) -> None:
    """Send the message once; SlackError unless Slack confirms that it has taken it.

    It is not tried again here: after a time-out it is not known whether the message was posted.
    """
    import requests

    if not webhook.startswith("https://"):
        raise SlackError("the webhook is not an https:// address")
    answer, problem = None, ""
    try:
        answer = requests.post(webhook, json=message, timeout=timeout_s, allow_redirects=False)
    except requests.Timeout:
        problem = f"Slack did not answer within {timeout_s:g} s; whether the message was taken is not known"
    except (requests.RequestException, ValueError) as error:
        problem = f"Slack could not be reached: {type(error).__name__}"  # its text names the address
    if answer is None:
        raise SlackError(problem)  # outside of the handler, so that no context carries the address either
    body = answer.text.strip()
    if answer.status_code != requests.codes.ok or body != "ok":
        said = f": {body}" if _CODE.fullmatch(body) else ""
        wait = brief(answer.headers.get("Retry-After", ""), 10)
        later = f"; it asks to wait {wait} s" if wait.isdecimal() else ""
        raise SlackError(f"Slack did not take the message, and answered {answer.status_code}{said}{later}")
