"""What must hold of every valid answer, whatever it says."""

from __future__ import annotations

import copy
import json
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from opschecks.core.observation import CouldNotLook
from tests.properties.base import Base, base, shape_of
from tests.properties.reports import reported
from tests.properties.shapes import UNKNOWN, any_value, other, places, put
from tests.recordings.morning import Concluded

Changed = Mapping[int, Any]


@st.composite
def changes(draw: st.DrawFn, name: str) -> Changed:
    """Some answers of a recorded morning, each changed in some places, or made from scratch."""
    of = base(name)
    now = of.recording.started
    chosen = draw(st.lists(st.sampled_from(of.answered), min_size=1, max_size=3, unique=True))
    found = {}
    for place in chosen:
        question = of.recording.exchanges[place].question
        shape = shape_of(question)
        if draw(st.integers(0, 7)) == 0:
            found[place] = draw(any_value(shape, now))
            continue
        answer = of.answer(place)
        by_name = places(shape, answer)
        for at in draw(st.lists(st.sampled_from(sorted(by_name)), min_size=1, max_size=4)) if by_name else ():
            alike = by_name[at]
            value = draw(other(alike[0], now))
            which = draw(st.integers(-1, min(len(alike), 20) - 1))
            for one in alike if which < 0 else [alike[which]]:
                put(answer, one.path, copy.deepcopy(value))
        found[place] = answer
    return found


def problems(of: Base, changed: Changed, *, reports: bool = False) -> list[str]:
    """What is wrong with what was made of the answers; also with the run file and the page, where `reports` says so."""
    store, concluded = of.again(changed)
    found = []
    for name, result in store.results.items():
        if result.error is not None and not isinstance(result.error, CouldNotLook):
            found.append(f"{type(result.error).__name__} left {name}: {str(result.error)[:200]}")
    for name, one in concluded.items():
        found += [f"{name}: {strange[:200]}" for strange in one.strange]
        if one.outcome == "passed" and not one.findings:
            found.append(f"{name} passed, and examined nothing")
    if reports:
        try:
            reported(of, store, concluded)
        except Exception as error:  # noqa: BLE001 - told as what it is
            *_, where = traceback.extract_tb(error.__traceback__)
            found.append(
                f"{type(error).__name__} of {Path(where.filename).name}:{where.lineno} instead of a page: {error}"
            )
    return found


def passed_over(of: Base) -> Iterator[tuple[str, str, str]]:
    """Operation, path, and what passes or is not examined any more, where each enumeration has an unknown value."""
    for place in of.answered:
        question = of.recording.exchanges[place].question
        shape = shape_of(question)
        for path, alike in places(shape, of.answer(place)).items():
            if alike[0].shape.type_name != "string" or not alike[0].shape.enum:
                continue
            answer = of.answer(place)
            for one in alike:
                put(answer, one.path, UNKNOWN)
            for name, told in of.again({place: answer})[1].items():
                now = told.by_resource()
                for resource, outcome in of.concluded[name].by_resource().items():
                    failed_before = outcome == "failed" and now.get(resource) == "passed"
                    if failed_before or (resource not in now and told.outcome == "passed"):
                        why = f"{name}: {resource} was {outcome}, and is {now.get(resource, 'not examined')}"
                        yield question["operation"], path, why


def unlike(before: Mapping[str, Concluded], now: Mapping[str, Concluded]) -> list[str]:
    """The checks that conclude another thing of any resource."""
    return [
        f"{name}: {told.by_resource()}, and before {before[name].by_resource()}"
        for name, told in now.items()
        if (told.outcome, told.by_resource()) != (before[name].outcome, before[name].by_resource())
    ]


def shown(of: Base, changed: Changed) -> str:
    """The changes, for people."""
    lines = [f"of {of.name}"]
    for place, answer in changed.items():
        one = of.recording.exchanges[place]
        lines += [f"  {one.call} {json.dumps(one.question.get('parameters'))[:200]}:", f"    {str(answer)[:3000]}"]
    return "\n".join(lines)
