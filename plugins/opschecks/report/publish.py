"""Reports where people find them: a folder or an S3 prefix with the newest page, all earlier ones, and an index."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter

from ..core.run import Run
from ..history.storage import Storage
from .rendering import rendered
from .verdict import verdict

HTML = "text/html; charset=utf-8"
KINDS = {
    ".html": HTML, ".json": "application/json", ".md": "text/markdown; charset=utf-8", ".xml": "application/xml",
    ".csv": "text/csv; charset=utf-8", ".svg": "image/svg+xml",
}  # fmt: skip
_NAME = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{6})?)Z_(?P<word>[a-z-]+)\.html")


def name_of(run: Run) -> str:
    """What the run's files are called, before their suffix: its moment, and its verdict, which the index reads."""
    word = re.sub("[^a-z]+", "-", verdict(run).word.lower()).strip("-")
    return f"{run.started.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z_{word}"


def publish(run: Run, page: str, beside: Mapping[str, str], to: Storage) -> list[str]:
    """Write the page and what stands beside it (texts by suffix), the newest page and badge, the index; the keys."""
    folder, written = folder_of(run), []
    stem = f"{folder}/{name_of(run)}"
    for suffix, text in {**beside, ".html": page}.items():
        kind = KINDS["." + suffix.rpartition(".")[2]]
        to.replace(stem + suffix, text, kind=kind)
        written.append(stem + suffix)
    listed = listing(to, folder)
    # a replay of an old morning must not pass for the newest
    if listed and listed[0][0] == name_of(run) + ".html":
        newest = {".html": page, **({".svg": beside[".svg"]} if ".svg" in beside else {})}
        for suffix, text in newest.items():
            to.replace(f"{folder}/latest{suffix}", text, kind=KINDS[suffix])
            written.append(f"{folder}/latest{suffix}")
    stacks = ", ".join(stack.name for stack in run.stacks)
    rows = [(file, f"{at:%a %d %b %Y, %H:%M}", word) for file, at, word in listed]
    index = rendered("templates/index.html", listed=rows, suite=run.suite, stacks=stacks, sandbox=run.sandbox)
    to.replace(f"{folder}/index.html", index, kind=HTML)
    return [*written, f"{folder}/index.html"]


def folder_of(run: Run) -> str:
    """`STACK/SUITE`; of several stacks their names together, because theirs is a page of its own."""
    return f"{'+'.join(file_name(stack.name) for stack in run.stacks)}/{file_name(run.suite)}"


def file_name(text: str) -> str:
    """The text as one part of a path: a run file may come from anybody."""
    return re.sub(r"[^A-Za-z0-9._+-]", "-", text).lstrip(".")[:100] or "none"


def listing(to: Storage, folder: str) -> list[tuple[str, datetime, str]]:
    """File, moment and verdict of each published page in the folder, the newest first.

    By their names, which in earlier versions had no fraction of a second.
    """
    found = []
    for key in to.keys(folder):
        file = key.rpartition("/")[2]
        if match := _NAME.fullmatch(file):
            with contextlib.suppress(ValueError):  # digits that are not a date
                at = datetime.strptime(f"{match['at']}.0"[:26], "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=UTC)
                found.append((file, at, match["word"].replace("-", " ")))
    return sorted(found, key=itemgetter(1), reverse=True)
