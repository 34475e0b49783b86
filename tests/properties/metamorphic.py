"""Answers that say the same in another way, or something that is worse: what may become of verdicts then."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from opschecks.recording.coding import canonical, encoded
from tests.matrix.bodies import pages_of
from tests.properties.base import Answers, Base, Index, Question, shape_of
from tests.properties.shapes import places, put

ELSEWHERE = timezone(-timedelta(hours=9, minutes=30))
ORDERED = {
    "DistributionConfig.CacheBehaviors.Items",  # "in the order in which you want CloudFront to process them"
    "Distribution.DistributionConfig.CacheBehaviors.Items",
    "AlarmHistoryItems",  # asked for with ScanBy
    "services[].events",  # "the event stream …", newest first
    "TargetHealthDescriptions[].Target.AvailabilityZones",
}
"""Lists whose order means something, by AWS's documentation."""
PAIRED = ("Timestamps", "Values")
SECOND = "the-second-page"


def in_another_order(of: Base, seed: int) -> dict[int, Any]:
    """All answers, each list of which is in another order, but those whose order means something."""
    draw = random.Random(seed)
    found = {}
    for place in of.answered:
        answer = of.answer(place)
        _shuffle(shape_of(of.recording.exchanges[place].question), answer, "", draw)
        found[place] = answer
    return found


def _shuffle(shape: Any, value: Any, name: str, draw: random.Random) -> None:
    if shape.type_name == "structure" and isinstance(value, dict):
        if all(isinstance(value.get(one), list) for one in PAIRED):
            order = list(range(len(value["Values"])))
            draw.shuffle(order)
            for one in PAIRED:
                value[one] = [value[one][at] for at in order]
        for key, member in shape.members.items():
            if key in value and not (key in PAIRED and "Timestamps" in value):
                _shuffle(member, value[key], f"{name}.{key}" if name else key, draw)
    elif shape.type_name == "list" and isinstance(value, list):
        for one in value:
            _shuffle(shape.member, one, f"{name}[]", draw)
        if name not in ORDERED:
            draw.shuffle(value)
    elif shape.type_name == "map" and isinstance(value, dict):
        for one in value.values():
            _shuffle(shape.value, one, f"{name}{{}}", draw)


def in_another_zone(of: Base) -> dict[int, Any]:
    """All answers, each moment told in another zone."""
    return {place: _zoned(of.answer(place)) for place in of.answered}


def _zoned(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(ELSEWHERE)
    if isinstance(value, dict):
        return {key: _zoned(one) for key, one in value.items()}
    return [_zoned(one) for one in value] if isinstance(value, list) else value


class Paged(Answers):
    """Gives each list that has pages as two: the first half, and the rest; or nothing, and all of it."""

    def __init__(self, of: Index, *, first_is_empty: bool = False) -> None:
        super().__init__(of)
        self._first_is_empty = first_is_empty
        self._rest: dict[str, Any] = {}
        self.split = 0
        """How many lists were told in two pages."""

    def ask(self, kind: str, call: str, question: Question, make: Callable[[], Any]) -> Any:
        """As every tape."""
        how = pages_of(question["service"], question["operation"]) if kind == "aws" else None
        if how is None:
            return super().ask(kind, call, question, make)
        parameters = question["parameters"]
        left = {key: value for key, value in parameters.items() if key not in how.asked}
        key = canonical(encoded({**question, "parameters": left}))
        if SECOND in str([parameters.get(one) for one in how.asked]):
            return self._rest.pop(key)
        answer = super().ask(kind, call, question, make)
        lists = [one for one, value in answer.items() if isinstance(value, list)]
        if not lists or any(_value_at(answer, one) for one in how.answered):
            return answer  # it has pages already, or no list
        first, rest = dict(answer), dict(answer)
        for one in lists:
            half = 0 if self._first_is_empty else (len(answer[one]) + 1) // 2
            first[one], rest[one] = answer[one][:half], answer[one][half:]
        for page in (first, rest):
            for count in ("Count", "ScannedCount", "KeyCount"):
                if count in page:
                    page[count] = max(len(page[one]) for one in lists)
        for one in how.answered:
            token = one.partition(" ")[0].partition("||")[0]
            first[token] = {"id": {"S": SECOND}} if token == "LastEvaluatedKey" else SECOND
        if how.more:
            first[how.more] = True
        self._rest[key] = rest
        self.split += 1
        return first


def _value_at(answer: Mapping[str, Any], path: str) -> Any:
    return answer.get(path.partition(" ")[0].partition("||")[0].partition(".")[0])


def measured(of: Base, metric: str, value: float) -> dict[int, Any]:
    """The answers in which this metric has the value in each of its latest periods."""
    found = {}
    for place in of.answered:
        question = of.recording.exchanges[place].question
        if question["operation"] != "GetMetricData":
            continue
        asked = {
            one["Id"]: one["MetricStat"]["Period"]
            for one in question["parameters"]["MetricDataQueries"]
            if one.get("MetricStat", {}).get("Metric", {}).get("MetricName") == metric
        }
        answer = of.answer(place)
        for one in answer["MetricDataResults"]:
            if period := asked.get(one["Id"]):
                newest = int(of.recording.started.timestamp()) // period - 1
                one["Timestamps"] = [
                    datetime.fromtimestamp((newest - n) * period, UTC) for n in range(max(60, len(one["Values"])))
                ]
                one["Values"] = [value] * len(one["Timestamps"])
                found[place] = answer
    return found


def moved(of: Base, operation: str, path: str, change: Callable[[Any], Any]) -> dict[int, Any]:
    """The answers to this operation in which each value at the path (of the model) is another."""
    found = {}
    for place in of.answered:
        question = of.recording.exchanges[place].question
        if question["operation"] != operation:
            continue
        answer = of.answer(place)
        at = places(shape_of(question), answer).get(path, ())
        for one in at:
            value: Any = answer
            for key in one.path:
                value = value[key]
            put(answer, one.path, change(value))
        if at:
            found[place] = answer
    return found
