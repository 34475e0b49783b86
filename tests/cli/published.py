"""Pages that were published, and their index."""

from __future__ import annotations

import re

from opschecks.core.run import Run


class Listed:
    """The rows of an index: file and verdict; and every tag that it has."""

    def __init__(self, text: str) -> None:
        self.files = re.findall(r'<a [^>]*href="([^"]*)"', text)
        self.words = re.findall(r"<td[^>]*>([^<]+)<", text)
        self.tags = set(re.findall(r"<([a-z]+)", text))


def stem_of(run: Run, word: str) -> str:
    return f"{run.started:%Y-%m-%dT%H-%M-%S.%f}Z_{word}"
