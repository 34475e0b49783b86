"""The web as a table of answers: what each address answers, in order, and what other questions are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http, Response

T = TypeVar("T")
Told = Response | CouldNotLook


def response(
    body: str | bytes = b"", status: int | None = 200, url: str = "https://site.test/x", **headers: str
) -> Response:
    """An answer with headers, whose names have - for _."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    made = body.encode() if isinstance(body, str) else body
    return Response(url, status, 12.4, told.get("Content-Type", ""), told, made, "" if status else "broke off")


class Site(Http):
    """Answers from a table by address: one answer to every request, several in order, or a function of the address."""

    def __init__(self, answers: Mapping[str, Told | Sequence[Told]] | Callable[[str], Told]) -> None:
        self.asked: list[tuple[str, str, float]] = []
        self._answers = answers

    def get(self, url: str, timeout_s: float) -> Response:
        return self._told("GET", url, timeout_s)

    def head(self, url: str, timeout_s: float) -> Response:
        return self._told("HEAD", url, timeout_s)

    def _told(self, method: str, url: str, timeout_s: float) -> Response:
        before = sum(one[1] == url for one in self.asked)
        self.asked.append((method, url, timeout_s))
        told = self._answers(url) if callable(self._answers) else self._answers[url]
        one = told[before] if isinstance(told, Sequence) else told
        if isinstance(one, CouldNotLook):
            raise one
        return one


class Answers:
    """A tape whose answers are told by kind: each the next of a list, a function of the question, or a CouldNotLook."""

    replays = False

    def __init__(self, **told: Any) -> None:
        self.questions: list[tuple[str, str, Mapping[str, Any]]] = []
        self._told = told

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> Any:
        before = sum(one[0] == kind for one in self.questions)
        self.questions.append((kind, call, question))
        told = self._told[kind]
        one = told(**question) if callable(told) else told[before] if isinstance(told, list) else told
        if isinstance(one, CouldNotLook):
            raise one
        return one
