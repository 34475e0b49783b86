"""A remedy over canned answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.fixing.remedy import BaseRemedy
from tests.canned import Answers, Aws, stack


def remedy(kind: type[BaseRemedy], answers: Mapping[tuple[str, str], Answers] | None = None, **keys: Any) -> Any:
    checked = stack(**{"distribution_id": "E1SITE", "cluster": "c", "services": ("backend", "worker"), **keys})
    return kind(checked, Aws(answers or {}, checked))
