"""The dashboards as a browser gets them, and whether each is the right page."""

from __future__ import annotations

import html
import re
import secrets
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, names_no, observation
from .http import Http, Response

if TYPE_CHECKING:
    from ..config.stack import Stack

BEGINNING = 5_000
"""Where an HTML document shows that it is one."""
TITLE_WITHIN = 100_000
"""Where a document has its title, in characters."""
_TITLE, _TITLES_END = (re.compile(one, re.IGNORECASE) for one in ("<title", "</title"))


@dataclass(frozen=True, kw_only=True)
class Page(Resource):
    """One dashboard as served. `stand_in` is the answer for a path that cannot exist.

    `for_any_path`: the site is meant to answer any path with its one page.
    """

    answer: Response
    stand_in: Response
    contains: str
    for_any_path: bool = False

    @property
    def is_html(self) -> bool:
        """Whether it is an HTML document; the <html> tag may be left out."""
        begins = self.answer.text[:BEGINNING].lower()
        return "html" in self.answer.content_type.lower() and ("<html" in begins or "<!doctype html" in begins)

    @property
    def has_its_text(self) -> bool:
        """Whether it has the text that only this page has, written plainly or with HTML's references (&ndash;)."""
        text = self.answer.text
        return self.contains in text or self.contains in " ".join(html.unescape(text).split())

    @property
    def is_a_stand_in(self) -> bool:
        """Whether the site serves the same for any path and is not meant to: an error page with status 200.

        CouldNotLook where its answer for a path that cannot exist is unknown.
        """
        if self.for_any_path:
            return False
        if self.stand_in.status is None or self.stand_in.status >= 500:
            raise CouldNotLook(f"GET {self.stand_in.url}", self.stand_in.said)
        return bool(self.stand_in.status == 200 and self.stand_in.body and self.answer.body == self.stand_in.body)

    @property
    def title(self) -> str:
        """The document's title."""
        text = self.answer.text[:TITLE_WITHIN]
        if not (opened := _TITLE.search(text)):
            return ""
        begins = text.find(">", opened.end()) + 1
        closed = _TITLES_END.search(text, begins)
        return " ".join(html.unescape(text[begins : closed.start()]).split()) if begins and closed else ""


@observation()
def dashboard_pages(stack: Stack, http: Http) -> list[Page]:
    """GET of each dashboard, and of a path that cannot exist, to recognize error pages."""
    if not stack.dashboard_url or not stack.dashboards:
        raise names_no(stack.name, "dashboards", "dashboard_url and dashboards")
    root, timeout_s = stack.dashboard_url, stack.limits.probe_timeout_s
    nowhere = f"/opschecks-{secrets.token_hex(8)}"
    paths = [*(dashboard.path for dashboard in stack.dashboards), nowhere]
    *answers, stand_in = fan_out(lambda path: http.get(root + path, timeout_s), paths)
    return [
        Page(
            arn=root + dashboard.path,
            name=dashboard.path,
            answer=answer,
            stand_in=stand_in,
            contains=dashboard.contains,
            for_any_path=stack.single_page_application,
            evidence={
                **answer.evidence,
                "latency_ms": round(answer.latency_ms),
                "body": answer.text[:1000],
                "a path that cannot exist": stand_in.status,
            },
            figures=(Figure("latency", round(answer.latency_ms), "ms"),),
        )
        for dashboard, answer in zip(stack.dashboards, answers, strict=True)
    ]
